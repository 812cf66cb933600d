#!/usr/bin/env bash
# Starts the services that do not run yet, runs the demo, and stops what it
# started. `make demo` calls it after the build; options go to the program.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/.."

child='' started=() up=''

# shellcheck disable=SC2317 # the trap below calls it
finish() {
    local code=$? service
    # Nothing interrupts the end, and a terminal that is gone does not matter.
    set +e
    trap '' HUP INT TERM PIPE
    if [[ -n $child ]]; then
        kill -TERM "$child" 2>/dev/null
        while kill -0 "$child" 2>/dev/null; do sleep 0.1; done
    fi
    for service in "${started[@]}"; do
        "$here/services.sh" down --only "$service"
    done
    exit "$code"
}
trap finish EXIT

# What is started here is known by a line such as "Kafka  127.0.0.1:9092 (started)".
while IFS= read -r line; do
    case $line in
        up)
            up=1
            continue
            ;;
        Kafka*"(started)") started+=(kafka) ;;
        ClickHouse*"(started)") started+=(clickhouse) ;;
    esac
    printf '%s\n' "$line"
done < <("$here/services.sh" up && echo up)
if [[ -z $up ]]; then exit 1; fi

# Where they are, which need not be the default ports.
if [[ -r .dev/run/services.env ]]; then
    set -a
    # shellcheck source=/dev/null
    source .dev/run/services.env
    set +a
fi

run=(target/release/throughline demo ${DEMO_SECONDS:+--seconds "$DEMO_SECONDS"} "$@")
code=0
if [[ -t 1 ]]; then
    # With job control the program alone is in the terminal's foreground:
    # Ctrl-C is its own, and `make` goes on when it ends.
    set -m
    "${run[@]}" &
    child=$!
    set +m
    # An interrupt that somebody else sends to `make` and this script is passed on.
    (
        trap 'kill -INT "$child"' INT
        while kill -0 "$child"; do sleep 0.5; done
    ) >/dev/null 2>&1 &
    set -m
    fg %1 >/dev/null || code=$?
else
    "${run[@]}" &
    child=$!
    wait "$child" || code=$?
fi
child=''
exit "$code"
