#!/usr/bin/env python3
"""Checks of the chart that need no cluster: lint, schemas, what is refused, and
what each value gives."""

import functools
import subprocess

import yaml

from common import (
    APIS,
    BASE,
    CHART,
    CI,
    DEFINITIONS,
    ROOT,
    VALUES,
    is_hook,
    merged,
    named,
    pods,
    rendered,
    require,
    run,
    template,
    values_of,
)
from refusals import MISSING, REFUSALS


def lint(file):
    done = subprocess.run(["helm", "lint", "--strict", CHART, "--values", file], capture_output=True, text=True)
    require(done.returncode == 0, done.stdout + done.stderr)


def conforms(file):
    status, text, error = template(file)
    require(status == 0, error)
    location = f"{DEFINITIONS}/schemas/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"
    done = subprocess.run(
        ["kubeconform", "-strict", "-summary", "-schema-location", location], input=text, capture_output=True, text=True
    )
    require(done.returncode == 0 and "Errors: 0, Skipped: 0" in done.stdout, done.stdout + done.stderr)


def kubeconform_refuses():
    """The check above can fail: a key that is not known is found in each kind."""
    objects = rendered(CI / "everything-values.yaml")
    location = f"{DEFINITIONS}/schemas/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"
    for kind in sorted({o["kind"] for o in objects}):
        o = next(o for o in objects if o["kind"] == kind)
        broken = {**o, "spek": {}}
        done = subprocess.run(
            ["kubeconform", "-strict", "-schema-location", location], input=yaml.safe_dump(broken), capture_output=True, text=True
        )
        require(done.returncode != 0, f"{kind} with a key `spek` is accepted")


def refuses(values, fragment, apis=APIS):
    status, _, error = template(merged(BASE, values), apis)
    require(status != 0, f"{values} is accepted")
    require(fragment in error, f"{values} is refused without {fragment!r}: {error}")


def restricted():
    """The pods of everything are as the restricted Pod Security Standard asks, and more."""
    for file in VALUES:
        for name, pod in pods(rendered(file)):
            spec, where = pod["spec"], f"{file.name}: {name}"
            require(spec["securityContext"]["runAsNonRoot"] is True, f"{where} may run as root")
            require(spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, f"{where}: seccomp")
            require(spec["automountServiceAccountToken"] is False, f"{where} gets a token")
            require(spec["enableServiceLinks"] is False, f"{where} gets variables of services")
            for container in spec["containers"]:
                context = container["securityContext"]
                require(context["readOnlyRootFilesystem"] is True, f"{where} writes its root")
                require(context["allowPrivilegeEscalation"] is False, f"{where} escalates")
                require(context["capabilities"] == {"drop": ["ALL"]}, f"{where}: capabilities")
                require(container["resources"]["limits"]["memory"], f"{where}: no limit of memory")
                require({"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"], f"{where}: no /tmp")


def secrets_stay_secret():
    """No secret that was given stands anywhere but in Secrets."""
    values = values_of(CI / "development-values.yaml")
    secrets = [
        values["identity"]["key"],
        values["kafka"]["sasl"]["password"],
        values["clickhouse"]["password"],
        values["dashboard"]["session"]["secret"],
    ]
    objects = rendered(values)
    given = {value for o in objects if o["kind"] == "Secret" for value in o["stringData"].values()}
    require(set(secrets) <= given, "a secret is missing in the Secrets")
    others = yaml.safe_dump_all([o for o in objects if o["kind"] != "Secret"])
    for secret in secrets:
        require(secret not in others, f"{secret} stands outside the Secrets")


