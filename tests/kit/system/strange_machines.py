"""Strange machines for tests: a network, limits and folders of their own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


UNSHARE = ("unshare", "--user", "--map-root-user", "--net")


# A network of its own, see netdevice(7): SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK.
LOOPBACK = """
import fcntl, os, socket, struct, sys
def lo(request, more):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        fcntl.ioctl(end, request, struct.pack("16s24s", b"lo", more))
def up():
    lo(0x8914, struct.pack("H", 0x41))
def mask(text):
    address = lambda host: struct.pack("HH4s", socket.AF_INET, 0, socket.inet_aton(host))
    lo(0x8916, address("127.0.0.1"))
    lo(0x891c, address(text))
def ports(first, last):
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as file:
        file.write(f"{first} {last}")
def take(first, last):
    global taken
    taken = [socket.create_server(("127.0.0.1", port)) for port in range(first, last + 1)]
"""


THEN = """
if __name__ == "__main__":
    sys.argv = ["chatkit", *sys.argv[1:]]
    from chatkit.cli.main import main
    main()
"""


needs_unshare = pytest.mark.skipif(
    not shutil.which("unshare")
    or subprocess.run([*UNSHARE, "true"], capture_output=True, timeout=20).returncode != 0,
    reason="needs user and network namespaces",
)


def on_a_machine(
    setup: str, *arguments: str, folder: Path = ROOT, seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a command of the kit in a network that `setup`, lines of Python, has made."""
    return subprocess.run(
        [*UNSHARE, sys.executable, "-c", LOOPBACK + setup + THEN, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
    )


def checks_of(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    assert done.returncode in (0, 1), done.stdout + done.stderr
    (lesson,) = json.loads(done.stdout)["lessons"]
    return {check["id"]: check for check in lesson["checks"]}


def finding(done: subprocess.CompletedProcess[str], name: str) -> dict[str, Any]:
    findings = json.loads(done.stdout)["findings"]
    return dict(next(one for one in findings if one["name"] == name))


ONLY_ONE = 'up(); mask("255.255.255.255"); '
