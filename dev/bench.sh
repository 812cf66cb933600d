#!/usr/bin/env bash
# How fast the whole line is on this machine: made-up traffic from topics to
# visible rows, with Kafka and ClickHouse of its own beside it.
#
#   dev/bench.sh [EVENTS] [ROUNDS]        (default 1000000 and 3)
#
# Every round starts from nothing: a line that has worked before, on no records,
# works off a backlog. Prints figures and asserts none: a shared machine is
# noisy, by a factor of two between rounds. CPU seconds per million events are
# steadier than events per second.
set -euo pipefail
cd "$(dirname "$0")/.."

events=${1:-1000000}
rounds=${2:-3}
dir=$PWD/.dev/bench
line=target/release/throughline

cleanup() {
    unset THROUGHLINE_KAFKA THROUGHLINE_CLICKHOUSE
    dev/services.sh reset --dir "$dir" >/dev/null
}
trap 'cleanup; rm -rf "$dir"' EXIT
mkdir -p "$dir"
traffic=$(mktemp -d "$dir/traffic.XXXXXX") figures=$(mktemp "$dir/figures.XXXXXX")
export THROUGHLINE_IDENTITY__KEY_FILE=$dir/state/identity.key
export THROUGHLINE_PROCESSOR__DATA_DIR=$dir/state/store
export THROUGHLINE_TELEMETRY__LISTEN=127.0.0.1:0

# CPU seconds a process has used so far.
cpu() { awk -v ticks="$(getconf CLK_TCK)" '{ print ($14 + $15) / ticks }' "/proc/$1/stat"; }
TIMEFORMAT='%R %U %S'

"$line" generate "$traffic" --events "$events" --seed 42 --junk 0 >/dev/null
for round in $(seq "$rounds"); do
    cleanup
    dev/services.sh up --dir "$dir" --kafka-port 0 --http-port 0 --native-port 0 >/dev/null
    # shellcheck disable=SC1091 # written by services.sh
    . "$dir/run/services.env"
    export THROUGHLINE_KAFKA THROUGHLINE_CLICKHOUSE
    mkdir -p "$dir/state"
    read -r kafka _ <"$dir/run/kafka.pid"
    read -r clickhouse _ <"$dir/run/clickhouse.pid"
    # Topics, groups and tables are made once, not in what is measured.
    "$line" run --until-idle >"$dir/state/run.log" 2>&1
    "$line" produce "$traffic" >"$dir/state/produce.log" 2>&1
    before="$(cpu "$kafka") $(cpu "$clickhouse")"
    took=$({ time "$line" run --until-idle >>"$dir/state/run.log" 2>&1; } 2>&1)
    printf '%s %s %s %s\n' "$took" "$before" "$(cpu "$kafka")" "$(cpu "$clickhouse")" >>"$figures"
    awk -v n="$events" -v round="$round" 'END { printf "round %d: %.0f events/s\n", round, n / $1 }' "$figures"
done

# The middle one of a column's figures.
median() { sort -g | awk '{ all[NR] = $1 } END { print (all[int((NR + 1) / 2)] + all[int(NR / 2) + 1]) / 2 }'; }
printf '%d events a round, from topics to visible rows, all roles in one process; medians of %d rounds\n' "$events" "$rounds"
row() { printf '  %-28s %10s %s\n' "$1" "$(awk -v n="$events" "{ print $3 }" "$figures" | median | xargs printf "%.$2f")" "$4"; }
row throughput 0 'n / $1' 'events/s'
row 'all roles' 1 '($2 + $3) * 1e6 / n' 'CPU s per million events'
row 'Kafka beside them' 1 '($6 - $4) * 1e6 / n' 'CPU s per million events'
row 'ClickHouse beside them' 1 '($7 - $5) * 1e6 / n' 'CPU s per million events'
