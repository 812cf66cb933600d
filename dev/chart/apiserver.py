"""A real Kubernetes API server with its etcd, on the loopback address, for a while.

Nothing runs pods or controllers: what is stored, and what admission says, is all
there is. The only thing done in a controller's place is that Jobs are called
complete, or Helm would wait for them for ever."""

import contextlib
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

import yaml

from common import Wrong, require

TOKEN = "the-only-user"
PATIENCE_SECONDS = 180
# How often it is asked again, every half a second, about a kind that it is still
# getting to know ("storage is (re)initializing").
BUSY_TRIES = 60


class Refused(Wrong):
    """The server said no."""

    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.processes = []
        self.port = free_port()
        self.context = ssl.create_default_context()
        # Its certificate is its own, made a moment ago.
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.jobs = {}

    def start(self):
        client, peer = free_port(), free_port()
        etcd = f"http://127.0.0.1:{client}"
        key = self.directory / "accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        (self.directory / "tokens.csv").write_text(f"{TOKEN},admin,1,system:masters\n")
        self.run(
            "etcd",
            "--unsafe-no-fsync",
            f"--data-dir={self.directory / 'etcd'}",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
        )
        self.run(
            "kube-apiserver",
            f"--etcd-servers={etcd}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            f"--cert-dir={self.directory / 'certificates'}",
            f"--token-auth-file={self.directory / 'tokens.csv'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-cluster-ip-range=10.0.0.0/24",
        )
        self.wait("the API server", lambda: self.text("/readyz") == "ok")
        cluster = {"server": f"https://127.0.0.1:{self.port}", "insecure-skip-tls-verify": True}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "it",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": {"token": TOKEN}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        }
        self.kubeconfig = self.directory / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(config))

    def run(self, name, *arguments):
        require(shutil.which(name), f"{name} is not on PATH: run dev/chart.sh test")
        log = open(self.directory / f"{name}.log", "wb")
        process = subprocess.Popen([name, *arguments], stdout=log, stderr=log, cwd=self.directory)
        self.processes.append((name, process))

    def stop(self):
        for _, process in reversed(self.processes):
            process.terminate()
        for _, process in reversed(self.processes):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()

    def wait(self, what, condition):
        """Waits until something is so, as long as the processes live."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            for name, process in self.processes:
                if process.poll() is not None:
                    log = (self.directory / f"{name}.log").read_text(errors="replace")
                    raise Wrong(f"{name} has ended:\n{log[-3000:]}")
            with contextlib.suppress(OSError, Refused):
                if condition():
                    return
            time.sleep(0.2)
        raise Wrong(f"{what} is not there after {PATIENCE_SECONDS} s")

    def text(self, path, method="GET", body=None, kind="application/json"):
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": kind},
        )
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=60) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            with contextlib.suppress(ValueError):
                text = json.loads(text)["message"]
            raise Refused(error.code, text) from None

    def ask(self, path, method="GET", body=None, kind="application/json"):
        """What the server answers, when it is not busy with a kind that is new to it."""
        for tries_left in reversed(range(BUSY_TRIES)):
            try:
                return json.loads(self.text(path, method, body, kind))
            except Refused as refused:
                if refused.status != 429 or not tries_left:
                    raise
            time.sleep(0.5)

    def define(self, directory):
        """Installs what operators bring."""
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        names = []
        for file in sorted(directory.glob("*.yaml")):
            for definition in yaml.safe_load_all(file.read_text()):
                self.ask(path, "POST", definition)
                names.append(definition["metadata"]["name"])

        def served(name):
            conditions = self.ask(f"{path}/{name}").get("status", {}).get("conditions", [])
            return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)

        for name in names:
            self.wait(name, lambda name=name: served(name))

    def namespace(self, name):
        """A namespace that admits what the restricted Pod Security Standard allows, and nothing else."""
        labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
        self.ask("/api/v1/namespaces", "POST", {"metadata": {"name": name, "labels": labels}})

    def try_pod(self, namespace, name, template):
        """Whether admission and validation would take the pod that a controller would make."""
        metadata = {key: value for key, value in template["metadata"].items() if key in ("labels", "annotations")}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {**metadata, "name": name}, "spec": template["spec"]}
        self.ask(f"/api/v1/namespaces/{namespace}/pods?dryRun=All&fieldValidation=Strict", "POST", pod)

    def kinds(self):
        """Paths of all kinds of objects in namespaces."""
        versions = ["/api/v1"]
        for group in self.ask("/apis")["groups"]:
            versions.append(f"/apis/{group['preferredVersion']['groupVersion']}")
        for version in versions:
            for kind in self.ask(version)["resources"]:
                if kind["namespaced"] and "list" in kind["verbs"] and "/" not in kind["name"]:
                    yield version, kind["name"]

    def stored(self, namespace):
        """All objects in a namespace, by kind and name, but for events."""
        found = {}
        for version, kind in self.kinds():
            if kind not in ("events", "endpoints"):
                for o in self.ask(f"{version}/namespaces/{namespace}/{kind}")["items"]:
                    found[kind, o["metadata"]["name"]] = o
        return found

    @contextlib.contextmanager
    def completing_jobs(self, namespace, seen):
        """Meanwhile calls `seen` with each Job and then says that it is complete."""
        ended, problems = threading.Event(), []
        jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"

        def complete(job):
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            conditions = [
                {"type": kind, "status": "True", "lastTransitionTime": now, "lastProbeTime": now}
                for kind in ("SuccessCriteriaMet", "Complete")
            ]
            status = {"startTime": now, "completionTime": now, "succeeded": 1, "conditions": conditions}
            path = f"{jobs}/{job['metadata']['name']}/status"
            self.ask(path, "PATCH", {"status": status}, "application/merge-patch+json")

        def work():
            done = set()
            while not ended.wait(0.2):
                try:
                    for job in self.ask(jobs)["items"]:
                        if job["metadata"]["uid"] not in done:
                            done.add(job["metadata"]["uid"])
                            try:
                                seen(job)
                            finally:
                                complete(job)
                except (Wrong, OSError) as problem:
                    problems.append(problem)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            yield
        finally:
            ended.set()
            worker.join()
        if problems:
            raise Wrong(f"jobs: {problems[0]}")
