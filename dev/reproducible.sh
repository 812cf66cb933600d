#!/usr/bin/env bash
# Builds the program of the last commit twice, in directories of different names,
# and compares the two: the same sources and compilers make the same bytes. What
# is built stays as target/reproducible/throughline.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp --directory)
trap 'rm -rf -- "$work"' EXIT
cargo_home=${CARGO_HOME:-$HOME/.cargo}
commit=$(git rev-parse HEAD)

build() {
    local copy=$work/$1
    git clone --quiet . "$copy"
    git -C "$copy" checkout --quiet --detach "$commit"
    # Paths of this machine stand in no binary, neither in messages nor for debuggers.
    (
        cd "$copy"
        export RUSTFLAGS="--remap-path-prefix=$copy=/throughline --remap-path-prefix=$cargo_home=/cargo"
        export CFLAGS="-ffile-prefix-map=$copy=/throughline -ffile-prefix-map=$cargo_home=/cargo"
        export CXXFLAGS=$CFLAGS CARGO_TARGET_DIR=$copy/target
        SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
        export SOURCE_DATE_EPOCH
        cargo build --quiet --release --locked --package throughline --bin throughline
    )
}

echo "building $commit twice ..."
build one
mkdir -p target/reproducible
cp "$work/one/target/release/throughline" target/reproducible/throughline
# Room for the second one.
rm -rf -- "$work/one"
build another
if ! cmp target/reproducible/throughline "$work/another/target/release/throughline"; then
    cp "$work/another/target/release/throughline" target/reproducible/throughline.another
    echo "error: the two differ; compare target/reproducible/throughline with throughline.another beside it" >&2
    exit 1
fi
if grep -qaF -e "$work" -e "$cargo_home" target/reproducible/throughline; then
    echo "error: target/reproducible/throughline names a directory of this machine" >&2
    exit 1
fi
sha256sum target/reproducible/throughline
