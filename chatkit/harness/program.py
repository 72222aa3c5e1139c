"""A student's program as a child process: started, listened to, and ended with all it started."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from chatkit.harness import kernel

KEEP = 1 << 16  # bytes of output kept from the start, and again from the end

WINDOWS = os.name == "nt"


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
        while True:
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
            room = KEEP - len(self.first)
            self.first += data[:room]
            self.last += data[room:]
            if len(self.last) > KEEP:
                self.dropped += len(self.last) - KEEP
                del self.last[:-KEEP]

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
    ) -> None:
        """Start `path` with Python in its own folder and its own process group.

        Its output is unbuffered unless `buffered`, because a program should not lose the points of
        a whole lesson to one missing flush. `extra` goes into its environment. Raises OSError when
        it cannot be started.
        """
        self.path = path = path.resolve()
        self.name = path.name
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            "PYTHONFAULTHANDLER": "1",  # so that SIGABRT makes it say where its threads stand
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONIOENCODING": "utf-8",
        }
        if not buffered:
            environment["PYTHONUNBUFFERED"] = "1"
        environment |= extra or {}
        with _interruptible(), signals_held():
            self.process = subprocess.Popen(
                [sys.executable, str(path), *arguments],
                cwd=path.parent,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                preexec_fn=None if WINDOWS else begin_as_a_child,
            )
        assert self.process.stdout and self.process.stderr
        self.output = Output(self.process.stdout)
        self.errors = Output(self.process.stderr)
        self.ended: int | None = None  # a pidfd of the bench, readable once the program has ended
        self.heard = 0  # lines of output that a check has already asked for
        self.stopping = False  # the bench has asked it to end
        self.said: str | None = None  # its errors before the stacks were asked for
        self.errors_before = 0  # characters on its errors before Ctrl-C was pressed

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def status(self) -> int | None:
        """Its exit status, or None while it runs; the negative number of a signal that ended it."""
        return self.process.poll()

    @property
    def printed(self) -> str:
        """What it has printed by itself: its output, then its errors."""
        errors = self.errors.text if self.said is None else self.said
        return "\n".join(text.rstrip() for text in (self.output.text, errors) if text.strip())

    def pids(self) -> list[int]:
        """The program's own process and all that it has started."""
        if kernel.LINUX:
            return kernel.tree(self.pid)
        try:
            below = psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return [self.pid]
        return [self.pid, *(child.pid for child in below)]

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
            os.killpg(self.pid, signal.SIGINT)

    def freeze(self) -> None:
        """Stop it where it is until `thaw`; what arrives meanwhile waits."""
        for pid in self.pids():
            psutil.Process(pid).suspend()

    def thaw(self) -> None:
        """Let it go on."""
        for pid in self.pids():
            psutil.Process(pid).resume()

    def says_where_it_stands(self) -> None:
        """End it with SIGABRT: Python then writes the stack of every thread to its errors."""
        self.stopping = True
        self.said = self.errors.text
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGABRT)

    def kill(self) -> None:
        """End it at once, with everything it started. May be called again."""
        self.stopping = True
        left = self.pids()
        if not WINDOWS:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        for pid in left[1:]:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill it and give back its pipes."""
        self.kill()
        self.ends_input()
        self.output.stream.close()
        self.errors.stream.close()


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait while a process is started.

    An exception that a handler raises in the middle of a fork is lost: Python reports it as
    ignored (see `os.register_at_fork`), and the bench would go on as if nobody had pressed Ctrl-C.
    """
    if WINDOWS:
        yield
        return
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def begin_as_a_child() -> None:
    """Called in a child before it becomes a program: undo `signals_held`, die with the bench."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    if kernel.LINUX:
        kernel.die_with_parent()


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """While a child starts, do not ignore SIGINT.

    A shell starts background jobs with SIGINT ignored, and children inherit that (signal(7)): their
    Ctrl-C would do nothing. A handled signal goes back to its default in the child.
    """
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    else:
        yield
