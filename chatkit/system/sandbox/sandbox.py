"""The sandbox: what a program that nobody has read may do while it is graded.

There are three tiers. Which one is in force is part of every verdict.

- namespaces: the grader's worker lives in a network of its own that has nothing but loopback, and
  each program runs under bubblewrap with processes, mounts and IPC of its own, without
  capabilities, on a copy of its files, and sees of the file system only what Python needs.
- processes: process groups, and a parent that finds daemons. Files and network are not contained.
- none: as processes, where the system does not even tell who started whom.

If you start the grader as root, the programs still run as another user, in every tier: a
program that breaks out should find itself a nobody, and bounds mean nothing for root.

Sources: bwrap(1), user_namespaces(7), network_namespaces(7), netdevice(7), getrlimit(2).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from chatkit.system import linux
from chatkit.system.sandbox import rootfs, seccomp
from chatkit.system.sandbox.bounds import Who
from chatkit.system.sandbox.cgroup import MemoryGroup
from chatkit.system.sandbox.namespaces import (
    NOBODY,
    STUDENT,
    allow_users,
    is_root,
    own_network,
)
from chatkit.system.sandbox.walls.walled import Walls

Tier = Literal["namespaces", "processes", "none"]

AGENT = Path(__file__).parents[2] / "bench/agent"  # a folder, not a package
INSIDE = Path("/submission")  # where an isolated program finds its files
AGENT_INSIDE = Path("/agent")  # where one with a window or a scheduler finds that folder
ROUNDS_INSIDE = Path("/rounds")  # and the file that tells the scheduler when to be quick
SOCKETS = Path("/tmp/.X11-unix")  # where every program looks for the socket of its display, X(7)
COOKIE = Path("/tmp/.Xauthority")  # what lets an isolated program in there
DISK = 64 << 20  # bytes of its private /tmp, and as many of /dev/shm


@dataclass(frozen=True)
class Sandbox:
    """The containment of the programs that one worker starts."""

    tier: Tier
    why: str = ""  # what is missing for the first tier
    user: int | None = None  # as whom programs run, where root started us; None: as we do
    group: MemoryGroup | None = None  # where the kernel bounds their memory; None: it is watched
    files: tuple[str, ...] = ()  # in the first tier: which they see, see `rootfs.prepare`
    space: Path | None = None  # in the first tier: where the folders of programs are made
    zygotes: Walls | None = None  # what puts up the walls in place of bubblewrap

    @property
    def isolated(self) -> bool:
        return self.tier == "namespaces"

    def command(
        self,
        program: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        visible: Mapping[Path, Path],
        block: int | None = None,
        told: int | None = None,
        rules: int | None = None,
    ) -> list[str]:
        """The command that runs `program`, whose folder is a copy that it may change.

        `environment` is all that it gets; `visible` are more files and folders that it may read:
        where it sees them -> where they are.
        `block` is a pipe to wait for: the program starts when nobody can write to it any more.
        `told` is one into which bubblewrap writes "exit-code" at the end of a program that began.
        `rules` is an open file with a filter for system calls, see `seccomp.opened`.
        Only for tier "namespaces".
        """
        return [
            *_walls(self.files, as_root=self.user is not None),
            *(part for path, place in visible.items() for part in rootfs.shown(path, place)),
            *("--bind", str(program.parent), str(INSIDE), "--chdir", str(INSIDE)),
            *("--remount-ro", "/"),
            *(() if block is None else ("--block-fd", str(block))),
            *(() if told is None else ("--json-status-fd", str(told))),
            *self._begins(environment, rules),
            *(python(), str(INSIDE / program.name), *arguments),
        ]

    def display_command(self, command: Sequence[str], folder: Path, rules: int | None) -> list[str]:
        """The command that runs an X server with as little around it as a program has.

        Its sockets come into `folder`, which it sees as the only folder of X sockets, and so is the
        cookie "authority" in the folder above. The server is what the second process of bubblewrap
        starts, as with a program. Only for tier "namespaces".
        """
        return [
            *_walls(self.files, as_root=self.user is not None),
            *("--bind", str(folder), str(SOCKETS)),
            *rootfs.shown(COOKIE, folder.parent / "authority"),
            *("--remount-ro", "/"),
            *self._begins({"PATH": "/usr/bin:/bin"}, rules),
            *command,
        ]

    def _begins(self, environment: Mapping[str, str], rules: int | None) -> Iterator[str]:
        """The end of a command: with which variables, as whom, with which system calls."""
        if rules is not None:
            yield from ("--seccomp", str(rules))
        yield "--clearenv"
        for name, value in environment.items():
            yield from ("--setenv", name, value)
        if self.user is not None:
            yield from _becoming(self.user)

    def folder(self) -> "tempfile.TemporaryDirectory[str] | rootfs.Folder":
        """A new folder for the copy of a program's files. Raises OSError."""
        if self.space:
            return rootfs.Folder(self.space)
        return tempfile.TemporaryDirectory(prefix="chatkit-", ignore_cleanup_errors=True)

    def hands_over(self, folder: Path) -> None:
        """Let programs do with this folder and all that is in it what they like."""
        if self.user is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.user, -1)
            folder.chmod(0o750)  # bubblewrap, of root's group, goes there without any rights

    def who(self) -> Who:
        """As whom `subprocess.Popen` starts a program outside of bubblewrap."""
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.user, "extra_groups": []}


class Refused(Exception):
    """Programs are not started: it would not be safe. The message says what to do."""


class SandboxError(Exception):
    """A program did not begin because its sandbox could not be made; that is not its fault."""


TK = tuple(map(Path, ("/etc/fonts", "/etc/alternatives")))  # what a window reads besides


