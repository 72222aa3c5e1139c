"""A program behind walls, and what begins one, as the rest of the kit sees them."""

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol


class Walled:
    """A program behind walls, as `subprocess.Popen` would show it.

    `pid` is process 1 of its space, a child of this process. The program is the child of that.
    """

    def __init__(self, pid: int, stdin: int, stdout: int, stderr: int, told: int) -> None:
        """The others are our ends of its pipes; `told` says how the program has ended."""
        self.pid = pid
        self.stdin: IO[bytes] = os.fdopen(stdin, "wb", buffering=0)
        self.stdout: IO[bytes] = os.fdopen(stdout, "rb", buffering=0)
        self.stderr: IO[bytes] = os.fdopen(stderr, "rb", buffering=0)
        self.told: IO[bytes] = os.fdopen(told, "rb", buffering=0)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status, the negative number of a signal that ended it, or None: it runs."""
        return self._waits(os.WNOHANG)

    def wait(self) -> int | None:
        """As `poll`, once it has ended."""
        return self._waits(0)

    def kill(self) -> None:
        """End it at once with all that it has started, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _waits(self, how: int) -> int | None:
        if self.returncode is None:
            pid, _ = os.waitpid(self.pid, how)
            if pid:
                with self.told:
                    status = self.told.read()
                # Without an answer process 1 was killed, and that has killed the program.
                self.returncode = (
                    os.waitstatus_to_exitcode(int(status)) if status else -signal.SIGKILL
                )
        return self.returncode


class Walls(Protocol):
    """What puts up walls in place of bubblewrap: see `zygote.Zygotes`."""

    @property
    def pids(self) -> set[int]:
        """Processes that are there for all programs."""

    def begin(
        self,
        path: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        visible: Mapping[Path, Path],
    ) -> Walled:
        """Begin a program; `path` is in the copy of its files. Raises SandboxError."""
