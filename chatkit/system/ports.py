"""Free ports for programs under test.

They lie below the range from which the system takes ports for outgoing connections: there, a
connect to a port where nobody listens can meet itself (a TCP simultaneous open, RFC 9293, 3.5) and
looks like a server that echoes.

Several benches may run at once on one machine. Each keeps to a part of the range that it has for
itself: else one could take a port just between the stop and the restart of another's server.
"""

import contextlib
import os
import random
import socket
import sys
from pathlib import Path

import psutil

LOWEST = 20_000
PART = 1000  # ports that one bench has for itself; each rests for a minute after use (TIME_WAIT)
HIGHEST = 32_000  # Linux starts at 32,768, Windows and macOS at 49,152 (RFC 6335)


def free_port(host: str) -> int:
    """A port on which nobody listens on `host` at this moment. Raises OSError if none is found."""
    everything = (LOWEST, min(HIGHEST, _first_outgoing()))
    for first, last in (_own_part(), everything):
        for _ in range(400):
            port = random.randrange(first, last)
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


def why_taken(host: str, port: int) -> OSError | None:
    """Why a server could not listen there now; None if it could.

    Asked as a lesson's server asks: connections of an earlier one that rest are no obstacle.
    """
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
        return None


def holder(port: int) -> tuple[int | None, str]:
    """Who listens on `port`: the process if the system tells, and the words for it."""
    with contextlib.suppress(psutil.Error, OSError):
        for one in psutil.net_connections("tcp"):
            here = getattr(one.laddr, "port", None)
            if one.status == psutil.CONN_LISTEN and here == port and one.pid:
                process = psutil.Process(one.pid)
                command = " ".join(process.cmdline()[1:])
                shown = "".join(part for part in command if part.isprintable())[:60]
                return one.pid, f"{process.name()} (process {one.pid}: {shown})"
    return None, "a program whose name the system keeps to itself"


_claims: dict[int, tuple[int, socket.socket]] = {}  # process -> its part, and what claims it


def _own_part() -> tuple[int, int]:
    """The first port of this process's part, and the first one behind it."""
    highest = min(HIGHEST, _first_outgoing())
    parts = (highest - LOWEST) // PART
    if os.getpid() not in _claims and sys.platform == "linux":
        for part in random.sample(range(parts), parts):
            claim = socket.socket(socket.AF_UNIX)
            # An abstract name, see unix(7): only one can have it, and it goes with its process.
            with contextlib.suppress(OSError):
                claim.bind(f"\0chatkit-ports-{part}")
                _claims[os.getpid()] = (part, claim)
                break
            claim.close()
    if os.getpid() not in _claims:
        return LOWEST, highest  # elsewhere than on Linux, or too many benches at once
    part, _ = _claims[os.getpid()]
    return LOWEST + part * PART, LOWEST + (part + 1) * PART


def _first_outgoing() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        return HIGHEST
