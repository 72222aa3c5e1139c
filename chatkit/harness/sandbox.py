"""The sandbox: what a program that nobody has read may do while it is graded.

There are three tiers. Which one is in force is part of every verdict.

- namespaces: the grader's worker lives in a network of its own that has nothing but loopback, and
  each program runs under bubblewrap with processes, mounts and IPC of its own, without
  capabilities, on a copy of its files, and sees of the file system only what Python needs.
- processes: process groups, and a parent that finds daemons. Files and network are not contained.
- none: as processes, where the system does not even tell who started whom.

Sources: bwrap(1), user_namespaces(7), network_namespaces(7), netdevice(7), setrlimit(2).
"""

import contextlib
import ctypes
import os
import shutil
import site
import socket
import struct
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from chatkit.harness import kernel

Tier = Literal["namespaces", "processes", "none"]

INSIDE = Path("/submission")  # where a program finds its files
PROCESSOR = 120  # seconds of processor time
FILE = 32 << 20  # bytes of the largest file that it may write
FILES = 1024  # open files
DISK = 64 << 20  # bytes of its private /tmp

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # linux/sched.h
_SET_FLAGS = 0x8914  # SIOCSIFFLAGS
_UP_AND_RUNNING = 0x1 | 0x40  # IFF_UP, IFF_RUNNING


@dataclass(frozen=True)
class Sandbox:
    """The containment of the programs that one worker starts."""

    tier: Tier
    why: str = ""  # what is missing for the first tier

    @property
    def isolated(self) -> bool:
        return self.tier == "namespaces"

    def command(
        self,
        program: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        visible: Sequence[Path],
    ) -> list[str]:
        """The command that runs `program`, whose folder is a copy that it may change.

        `environment` is all that it gets; `visible` are more files and folders that it may read.
        Only for tier "namespaces".
        """
        return [
            *_walls(),
            *(part for path in visible for part in ("--ro-bind-try", str(path), str(path))),
            *("--bind", str(program.parent), str(INSIDE), "--chdir", str(INSIDE)),
            *("--clearenv", *(p for pair in environment.items() for p in ("--setenv", *pair))),
            *_bounds(),
            *(_python(), str(INSIDE / program.name), *arguments),
        ]


# What Tk and the loader of libraries read besides /usr.
SYSTEM = tuple(map(Path, ("/etc/ld.so.cache", "/etc/fonts", "/etc/alternatives")))

PROCESSES = Sandbox("processes")


def limits() -> None:
    """Called in a child before it becomes a program: bounds that the kernel keeps. setrlimit(2).

    There is none on the address space: threads reserve much more of it than they use. In the first
    tier `_bounds` sets them.
    """
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE, FILE))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def enter(wanted: Tier = "namespaces") -> Sandbox:
    """Contain what this process will start, as well as the system can; say how.

    Call it once, in a process of one thread: it moves into another network, where only loopback
    is. The tier is never better than `wanted`.
    """
    if not kernel.LINUX:
        return Sandbox("none", "only Linux has namespaces")
    if wanted != "namespaces":
        return Sandbox(wanted, "it was asked for")
    if missing := what_is_missing():
        return Sandbox("processes", missing)
    try:
        _own_network()
    except OSError as error:
        return Sandbox("processes", f"no network of its own: {error}")
    return Sandbox("namespaces")


def what_is_missing() -> str:
    """Why programs cannot be isolated here; empty if they can."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return "bubblewrap is not installed: sudo apt install bubblewrap"
    if shutil.which("prlimit") is None:
        return "prlimit is not installed: it is part of util-linux"
    probe = [bwrap, "--unshare-user", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/"]
    done = subprocess.run([*probe, "true"], capture_output=True, text=True, timeout=20)
    if done.returncode:
        return f"bubblewrap does not work here: {done.stderr.strip().splitlines()[-1]}"
    return ""


def _own_network() -> None:
    import fcntl  # not on Windows

    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_USER | _NEW_NETWORK):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    with contextlib.suppress(FileNotFoundError):
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        fcntl.ioctl(end, _SET_FLAGS, struct.pack("16sh22x", b"lo", _UP_AND_RUNNING))


@cache
def _walls() -> tuple[str, ...]:
    """What bubblewrap is told for every program."""
    shown = [Path("/usr"), Path(sys.base_prefix), *SYSTEM]
    bwrap = shutil.which("bwrap")
    assert bwrap
    return (
        *(bwrap, "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
        *("--unshare-cgroup-try", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--hostname", "sandbox", "--proc", "/proc", "--dev", "/dev"),
        *("--size", str(DISK), "--tmpfs", "/tmp"),
        *_linked_folders(),
        *(part for path in shown for part in ("--ro-bind-try", str(path), str(path))),
        *(part for path in _hidden() for part in ("--tmpfs", str(path))),
    )


@cache
def _bounds() -> tuple[str, ...]:
    """What sets the bounds of `limits` inside, prlimit(1).

    To set them in a child of ours before bubblewrap starts would need a copy of this process,
    fork(2), which takes longer than all the rest of a start.
    """
    prlimit = shutil.which("prlimit")
    assert prlimit
    return (prlimit, f"--cpu={PROCESSOR}", f"--fsize={FILE}", f"--nofile={FILES}", "--core=0")


@cache
def _python() -> str:
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def _linked_folders() -> Iterator[str]:
    """/bin, /lib and so on, as they are here: links into /usr, or folders of their own."""
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        path = Path(name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), name)
        elif path.is_dir():
            yield from ("--ro-bind", name, name)


def _hidden() -> list[Path]:
    """Folders of installed packages: the kit itself may lie there, with every solution."""
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    paths = {Path(sysconfig.get_path(name, vars=base)) for name in ("purelib", "platlib")}
    paths |= {Path(name) for name in site.getsitepackages([sys.base_prefix])}
    paths |= set(Path("/usr/lib/python3").glob("dist-packages"))
    paths |= set(Path("/usr/local/lib").glob("python3*/dist-packages"))
    shown = (Path("/usr"), Path(sys.base_prefix))
    return sorted(
        path for path in paths if path.is_dir() and any(path.is_relative_to(one) for one in shown)
    )
