"""The zygote: a warm Python inside the worker's walls, and programs that begin as copies of it.

The start of Python and of bubblewrap take most of a program's start. A copy of a Python that has
started takes neither. Unlike the fork server for trusted programs it lives in a root of its own and
has nothing of the check in its memory. Each copy gets namespaces of its own before it opens the
program. So no student's code ever runs in it, and nothing is left of one program for the next.
"""

import ctypes
import marshal
import os
import platform
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chatkit.system import linux
from chatkit.system.forkserver import IMPORTS, OURS, WINDOW_IMPORTS
from chatkit.system.sandbox import bounds, rootfs, sandbox, seccomp
from chatkit.system.sandbox.namespaces import allow_users
from chatkit.system.sandbox.sandbox import (
    AGENT,
    AGENT_INSIDE,
    DISK,
    INSIDE,
    TK,
    Sandbox,
    SandboxError,
)
from chatkit.system.sandbox.walls.walled import Walled
from chatkit.system.spawn import begin_as_a_child, spawn

ZYGOTE = Path(__file__).parent / "zygote"  # the folder, not a package: see zygote/sitecustomize.py
ZYGOTE_INSIDE = Path("/zygote")  # where the warm Python finds it
MOST_AT_ONCE = 1024  # programs
# How much a program may have of what Linux counts for each user, namespaces(7). Else one program
# could take all that the user who grades may have.
COUNTS = {"max_user_namespaces": 0, "max_inotify_instances": 16, "max_inotify_watches": 4096}
ANSWER = 30.0  # seconds that it has to start, and to begin a program

_OPEN_TREE, _CLONE = 428, 1 | getattr(os, "O_CLOEXEC", 0)  # OPEN_TREE_CLONE, linux/mount.h
_HERE = -100  # AT_FDCWD
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_NEW_MOUNTS = 0x00020000  # CLONE_NEWNS
_DETACH = 2  # MNT_DETACH
_VERSION_3, _SYS_ADMIN = 0x20080522, 21  # linux/capability.h
_AMBIENT, _RAISE = 47, 2  # PR_CAP_AMBIENT, linux/prctl.h


class Zygote:
    """One warm Python for programs of one name and one environment. Close it, and it has ended."""

    def __init__(
        self,
        walls: Sandbox,
        root: Path,
        name: str,
        environment: Mapping[str, str],
        imports: Sequence[str],
    ) -> None:
        """`root` is what `rootfs.whole` has made; `name` is "server.py" or "client.py".

        It imports those of `imports` that there are. Raises SandboxError when it does not start.
        """
        linux.adopt_orphans()
        self.environment = dict(environment)
        paths = [str(ZYGOTE_INSIDE), *filter(None, [environment.get("PYTHONPATH")])]
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.settimeout(ANSWER)

        def begin() -> None:
            _move_into(root)
            begin_as_a_child(False)

        with theirs:
            self.process = spawn(
                [sandbox.python(), str(INSIDE / name)],
                Path("/"),
                {
                    **environment,
                    "PYTHONPATH": os.pathsep.join(paths),
                    "CHATKIT_ZYGOTE": str(theirs.fileno()),
                },
                begin=begin,
                fds=[theirs.fileno()],
            )
        given: dict[str, Any] = {
            "imports": list(imports),
            "user": walls.user,
            "rules": seccomp.program(),
            "bounds": bounds.bounds(),
            "counts": COUNTS,
            "room": f"size={DISK},mode=1777",
            "first_to_go": walls.group is not None,
        }
        try:
            self.channel.send(marshal.dumps(given))
            if self.channel.recv(1) != b".":
                assert self.process.stderr
                told = self.process.stderr.read().decode("utf-8", "replace").strip()
                raise SandboxError(f"the warm Python has ended: {told}")
        except OSError as error:
            self.close()
            raise SandboxError(f"the warm Python does not start: {error}") from None
        except BaseException:
            self.close()
            raise

    def begin(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        visible: Mapping[Path, Path],
    ) -> Walled:
        """Begin a program on the copy of its files in `folder`.

        `environment` is what is different from that of the zygote; `visible` names the folders that
        it sees besides: where it sees them -> where they are. Raises SandboxError.
        """
        (stdin, ours_in), (ours_out, stdout), (ours_err, stderr) = (os.pipe() for _ in range(3))
        ours_told, told = os.pipe()
        theirs, ours = [stdin, stdout, stderr, told], (ours_in, ours_out, ours_err, ours_told)
        mounts = {INSIDE: folder, **visible}
        try:
            for place in mounts.values():
                theirs.append(_tree(place))
            order = {
                "arguments": list(arguments),
                "environment": dict(environment),
                "mounts": [(str(place), place == INSIDE) for place in mounts],
            }
            socket.send_fds(self.channel, [marshal.dumps(order)], theirs)
            pid = int(self._hears())
            self._hears()  # it is our child
            self._hears()  # its walls stand
        except (OSError, ValueError) as error:
            for end in ours:
                os.close(end)
            raise SandboxError(f"the program's walls could not be put up: {error}") from None
        finally:
            for end in theirs:
                os.close(end)
        return Walled(pid, *ours)

    def close(self) -> None:
        """End it. Programs that it has begun go on."""
        self.channel.close()
        with self.process:
            self.process.kill()

    def _hears(self) -> bytes:
        told = self.channel.recv(1 << 12)
        if not told or told.startswith(b"!"):
            raise OSError(told[1:].decode("utf-8", "replace") or "the warm Python has ended")
        return told


