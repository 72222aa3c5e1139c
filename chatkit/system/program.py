"""A student's program as a child process: started, listened to, and ended with all it started."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import IO

import psutil

from chatkit.system import linux
from chatkit.system.forkserver import Copy, ForkServer
from chatkit.system.programs.ending import seen_off
from chatkit.system.programs.folder import copied
from chatkit.system.programs.output import Output
from chatkit.system.programs.waits import waits
from chatkit.system.sandbox import seccomp
from chatkit.system.sandbox.bounds import Who, limit
from chatkit.system.sandbox.rootfs import Folder
from chatkit.system.sandbox.sandbox import INSIDE, Sandbox, SandboxError
from chatkit.system.sandbox.walls.walled import Walled
from chatkit.system.spawn import begin_as_a_child, plain_environment, spawn
from chatkit.system.windows import WINDOWS, press_ctrl_c

# Seconds in which no program has done anything yet, and looking would take its time.
START = 0.02  # where Python has to start
BEGIN = 0.002  # where the fork server has begun it


Process = subprocess.Popen[bytes] | Copy | Walled  # one that we have started, in either way

# What a program finds in its environment when it is isolated.
SMALL_WORLD = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "USER": "student"}


class Program:
    """One running program. Made by `Bench`, which reads its output while it waits."""

    def __init__(
        self,
        path: Path,
        arguments: Sequence[str],
        *,
        buffered: bool = False,
        extra: Mapping[str, str] | None = None,
        visible: Mapping[Path, Path] = MappingProxyType({}),
        sandbox: Sandbox | None = None,
        alone: bool = False,
        forkserver: ForkServer | None = None,
    ) -> None:
        """Start `path` with Python in its own folder and its own process group.

        Its output is unbuffered unless `buffered`, because a program should not lose the points of
        a whole lesson to one missing flush. `extra` goes into its environment. In a `sandbox` it
        runs on a copy of its folder, and sees `visible` besides: see `Sandbox.command`. Without one
        the `forkserver` may begin it. `alone`: in a network of its own, if the system lets it have
        one. Raises OSError when it cannot be started.
        """
        self.source = self.path = path = path.resolve()  # the path as the program knows it
        self.name = path.name
        self.sandbox = sandbox
        self.copy: tempfile.TemporaryDirectory[str] | Folder | None = None
        self.ended_for = ""  # the bound that it has broken
        self.told: IO[bytes] | None = None  # what it says at the end of a program that began
        self.walled = False  # then its own process 1 is the one that we have started
        isolated = sandbox is not None and sandbox.isolated
        given = {**environment(isolated=isolated, buffered=buffered), **(extra or {})}
        if sandbox is not None:
            self.copy = sandbox.folder()
            path = copied(path, Path(self.copy.name))
            sandbox.hands_over(path.parent)
        group = sandbox.group if sandbox is not None else None
        self.killed_before = group.killed() if group else 0  # by the kernel, for memory
        fork = forkserver.begin(path, arguments, given) if forkserver else None
        self.process: Process
        if sandbox is not None and sandbox.zygotes:
            self.process = sandbox.zygotes.begin(path, arguments, given, visible)
            self.walled = True
            self.path = INSIDE / path.name
        elif fork:
            self.process = fork
        elif linux.LINUX and sandbox is not None and isolated:
            self.process = self._begin_isolated(sandbox, path, arguments, given, visible)
            self.path = INSIDE / path.name
        else:
            self.process = self._begin_plain(path, arguments, given, alone)
        assert self.process.stdout and self.process.stderr
        self.output = Output(self.process.stdout)
        self.errors = Output(self.process.stderr)
        self.init: int | None = None  # process 1 of bubblewrap's sandbox, once it is there
        self.ended: int | None = None  # a pidfd of the bench, readable once the program has ended
        self.began = time.monotonic()
        self.look_from = self.began + (BEGIN if fork or self.walled else START)
        self.heard = 0  # lines of output that a check has already asked for
        self.stopping = False  # the bench has asked it to end
        self.said: str | None = None  # its errors before the stacks were asked for
        self.waited: tuple[tuple[str, float | None], ...] = ()  # its threads then: see `waits`
        self.errors_before = 0  # characters on its errors before Ctrl-C was pressed

    def _begin_plain(
        self, path: Path, arguments: Sequence[str], given: Mapping[str, str], alone: bool
    ) -> Process:
        """Start Python with the file at `path`. Raises OSError."""
        begin: Callable[[], None] | None = None
        who: Who = {}
        if not WINDOWS:
            begin = partial(begin_as_a_child, self.sandbox is not None, alone=alone)
            who = self.sandbox.who() if self.sandbox else {}
        with self._first_to_go():
            command = [sys.executable, str(path), *arguments]
            return spawn(command, path.parent, given, begin=begin, who=who)

    def _begin_isolated(
        self,
        sandbox: Sandbox,
        path: Path,
        arguments: Sequence[str],
        given: Mapping[str, str],
        visible: Mapping[Path, Path],
    ) -> Process:
        """Start bubblewrap, which begins the program once its bounds are set. Raises OSError."""
        told, tells = os.pipe()
        self.told = os.fdopen(told, "rb", buffering=0)
        if linux.LINUX:  # no other system has bubblewrap
            os.set_blocking(told, False)
        waits, block = os.pipe()
        rules = seccomp.opened()
        theirs = (waits, tells) if rules is None else (waits, tells, rules)
        try:
            command = sandbox.command(path, arguments, given, visible, *theirs)
            with self._first_to_go():
                process = spawn(command, path.parent, given, fds=theirs)
            limit(process.pid)  # whoever it starts from now on inherits them
            for child in linux.children(process.pid):
                limit(child)
            return process
        finally:
            for end in (*theirs, block):
                os.close(end)

    def _first_to_go(self) -> AbstractContextManager[None]:
        """In here a process is started that the kernel ends first when memory runs out."""
        group = self.sandbox.group if self.sandbox else None
        return group.first_to_go() if group else contextlib.nullcontext()

    # --------------------------------------------------------- what a check asks and does

    @property
    def status(self) -> int | None:
        """Its exit status, or None while it runs; the negative number of a signal that ended it.

        Raises SandboxError, once, when it was never begun.
        """
        status = self.process.poll()
        if status == 1 and self.told:  # bubblewrap's own way to fail, and many a program's
            self._must_have_begun(self.told)
        if (
            status
            and self.sandbox
            and self.sandbox.isolated
            and not self.walled
            and 128 < status < 128 + 65
        ):
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
        # Linux says EPIPE when it has closed it or ended; Windows may say EINVAL instead.
        with contextlib.suppress(OSError):
            self.process.stdin.write(text)

    def ends_input(self) -> None:
        """Close its standard input."""
        assert self.process.stdin
        self.process.stdin.close()

    def interrupt(self) -> None:
        """Press Ctrl-C: SIGINT to its whole process group, as a terminal does.

        On Windows all in its console hear it.
        """
        self.stopping = True
        self.errors_before = len(self.errors.text)
        if WINDOWS:
            press_ctrl_c(self.pid)
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(os.getpgid(self.leader), signal.SIGINT)

    def kill(self) -> None:
        """End it at once, with everything it started. May be called again."""
        self.stopping = True
        left = self.pids()
        with seen_off(left[1:]):
            if not WINDOWS:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait()
            for pid in left[1:]:
                with contextlib.suppress(OSError):  # it has ended
                    os.kill(pid, linux.KILL)

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
        return linux.tree(self.pid)[: 2 if self.walled else 3][-1]

    def pids(self) -> list[int]:
        """The program's own process and all that it has started."""
        if linux.LINUX:
            return linux.tree(self.pid)
        try:
            below = psutil.Process(self.pid).children(recursive=True)
        except (psutil.Error, OSError):  # it has ended, or there is no /proc
            return [self.pid]
        return [self.pid, *(child.pid for child in below)]

    def pids_inside(self) -> list[int]:
        """As `pids`; without the process that waits outside of a sandbox that stands.

        While it is set up, each of bubblewrap's two processes may wait for the other: both count.
        Process 1 of walls only waits, and nobody may look into it.
        """
        if self.walled:
            return linux.tree(self.pid)[1:] or [self.pid]
        if self.init is None and self.sandbox and self.sandbox.isolated:
            self.init = next(iter(linux.children(self.pid)), None)
        inside = linux.tree(self.init) if self.init else []
        return inside if len(inside) > 1 else self.pids()

    @property
    def out_of_memory(self) -> bool:
        """Whether the kernel has ended it because it took too much memory: see `cgroup.py`."""
        group = self.sandbox.group if self.sandbox else None
        if group is None or self.stopping or self.status != -linux.KILL:
            return False
        return group.killed() > self.killed_before

    def freeze(self) -> None:
        """Stop it where it is until `thaw`; what arrives meanwhile waits."""
        for pid in self.pids():
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):  # it has ended
                if WINDOWS:
                    psutil.Process(pid).suspend()
                else:  # psutil needs /proc for that
                    os.kill(pid, signal.SIGSTOP)

    @property
    def frozen(self) -> bool:
        """Whether `freeze` has come into effect; where the system does not tell, believe it."""
        return not linux.LINUX or linux.stopped(self.pids())

    def thaw(self) -> None:
        """Let it go on."""
        for pid in self.pids():
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                if WINDOWS:
                    psutil.Process(pid).resume()
                else:
                    os.kill(pid, signal.SIGCONT)

    def says_where_it_stands(self) -> None:
        """End it with SIGABRT: Python then writes the stack of every thread to its errors.

        Windows ends it without a word.
        """
        self.stopping = True
        self.said = self.errors.text
        self.waited = waits(self.leader)
        with contextlib.suppress(OSError):  # it has ended
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
