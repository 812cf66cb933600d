#!/usr/bin/env python3
"""Makes the schemas that kubeconform checks objects by, strict ones: a key that
is not known is a mistake.

usage: schemas.py SWAGGER CRDS OUT
"""

import json
import pathlib
import sys

import yaml

# Values that are written in two ways.
SCALARS = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["string", "integer", "null"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number", "null"]},
}


def strict(node, definitions=None, inside=frozenset()):
    """A schema without references and extensions, in which unknown keys are refused."""
    if isinstance(node, list):
        return [strict(item, definitions, inside) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[-1]
        if name in SCALARS:
            return SCALARS[name]
        # A definition within itself (that of JSON schemas) may be anything.
        return {} if name in inside else strict(definitions[name], definitions, inside | {name})
    if node.get("x-kubernetes-int-or-string"):
        return {"type": ["string", "integer", "null"]}
    made = {}
    for key, value in node.items():
        if key == "properties":
            made[key] = {name: strict(inner, definitions, inside) for name, inner in value.items()}
        elif key in ("items", "additionalProperties", "allOf", "anyOf", "oneOf", "not"):
            made[key] = strict(value, definitions, inside)
        elif key not in ("description", "format", "default", "example") and not key.startswith("x-kubernetes"):
            made[key] = value
    if "properties" in made and not node.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made


def of_kubernetes(swagger):
    """The schemas of all kinds that Kubernetes itself has, by file name."""
    definitions = json.loads(pathlib.Path(swagger).read_text())["definitions"]
    for name, definition in definitions.items():
        for kind in definition.get("x-kubernetes-group-version-kind", []):
            if "properties" in definition and not name.endswith("List"):
                group = kind["group"].split(".")[0]
                file = "-".join(part for part in (kind["kind"], group, kind["version"]) if part).lower()
                yield file, strict(definition, definitions, frozenset([name]))


def of_definitions(directory):
    """The schemas of the kinds that operators bring."""
    for file in sorted(pathlib.Path(directory).glob("*.yaml")):
        for definition in yaml.safe_load_all(file.read_text()):
            spec = definition["spec"]
            for version in spec["versions"]:
                schema = strict(version["schema"]["openAPIV3Schema"])
                properties = schema.setdefault("properties", {})
                properties |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
                schema["additionalProperties"] = False
                yield f"{spec['names']['kind']}-{spec['group'].split('.')[0]}-{version['name']}".lower(), schema


def main():
    swagger, definitions, out = sys.argv[1:4]
    target = pathlib.Path(out)
    target.mkdir()
    count = 0
    for source in (of_kubernetes(swagger), of_definitions(definitions)):
        for name, schema in source:
            (target / f"{name}.json").write_text(json.dumps(schema))
            count += 1
    print(f"{count} schemas")


if __name__ == "__main__":
    main()
