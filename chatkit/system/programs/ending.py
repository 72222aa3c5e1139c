"""Ending processes for good: nothing that a program started is left, and no port stays taken."""

import contextlib
import os
import select
from collections.abc import Iterator

from chatkit.system import linux

LONGEST_END = 10.0  # seconds that a killed process may take to end


def end_orphans(keep: set[int]) -> None:
    """Kill every child of this process that is not in `keep`, and theirs that come after them."""
    while orphans := set(linux.children(os.getpid())) - keep:
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, linux.KILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


@contextlib.contextmanager
def seen_off(pids: list[int]) -> Iterator[None]:
    """Whoever kills these processes in here waits until they have ended.

    A kill(2) returns before that, and a port stays taken until then. Only on Linux, pidfd_open(2).
    """
    if not linux.LINUX:
        yield
        return
    ends: list[int] = []
    for pid in pids:
        with contextlib.suppress(OSError):  # it has gone already
            ends.append(os.pidfd_open(pid))
    try:
        yield
        for end in ends:
            waiting = select.poll()
            waiting.register(end, select.POLLIN)
            waiting.poll(LONGEST_END * 1000)
    finally:
        for end in ends:
            os.close(end)
