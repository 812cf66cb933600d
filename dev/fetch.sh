# For scripts that get programs into .dev/cache; to be sourced, with $cache set.

say() { printf '%s\n' "$*"; }

# fail MISTAKE [REMEDY]…
fail() {
    printf 'error: %s\n' "$1" >&2
    shift
    if (($#)); then printf '       %s\n' "$@" >&2; fi
    exit 1
}

# fetch NAME FUNCTION: makes $cache/NAME by calling FUNCTION in an empty
# directory, once, whoever else asks for it at the same time. The function fills
# result/, and writes to log what is to be seen when it fails.
fetch() (
    target=$cache/$1
    [[ ! -d $target ]] || exit 0
    mkdir -p "$cache"
    exec 8>"$cache/$1.lock"
    flock 8
    [[ ! -d $target ]] || exit 0
    work=$cache/$1.partial
    rm -rf "$work"
    mkdir -p "$work/result"
    cd "$work"
    "$2" || {
        tail -n 25 "$work/log" >&2 || true
        fail "$1 could not be made" "check the network and the registry's settings (Maven, npm, Go), then run it again"
    }
    mv "$work/result" "$target"
    rm -rf "$work"
)
