#!/usr/bin/env python3
"""Questions `services.sh` asks the network, each answered by the exit status.

probe.py kafka HOST:PORT     0 when a broker answers and has joined its cluster
probe.py free PORT           0 when PORT can be bound on loopback
probe.py pick [PORT...]      prints a port nobody listens on, none of those given
"""

import random
import socket
import struct
import sys

TIMEOUT_SECONDS = 5


def read_exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise OSError("connection closed")
        data += piece
    return data


def kafka(address: str) -> bool:
    """Asks for Metadata (version 1, of no topics): a broker that is still
    starting, or fenced, lists no brokers."""
    host, _, port = address.split(",")[0].rpartition(":")
    client = b"throughline-probe"
    body = struct.pack(">hhih", 3, 1, 7, len(client)) + client + struct.pack(">i", 0)
    try:
        with socket.create_connection((host.strip("[]"), int(port)), TIMEOUT_SECONDS) as sock:
            sock.settimeout(TIMEOUT_SECONDS)
            sock.sendall(struct.pack(">i", len(body)) + body)
            (size,) = struct.unpack(">i", read_exactly(sock, 4))
            if not 12 <= size <= 1 << 20:
                return False
            correlation, brokers = struct.unpack(">ii", read_exactly(sock, size)[:8])
            return correlation == 7 and brokers > 0
    except (OSError, ValueError):
        return False


def free(port: int) -> bool:
    with socket.socket() as sock:
        # As servers do: a port that only has closing connections is free.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def pick(avoided: set[int]) -> int:
    # Below the range from which systems take the ports of outgoing connections,
    # so that none of those is sitting there when the service binds.
    for _ in range(1000):
        port = random.randrange(20000, 32000)
        if port not in avoided and free(port):
            return port
    raise SystemExit("no free port between 20000 and 32000")


def main() -> int:
    arguments = sys.argv[1:]
    if len(arguments) == 2 and arguments[0] == "kafka":
        return 0 if kafka(arguments[1]) else 1
    if len(arguments) == 2 and arguments[0] == "free":
        return 0 if free(int(arguments[1])) else 1
    if arguments[:1] == ["pick"]:
        print(pick({int(port) for port in arguments[1:]}))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