class Zygotes:
    """The zygotes of one worker, each made when a program first needs it. Close them."""

    def __init__(self, walls: Sandbox) -> None:
        """Raises OSError when their root cannot be prepared."""
        assert walls.space
        allow_users(MOST_AT_ONCE)  # each program makes one, and in there none can be made
        visible = {ZYGOTE_INSIDE: ZYGOTE, AGENT_INSIDE: AGENT, **{path: path for path in TK}}
        self.root = rootfs.whole(walls.space.parent, visible)
        self.shown = visible.keys()
        self.walls = walls
        self.waiting: dict[tuple[str, frozenset[tuple[str, str]]], Zygote] = {}

    @property
    def pids(self) -> set[int]:
        """Processes that are there for all programs."""
        return {zygote.process.pid for zygote in self.waiting.values()}

    def begin(
        self,
        path: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        visible: Mapping[Path, Path],
    ) -> Walled:
        """Begin a program; `path` is in the copy of its files. Raises SandboxError."""
        own = {name: text for name, text in environment.items() if is_its_own(name)}
        common = {name: text for name, text in environment.items() if name not in own}
        common["PWD"] = str(INSIDE)  # as bubblewrap says it
        key = path.name, frozenset(common.items())
        if key not in self.waiting:
            imports = WINDOW_IMPORTS if "PYTHONPATH" in common else IMPORTS
            self.waiting[key] = Zygote(self.walls, self.root, path.name, common, imports)
        mounts = {place: there for place, there in visible.items() if place not in self.shown}
        try:
            return self.waiting[key].begin(arguments, own, path.parent, mounts)
        except SandboxError:
            self.waiting.pop(key).close()
            raise

    def close(self) -> None:
        """End all of them."""
        while self.waiting:
            self.waiting.popitem()[1].close()


def is_its_own(name: str) -> bool:
    """Whether a variable of the environment has another value for each program."""
    return name.startswith(OURS) or name in ("DISPLAY", "XAUTHORITY")


def _tree(place: Path) -> int:
    """What is mounted at `place`, or lies there, as a mount of its own that is nowhere yet."""
    libc = ctypes.CDLL(None, use_errno=True)
    file: int = libc.syscall(_OPEN_TREE, _HERE, os.fsencode(place), _CLONE)
    if file < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), str(place))
    return file


def _keeps_rights(libc: ctypes.CDLL) -> bool:
    """Let the next program that this process becomes have CAP_SYS_ADMIN, whoever it is.

    See "Ambient" in capabilities(7): only root's rights would outlast execve(2).
    """
    head = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    rights = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, twice
    told = libc.capget(ctypes.byref(head), ctypes.byref(rights))
    rights[2] |= 1 << _SYS_ADMIN
    told = told or libc.capset(ctypes.byref(head), ctypes.byref(rights))
    return not (told or libc.prctl(_AMBIENT, _RAISE, _SYS_ADMIN, 0, 0))


def _move_into(root: Path) -> None:
    """Called in a child: have `root` as the root of the file system, and nothing else in sight."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = _PIVOT_ROOT[platform.machine()]
    moved = (
        libc.unshare(_NEW_MOUNTS) == 0
        and libc.chdir(os.fsencode(root)) == 0
        and libc.syscall(number, b".", b".") == 0
        and libc.umount2(b".", _DETACH) == 0
        and libc.chdir(b"/") == 0
        and _keeps_rights(libc)
    )
    if not moved:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), str(root))
