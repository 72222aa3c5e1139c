"""For what the threads of a process wait in the kernel, and for how long (Linux on x86-64 only).

Sources: proc_pid_syscall(5), poll(2), epoll_wait(2), select(2), futex(2).
"""

import contextlib
import math
from pathlib import Path

from chatkit.system import linux

_NAMES = {
    0: "read",
    1: "write",
    7: "poll",
    23: "select",
    35: "nanosleep",
    42: "connect",
    43: "accept",
    44: "sendto",
    45: "recvfrom",
    46: "sendmsg",
    47: "recvmsg",
    61: "wait4",
    202: "futex",
    230: "clock_nanosleep",
    232: "epoll_wait",
    247: "waitid",
    270: "pselect6",
    271: "ppoll",
    281: "epoll_pwait",
    288: "accept4",
}
_MILLISECONDS = {7: 2, 232: 3, 281: 3}  # the place of the argument; -1 is for ever
_POINTERS = {23: 4, 202: 3, 270: 4, 271: 2}  # the place of a pointer to a time; 0 is for ever
_SLEEPS = {35, 230}


def waits(pid: int) -> tuple[tuple[str, float | None], ...]:
    """For each thread that waits in the kernel: the system call, and its time-out in seconds.

    None is no time-out; NaN is one whose length only the memory of the process tells. A thread
    that runs is left out. Empty elsewhere than on Linux, and when the process has gone.
    """
    found: list[tuple[str, float | None]] = []
    for task in sorted(linux.tasks(pid)) if linux.READS_REST else ():
        with contextlib.suppress(OSError, ValueError):
            call = Path(f"/proc/{pid}/task/{task}/syscall").read_text("ascii").split()
            if len(call) > 6 and int(call[0]) in _NAMES:
                found.append((_NAMES[int(call[0])], _seconds(call)))
    return tuple(found)


def _seconds(call: list[str]) -> float | None:
    number = int(call[0])
    if number in _MILLISECONDS:
        left = int(call[1 + _MILLISECONDS[number]], 16) & 0xFFFFFFFF
        return None if left == 0xFFFFFFFF else left / 1000
    if number in _POINTERS:
        return math.nan if int(call[1 + _POINTERS[number]], 16) else None
    return math.nan if number in _SLEEPS else None
