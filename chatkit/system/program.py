"""A student's program as a child process: started, listened to, and ended with all it started."""

import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

import psutil

from chatkit.system import linux
from chatkit.system.forkserver import ForkServer
from chatkit.system.linux import WINDOWS
from chatkit.system.sandbox.rootfs import Folder
from chatkit.system.sandbox.sandbox import INSIDE, Sandbox, SandboxError, Who, limit
from chatkit.system.spawn import begin_as_a_child, plain_environment, spawn
from chatkit.system.waits import waits

KEEP = 1 << 16  # bytes of output kept from the start, and again from the end

# Seconds in which no program has done anything yet, and looking would take its time.
START = 0.02  # where Python has to start
BEGIN = 0.002  # where the fork server has begun it

MOST_COPIED = 16 << 20  # bytes of a student's folder
MOST_AT_ONCE = 1 << 20  # bytes of output that are taken before others get their turn

# What a program finds in its environment when it is isolated.
SMALL_WORLD = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "USER": "student"}


class Output:
    """Everything a program has printed on one stream, bounded."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.stream = relayed(pipe) if WINDOWS else pipe
        self.first = bytearray()
        self.last = bytearray()
        self.dropped = 0  # bytes
        if not WINDOWS:
            os.set_blocking(pipe.fileno(), False)

    def read(self) -> bool:
        """Take what the program has printed by now. False once the stream has ended."""
        taken = 0
        while taken < MOST_AT_ONCE:
            try:
                if isinstance(self.stream, socket.socket):
                    data = self.stream.recv(1 << 16)
                else:
                    data = os.read(self.stream.fileno(), 1 << 16)
            except BlockingIOError:
                return True
            except OSError:
                data = b""
            if not data:
                return False
            taken += len(data)
            room = KEEP - len(self.first)
            self.first += data[:room]
            self.last += data[room:]
            if len(self.last) > KEEP:
                self.dropped += len(self.last) - KEEP
                del self.last[:-KEEP]
        return True

    @property
    def text(self) -> str:
        """What was printed, decoded; bytes that are no UTF-8 are replaced."""
        gap = f"\n[… {self.dropped:,} bytes left out …]\n".encode() if self.dropped else b""
        return bytes(self.first + gap + self.last).decode("utf-8", "replace")

    @property
    def lines(self) -> list[str]:
        """The complete lines, without their ends."""
        return [line.rstrip("\r") for line in self.text.split("\n")[:-1]]


def relayed(pipe: IO[bytes]) -> socket.socket:
    """A socket from which comes what is written into `pipe`: Windows can wait for sockets only."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    def relay() -> None:
        with contextlib.suppress(OSError, ValueError), pipe, theirs:
            while data := os.read(pipe.fileno(), 1 << 16):
                theirs.sendall(data)

    threading.Thread(target=relay, daemon=True).start()
    return ours


