"""The bound on memory that the kernel keeps: a memory cgroup for each station.

The bench adds up what the processes of a program hold, 20 times a second. Between two looks a
program can take much more, and what lies in files without a disk (memfd_create(2), /dev/shm)
belongs to no process. A cgroup counts all of it at once. The station is in it, so whatever it
starts is in it too, and no start costs more. When the group is full, the kernel kills a process in
it: a program, because programs are marked as the first to go.

There are two kinds of cgroups. In version 2 a group either has processes or hands its controllers
down to the groups below it. So the grader first moves into a group of its own, and it does that
only in a group that was given to it alone. systemd may end a whole scope for one process that was
killed for memory, unless the scope was delegated.

Sources: cgroups(7), proc(5) for oom_score_adj; the kernel's admin-guide/cgroup-v2.rst and
cgroup-v1/memory.rst; systemd.scope(5), and CGROUP_DELEGATION of systemd. Version 1 is tested with
every change. Version 2 was tried once, by hand, in a slow virtual machine with Linux 6.1, without
systemd and with systemd 252: the limit and the counter, in a delegated scope of an ordinary user.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chatkit.system.linux import LINUX

MOST_MEMORY = 512 << 20  # bytes, of all processes of a program together
TOO_MUCH = f"it used more than {MOST_MEMORY >> 20} MB of memory"

# Bytes. The watch is to come first wherever it can see: it knows which program it was. So here is
# room for a program at its bound, its full folder, /tmp and /dev/shm (192 MiB), and beside it for
# the station (about 130 MiB), a display, a second program of ordinary size, the kernel's buffers.
MOST_IN_GROUP = 1 << 30

CONTROLLER = "memory"  # as the kernel calls what counts it
PREFIX = "chatkit-"
PATIENCE = 5.0  # seconds that the last processes of a group may take to end
FIRST_TO_GO = "1000"

# What each version is told: the bound, and that swap is no way around it. Where the kernel does not
# count swap the second file is missing.
LIMITS = {
    1: {"memory.limit_in_bytes": MOST_IN_GROUP, "memory.memsw.limit_in_bytes": MOST_IN_GROUP},
    2: {"memory.max": MOST_IN_GROUP, "memory.swap.max": 0},
}

_numbers = itertools.count(1)


@dataclass(frozen=True)
class MemoryGroup:
    """A memory cgroup. Its grader makes and removes it; its station enters it."""

    folder: Path

    def enter(self) -> None:
        """Move this process in; what it starts from now on is in it too. Raises OSError."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")

    def killed(self) -> int:
        """How many processes the kernel has killed in it because it was full."""
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError):
                lines = (self.folder / name).read_text(encoding="ascii").splitlines()
                return int(dict(line.split() for line in lines).get("oom_kill", 0))
        return 0

    @contextlib.contextmanager
    def first_to_go(self) -> Iterator[None]:
        """What is started in here is killed before this process is; children inherit it.

        Anybody may raise their own number, and lower it again to where it was. A program can lower
        its own too. In the first tier bubblewrap then goes first, and takes the program along. In
        the second one the station may go, as it may when such a program simply kills it; but if
        root started us with CAP_SYS_RESOURCE, nobody else can lower what we have raised.
        """
        mark = Path("/proc/self/oom_score_adj")
        before = mark.read_text(encoding="ascii")
        mark.write_text(FIRST_TO_GO, encoding="ascii")
        try:
            yield
        finally:
            mark.write_text(before, encoding="ascii")

    def remove(self) -> None:
        """End whatever is left in it, and give it back. May be called again."""
        until = time.monotonic() + PATIENCE
        while self.folder.exists() and time.monotonic() < until:
            with contextlib.suppress(OSError):
                for pid in _processes(self.folder):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(OSError):  # who was killed takes a moment to end
                self.folder.rmdir()
                return
            time.sleep(0.005)


def make() -> MemoryGroup | None:
    """A new group for one station; None where there can be none (see `what_is_missing`)."""
    version, home = _home() or (0, Path())
    if not version:
        return None
    group = MemoryGroup(home / f"{PREFIX}{os.getpid()}-{next(_numbers)}")
    try:
        group.folder.mkdir()
        memory, swap = LIMITS[version].items()
        for name, limit in (memory, swap):
            if name == memory[0] or (group.folder / name).exists():
                (group.folder / name).write_text(str(limit), encoding="ascii")
    except OSError:
        group.remove()
        return None
    return group


def what_is_missing() -> str:
    """Why this process can make no groups; empty if it can. It only looks."""
    if not LINUX:
        return "only Linux has cgroups"
    version, folder = _own() or (0, Path())
    if not version or (version == 2 and CONTROLLER not in _words(folder / "cgroup.controllers")):
        return "no cgroup here counts memory"
    if not os.access(folder, os.W_OK) or not os.access(folder / "cgroup.procs", os.W_OK):
        return "this user may make no cgroup here"
    if version == 2 and Path("/run/systemd/system").exists() and not _delegated(folder):
        return "systemd has not delegated a cgroup"
    if version == 2 and _processes(folder) != [os.getpid()]:
        return "the cgroup here has other processes in it"
    return ""


@cache
def _home() -> tuple[int, Path] | None:
    """Where this process makes its groups, and their version; it may move to make that possible.

    Groups that a killed grader has left there are removed. None where there can be none.
    """
    own = _own()
    if what_is_missing() or not own:
        return None
    version, home = own
    for old in home.glob(f"{PREFIX}*"):
        if not Path("/proc", old.name.removeprefix(PREFIX).split("-")[0]).exists():
            with contextlib.suppress(OSError):  # its last process has not ended yet
                old.rmdir()
    if version == 2:
        mine = MemoryGroup(home / f"{PREFIX}{os.getpid()}")
        try:
            mine.folder.mkdir()
            mine.enter()
            (home / "cgroup.subtree_control").write_text(f"+{CONTROLLER}", encoding="ascii")
        except OSError:
            return None
    return own


def _own() -> tuple[int, Path] | None:
    """The version and the folder of the group that counts the memory of this process."""
    lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    groups = [line.split(":", 2) for line in lines]
    paths = {name: path for _, names, path in groups for name in names.split(",")}
    version = 1 if CONTROLLER in paths else 2
    wanted = ("cgroup", True) if version == 1 else ("cgroup2", False)
    path = paths.get(CONTROLLER, paths.get("", ""))
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        mount, _, source = line.partition(" - ")
        root, point = mount.split()[3:5]
        kind, _, options = source.split()[:3]
        if (kind, CONTROLLER in options.split(",")) == wanted and path.startswith(root):
            return version, Path(point, path.removeprefix(root).lstrip("/"))
    return None


def _delegated(folder: Path) -> bool:
    """Whether systemd says that it has given away the unit that this group is.

    Only systemd itself knows: it marks the group in its attributes where it runs for the whole
    system, and a user's own systemd marks nothing (seen with version 252).
    """
    whose = "--user" if any(part.startswith("user@") for part in folder.parts) else "--system"
    ask = ("systemctl", whose, "show", "--value", "--property=Delegate", "--", folder.name)
    try:
        told = subprocess.run(ask, capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return told.stdout.strip() == "yes"


def _words(file: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return file.read_text(encoding="ascii").split()
    return []


def _processes(folder: Path) -> list[int]:
    return [int(word) for word in _words(folder / "cgroup.procs")]
