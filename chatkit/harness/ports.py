"""Free ports for programs under test.

They lie below the range from which the system takes ports for outgoing connections: there, a
connect to a port where nobody listens can meet itself (a TCP simultaneous open, RFC 9293, 3.5) and
looks like a server that echoes.
"""

import random
import socket
from pathlib import Path

LOWEST = 20_000
HIGHEST = 32_000  # Linux starts at 32,768, Windows and macOS at 49,152 (RFC 6335)


def free_port(host: str) -> int:
    """A port on which nobody listens on `host` at this moment. Raises OSError if none is found."""
    for _ in range(200):
        port = random.randrange(LOWEST, min(HIGHEST, _first_outgoing()))
        if is_free(host, port):
            return port
    raise OSError(f"no free port on {host} between {LOWEST} and {HIGHEST}")


def is_free(host: str, port: int) -> bool:
    """Whether a program could listen on this port now."""
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _first_outgoing() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        return HIGHEST
