#!/usr/bin/env bash
# Lets libFuzzer search every target of fuzz/ (or FUZZ_TARGET alone) for
# FUZZ_SECONDS each, from its seeds, its corpus and what earlier runs reached.
# The stable compiler has the counters that it needs.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-60}
host=$(rustc -vV | sed -n 's/^host: //p')
built=${CARGO_TARGET_DIR:-target}/$host/fuzz
reached=.dev/fuzz

flags=(-Cpasses=sancov-module)
for option in level=4 inline-8bit-counters pc-table trace-compares; do
    flags+=("-Cllvm-args=-sanitizer-coverage-$option")
done
RUSTFLAGS="${flags[*]}" cargo build --locked --package throughline-fuzz --features libfuzzer \
    --profile fuzz --target "$host"

targets=${FUZZ_TARGET:-$(FUZZ_TARGET=list "$built/fuzz")}
failed=()
for target in $targets; do
    mkdir -p "$reached/$target" "fuzz/corpus/$target"
    log=$reached/$target.log
    echo "fuzz: $target for $seconds s"
    if FUZZ_TARGET=$target FUZZ_SEEDS=$reached/$target "$built/fuzz" \
        "-max_total_time=$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -close_fd_mask=0 \
        "-artifact_prefix=fuzz/corpus/$target/" "$reached/$target" "fuzz/corpus/$target" \
        >"$log" 2>&1; then
        tail -n 1 "$log"
    else
        failed+=("$target")
        grep -E -A 3 'panicked at|ERROR: libFuzzer|Test unit written' "$log" || tail -n 20 "$log"
    fi
    # Directories without an input do not stand in the corpus.
    rmdir "fuzz/corpus/$target" 2>/dev/null || true
done
if ((${#failed[@]} > 0)); then
    echo "fuzz: ${failed[*]} failed; the inputs are in fuzz/corpus/, the logs in $reached/" >&2
    exit 1
fi
