#!/usr/bin/env python3
"""The chart on a real API server: installed, upgraded, rolled back and removed."""

import functools
import subprocess
import tempfile

import yaml

from apiserver import Refused, Server
from common import BASE, CHART, CI, DEFINITIONS, VALUES, Wrong, merged, pods, require, run, values_file, values_of

RELEASE = "line"
# Made by nobody here: Secrets that the values name, and what operators make.
MADE_BY_OPERATORS = {f"{RELEASE}-throughline", f"{RELEASE}-throughline-kafka-cluster-ca-cert", "line", "line-kafka-cluster-ca-cert"}


class Namespace:
    """A release in a namespace of its own."""

    def __init__(self, server, name):
        self.server, self.name = server, name
        server.namespace(name)
        self.hooks = []

    def helm(self, *arguments):
        done = subprocess.run(
            ["helm", "--kubeconfig", self.server.kubeconfig, "--namespace", self.name, *map(str, arguments)],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise Wrong(f"helm {arguments[0]}: {done.stderr}")
        # The server warns of fields that it does not know or that are going away, and
        # of workloads whose pods it would not admit.
        warned = "warnings.go" in done.stderr
        require(not warned, f"helm {arguments[0]}: {done.stderr}")
        return done.stdout

    def apply(self, verb, *arguments):
        """Installs or upgrades, with jobs that are seen and called complete."""
        with self.server.completing_jobs(self.name, self.see_job):
            return self.helm(verb, RELEASE, CHART, "--timeout", "120s", *arguments)

    def see_job(self, job):
        """What a job needs is there when it starts."""
        template = job["spec"]["template"]
        self.server.try_pod(self.name, job["metadata"]["name"], template)
        self.hooks.append(job["metadata"]["name"])
        self.check_references(template, self.server.stored(self.name))

    def check_references(self, template, stored):
        """Whatever a pod refers to exists, but for what others are told to make."""
        spec = template["spec"]
        account = spec["serviceAccountName"]
        require(("serviceaccounts", account) in stored, f"no service account {account}")
        for volume in spec["volumes"]:
            if "configMap" in volume:
                name = volume["configMap"]["name"]
                require(("configmaps", name) in stored, f"no ConfigMap {name}")
        for container in spec["containers"]:
            for variable in container["env"]:
                reference = variable.get("valueFrom", {}).get("secretKeyRef")
                if reference and reference["name"].startswith("line-") and reference["name"] not in MADE_BY_OPERATORS:
                    o = stored.get(("secrets", reference["name"]))
                    require(o is not None, f"no Secret {reference['name']}")
                    require(reference["key"] in o["data"], f"no {reference['key']} in {reference['name']}")

    def check(self):
        """All stored objects are whole: pods of all workloads would be admitted and find what they need."""
        stored = self.stored()
        tried = 0
        for name, template in pods([{"kind": KINDS.get(kind, kind), **o} for (kind, _), o in stored.items()]):
            self.server.try_pod(self.name, name, with_volumes(template))
            self.check_references(template, stored)
            tried += 1
        require(tried >= 3, f"{tried} workloads")
        for o in yaml.safe_load_all(self.helm("get", "hooks", RELEASE)):
            if o["kind"] == "Pod":
                self.server.try_pod(self.name, o["metadata"]["name"], o)
                self.check_references(o, stored)
                tried += 1
        require(tried >= 4, "no pod for `helm test`")
        left = [name for (_, name) in stored if name.endswith(("-jobs", "-jobs-config", "-jobs-secrets"))]
        require(not left, f"what jobs needed is still there: {left}")
        return stored

    def stored(self):
        return {
            key: o
            for key, o in self.server.stored(self.name).items()
            if not (key[0] == "secrets" and key[1].startswith("sh.helm.release"))
        }

    def workload(self, kind, role):
        path = f"/apis/apps/v1/namespaces/{self.name}/{kind}/{RELEASE}-throughline-{role}"
        return self.server.ask(path)["spec"]


KINDS = {"deployments": "Deployment", "statefulsets": "StatefulSet", "jobs": "Job"}


def with_volumes(template):
    """A processor's pod as the StatefulSet would make it, its claims among its volumes."""
    spec = template["spec"]
    have = {volume["name"] for volume in spec["volumes"]}
    wanted = {mount["name"] for container in spec["containers"] for mount in container["volumeMounts"]}
    claims = [{"name": name, "persistentVolumeClaim": {"claimName": f"{name}-0"}} for name in sorted(wanted - have)]
    return {**template, "spec": {**spec, "volumes": spec["volumes"] + claims}}


def refused_without_operators(server):
    """Before anything is installed, values that need an operator say which."""
    place = Namespace(server, "bare")
    for file, fragment in (("operators", "install the Strimzi operator"), ("sasl", "install KEDA"), ("large", "install the Prometheus operator")):
        try:
            place.helm("install", RELEASE, CHART, "--values", CI / f"{file}-values.yaml")
        except Wrong as wrong:
            require(fragment in str(wrong), f"{file}: {wrong}")
        else:
            raise Wrong(f"{file}: installed without what it needs")
    require(not place.stored(), f"left: {sorted(place.stored())}")


def admission_refuses(server):
    """The check of pods can fail: a pod as root is not admitted."""
    place = Namespace(server, "strict")
    server.ask("/api/v1/namespaces/strict/serviceaccounts", "POST", {"metadata": {"name": "some"}})
    spec = {"serviceAccountName": "some", "automountServiceAccountToken": False, "containers": [{"name": "a", "image": "a", "securityContext": {"runAsUser": 0}}]}
    try:
        server.try_pod(place.name, "root", {"metadata": {}, "spec": spec})
    except Refused as refused:
        require("PodSecurity" in str(refused) and refused.status == 403, str(refused))
    else:
        raise Wrong("a pod that runs as root is admitted")


def warnings_count(server):
    """The check of warnings can fail: the server warns of workloads with pods that it would not admit."""
    place = Namespace(server, "warned")
    lax = {"jobs": {"schema": {"enabled": False}, "topics": {"enabled": False}}, "podSecurityContext": {"runAsNonRoot": False}}
    with values_file(merged(BASE, lax)) as values:
        try:
            place.helm("install", RELEASE, CHART, "--values", values)
        except Wrong as wrong:
            require("would violate PodSecurity" in str(wrong), str(wrong))
        else:
            raise Wrong("no warning")


def a_life(server):
    """Installed small, upgraded to large, rolled back, removed."""
    place = Namespace(server, "life")
    notes = place.apply("install", "--values", CI / "small-values.yaml")
    require("port-forward" in notes and "docs/runbooks" in notes, notes)
    require(sorted(place.hooks) == [f"{RELEASE}-throughline-schema", f"{RELEASE}-throughline-topics"], f"{place.hooks}")
    small = place.check()
    require(place.workload("statefulsets", "processor")["replicas"] == 1, "processors")
    # What can never change is refused before anything happens.
    place.hooks.clear()
    partitions = ("--set", "config.kafka.partitions.events=4,processor.replicas=4")
    volumes = ("--set", "processor.persistence.size=10Gi,processor.persistence.storageClass=")
    for change, fragment in ((volumes, "Set it to 4 again"), (partitions, "processor.persistence differs")):
        try:
            place.apply("upgrade", "--values", CI / "large-values.yaml", *change)
        except Wrong as wrong:
            require(fragment in str(wrong), str(wrong))
        else:
            raise Wrong(f"{fragment}: upgraded all the same")
    require(not place.hooks, f"jobs of a refused upgrade: {place.hooks}")
    place.apply("upgrade", "--values", CI / "large-values.yaml", *partitions, *volumes)
    require(len(place.hooks) == 2, f"jobs of the upgrade: {place.hooks}")
    large = place.check()
    require(place.workload("statefulsets", "processor")["replicas"] == 4, "processors after the upgrade")
    require(("ingresses", f"{RELEASE}-throughline-dashboard") in large, "no ingress")
    require(("prometheusrules", f"{RELEASE}-throughline") in large, "no alerts")
    with server.completing_jobs(place.name, place.see_job):
        place.helm("rollback", RELEASE, "1", "--timeout", "120s")
    back = place.check()
    require(place.workload("statefulsets", "processor")["replicas"] == 1, "processors after the rollback")
    require(set(back) == set(small), f"after the rollback differ: {sorted(set(back) ^ set(small))}")
    config = ("configmaps", f"{RELEASE}-throughline-config")
    require(back[config]["data"] == small[config]["data"] != large[config]["data"], "the configuration is not as it was")
    place.helm("uninstall", RELEASE)
    require(not server.stored(place.name), f"left: {sorted(server.stored(place.name))}")


def each(server, file):
    """Each file of values is stored as it is, and leaves what it says it keeps."""
    place = Namespace(server, file.name.removesuffix("-values.yaml"))
    place.apply("install", "--values", file)
    stored = place.check()
    place.helm("uninstall", RELEASE)
    left = set(server.stored(place.name))
    keeps = values_of(file).get("strimzi", {}).get("enabled") and values_of(file)["strimzi"].get("keep", True)
    kept = {key for key in stored if key[0] in ("kafkas", "kafkanodepools", "kafkatopics", "clickhouseinstallations")}
    require(left == (kept if keeps else set()), f"left: {sorted(left)}")
    require(len(kept) >= 14 or not keeps, f"kept: {sorted(kept)}")


def a_failed_job(server):
    """A job that fails holds the installation back: no workload is there yet."""
    place = Namespace(server, "failing")
    with values_file(merged(BASE, {"jobs": {"activeDeadlineSeconds": 1}})) as values:
        try:
            place.helm("install", RELEASE, CHART, "--values", values, "--timeout", "3s")
        except Wrong as wrong:
            require("pre-install" in str(wrong), str(wrong))
        else:
            raise Wrong("the installation went on without its jobs")
    require(not [key for key in place.stored() if key[0] in ("deployments", "statefulsets")], "workloads are there")


def main():
    with tempfile.TemporaryDirectory(prefix="throughline-chart-") as directory:
        server = Server(directory)
        try:
            server.start()
            first = [refused_without_operators, admission_refuses]
            run("cluster without operators", [(c.__name__, functools.partial(c, server)) for c in first])
            server.define(DEFINITIONS / "crds")
            checks = [(c.__name__, functools.partial(c, server)) for c in (a_life, a_failed_job, warnings_count)]
            checks += [(file.name, functools.partial(each, server, file)) for file in VALUES]
            run("cluster", checks)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
