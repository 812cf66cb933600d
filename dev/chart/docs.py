#!/usr/bin/env python3
"""Makes values.schema.json and README.md of the chart from values.yaml.

The comment above a value is its description, its default says of what type it
is, and what only some values may be stands in RULES below. `docs.py check` says
what is out of date, `docs.py write` writes it anew.
"""

import json
import pathlib
import re
import sys

import yaml

CHART = pathlib.Path(__file__).resolve().parents[2] / "helm/throughline"

STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
PORTS = {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 65535}}
QUANTITY = {"type": ["string", "number"], "pattern": r"^[0-9.]+(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi)?$"}
NAME = {"type": "string", "pattern": "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$"}


def shape(description, properties, required=()):
    """An object with these keys and no others."""
    schema = {"type": "object", "description": description, "additionalProperties": False, "properties": properties}
    return {**schema, "required": list(required)} if required else schema


# Shapes that stand in several places, by the name that RULES calls them by.
DEFINITIONS = {
    "resources": shape(
        "CPU and memory of a container.",
        {
            "requests": {"description": "What the node must have.", "type": "object", "additionalProperties": QUANTITY},
            "limits": {"description": "What the container may take.", "type": "object", "additionalProperties": QUANTITY},
        },
    ),
    "disruption": shape(
        "A PodDisruptionBudget.",
        {
            "enabled": {"description": "Whether there is one.", "type": "boolean"},
            "maxUnavailable": {"description": "How many pods may be away.", "type": ["integer", "string"]},
        },
    ),
    "strings": {"description": "Names and texts.", **STRINGS},
    "tolerations": {
        "description": "Taints that are accepted.",
        "type": "array",
        "items": shape(
            "A toleration.",
            {
                key: {"description": "As in a pod.", "type": kind}
                for key, kind in {
                    "key": "string",
                    "operator": "string",
                    "value": "string",
                    "effect": "string",
                    "tolerationSeconds": "integer",
                }.items()
            },
        ),
    },
    "environment": {
        "description": "Variables as in a container.",
        "type": "array",
        "items": shape(
            "A variable.",
            {
                "name": {"description": "Its name.", "type": "string", "minLength": 1},
                "value": {"description": "Its value.", "type": "string"},
                "valueFrom": {"description": "Where its value stands.", "type": "object"},
            },
            ["name"],
        ),
    },
    "storage": shape(
        "A volume.",
        {
            "size": {"description": "Its size.", **QUANTITY},
            "class": {"description": "Its storage class; empty: the cluster's default.", "type": "string"},
        },
    ),
    "egress": shape(
        "Where something is.",
        {
            "ports": {"description": "Its ports.", **PORTS},
            "to": {
                "description": "Its peers, as in a NetworkPolicy; empty: anywhere.",
                "type": "array",
                "items": {"type": "object"},
            },
        },
    ),
    "job": shape("A job.", {"enabled": {"description": "Whether there is one.", "type": "boolean"}}),
    "selector": {"description": "A selector of labels.", "type": "object"},
    "retention": shape(
        "What becomes of claims.",
        {
            key: {"description": text, "enum": ["Retain", "Delete"]}
            for key, text in {"whenDeleted": "With the release.", "whenScaled": "With fewer pods."}.items()
        },
    ),
    "free": {"description": "Passed through as it is.", "type": "object"},
}

