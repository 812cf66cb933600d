#!/usr/bin/env bash
# Sees that the machine has what the build and the services need (`setup.sh tests`:
# and the tests, `setup.sh chart`: and the tests of the Helm chart), and installs what is missing when it may: as root, on Debian or
# its descendants. Without anything to do it only looks.
set -euo pipefail

case ${1:-} in
    '' | tests | chart) purpose=${1:-} ;;
    *)
        echo "usage: dev/setup.sh [tests|chart]" >&2
        exit 2
        ;;
esac

has() { command -v "$1" >/dev/null 2>&1; }

missing=()
# want PACKAGE COMMAND...: PACKAGE is missing unless every COMMAND is there.
want() {
    local package=$1 command
    shift
    for command in "$@"; do
        if ! has "$command"; then
            missing+=("$package")
            return
        fi
    done
}

java_is_recent() {
    local version
    has java || return 1
    version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
    [[ -n $version && $version -ge 17 ]]
}

# What the remote control of the browser needs; ClickHouse's download is content with any.
node_is_recent() {
    local version
    version=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p')
    [[ -n $version && $version -ge 20 ]]
}

# Debian's package serves Debian's Python, another one may come first on PATH.
has_yaml() {
    python3 -c 'import yaml' 2>/dev/null || /usr/bin/python3 -c 'import yaml' 2>/dev/null
}

# Whether there is any font: without one, pages are drawn without a letter.
has_font() {
    local directories=(/usr/share/fonts /usr/local/share/fonts "${HOME:-}/.fonts" "${HOME:-}/.local/share/fonts")
    [[ -n $(find "${directories[@]}" -name '*.[ot]t[fc]' -print -quit 2>/dev/null) ]]
}

# The first of the packages that this release of the distribution offers.
offered() {
    local package
    for package in "$@"; do
        if has apt-cache && apt-cache policy "$package" 2>/dev/null | grep -q 'Candidate: [0-9]'; then
            printf '%s' "$package"
            return
        fi
    done
    printf '%s' "$1"
}

look() {
    missing=()
    want gcc gcc
    want g++ g++
    want make make
    want pkg-config pkg-config
    want python3 python3
    has curl || missing+=(curl ca-certificates)
    want util-linux flock setsid
    # rdkafka builds librdkafka against these.
    if has pkg-config; then
        pkg-config --exists openssl || missing+=(libssl-dev)
        pkg-config --exists zlib || missing+=(zlib1g-dev)
    else
        missing+=(libssl-dev zlib1g-dev)
    fi
    # Maven and npm fetch the services; a service named in the environment needs neither.
    if [[ -z ${THROUGHLINE_KAFKA:-} ]]; then
        java_is_recent || missing+=("$(offered openjdk-17-jre-headless default-jre-headless)")
        want maven mvn
    fi
    # The chart's tools are built in Go, of any version: an old one gets the right one.
    if [[ $purpose == chart ]]; then
        want golang-go go
        want openssl openssl
        java_is_recent || missing+=("$(offered openjdk-17-jre-headless default-jre-headless)")
        want maven mvn
        has_yaml || missing+=(python3-yaml)
    fi
    local with_npm=''
    if [[ -z ${THROUGHLINE_CLICKHOUSE:-} ]] && ! has clickhouse; then with_npm=1; fi
    # The dashboard's pages are tested in a browser, for which npm has the remote control.
    if [[ $purpose == tests ]]; then
        with_npm=1
        if [[ -z ${CHROMIUM:-} ]]; then want chromium chromium; fi
        has_font || missing+=(fonts-dejavu-core)
        # Tools from PyPI get an environment of their own.
        python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    fi
    if [[ -n $with_npm ]]; then
        if ! has node || { [[ $purpose == tests ]] && ! node_is_recent; }; then
            # Some packages of Node.js contain npm and conflict with Debian's own: look again with node there.
            missing+=(nodejs)
        else
            want npm npm
        fi
    fi
}

fail() {
    printf 'error: %s\n' "$1" >&2
    shift
    if (($#)); then printf '       %s\n' "$@" >&2; fi
    exit 1
}

install() {
    if ! has apt-get; then
        fail "missing: ${missing[*]} (Debian's package names)" "install them with this system's package manager"
    fi
    if [[ $(id -u) != 0 ]]; then
        fail "missing packages: ${missing[*]}" "run as root: apt-get install ${missing[*]}"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || echo "warning: the package lists could not be refreshed" >&2
    look # which Java a release offers is known only with its lists
    echo "installing ${missing[*]} ..."
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
        fail "apt-get could not install: ${missing[*]}"
    hash -r
    look
}

look
# The second round is npm's, see above.
for _ in 1 2; do
    if ((${#missing[@]})); then install; fi
done
if ((${#missing[@]})); then
    fail "still missing after the installation: ${missing[*]}" \
        "an older version may come first on PATH, or this system has no newer one" \
        "(Java must be 17 or newer, for the tests Node.js 20 or newer)"
fi

# The alerts are tested with Prometheus and promtool. Debian's package would start a server on all addresses, so that
# only its programs are taken out, for which nobody need be root; where it is installed, that one is used.
programs="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.dev/cache/prometheus"
fetch_prometheus() {
    local work=$programs.partial
    rm -rf "$work"
    mkdir -p "$work"
    # The lists may be of a package that is gone.
    (cd "$work" && { apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }; }) >"$work/log" 2>&1 ||
        fail "apt-get could not download prometheus" "$(tail -n 2 "$work/log")" "install prometheus and promtool with this system's package manager"
    dpkg-deb -x "$work"/prometheus_*.deb "$work"
    rm "$work"/prometheus_*.deb
    mv "$work" "$programs"
}
if [[ $purpose == tests && ! -d $programs ]] && ! { has prometheus && has promtool; }; then
    has apt-get && has dpkg-deb || fail "missing: prometheus and promtool" "install them with this system's package manager"
    echo "fetching prometheus ..."
    fetch_prometheus
fi

if ! has cargo && [[ ! -x ${HOME:-}/.cargo/bin/cargo ]]; then
    fail "cargo is missing" "install Rust, see https://rustup.rs (the version needed stands in Cargo.toml, rust-version)"
fi
