#!/bin/sh
# Builds what the program depends on, without its own sources, so that an image
# keeps it in a layer of its own. The Dockerfile copies the manifests before.
#
#   dependencies.sh stubs    sources with nothing in them, so that cargo reads the workspace
#   dependencies.sh build    the crates of others; of the program itself nothing stays
set -eu
cd "$(dirname "$0")/.."

case ${1:-} in
    stubs)
        find . -name Cargo.toml -not -path './target/*' | while read -r manifest; do
            directory=$(dirname "$manifest")/src
            # Never over sources that are there.
            if [ ! -e "$directory" ]; then
                mkdir "$directory"
                : >"$directory/lib.rs"
                echo 'fn main() {}' >"$directory/main.rs"
                # What builds code at build time is built ahead, too.
                if grep -q '^\[build-dependencies\]' "$manifest"; then
                    echo 'fn main() {}' >"$directory/../build.rs"
                fi
            fi
        done
        # The benchmarks and tests that manifests name are not built, but must be there.
        for target in ingest/benches/convert.rs processor/core/benches/credit.rs sink/benches/encode.rs \
            tests/benches/fold.rs tests/it/main.rs; do
            if [ ! -e "$target" ]; then
                mkdir -p "$(dirname "$target")"
                : >"$target"
            fi
        done
        ;;
    build)
        # PROFILE is for who tests this step; the image has the program as it is released.
        profile=${PROFILE:-release}
        cargo build --profile "$profile" --locked --package throughline --bin throughline
        # Sources that come next may be older than the stubs: cargo would take those for newer.
        own=$(cargo metadata --locked --offline --no-deps --format-version 1 |
            tr ',{' '\n\n' | sed -n 's/^"name":"\(throughline[a-z-]*\)"$/\1/p' | sort -u)
        for package in $own; do
            cargo clean --profile "$profile" --locked --offline --package "$package"
        done
        ;;
    *)
        echo "usage: dev/dependencies.sh stubs|build" >&2
        exit 2
        ;;
esac