COUNT = {"minimum": 0}
# What a default does not say, by the end of a value's path; the longest wins.
RULES = {
    "mode": {"enum": ["production", "development"]},
    "image.repository": {"minLength": 1},
    "image.digest": {"pattern": "^(sha256:[0-9a-f]{64})?$"},
    "image.pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
    "image.pullSecrets": {"items": {"type": "string", "minLength": 1}},
    "identity.key": {"pattern": "^([0-9a-fA-F]{64})?$"},
    "existingSecret": NAME,
    "caSecret": NAME,
    "certificateSecret": NAME,
    "tlsSecret": NAME,
    "kafka.properties": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
    "kafka.bootstrapServers": {"pattern": r"^([^\s,:]+:[0-9]+(,[^\s,:]+:[0-9]+)*)?$"},
    "kafka.sasl.mechanism": {"enum": ["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]},
    "clickhouse.url": {"pattern": r"^(https?://\S+)?$"},
    "clickhouse.database": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    "snapshots.url": {"pattern": r"^(s3://\S+)?$"},
    "config": {"type": "object", "patternProperties": {}, "sections": True},
    "replicas": COUNT,
    "processor.replicas": {"minimum": 0, "maximum": 10000},
    "minReplicas": {"minimum": 1},
    "maxReplicas": {"minimum": 1},
    "lagThreshold": {"minimum": 1},
    "cooldownSeconds": COUNT,
    "backoffLimit": COUNT,
    "activeDeadlineSeconds": {"minimum": 1},
    "resources": {"$ref": "resources"},
    "podDisruptionBudget": {"$ref": "disruption"},
    "annotations": {"$ref": "strings"},
    "podAnnotations": {"$ref": "strings"},
    "podLabels": {"$ref": "strings"},
    "labels": {"$ref": "strings"},
    "commonLabels": {"$ref": "strings"},
    "nodeSelector": {"$ref": "strings"},
    "tolerations": {"$ref": "tolerations"},
    "affinity": {"$ref": "free"},
    "extraEnv": {"$ref": "environment"},
    "storage": {"$ref": "storage"},
    "strimzi.config": {"$ref": "free"},
    "jobs.schema": {"$ref": "job"},
    "jobs.topics": {"$ref": "job"},
    "egress.kafka": {"$ref": "egress"},
    "egress.clickhouse": {"$ref": "egress"},
    "egress.snapshots": {"$ref": "egress"},
    "egress.dns": {"$ref": "egress"},
    "prometheusNamespaceSelector": {"$ref": "selector"},
    "dashboardNamespaceSelector": {"$ref": "selector"},
    "seccompProfile": {"$ref": "free"},
    "persistence.retention": {"$ref": "retention"},
    "persistence.size": QUANTITY,
    "service.type": {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
    "service.port": {"minimum": 1, "maximum": 65535},
    "listenAddress": {"enum": ["0.0.0.0", "[::]"]},
    "topologySpread.keys": {"items": {"type": "string", "minLength": 1}},
    "topologySpread.whenUnsatisfiable": {"enum": ["ScheduleAnyway", "DoNotSchedule"]},
    "fsGroupChangePolicy": {"enum": ["OnRootMismatch", "Always"]},
    "serviceMonitor.interval": {"pattern": "^[0-9]+(ms|s|m)$"},
    "serviceMonitor.scrapeTimeout": {"pattern": "^[0-9]+(ms|s|m)$"},
    "strimzi.replicas": {"minimum": 1},
    "clickhouseOperator.replicas": {"minimum": 1},
    "clickhouseOperator.keeper": {
        "items": shape(
            "A node.",
            {
                "host": {"description": "Its host.", "type": "string"},
                "port": {"description": "Its port.", "type": "integer"},
            },
            ["host", "port"],
        )
    },
}

# What a section of the program's configuration may be called: the program checks the rest.
SECTIONS = ["kafka", "clickhouse", "ingest", "processor", "sink", "dashboard", "telemetry", "tenants"]
# Refused by the templates, which say what to use instead.
REFUSED = ["mode", "identity"]

TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


def comments(text):
    """The comment above each key of a block, by the key's path."""
    found, path, above = {}, [], []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("#"):
            above.append(stripped[1:].strip())
            continue
        key = re.match(r"^( *)([A-Za-z][A-Za-z0-9_]*):", line)
        if key:
            depth = len(key[1]) // 2
            path = path[:depth] + [key[2]]
            if not above:
                sys.exit(f"values.yaml:{number}: {'.'.join(path)} has no comment above it, which would be its description")
            found[".".join(path)] = " ".join(above)
        above = []
    return found


def rule(path):
    """What RULES says of a path."""
    parts = path.split(".")
    for start in range(len(parts)):
        if (end := ".".join(parts[start:])) in RULES:
            return RULES[end]
    return {}


def schema(value, path, descriptions):
    """The schema of a value with this default."""
    made = {"description": descriptions[path]} if path else {}
    extra = rule(path)
    if path == "config":
        sections = {name: {"description": "A section of config/default.yaml.", "type": "object"} for name in SECTIONS}
        refused = {name: {"description": "Refused: the chart sets it."} for name in REFUSED}
        end = {"shutdown_timeout_ms": {"description": "How long pods may take to end.", "type": "integer", "minimum": 0}}
        return {**made, "type": "object", "additionalProperties": False, "properties": {**sections, **refused, **end}}
    if "$ref" in extra:
        # In draft 7 nothing beside a $ref counts.
        return {**made, "allOf": [{"$ref": f"#/definitions/{extra['$ref']}"}]}
    made["type"] = TYPES[type(value)]
    if isinstance(value, dict) and "additionalProperties" not in extra:
        made["additionalProperties"] = False
        made["properties"] = {
            key: schema(inner, f"{path}.{key}" if path else key, descriptions) for key, inner in value.items()
        }
    made.update(extra)
    if "enum" in made:
        made.pop("type")
    return made


def whole_schema(values, descriptions):
    made = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart throughline",
        **schema(values, "", descriptions),
        "definitions": DEFINITIONS,
    }
    # Helm passes these on to each chart.
    made["properties"]["global"] = {"description": "Values of a chart around this one; not used.", "type": "object"}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def rows(value, path, descriptions):
    """The rows of the table: sections by their description, values by their default."""
    if path and (not isinstance(value, dict) or not value or f"{path}.{next(iter(value))}" not in descriptions):
        default = json.dumps(value, ensure_ascii=False)
        return [f"| `{path}` | `{default}` | {escape(descriptions[path])} |"]
    made = [f"| **`{path}`** | | {escape(descriptions[path])} |"] if path else []
    for key, inner in value.items():
        made += rows(inner, f"{path}.{key}" if path else key, descriptions)
    return made


def escape(text):
    return text.replace("|", "\\|")


def readme(values, descriptions):
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    head = (CHART / "README.md.in").read_text()
    table = "\n".join(["| value | default | meaning |", "|---|---|---|", *rows(values, "", descriptions)])
    for name, text in {"VERSION": chart["version"], "KUBE": chart["kubeVersion"].removesuffix("-0"), "VALUES": table}.items():
        head = head.replace(f"@{name}@", text)
    return head


def main():
    if sys.argv[1:] not in (["check"], ["write"]):
        sys.exit("usage: docs.py check|write")
    text = (CHART / "values.yaml").read_text()
    values = yaml.safe_load(text)
    head, _, rest = text.partition("\n\n")
    descriptions = comments(rest if head.startswith("#") else text)
    wanted = {"values.schema.json": whole_schema(values, descriptions), "README.md": readme(values, descriptions)}
    for name, content in wanted.items():
        file = CHART / name
        if sys.argv[1] == "write":
            file.write_text(content)
        elif not file.exists() or file.read_text() != content:
            sys.exit(f"helm/throughline/{name} is not what values.yaml gives: run `dev/chart.sh docs`")
    print(f"{'written' if sys.argv[1] == 'write' else 'up to date'}: {', '.join(wanted)}")


if __name__ == "__main__":
    main()
