#!/usr/bin/env python3
"""The configuration that each file of values gives is one that the program accepts,
with the environment that each pod gets."""

import functools
import os
import pathlib
import re
import subprocess
import tempfile

import yaml

from common import CI, ROOT, VALUES, named, pods, rendered, require, run

PROGRAM = ROOT / "target/debug/throughline"

# What the Secrets of an installation hold, by the variable that it becomes.
SECRETS = {
    "THROUGHLINE_IDENTITY__KEY": "6f1c9d2b8e4a70535d1ef0b7a29c4486e3d5f71b0a8c62947e1d3b5f9a0c8e27",
    "THROUGHLINE_IDENTITY__PREVIOUS_KEY": "0b8e61f2c74d93a5e8d0175c3f6a92b4de17c80593fa6b2e4d8107c5e92a3f16",
    "THROUGHLINE_IDENTITY__STABLE_KEY": "0b8e61f2c74d93a5e8d0175c3f6a92b4de17c80593fa6b2e4d8107c5e92a3f16",
    "THROUGHLINE_KAFKA__CLIENT__SASL.PASSWORD": 'quo"ted $ {and: more}',
    "THROUGHLINE_CLICKHOUSE__PASSWORD": "s3cret: #1",
    "THROUGHLINE_DASHBOARD__SECRET": "b1946ac92492d2347c6235b4d2611184",
    "THROUGHLINE_DASHBOARD__TOKENS": '{reports: {sha256: "' + "0123456789abcdef" * 4 + '", role: marketer, tenant: acme}}',
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "key",
}


def program(arguments, environment=None, **options):
    return subprocess.run([PROGRAM, *arguments], env=environment or {}, capture_output=True, text=True, **options)


@functools.cache
def password_hash():
    """As an operator makes one."""
    done = program(["dashboard", "password"], input="a password\n")
    require(done.returncode == 0, done.stderr)
    return re.search(r'"(.*)"', done.stdout)[1]


def environment_of(container, objects):
    """The variables of a container; those of Secrets that are not of the chart with what an operator puts there."""
    made = {}
    for variable in container["env"]:
        name, source = variable["name"], variable.get("valueFrom")
        if source is None:
            made[name] = variable["value"]
        elif "fieldRef" in source:
            made[name] = "line-throughline-processor-0"
        else:
            reference = source["secretKeyRef"]
            own = [o for o in objects if o["kind"] == "Secret" and o["metadata"]["name"] == reference["name"]]
            if own:
                require(reference["key"] in own[0]["stringData"], f"{reference['name']} has no {reference['key']}")
                made[name] = own[0]["stringData"][reference["key"]]
            elif name == "THROUGHLINE_DASHBOARD__USERS":
                made[name] = '{ann: {password_hash: "' + password_hash() + '", role: admin}}'
            else:
                require(name in SECRETS, f"{name} comes from a Secret that nobody is told to make")
                made[name] = SECRETS[name]
    return made


def accepted(file):
    objects = rendered(file)
    for name, pod in pods(objects):
        config = next(v["configMap"]["name"] for v in pod["spec"]["volumes"] if "configMap" in v)
        text = named(objects, "ConfigMap", config)["data"]["throughline.yaml"]
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "throughline.yaml")
            path.write_text(text)
            for container in pod["spec"]["containers"]:
                done = program(["--config", path, "config", "check"], environment_of(container, objects))
                require(done.returncode == 0, f"{name}: {done.stderr}")
                # What the container is to do is a command of the program.
                command = container["args"][2:]
                done = program([*command, "--help"])
                require(done.returncode == 0, f"{name}: {' '.join(command)}: {done.stderr}")


def refuses():
    """The check above can fail: the program knows what it reads."""
    objects = rendered(CI / "small-values.yaml")
    name, pod = next(iter(pods(objects)))
    environment = environment_of(pod["spec"]["containers"][0], objects)
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "throughline.yaml")
        config = yaml.safe_load(named(objects, "ConfigMap", "line-throughline-config")["data"]["throughline.yaml"])
        path.write_text(yaml.safe_dump({**config, "kafak": {}}))
        require(program(["--config", path, "config", "check"], environment).returncode == 2, "an unknown section is accepted")
        path.write_text(yaml.safe_dump(config))
        del environment["THROUGHLINE_IDENTITY__KEY"]
        require(program(["--config", path, "config", "check"], environment).returncode == 2, f"{name}: no key is accepted")


def main():
    os.chdir(ROOT)
    run("configuration", [(file.name, functools.partial(accepted, file)) for file in VALUES] + [("refuses", refuses)])


if __name__ == "__main__":
    main()
