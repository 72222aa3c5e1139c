"""The fork server: a Python that has started once, and begins a program as a copy of itself.

The start of Python and the import of what every program needs take nine tenths of a program's
start. A copy, fork(2), has both behind it. It has not opened the program yet: each one reads its
file when a check asks for it, as it would without. The other side is `zygote/sitecustomize.py`.

It is for programs that are trusted, on Linux. In a sandbox every program starts anew.
"""

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from chatkit.system import linux
from chatkit.system.spawn import begin_as_a_child, spawn

ZYGOTE = Path(__file__).parent / "zygote"  # the folder, not a package
OURS = "CHATKIT_"  # how variables begin that may have another value for each program

# What most programs import first; argparse imports two of these when it is used. No more than what
# `import` of one of these alone would bring: else a program might find a module by chance.
IMPORTS = (
    "argparse",
    "contextlib",
    "locale",
    "queue",
    "selectors",
    "shutil",
    "socket",
    "threading",
)
WINDOW_IMPORTS = (*IMPORTS, "tkinter", "chatkit_agent")
ANSWER = 30.0  # seconds that it has to start, and to begin a program


class Copy:
    """A process that the fork server has begun, as `subprocess.Popen` would show it.

    It is a child of this process: its real parent has ended at once, and orphans come to us.
    """

    def __init__(self, pid: int, stdin: int, stdout: int, stderr: int) -> None:
        """The other three are our ends of its pipes."""
        self.pid = pid
        self.stdin: IO[bytes] = os.fdopen(stdin, "wb", buffering=0)
        self.stdout: IO[bytes] = os.fdopen(stdout, "rb", buffering=0)
        self.stderr: IO[bytes] = os.fdopen(stderr, "rb", buffering=0)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status, the negative number of a signal that ended it, or None: it runs."""
        return self._waits(os.WNOHANG)

    def wait(self) -> int | None:
        """As `poll`, once it has ended."""
        return self._waits(0)

    def kill(self) -> None:
        """End it at once, with all that ends with it, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _waits(self, how: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, how)
            if pid:
                self.returncode = self._ended(status)
        return self.returncode

    def _ended(self, status: int) -> int:
        """What it ended with, of what `waitpid` says about the child."""
        return os.waitstatus_to_exitcode(status)


@dataclass
class _Python:
    """One that waits as a zygote for a program, with the environment of that."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    environment: Mapping[str, str]
    up: bool = False

    def has_come_up(self) -> bool:
        """Wait until it says that it waits as a zygote; whether it does.

        One that did not become a zygote has begun the program: it prints something, or ends.
        """
        if not self.up:
            assert self.process.stdout and self.process.stderr
            others = (self.process.stdout, self.process.stderr)
            with selectors.DefaultSelector() as ears:
                for one in (self.channel, *others):
                    ears.register(one, selectors.EVENT_READ)
                ready = [key.fileobj for key, _ in ears.select(ANSWER)]
            with contextlib.suppress(OSError):
                self.up = ready == [self.channel] and self.channel.recv(1) == b"!"
        return self.up


class ForkServer:
    """One Python for each program. Close it, and they have ended."""

    def __init__(self) -> None:
        linux.adopt_orphans()
        self.waiting: dict[Path, _Python] = {}
        self.broken = ""  # why no program is begun as a copy here; empty while they are
        self.told = False  # whether a check has said so

    def prepare(
        self, path: Path, environment: Mapping[str, str], imports: Sequence[str] = IMPORTS
    ) -> int | None:
        """Have a Python for the program `path` and its `environment`; return its process id.

        It has imported those of `imports` that there are. None where copies do not work: `broken`
        says why. Raises OSError when it cannot be started.
        """
        gate_folder = entry(ZYGOTE, path.parent)
        if gate_folder is None:
            self.broken = f"the path of the kit has a {os.pathsep!r} in it"
        if self.broken or gate_folder is None:
            return None
        if path not in self.waiting:
            paths = [gate_folder, *filter(None, [environment.get("PYTHONPATH")])]
            # The boundaries of a message stay in it, unix(7).
            channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs, contextlib.ExitStack() as undo:
                undo.enter_context(channel)
                channel.settimeout(ANSWER)
                process = spawn(
                    [sys.executable, str(path)],
                    path.parent,
                    {
                        **environment,
                        "PYTHONPATH": os.pathsep.join(paths),
                        "CHATKIT_ZYGOTE": str(theirs.fileno()),
                        "CHATKIT_IMPORTS": " ".join(imports),
                    },
                    begin=partial(begin_as_a_child, False),
                    fds=[theirs.fileno()],
                )
                undo.pop_all()
            self.waiting[path] = _Python(process, channel, dict(environment))
        return self.waiting[path].process.pid

    def begin(
        self, path: Path, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> Copy | None:
        """Begin this program with `arguments`. None where there is no Python that could."""
        python = self.waiting.get(path)
        if python is None or _fixed(python.environment) != _fixed(environment):
            return None
        if not python.has_come_up():
            _end(self.waiting.pop(path))
            self.broken = "the Python that would be copied has not come up"
            return None
        changed = [
            f"{name}={value}" for name, value in environment.items() if name.startswith(OURS)
        ]
        (stdin, ours_in), (ours_out, stdout), (ours_err, stderr) = (os.pipe() for _ in range(3))
        theirs, ours = (stdin, stdout, stderr), (ours_in, ours_out, ours_err)
        try:
            parts = [str(len(changed)), *changed, *arguments]
            told = b"\0".join(map(os.fsencode, parts))
            socket.send_fds(python.channel, [told], theirs)
            pid = int(python.channel.recv(20))
            python.channel.recv(1)  # now it is our child, and leads its own group
        except (OSError, ValueError):  # somebody has ended it, or it cannot fork
            for end in ours:
                os.close(end)
            _end(self.waiting.pop(path))
            return None
        finally:
            for end in theirs:
                os.close(end)
        return Copy(pid, *ours)

    def close(self) -> None:
        """End all that wait."""
        while self.waiting:
            _end(self.waiting.popitem()[1])


def entry(folder: Path, seen_from: Path) -> str | None:
    """`folder` as one entry of PYTHONPATH, for a program that starts in `seen_from`.

    PYTHONPATH is a list, so a path with its separator in it has to be a relative one. None where
    that does not help. `seen_from` is a path without links.
    """
    if os.pathsep not in str(folder):
        return str(folder)
    relative = os.path.relpath(folder, seen_from)
    return None if os.pathsep in relative else relative


def _fixed(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(OURS)}


def _end(python: _Python) -> None:
    python.channel.close()
    with python.process:  # that closes its pipes and waits for it
        python.process.kill()
