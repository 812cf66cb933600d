#!/usr/bin/env python3
"""Runs the ClickHouse server that lives inside the chdb shared library.

The library's C entry point is the clickhouse-local command line. Told to start
listening, it serves HTTP and the native protocol like an ordinary server, so a
machine without a ClickHouse package or containers still gets the real engine.

Usage: clickhouse.py LIBRARY ARGUMENT...

The process serves until it is killed; data is safe at every moment, as on any
ClickHouse server, so there is no shutdown protocol beyond a signal.
"""

import ctypes
import signal
import sys

# The listeners live as long as the command line's query runs, so the last
# statement sleeps. One row per block keeps it cancellable within a second.
SERVE = (
    "SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; "
    "SELECT sleepEachRow(1) FROM system.numbers SETTINGS max_block_size = 1 FORMAT Null"
)


def main() -> int:
    if len(sys.argv) < 2:
        print("usage: clickhouse.py LIBRARY ARGUMENT...", file=sys.stderr)
        return 2
    # Python's own handlers only run between bytecodes, and the call below
    # never returns to one.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    library = ctypes.CDLL(sys.argv[1])
    entry = library.chdb_query_cmdline
    entry.restype = ctypes.c_void_p
    entry.argtypes = [ctypes.c_int, ctypes.POINTER(ctypes.c_char_p)]

    arguments = ["clickhouse", *sys.argv[2:], "--query", SERVE]
    argv = (ctypes.c_char_p * (len(arguments) + 1))()
    argv[:-1] = [argument.encode() for argument in arguments]
    entry(len(arguments), argv)
    # Serving never ends by itself: coming here means that it failed.
    return 1


if __name__ == "__main__":
    sys.exit(main())
