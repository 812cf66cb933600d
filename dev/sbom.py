"""Writes what the program is made of as a CycloneDX 1.5 document: the crates of the
lock file that are built into it, with version, origin, licence and SHA-256.

    python3 dev/sbom.py target/throughline.cdx.json

The document depends on Cargo.lock alone: no time and no random number is in it."""

import json
import pathlib
import subprocess
import sys
import tomllib

TARGET = "x86_64-unknown-linux-gnu"


def metadata():
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def built_in(graph, root):
    """Ids of packages that the root needs to run or to be built, without what only tests need."""
    nodes = {node["id"]: node for node in graph["resolve"]["nodes"]}
    found, ahead = {}, [root]
    while ahead:
        at = ahead.pop()
        if at in found:
            continue
        needed = [
            dep["pkg"]
            for dep in nodes[at]["deps"]
            if any(kind["kind"] != "dev" for kind in dep["dep_kinds"])
        ]
        found[at] = sorted(set(needed))
        ahead += needed
    return found


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, checksums, kind="library"):
    entry = {
        "type": kind,
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "purl": purl(package),
    }
    if package["license"]:
        entry["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    checksum = checksums.get((package["name"], package["version"]))
    if checksum:
        entry["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return entry


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: python3 dev/sbom.py FILE")
    graph = metadata()
    packages = {package["id"]: package for package in graph["packages"]}
    root = next(id for id, package in packages.items() if package["name"] == "throughline")
    lock = tomllib.loads(pathlib.Path("Cargo.lock").read_text())
    checksums = {(p["name"], p["version"]): p.get("checksum") for p in lock["package"]}
    needed = built_in(graph, root)
    others = sorted((packages[id] for id in needed if id != root), key=purl)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(packages[root], checksums, "application")},
        "components": [component(package, checksums) for package in others],
        "dependencies": [
            {"ref": purl(packages[id]), "dependsOn": sorted({purl(packages[of]) for of in of_it})}
            for id, of_it in sorted(needed.items(), key=lambda pair: purl(packages[pair[0]]))
        ],
    }
    path = pathlib.Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
    print(f"{path}: {len(others)} components")


main()
