#!/usr/bin/env bash
# Writes the bill of materials and checks it against CycloneDX's schema.
set -euo pipefail
cd "$(dirname "$0")/.."

file=${1:-target/throughline.cdx.json}
tools=$(dev/python-tools.sh 'cyclonedx-python-lib[json-validation]==11.12.0')
"$tools/python" dev/sbom.py "$file"
"$tools/python" - "$file" <<'PYTHON'
import pathlib, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(pathlib.Path(sys.argv[1]).read_text())
sys.exit(f"{sys.argv[1]} is not CycloneDX 1.5: {error}" if error else None)
PYTHON