def processors():
    objects = rendered(BASE)
    found = named(objects, "StatefulSet", "-processor")
    require(found["spec"]["podManagementPolicy"] == "Parallel", "processors wait for each other")
    require(found["spec"]["serviceName"] == named(objects, "Service", "-processor")["metadata"]["name"], "its Service")
    container = found["spec"]["template"]["spec"]["containers"][0]
    instance = next(v for v in container["env"] if v["name"] == "THROUGHLINE_KAFKA__INSTANCE")
    require(instance["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name", "the name in the group is not the pod's")
    require({"name": "state", "mountPath": "/var/lib/throughline"} in container["volumeMounts"], "no volume")
    for name, pod in pods(objects):
        names = [v["name"] for c in pod["spec"]["containers"] for v in c["env"]]
        if not name.endswith("-processor"):
            require("THROUGHLINE_KAFKA__INSTANCE" not in names, f"{name} has a name in its group")
        if not name.endswith("-dashboard"):
            require("THROUGHLINE_DASHBOARD__SECRET" not in names, f"{name} knows the dashboard's secret")
        require(len(names) == len(set(names)) or name.endswith("-test"), f"{name} has a variable twice")


def restarts():
    """A change of the configuration, or of a secret in values, starts pods anew; nothing else does."""

    def checksums(values):
        return {
            o["metadata"]["name"]: o["spec"]["template"]["metadata"]["annotations"]
            for o in rendered(values)
            if o["kind"] in ("Deployment", "StatefulSet")
        }

    before = checksums(BASE)
    require(len(before) == 4, f"{len(before)} workloads")
    require(before == checksums(merged(BASE, {"ingest": {"replicas": 5}})), "replicas start pods anew")
    for change in ({"config": {"sink": {"max_rows": 7}}}, {"clickhouse": {"existingSecret": "", "password": "x"}}):
        after = checksums(merged(BASE, change))
        require(all(after[name] != before[name] for name in before), f"{change} does not start all pods anew")


def grace():
    for milliseconds, seconds in ((20000, 35), (45000, 60), (1, 16)):
        objects = rendered(merged(BASE, {"config": {"shutdown_timeout_ms": milliseconds}}))
        for o in objects:
            if o["kind"] in ("Deployment", "StatefulSet"):
                found = o["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
                require(found == seconds, f"{milliseconds} ms give {found} s")


def hooks():
    """What a job refers to is made before it, and the program does not do its work again."""
    objects = rendered(CI / "development-values.yaml")
    jobs = [o for o in objects if o["kind"] == "Job"]
    require([o["metadata"]["name"] for o in jobs] == ["line-throughline-topics"], "jobs")
    weight = lambda o: int(o["metadata"]["annotations"]["helm.sh/hook-weight"])
    for kind in ("ConfigMap", "Secret", "ServiceAccount"):
        early = [o for o in objects if o["kind"] == kind and is_hook(o, "pre-install")]
        require(len(early) == 1, f"{len(early)} of {kind} for the jobs")
        require(weight(early[0]) < weight(jobs[0]), f"{kind} comes after the job")
    config = configuration(objects)
    require(config["clickhouse"]["apply_schema"] is True and config["kafka"]["create_topics"] is False, f"{config}")
    config = configuration(rendered(BASE))
    require(config["clickhouse"]["apply_schema"] is False and config["kafka"]["create_topics"] is False, f"{config}")
    objects = rendered(CI / "operators-values.yaml")
    require(not any(o["kind"] == "Job" or is_hook(o, "pre-install") for o in objects), "jobs before their servers")
    require(configuration(objects)["clickhouse"]["apply_schema"] is True, "nobody makes the tables")


def configuration(objects):
    return yaml.safe_load(named(objects, "ConfigMap", "line-throughline-config")["data"]["throughline.yaml"])


def users_of_clickhouse():
    """Each pod knows the password of its own user, and those that never ask ClickHouse know none."""
    users = {}
    for name, pod in pods(rendered(CI / "large-values.yaml")):
        environment = {v["name"]: v for v in pod["spec"]["containers"][0]["env"]}
        user = environment.get("THROUGHLINE_CLICKHOUSE__USER", {}).get("value")
        password = environment.get("THROUGHLINE_CLICKHOUSE__PASSWORD")
        users[name.rsplit("-", 1)[-1]] = (user, password and password["valueFrom"]["secretKeyRef"]["name"])
    sink = (None, "throughline-clickhouse")
    expected = {"sink": sink, "schema": sink, "test": sink, "dashboard": ("dashboard", "throughline-clickhouse-reader")}
    require(users == expected | dict.fromkeys(["ingest", "processor", "topics"], (None, None)), f"{users}")


def security_of_kafka():
    for tls, sasl, protocol in (
        ({}, {}, "PLAINTEXT"),
        ({"enabled": True}, {}, "SSL"),
        ({"enabled": True}, {"mechanism": "PLAIN", "username": "u", "existingSecret": "k"}, "SASL_SSL"),
    ):
        client = configuration(rendered(merged(BASE, {"kafka": {"tls": tls, "sasl": sasl}})))["kafka"]["client"]
        require(client["security.protocol"] == protocol, f"{tls} {sasl}: {client}")
        require("sasl.password" not in client, "the password stands in the configuration")
    objects = rendered(CI / "secured-values.yaml")
    config = configuration(objects)
    files = [config["kafka"]["client"][f"ssl.{name}.location"] for name in ("ca", "certificate", "key")]
    files += [config["clickhouse"][f"{name}_file"] for name in ("ca", "certificate", "key")]
    for name, pod in pods(objects):
        volumes = {v["name"]: v for v in pod["spec"]["volumes"]}
        mounts = {m["mountPath"]: volumes[m["name"]] for m in pod["spec"]["containers"][0]["volumeMounts"] if m["name"] in volumes}
        for file in files:
            directory, _, base = file.rpartition("/")
            items = mounts.get(directory, {}).get("secret", {}).get("items", [])
            require(base in [item["path"] for item in items], f"{name} has no {file}")


def autoscaling():
    objects = rendered(CI / "everything-values.yaml")
    for role in ("ingest", "sink"):
        require("replicas" not in named(objects, "Deployment", f"-{role}")["spec"], f"{role} has two masters")
    triggers = named(objects, "ScaledObject", "-ingest")["spec"]["triggers"]
    require(len(triggers) == 8 and triggers[0]["metadata"]["topic"] == "hits", f"{triggers}")
    trigger = named(objects, "ScaledObject", "-sink")["spec"]["triggers"][0]["metadata"]
    require((trigger["topic"], trigger["consumerGroup"]) == ("line.rollups", "line-sink"), f"{trigger}")
    reference = named(objects, "TriggerAuthentication", "line")["spec"]["secretTargetRef"]
    require({r["parameter"] for r in reference} == {"tls", "sasl", "username", "password", "ca"}, f"{reference}")


def topics_of_strimzi():
    topics = {o["spec"]["topicName"]: o["spec"] for o in rendered(CI / "everything-values.yaml") if o["kind"] == "KafkaTopic"}
    require(len(topics) == 11, f"{sorted(topics)}")
    events = topics["line.events"]
    require(events["config"]["retention.ms"] == -1 and events["partitions"] == 24, f"{events}")
    require(events["config"]["message.timestamp.type"] == "LogAppendTime", f"{events}")
    require(topics["hits"]["config"]["retention.ms"] == 168 * 3_600_000, f"{topics['hits']}")
    require("message.timestamp.type" not in topics["hits"]["config"], "time of raw records is for their producers to say")
    kept = [o for o in rendered(CI / "operators-values.yaml") if o["kind"] in ("Kafka", "KafkaNodePool", "KafkaTopic", "ClickHouseInstallation")]
    for o in kept:
        require(o["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep", f"{o['metadata']['name']} goes with the release")


def policies():
    objects = rendered(merged(BASE, {"snapshots": {"url": "s3://b"}}))
    selected = set()
    for o in (o for o in objects if o["kind"] == "NetworkPolicy"):
        selected.add(o["spec"]["podSelector"]["matchLabels"].get("app.kubernetes.io/component", "jobs"))
        ports = {port["port"] for rule in o["spec"]["egress"] for port in rule["ports"]}
        role = o["metadata"]["name"].rsplit("-", 1)[-1]
        expected = {53, 9092, 9093, 9094} | {"ingest": set(), "processor": {443}}.get(role, {8123, 8443})
        require(ports == expected, f"{role}: {ports}")
    require(selected == {"ingest", "processor", "sink", "dashboard", "test", "jobs"}, f"{selected}")
    for _, pod in pods(objects):
        require(pod["metadata"]["labels"]["app.kubernetes.io/component"] in selected | {"topics", "schema"}, "a pod without a policy")


def defaults_are_the_programs():
    """What templates take for the program's defaults is so."""
    text = (CHART / "templates/_config.tpl").read_text()
    here = yaml.safe_load(text.split('{{- define "throughline.defaults" -}}')[1].split("{{- end -}}")[0])
    program = yaml.safe_load((ROOT / "config/default.yaml").read_text())

    def same(ours, theirs, path):
        for key, value in ours.items():
            require(key in theirs, f"{path}{key} is no setting of the program")
            if isinstance(value, dict):
                same(value, theirs[key], f"{path}{key}.")
            else:
                require(theirs[key] == value, f"{path}{key} is {value}, in config/default.yaml {theirs[key]}")

    same(here, program, "")
    sections = {key for key, value in program.items() if isinstance(value, dict)}
    from docs import REFUSED, SECTIONS

    require(sections == set(SECTIONS) | set(REFUSED) - {"mode"}, f"sections of the program: {sorted(sections)}")


def alerts_and_dashboards():
    objects = rendered(CI / "everything-values.yaml")
    rules = named(objects, "PrometheusRule", "line")["spec"]["groups"]
    written = yaml.safe_load((CHART / "files/alerts.yaml").read_text())["groups"]
    require(rules == written, "rules are not those of the file")
    for group in written:
        for rule in group["rules"]:
            page = rule["annotations"]["runbook"].removeprefix("docs/runbooks/")
            rule["annotations"]["runbook_url"] = f"https://git.example/throughline/docs/runbooks/{page}"
    rules = named(rendered(CI / "large-values.yaml"), "PrometheusRule", "line")["spec"]["groups"]
    require(rules == written, "rules do not have the addresses of their pages")
    found = {key for o in objects if o["metadata"].get("labels", {}).get("grafana_dashboard") == "1" for key in o["data"]}
    require(found == {file.name for file in (CHART / "files/dashboards").glob("*.json")}, f"dashboards: {found}")


def main():
    checks = [(f"lint {file.name}", functools.partial(lint, file)) for file in VALUES]
    checks += [(f"kubeconform {file.name}", functools.partial(conforms, file)) for file in VALUES]
    checks += [(f"refusal {text!r}", functools.partial(refuses, values, text)) for values, text in REFUSALS]
    checks += [(f"refusal {text!r}", functools.partial(refuses, values, text, [])) for values, text in MISSING]
    checks += [
        (check.__name__, check)
        for check in (
            kubeconform_refuses,
            restricted,
            secrets_stay_secret,
            processors,
            restarts,
            grace,
            hooks,
            users_of_clickhouse,
            security_of_kafka,
            autoscaling,
            topics_of_strimzi,
            policies,
            defaults_are_the_programs,
            alerts_and_dashboards,
        )
    ]
    run("templates", checks)


if __name__ == "__main__":
    main()
