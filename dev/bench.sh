#!/usr/bin/env bash
# How fast the whole line is on this machine: made-up traffic from topics to
# visible rows, with Kafka and ClickHouse of its own beside it.
#
#   dev/bench.sh [EVENTS]        (default 500000)
#
# Prints figures and asserts none: a shared machine is noisy. CPU seconds per
# million events are steadier than events per second.
set -euo pipefail
cd "$(dirname "$0")/.."

events=${1:-500000}
dir=$PWD/.dev/bench
line=target/release/throughline
unset THROUGHLINE_KAFKA THROUGHLINE_CLICKHOUSE

cleanup() { dev/services.sh reset --dir "$dir" >/dev/null; }
trap cleanup EXIT
cleanup
dev/services.sh up --dir "$dir" --kafka-port 0 --http-port 0 --native-port 0
# shellcheck disable=SC1091 # written by services.sh
. "$dir/run/services.env"
export THROUGHLINE_KAFKA THROUGHLINE_CLICKHOUSE
export THROUGHLINE_IDENTITY__KEY_FILE=$dir/state/identity.key
export THROUGHLINE_PROCESSOR__DATA_DIR=$dir/state/store
export THROUGHLINE_TELEMETRY__LISTEN=127.0.0.1:0
mkdir -p "$dir/state"

traffic=$dir/state/traffic
"$line" generate "$traffic" --events "$events" --seed 42 --junk 0 >/dev/null
"$line" produce "$traffic"

# CPU seconds a process has used so far.
cpu() { awk -v ticks="$(getconf CLK_TCK)" '{ print ($14 + $15) / ticks }' "/proc/$1/stat"; }
read -r kafka _ <"$dir/run/kafka.pid"
read -r clickhouse _ <"$dir/run/clickhouse.pid"
before_kafka=$(cpu "$kafka") before_clickhouse=$(cpu "$clickhouse")
TIMEFORMAT='%R %U %S'
read -r real user system < <({ time "$line" run --until-idle >"$dir/state/run.log" 2>&1; } 2>&1)
after_kafka=$(cpu "$kafka") after_clickhouse=$(cpu "$clickhouse")

awk -v n="$events" -v real="$real" -v cpu="$(awk "BEGIN { print $user + $system }")" \
    -v kafka="$(awk "BEGIN { print $after_kafka - $before_kafka }")" \
    -v clickhouse="$(awk "BEGIN { print $after_clickhouse - $before_clickhouse }")" '
BEGIN {
    million = n / 1e6
    printf "%d events, from topics to visible rows, all roles in one process\n", n
    printf "  %-28s %10.0f events/s (%.1f s)\n", "throughput", n / real, real
    printf "  %-28s %10.1f CPU s per million events\n", "all roles", cpu / million
    printf "  %-28s %10.1f CPU s per million events\n", "Kafka beside them", kafka / million
    printf "  %-28s %10.1f CPU s per million events\n", "ClickHouse beside them", clickhouse / million
}'