class Program:
    """One running program. Made by `Bench`, which reads its output while it waits."""

    def __init__(
        self,
        path: Path,
        arguments: Sequence[str],
        *,
        buffered: bool = False,
        extra: Mapping[str, str] | None = None,
        visible: Sequence[Path] = (),
        sandbox: Sandbox | None = None,
        forkserver: ForkServer | None = None,
    ) -> None:
        """Start `path` with Python in its own folder and its own process group.

        Its output is unbuffered unless `buffered`, because a program should not lose the points of
        a whole lesson to one missing flush. `extra` goes into its environment. In a `sandbox` it
        runs on a copy of its folder, and sees `visible` besides. Without one the `forkserver` may
        begin it. Raises OSError when it cannot be started.
        """
        self.source = self.path = path = path.resolve()  # the path as the program knows it
        self.name = path.name
        self.sandbox = sandbox
        self.copy: tempfile.TemporaryDirectory[str] | Folder | None = None
        self.ended_for = ""  # the bound that it has broken
        isolated = sandbox is not None and sandbox.isolated
        given = {**environment(isolated=isolated, buffered=buffered), **(extra or {})}
        command = [sys.executable, str(path), *arguments]
        if sandbox is not None:
            self.copy = sandbox.folder()
            path = copied(path, Path(self.copy.name))
            sandbox.hands_over(path.parent)
            command[1] = str(path)
        group = sandbox.group if sandbox is not None else None
        self.killed_before = group.killed() if group else 0  # by the kernel, for memory
        who: Who = {}
        begin: Callable[[], None] | None = None
        theirs: tuple[int, ...] = ()  # ends of pipes that bubblewrap gets
        gate: int | None = None  # it waits there until the bounds are set
        self.told: IO[bytes] | None = None  # what it says at the end of a program that began
        if sandbox is not None and isolated:
            told, tells = os.pipe()
            self.told = os.fdopen(told, "rb", buffering=0)
            os.set_blocking(told, False)
            waits, gate = os.pipe()
            theirs = (waits, tells)
            command = sandbox.command(path, arguments, given, visible, *theirs)
            self.path = INSIDE / path.name
        elif not WINDOWS:
            begin = partial(begin_as_a_child, sandbox is not None)
            who = sandbox.who() if sandbox else {}
        first = group.first_to_go() if group else contextlib.nullcontext()
        fork = forkserver.begin(path, arguments, given) if forkserver else None
        try:
            with first:
                self.process = fork or spawn(
                    command, path.parent, given, begin=begin, fds=theirs, who=who
                )
            if gate is not None:
                limit(self.pid)  # whoever it starts from now on inherits them
                for child in linux.children(self.pid):
                    limit(child)
        finally:
            for end in theirs:
                os.close(end)
            if gate is not None:
                os.close(gate)
        assert self.process.stdout and self.process.stderr
        self.output = Output(self.process.stdout)
        self.errors = Output(self.process.stderr)
        self.init: int | None = None  # process 1 of its sandbox, once it is there
        self.ended: int | None = None  # a pidfd of the bench, readable once the program has ended
        self.began = time.monotonic()
        self.look_from = self.began + (BEGIN if fork else START)
        self.heard = 0  # lines of output that a check has already asked for
        self.stopping = False  # the bench has asked it to end
        self.said: str | None = None  # its errors before the stacks were asked for
        self.waited: tuple[tuple[str, float | None], ...] = ()  # its threads then: see `waits`
        self.errors_before = 0  # characters on its errors before Ctrl-C was pressed

    # --------------------------------------------------------- what a check asks and does

    @property
    def status(self) -> int | None:
        """Its exit status, or None while it runs; the negative number of a signal that ended it.

        Raises SandboxError, once, when it was never begun.
        """
        status = self.process.poll()
        if status == 1 and self.told:  # bubblewrap's own way to fail, and many a program's
            self._must_have_begun(self.told)
        if status and self.sandbox and self.sandbox.isolated and 128 < status < 128 + 65:
            return 128 - status  # bubblewrap says it as a shell does
        return status

    @property
    def printed(self) -> str:
        """What it has printed by itself: its output, then its errors."""
        errors = self.errors.text if self.said is None else self.said
        return "\n".join(text.rstrip() for text in (self.output.text, errors) if text.strip())

    def types(self, text: bytes) -> None:
        """Write to its standard input; a program that has closed it does not hear it."""
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(text)

    def ends_input(self) -> None:
        """Close its standard input."""
        assert self.process.stdin
        self.process.stdin.close()

    def interrupt(self) -> None:
        """Press Ctrl-C: SIGINT to its whole process group, as a terminal does."""
        self.stopping = True
        self.errors_before = len(self.errors.text)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(os.getpgid(self.leader), signal.SIGINT)

    def kill(self) -> None:
        """End it at once, with everything it started. May be called again."""
        self.stopping = True
        left = self.pids()
        with linux.seen_off(left[1:]):
            if not WINDOWS:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait()
            for pid in left[1:]:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)

    def _must_have_begun(self, told: IO[bytes]) -> None:
        self.told = None
        with told:
            if b"exit-code" not in (told.read() or b""):
                self.errors.read()
                raise SandboxError(self.errors.text.strip() or "bubblewrap has ended")

    # ---------------------------------------------------------------------- for the bench

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def leader(self) -> int:
        """The process of Python itself; in a sandbox two of bubblewrap come before it."""
        if not (self.sandbox and self.sandbox.isolated):
            return self.pid
        return linux.tree(self.pid)[:3][-1]

    def pids(self) -> list[int]:
        """The program's own process and all that it has started."""
        if linux.LINUX:
            return linux.tree(self.pid)
        try:
            below = psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return [self.pid]
        return [self.pid, *(child.pid for child in below)]

    def pids_inside(self) -> list[int]:
        """As `pids`; without the process that waits outside of a sandbox that stands.

        While it is set up, each of bubblewrap's two processes may wait for the other: both count.
        """
        if self.init is None and self.sandbox and self.sandbox.isolated:
            self.init = next(iter(linux.children(self.pid)), None)
        inside = linux.tree(self.init) if self.init else []
        return inside if len(inside) > 1 else self.pids()

    @property
    def out_of_memory(self) -> bool:
        """Whether the kernel has ended it because it took too much memory: see `cgroup.py`."""
        group = self.sandbox.group if self.sandbox else None
        if group is None or self.stopping or self.status != -signal.SIGKILL:
            return False
        return group.killed() > self.killed_before

    def freeze(self) -> None:
        """Stop it where it is until `thaw`; what arrives meanwhile waits."""
        for pid in self.pids():
            psutil.Process(pid).suspend()

    @property
    def frozen(self) -> bool:
        """Whether `freeze` has come into effect; where the system does not tell, believe it."""
        return not linux.LINUX or linux.stopped(self.pids())

    def thaw(self) -> None:
        """Let it go on."""
        for pid in self.pids():
            psutil.Process(pid).resume()

    def says_where_it_stands(self) -> None:
        """End it with SIGABRT: Python then writes the stack of every thread to its errors."""
        self.stopping = True
        self.said = self.errors.text
        self.waited = waits(self.leader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.leader, signal.SIGABRT)

    def close(self) -> None:
        """Kill it and give back its pipes."""
        self.kill()
        self.ends_input()
        self.output.stream.close()
        self.errors.stream.close()
        if self.told:
            self.told.close()
        if self.copy:
            self.copy.cleanup()


def environment(*, isolated: bool = False, buffered: bool = False) -> dict[str, str]:
    """What a program finds in its environment; its output is unbuffered unless `buffered`."""
    return {
        **(SMALL_WORLD if isolated else plain_environment()),
        "PYTHONFAULTHANDLER": "1",  # so that SIGABRT makes it say where its threads stand
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        **({} if buffered else {"PYTHONUNBUFFERED": "1"}),
    }


def copied(path: Path, into: Path) -> Path:
    """Copy the files of the program's folder, links and special files left out; bounded."""
    left = MOST_COPIED
    for file in sorted(path.parent.iterdir()):
        if file.is_symlink() or not file.is_file():
            continue
        left -= file.stat().st_size
        if left < 0 and file != path:
            continue
        shutil.copyfile(file, into / file.name)
    return into / path.name
