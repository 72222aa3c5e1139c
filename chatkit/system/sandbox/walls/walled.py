"""A program behind walls, and what begins one, as the rest of the kit sees them."""

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from chatkit.system.forkserver import Copy


class Walled(Copy):
    """A program behind walls, as `subprocess.Popen` would show it.

    `pid` is process 1 of its space, a child of this process. The program is the child of that.
    """

    def __init__(self, pid: int, stdin: int, stdout: int, stderr: int, told: int) -> None:
        """The others are our ends of its pipes; `told` says how the program has ended."""
        super().__init__(pid, stdin, stdout, stderr)
        self.told: IO[bytes] = os.fdopen(told, "rb", buffering=0)

    def _ended(self, status: int) -> int:
        with self.told:
            said = self.told.read()
        # Without an answer process 1 was killed, and that has killed the program.
        return os.waitstatus_to_exitcode(int(said)) if said else -signal.SIGKILL


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
