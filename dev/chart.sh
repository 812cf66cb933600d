#!/usr/bin/env bash
# The Helm chart's tools and tests. Programs are built from Go modules, once, into
# .dev/cache; nothing is installed, and servers listen on the loopback address.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: dev/chart.sh tools|docs|test

  tools  build helm, kubeconform, etcd and kube-apiserver, and the schemas
         that objects are checked by; the first time takes some minutes
  docs   write values.schema.json and README.md of the chart anew
  test   every check of the chart, the last ones on a real API server
TEXT
}

GO_VERSION=1.26.8 # what a Go that is too old for toolchains gets instead
GO_SUM=h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=
KEDA=github.com/kedacore/keda/v2@v2.21.0
PROMETHEUS_OPERATOR=github.com/prometheus-operator/prometheus-operator@v0.85.0
MAVEN_PLUGIN_VERSION=2.8

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
cache=$root/.dev/cache

# shellcheck source=dev/fetch.sh
source "$here/fetch.sh"

# A short name of the content of files.
digest() { cat "$@" | sha256sum | cut -c1-8; }

# A Python with PyYAML: the first on PATH, or the system's.
python() {
    export PYTHONDONTWRITEBYTECODE=1
    local candidate
    for candidate in python3 /usr/bin/python3; do
        if "$candidate" -c 'import yaml' 2>/dev/null; then
            "$candidate" "$@"
            return
        fi
    done
    fail "python3 with PyYAML is needed" "'dev/setup.sh chart' installs it when root on Debian"
}

# Modules and what is built of them go with what is fetched.
own_modules() {
    export GOMODCACHE=$PWD/modules GOCACHE=$PWD/built GOFLAGS="-trimpath -modcacherw ${GOFLAGS:-}" CGO_ENABLED=0
}

# module MODULE@VERSION: the directory that it was downloaded into.
module() {
    go_command mod download -json "$1" 2>>log | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'
}

fetch_go() {
    own_modules
    say "downloading Go $GO_VERSION ..."
    local name="golang.org/toolchain@v0.0.1-go$GO_VERSION.linux-amd64"
    go mod download -json "$name" >log 2>&1
    grep -q "\"Sum\": \"$GO_SUM\"" log || return 1
    mv "modules/$name"/* result/
    # A module's files are not executable.
    chmod +x result/bin/* result/pkg/tool/*/*
}

# Go as dev/chart/go.mod asks for it. From 1.21 on it gets the version itself.
go_command() {
    local minor
    minor=$(go version | sed -n 's/^go version go1\.\([0-9]*\).*/\1/p')
    if [[ -n $minor && $minor -ge 21 ]]; then
        go "$@"
    else
        GOROOT=$cache/go-$GO_VERSION "$cache/go-$GO_VERSION/bin/go" "$@"
    fi
}

need_go() {
    command -v go >/dev/null || fail "go is needed to build the chart's tools, but is not installed" \
        "'dev/setup.sh chart' installs it when root on Debian"
    local minor
    minor=$(go version | sed -n 's/^go version go1\.\([0-9]*\).*/\1/p')
    [[ -n $minor && $minor -ge 21 ]] || fetch "go-$GO_VERSION" fetch_go
}

# The version of a module of dev/chart/go.mod.
version() { sed -n "s|^\t$1 \(v[^ ]*\)\$|\1|p" "$here/chart/go.mod"; }

# tool NAME PACKAGE [FLAGS]
tool() {
    say "building $1 ..."
    go_command build -C "$here/chart" -ldflags "-s -w ${3:-}" -o "$PWD/result/$1" "$2" >>log 2>&1
}

fetch_tools() {
    own_modules
    local kubernetes helm minor stamp
    kubernetes=$(version k8s.io/kubernetes)
    helm=$(version helm.sh/helm/v3)
    minor=$(cut -d. -f2 <<<"$kubernetes")
    stamp="-X k8s.io/component-base/version.gitVersion=$kubernetes"
    stamp+=" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$minor"
    tool helm helm.sh/helm/v3/cmd/helm "-X helm.sh/helm/v3/internal/version.version=$helm \
        -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=$minor \
        -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=$minor" &&
        tool kubeconform github.com/yannh/kubeconform/cmd/kubeconform &&
        tool etcd go.etcd.io/etcd/server/v3 &&
        tool kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver "$stamp"
}

# The definitions of all objects: of Kubernetes, of KEDA and of the Prometheus
# operator as their modules have them, of Strimzi as its own generator makes them
# (all under Apache-2.0). That of ClickHouse's operator is not in a registry:
# dev/chart/crds has what the chart uses of it.
fetch_definitions() {
    own_modules
    local directory
    say "collecting definitions ..."
    mkdir result/crds
    directory=$(module "k8s.io/kubernetes@$(version k8s.io/kubernetes)") && [[ -n $directory ]] || return 1
    cp "$directory/api/openapi-spec/swagger.json" result/ || return 1
    directory=$(module "$KEDA") && [[ -n $directory ]] || return 1
    cp "$directory"/config/crd/bases/keda.sh_{scaledobjects,triggerauthentications}.yaml result/crds/ || return 1
    directory=$(module "$PROMETHEUS_OPERATOR") && [[ -n $directory ]] || return 1
    cp "$directory"/example/prometheus-operator-crd/monitoring.coreos.com_{servicemonitors,prometheusrules}.yaml result/crds/ || return 1
    cp "$here/chart/strimzi-pom.xml" pom.xml
    mvn -q -B -Dmaven.repo.local="$PWD/m2" -DoutputDirectory=strimzi \
        "org.apache.maven.plugins:maven-dependency-plugin:$MAVEN_PLUGIN_VERSION:copy-dependencies" >>log 2>&1 || return 1
    local model=io.strimzi.api.kafka.model crds=$PWD/result/crds
    java -cp 'strimzi/*' io.strimzi.crdgenerator.CrdGenerator --yaml --target-kube 1.25+ --crd-api-version v1 \
        --api-versions v1 --storage-version v1 \
        "$model.kafka.Kafka=$crds/kafka.yaml" "$model.nodepool.KafkaNodePool=$crds/kafkanodepool.yaml" \
        "$model.topic.KafkaTopic=$crds/kafkatopic.yaml" "$model.user.KafkaUser=$crds/kafkauser.yaml" >>log 2>&1 || return 1
    cp "$here/chart/crds/"*.yaml result/crds/
    python "$here/chart/schemas.py" result/swagger.json result/crds result/schemas
}

tools() {
    need_go
    local built definitions
    built=chart-tools-$(version k8s.io/kubernetes)-$(digest "$here/chart/go.mod" "$here/chart/go.sum")
    definitions=chart-definitions-$(digest "$here/chart.sh" "$here/chart/go.mod" "$here/chart/schemas.py" \
        "$here/chart/strimzi-pom.xml" "$here/chart/crds/"*)
    fetch "$built" fetch_tools
    fetch "$definitions" fetch_definitions
    export PATH=$cache/$built:$PATH CHART_DEFINITIONS=$cache/$definitions
}

cd "$root"
case ${1:-} in
    tools) tools ;;
    docs) python dev/chart/docs.py write ;;
    test)
        tools
        python dev/chart/docs.py check
        python dev/chart/templates.py
        python dev/chart/configuration.py
        python dev/chart/cluster.py
        ;;
    *)
        usage >&2
        exit 2
        ;;
esac
