"""As whom the processes of a program run, and what the kernel bounds of each of them.

Sources: setrlimit(2), prlimit(2).
"""

import contextlib
import platform
import re
from functools import cache
from typing import TypedDict

PROCESSOR = 120  # seconds of processor time
FILE = 32 << 20  # bytes of the largest file that it may write
FILES = 1024  # open files
TASKS = 1024  # threads and processes; 64 processes are allowed, but they are only counted at times


class Who(TypedDict, total=False):
    """Arguments of `subprocess.Popen` that say as whom a program runs."""

    user: int
    group: int
    extra_groups: list[str | int]


def limits() -> None:
    """Called in a child before it becomes a program: bounds that the kernel keeps. setrlimit(2)."""
    import resource  # not on Windows

    for which, most in _bounds().items():
        resource.setrlimit(which, (most, most))


def limit(pid: int) -> None:
    """Give a running process the same bounds, and one on tasks; what it starts inherits them.

    That is prlimit(2), for the first tier. A bound that is lower already stays. To set them in a
    child of ours would need a copy of this process, fork(2), and a program that sets them and then
    becomes the next one, prlimit(1), takes as long as a tenth of Python's start.
    """
    import resource

    with contextlib.suppress(ProcessLookupError):
        for which, most in bounds().items():
            _, hard = resource.prlimit(pid, which)
            if hard == resource.RLIM_INFINITY or hard > most:
                resource.prlimit(pid, which, (most, most))


def bounds() -> dict[int, int]:
    """What the kernel keeps of each isolated process: RLIMIT_… -> how much, setrlimit(2)."""
    return _bounds() | _bound_on_tasks()


@cache
def _bounds() -> dict[int, int]:
    """There is none on the address space: threads reserve much more of it than they use."""
    import resource

    return {
        resource.RLIMIT_CPU: PROCESSOR,
        resource.RLIMIT_FSIZE: FILE,
        resource.RLIMIT_NOFILE: FILES,
        resource.RLIMIT_CORE: 0,
    }


@cache
def _bound_on_tasks() -> dict[int, int]:
    """Since Linux 5.14 the kernel counts a user's tasks for each user namespace.

    Before, it would count those of whoever grades.
    """
    import resource

    release = [int(part) for part in re.findall(r"\d+", platform.release())[:2]]
    return {resource.RLIMIT_NPROC: TASKS} if release >= [5, 14] else {}
