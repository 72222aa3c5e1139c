"""Spares: Pythons that have started, and wait for the program that they will run.

The start of Python itself takes about half of a program's. A spare has that behind it when a check
asks for the program. It has not opened the program yet: no line of a student's code runs before it
is asked for, and never is a program there twice. See `gate/sitecustomize.py` for the other side.

They are for programs that are trusted. In a sandbox every program starts anew.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chatkit.harness.spawn import begin_as_a_child, spawn

GATE = Path(__file__).parent / "gate"  # the folder, not a package: see gate/sitecustomize.py

Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class _Spare:
    process: Process
    gate: int  # the end of a pipe into which the arguments go
    environment: Mapping[str, str]  # that of its program


class Spares:
    """At most one spare for each program. Close it, and those that were not needed have ended."""

    def __init__(self) -> None:
        self.waiting: dict[Path, _Spare] = {}

    def prepare(self, path: Path, environment: Mapping[str, str]) -> int:
        """Have a spare for the program `path` and its `environment`; return its process id.

        Raises OSError when it cannot be started.
        """
        if path not in self.waiting:
            theirs, gate = os.pipe()
            try:
                process = spawn(
                    [sys.executable, str(path)],
                    path.parent,
                    {**environment, "PYTHONPATH": str(GATE), "CHATKIT_GATE": str(theirs)},
                    begin=partial(begin_as_a_child, False),
                    fds=[theirs],
                )
            except BaseException:
                os.close(gate)
                raise
            finally:
                os.close(theirs)
            self.waiting[path] = _Spare(process, gate, dict(environment))
        return self.waiting[path].process.pid

    def take(
        self, path: Path, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> Process | None:
        """Let the spare for this program begin it with `arguments`. None when there is none."""
        spare = self.waiting.get(path)
        if spare is None or spare.environment != environment:
            return None
        del self.waiting[path]
        try:
            os.write(spare.gate, b"\0".join((b"begin", *map(os.fsencode, arguments))))
        except BrokenPipeError:  # somebody has ended it
            _end(spare)
            return None
        os.close(spare.gate)
        return spare.process

    def close(self) -> None:
        """End the spares."""
        while self.waiting:
            _end(self.waiting.popitem()[1])


def _end(spare: _Spare) -> None:
    os.close(spare.gate)
    with spare.process:  # that closes its pipes and waits for it
        spare.process.kill()
