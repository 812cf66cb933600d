"""What the checks of the chart have in common: rendering, and how they say what fails."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm/throughline"
CI = CHART / "ci"
VALUES = sorted(CI.glob("*-values.yaml"))
DEFINITIONS = pathlib.Path(os.environ.get("CHART_DEFINITIONS", ""))

# What operators bring, as a cluster with all of them would tell.
APIS = [
    "kafka.strimzi.io/v1/Kafka",
    "clickhouse.altinity.com/v1/ClickHouseInstallation",
    "keda.sh/v1alpha1/ScaledObject",
    "monitoring.coreos.com/v1/ServiceMonitor",
    "monitoring.coreos.com/v1/PrometheusRule",
]
# The least that an installation must say.
BASE = {
    "identity": {"existingSecret": "i"},
    "kafka": {"bootstrapServers": "kafka:9092"},
    "clickhouse": {"url": "http://clickhouse:8123", "existingSecret": "c"},
    "dashboard": {"session": {"existingSecret": "s"}, "access": {"existingSecret": "a"}},
}


class Wrong(Exception):
    """A check found something wrong."""


def require(condition, text):
    """Says what is wrong unless the condition holds."""
    if not condition:
        raise Wrong(text)


def values_of(file):
    return yaml.safe_load(file.read_text())


def merged(base, more):
    """Two trees of values, the second over the first."""
    both = dict(base)
    for key, value in more.items():
        inner = both.get(key)
        both[key] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return both


@contextlib.contextmanager
def values_file(values):
    """A file with these values, which may be one already."""
    if isinstance(values, pathlib.Path):
        yield values
        return
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump(values, file)
        file.flush()
        yield file.name


def template(values, apis=APIS):
    """What `helm template` says of these values: its status, objects as text, and errors."""
    with values_file(values) as file:
        flags = [flag for api in apis for flag in ("--api-versions", api)]
        done = subprocess.run(
            ["helm", "template", "line", CHART, "--namespace", "attribution", "--values", file, *flags],
            capture_output=True,
            text=True,
        )
    return done.returncode, done.stdout, done.stderr


def rendered(values, apis=APIS):
    """The objects that values give."""
    status, text, error = template(values, apis)
    require(status == 0, f"helm template: {error}")
    return [document for document in yaml.safe_load_all(text) if document]


def named(objects, kind, end):
    """The object of this kind whose name ends so."""
    found = [o for o in objects if o["kind"] == kind and o["metadata"]["name"].endswith(end)]
    names = sorted(o["metadata"]["name"] for o in objects if o["kind"] == kind)
    require(len(found) == 1, f"{len(found)} objects {kind} …{end}: there are {', '.join(names) or 'none'}")
    return found[0]


def pods(objects):
    """The name and the pod template of whatever runs pods."""
    for o in objects:
        if o["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield o["metadata"]["name"], o["spec"]["template"]
        elif o["kind"] == "Pod":
            yield o["metadata"]["name"], {"metadata": o["metadata"], "spec": o["spec"]}


def is_hook(o, phase=""):
    return phase in o["metadata"].get("annotations", {}).get("helm.sh/hook", "-")


def run(title, checks):
    """Runs checks, pairs of a name and a function; ends the program when any fails."""
    failures = 0
    for name, check in checks:
        try:
            check()
        except Wrong as wrong:
            failures += 1
            print(f"FAILED {title}: {name}: {wrong}", file=sys.stderr)
    if failures:
        sys.exit(f"{title}: {failures} of {len(checks)} checks failed")
    print(f"{title}: {len(checks)} checks passed")