def enter(wanted: Tier = "namespaces") -> Sandbox:
    """Contain what this process will start, as well as the system can; say how.

    Call it once, in a process of one thread: it moves into another network, where only loopback
    is. The tier is never better than `wanted`. Raises Refused when root starts us and programs
    could only run as root.
    """
    root = is_root()
    sandbox = _best(wanted, root)
    if root:
        _must_start_programs(sandbox)
    return sandbox


def _best(wanted: Tier, root: bool) -> Sandbox:
    nobody = NOBODY if root else None
    if not linux.LINUX:
        return Sandbox("none", linux.NO_PROC or "only Linux has namespaces", nobody)
    if wanted != "namespaces":
        return Sandbox(wanted, "it was asked for", nobody)
    if missing := what_is_missing():
        return Sandbox("processes", missing, nobody)
    try:
        own_network()
        if root:  # else each program has to be in one
            allow_users(0)
    except OSError as error:
        return Sandbox("processes", f"no network of its own: {error}", nobody)
    user = STUDENT if root else None  # as nobody is called from now on
    try:
        space, files = rootfs.prepare()
    except OSError as error:
        return Sandbox("processes", f"no files of its own: {error}", user)
    return Sandbox("namespaces", user=user, files=files, space=space)


def _must_start_programs(sandbox: Sandbox) -> None:
    """Raise Refused unless the user of `sandbox` can run Python and read what it needs."""
    needed = str(AGENT / "sitecustomize.py")
    with tempfile.TemporaryDirectory(prefix="chatkit-") as name:
        program = Path(name) / "server.py"
        program.write_text("import sys; open(sys.argv[1])", encoding="utf-8")
        command, who = [sys.executable, str(program), needed], sandbox.who()
        if sandbox.isolated:
            needed = str(AGENT_INSIDE / "sitecustomize.py")
            command, who = sandbox.command(program, [needed], {}, {AGENT_INSIDE: AGENT}), {}
        try:
            sandbox.hands_over(program.parent)
            done = subprocess.run(command, cwd=name, capture_output=True, timeout=60, **who)
        except (OSError, subprocess.SubprocessError) as error:
            told = str(error)
        else:
            told = done.stderr.decode("utf-8", "replace").strip() if done.returncode else ""
    if told:
        raise Refused(
            "programs are never run as root, and as another user they do not start here "
            f"({told.splitlines()[-1]}): start chatkit as another user"
        )


def expected(wanted: Tier) -> Tier:
    """The tier that `enter` will most likely give where `wanted` is asked for; nothing changes."""
    if not linux.LINUX:
        return "none"
    return "processes" if wanted == "namespaces" and what_is_missing() else wanted


def what_is_missing() -> str:
    """Why programs cannot be isolated here; empty if they can."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return "bubblewrap is not installed: sudo apt install bubblewrap"
    if shutil.which("setpriv") is None:
        return "setpriv is not installed: it is part of util-linux"
    if told := _bubblewrap_says(bwrap, "--unshare-pid", "--unshare-net"):
        return f"bubblewrap does not work here: {told.splitlines()[-1]}"
    return ""


def _bubblewrap_says(bwrap: str, *options: str) -> str:
    """What it complains of when it is told to make a user namespace and these; empty: of nothing.

    Raises OSError and subprocess.TimeoutExpired.
    """
    rules = seccomp.opened()
    fds = () if rules is None else (rules,)
    filtered = () if rules is None else ("--seccomp", str(rules))
    probe = [bwrap, "--unshare-user", *options, "--ro-bind", "/", "/", *filtered, "true"]
    try:
        done = subprocess.run(probe, capture_output=True, text=True, timeout=20, pass_fds=fds)
    finally:
        for end in fds:
            os.close(end)
    return (done.stderr.strip() or "it does not say why") if done.returncode else ""


@cache
def _no_more_users() -> tuple[str, ...]:
    """How bubblewrap is told to let nobody make another user namespace inside.

    Versions before 0.8 do not know it. There only the filter of system calls forbids it.
    """
    bwrap = shutil.which("bwrap")
    return (
        ("--disable-userns",) if bwrap and not _bubblewrap_says(bwrap, "--disable-userns") else ()
    )


@cache
def _walls(files: tuple[str, ...], *, as_root: bool) -> tuple[str, ...]:
    """What bubblewrap is told for every program. Each mount takes time: a hundredth of a start.

    Root's programs stay in the worker's user namespace, for only there they can change the user.
    With a namespace that is there already (`--userns`) bubblewrap could change the user itself, and
    sooner. But then its first process could not end the second one, of another user, when it dies.
    """
    bwrap = shutil.which("bwrap")
    assert bwrap
    rights = ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID") if as_root else ()
    users = () if as_root else ("--unshare-user", *_no_more_users())
    private = ("--size", str(DISK), "--perms", "1777", "--tmpfs")
    return (
        *(bwrap, *users, "--unshare-pid", "--unshare-ipc"),
        *("--unshare-uts", "--unshare-cgroup-try", "--die-with-parent", "--new-session"),
        *("--cap-drop", "ALL", *rights, "--hostname", "sandbox", "--proc", "/proc"),
        # The names of keys are shown to all who have the user's number outside: proc_keys(5).
        *(() if as_root else ("--ro-bind-try", os.devnull, "/proc/keys")),
        *(*private, "/tmp", *files, *private, "/dev/shm"),
    )


@cache
def _becoming(user: int) -> tuple[str, ...]:
    """What makes it another user's program inside, setpriv(1)."""
    setpriv = shutil.which("setpriv")
    assert setpriv
    return (setpriv, f"--reuid={user}", f"--regid={user}", "--clear-groups", "--inh-caps=-all")


@cache
def python() -> str:
    """The Python that isolated programs have: not one of a virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))
