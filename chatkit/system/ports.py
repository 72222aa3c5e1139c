"""Free ports for programs under test.

They lie outside of the range from which the system takes ports for outgoing connections: in there,
a connect to a port where nobody listens can meet itself (a TCP simultaneous open, RFC 9293, 3.5)
and looks like a server that echoes. Where that range has nearly all ports, as with
`net.ipv4.ip_local_port_range` at 1024 65535, they lie in it all the same, and the bench looks at
both ends of each connection: see `met_itself`.

Several benches may run at once on one machine. Each keeps to a part of the ports that it has for
itself: else one could take a port just between the stop and the restart of another's server.
"""

import contextlib
import errno
import os
import random
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

from chatkit.system.windows import WINDOWS

PART = 500  # ports that one bench has for itself; each rests for a minute after use (TIME_WAIT)
PARTS = range(20, 130)  # part 40 has the ports from 20,000; those below 10,000 are for services
# Where most systems take no outgoing ports: Linux starts at 32,768, Windows and macOS at 49,152
# (RFC 6335).
USUAL = range(40, 64)


def free_port(host: str) -> int:
    """A port on which nobody listens on `host` at this moment.

    Raises OSError (EADDRINUSE) if none is found, or what `bind` says: EADDRNOTAVAIL, if this
    machine does not have the address.
    """
    best = _parts()
    for parts in ([_own_part(best)], best, PARTS):
        ports = [port for part in parts for port in range(part * PART, (part + 1) * PART)]
        for port in random.sample(ports, len(ports)):
            if is_free(host, port):
                return port
    raise OSError(errno.EADDRINUSE, f"all ports of {host} from {PARTS[0] * PART} on are taken")


def another_loopback() -> str | None:
    """An address of this machine for itself besides 127.0.0.1; None if it has no other.

    Most have all that begin with 127: RFC 1122, 3.2.1.3, and ip(7). macOS and some containers have
    one. Addresses that other machines could reach are not taken.
    """
    listed: set[str] = set()
    with contextlib.suppress(psutil.Error, OSError):
        for addresses in psutil.net_if_addrs().values():
            listed |= {one.address for one in addresses if one.address.startswith("127.")}
    for host in ("127.0.0.2", *sorted(listed - {"127.0.0.1"})):
        with contextlib.suppress(OSError):  # it is not one of this machine
            free_port(host)
            return host
    return None


def met_itself(connection: socket.socket) -> bool:
    """Whether a connection has both ends in one socket: nobody listened, and it met itself.

    One that its other end has broken already did not: getpeername(2) gives ENOTCONN then.
    """
    try:
        return bool(connection.getsockname() == connection.getpeername())
    except OSError:
        return False


def is_free(host: str, port: int) -> bool:
    """Whether a program could listen on this port now, here and on every other address.

    A wrong program may take them all, and is to be told just that: not that the port was taken.
    Raises OSError (EADDRNOTAVAIL) if this machine does not have the address.
    """
    for name in (host, ""):
        with socket.socket() as probe:
            try:
                probe.bind((name, port))
            except OSError as error:
                if error.errno == errno.EADDRNOTAVAIL:  # no port will do
                    raise
                return False
    return True


def why_taken(host: str, port: int) -> OSError | None:
    """Why a server could not listen there now; None if it could.

    Asked as a lesson's server asks: connections of an earlier one that rest are no obstacle. `host`
    is an address, also one of IPv6 with its zone. An error about the address itself is a
    socket.gaierror: a zone, such as the eth0 in fe80::1%eth0, may be none of this machine.
    """
    try:
        family, address = place(host, port)
        with socket.socket(family) as probe:
            if not WINDOWS:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def place(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """The family and the address with which a socket binds or connects. Raises socket.gaierror.

    For IPv6 there are four numbers in the address; the last one is the zone, see ipv6(7). Python
    forgets a zone that only stands in the text of a host.
    """
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return family, address  # type: ignore[return-value]  # the two more are for IPv6 alone


def joined(host: str, port: int) -> str:
    """An address as one text: "127.0.0.1:5501", and "[::1]:5501" for IPv6 (RFC 3986, 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


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


def _own_part(best: Sequence[int]) -> int:
    """The part of this process: one of `best`, if one is left."""
    if os.getpid() not in _claims and sys.platform == "linux":
        for part in random.sample(best, len(best)):
            claim = socket.socket(socket.AF_UNIX)
            # An abstract name, see unix(7): only one can have it, and it goes with its process.
            with contextlib.suppress(OSError):
                claim.bind(f"\0chatkit-ports-{part}")
                _claims[os.getpid()] = (part, claim)
                break
            claim.close()
    if os.getpid() not in _claims:
        return random.choice(best)  # elsewhere than on Linux, or too many benches at once
    part, _ = _claims[os.getpid()]
    return part


def _parts() -> Sequence[int]:
    """The parts that are best: usual ones without outgoing ports, else any without, else all."""
    first, last = outgoing()
    outside = [part for part in PARTS if (part + 1) * PART <= first or part * PART > last]
    return [part for part in outside if part in USUAL] or outside or PARTS


def outgoing() -> tuple[int, int]:
    """The first and the last port that the system takes for outgoing connections, as told."""
    try:
        told = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()
        return int(told[0]), int(told[1])
    except (OSError, ValueError, IndexError):
        return USUAL[-1] * PART + PART, 65_535
