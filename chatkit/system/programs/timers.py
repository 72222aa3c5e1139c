"""What wakes a program although nobody does anything: time-outs of its calls, and timers.

A call such as poll(2) shows its time-out among its arguments, as a number or as an address in the
program's memory. A time-out that was set on a socket (SO_RCVTIMEO, SO_SNDTIMEO, socket(7)) is not
shown there: a copy of the socket tells it, pidfd_getfd(2). Timers are no calls at all. One of
timerfd_create(2) stands among the open files, and those of timer_create(2) in `/proc/PID/timers`.
That of setitimer(2) and alarm(2) is shown nowhere, but a program that has one must be prepared for
SIGALRM, and that is shown.

Other sources: proc_pid_syscall(5), proc_pid_mem(5), proc_pid_fdinfo(5), proc_pid_status(5), and
select(2), futex(2), clock_nanosleep(2) for their arguments.
"""

import contextlib
import ctypes
import os
import re
import signal
import socket
import struct
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from chatkit.system import linux
from chatkit.system.linux import Thread

# Longer than any pause that is graded: who waits so long counts as waiting without end.
LONGEST = 15.0  # seconds

_PIDFD_GETFD = 438  # arch/x86/entry/syscalls/syscall_64.tbl
_SENDS = {1, 20, 44, 46}  # write, writev, sendto, sendmsg
_SOCKET_CALLS = _SENDS | {0, 19, 43, 45, 47, 288}  # read, readv, accept, recvfrom, recvmsg, accept4
_TIMES = struct.Struct("ll")  # struct timespec, and struct timeval
# The place of the address of a time-out, and how many of its units a second has.
_ADDRESSES = {
    23: (4, 10**6),
    270: (4, 10**9),
    271: (2, 10**9),
    128: (2, 10**9),
    441: (3, 10**9),
    35: (0, 10**9),
    230: (2, 10**9),
    202: (3, 10**9),
}
_MILLISECONDS = {7: 2, 232: 3, 281: 3}  # poll, epoll_wait, epoll_pwait
_FUTEX, _CLOCK_NANOSLEEP, _SIGWAIT = 202, 230, 128  # the last one is rt_sigtimedwait
_WAIT_BITSET, _REALTIME, _OPERATION = 9, 256, 127  # linux/futex.h
_ABSOLUTE = 1  # TIMER_ABSTIME
_ALARM = 1 << (signal.Signals.SIGALRM - 1) if linux.LINUX else 0
_ARMED = re.compile(rb"it_value: \((\d+), (\d+)\)")

_libc = ctypes.CDLL(None, use_errno=True) if linux.LINUX else None


def seconds_left(thread: Thread) -> float | None:
    """For how many seconds the thread's call waits at most, counted from now or from its start.

    None when it waits without end, or when nobody can tell.
    """
    if thread.waits == "untimed":
        return None
    with contextlib.suppress(OSError, ValueError, struct.error):
        number, *arguments = _parsed(thread)
        if number in _MILLISECONDS:
            return (arguments[_MILLISECONDS[number]] & 0x7FFFFFFF) / 1000
        if number in _ADDRESSES:
            place, units = _ADDRESSES[number]
            whole, rest = _TIMES.unpack(_memory(thread.pid, arguments[place], _TIMES.size))
            seconds: float = whole + rest / units - _began(number, arguments)
            return max(0.0, seconds)
        if number in _SOCKET_CALLS:
            return _of_socket(thread)
    return None


def _parsed(thread: Thread) -> list[int]:
    """The number of the call, and its six arguments. Raises ValueError when it is in none."""
    if not thread.call:
        raise ValueError("it is in no system call")
    return [int(thread.call[0]), *(int(word, 16) for word in thread.call[1:7])]


def _began(number: int, arguments: list[int]) -> float:
    """What the clock of an absolute time shows now; 0.0 where times are relative."""
    if number == _FUTEX and arguments[1] & _OPERATION == _WAIT_BITSET:
        realtime = arguments[1] & _REALTIME
        return time.clock_gettime(time.CLOCK_REALTIME if realtime else time.CLOCK_MONOTONIC)
    if number == _CLOCK_NANOSLEEP and arguments[1] & _ABSOLUTE:
        return time.clock_gettime(arguments[0])
    return 0.0


def _memory(pid: int, address: int, size: int) -> bytes:
    file = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(file, size, address)
    finally:
        os.close(file)


def _of_socket(thread: Thread) -> float | None:
    """The time-out that is set on the socket of the call; None without one. Raises OSError."""
    if not linux.LINUX:
        return None
    assert _libc
    number, end, *_ = _parsed(thread)
    if not os.readlink(f"/proc/{thread.pid}/fd/{end}").startswith("socket:"):
        return None
    process = os.pidfd_open(thread.pid)
    try:
        copy = _libc.syscall(_PIDFD_GETFD, process, end, 0)
    finally:
        os.close(process)
    if copy < 0:
        return None  # the system does not let us look
    with socket.socket(fileno=copy) as twin:
        option = socket.SO_SNDTIMEO if number in _SENDS else socket.SO_RCVTIMEO
        whole, rest = _TIMES.unpack(twin.getsockopt(socket.SOL_SOCKET, option, _TIMES.size))
    seconds: float = whole + rest / 1e6
    return seconds or None


class Timeouts:
    """What is known of the time-outs of some programs. Remembers what it has looked up."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Thread, str]] = {}  # as it was seen, and how it waits

    def judged(self, threads: Mapping[int, Thread], look: bool) -> dict[int, Thread]:
        """The same threads, each "timed" or "untimed" by what is to be seen of its time-out.

        Who waits for longer than `LONGEST` seconds counts as "untimed". Without `look`, what was
        seen before must do for a thread that waits in the same call again.
        """
        found: dict[int, Thread] = {}
        for id, thread in threads.items():
            seen, waits = self.known.get(id, (None, ""))
            if seen != thread and not (seen and not look and seen.call == thread.call):
                waits = _waits(thread) if look else thread.waits
            if look:
                self.known[id] = thread, waits
            found[id] = thread if waits == thread.waits else replace(thread, waits=waits)
        return found


def _waits(thread: Thread) -> str:
    """How it waits, as `Thread.waits`, by all that is to be seen."""
    if thread.waits == "timed":
        seconds = seconds_left(thread)
        return "untimed" if seconds is not None and seconds > LONGEST else "timed"
    if thread.waits == "untimed":
        with contextlib.suppress(OSError, ValueError, struct.error):
            number, first, *_ = _parsed(thread)
            if number in _SOCKET_CALLS:
                seconds = _of_socket(thread)
                return "untimed" if seconds is None or seconds > LONGEST else "timed"
            if number == _SIGWAIT:  # while it waits for a signal, that one is not shown as blocked
                (signals,) = struct.unpack("Q", _memory(thread.pid, first, 8))
                return "timed" if signals & _ALARM else "untimed"
    return thread.waits


def may_ring(pids: Iterable[int], alarms: bool = True) -> bool:
    """Whether a timer of one of these processes may go off within `LONGEST` seconds.

    Without `alarms` only those count of which one sees that they are set. A timer that is due shows
    no time any more, as one that is not set: see `may_be_due`.
    """
    for pid in pids:
        with contextlib.suppress(OSError):
            if alarms and (linux.content(f"/proc/{pid}/timers") or _expects_an_alarm(pid)):
                return True
        if any(0 < seconds <= LONGEST for seconds in _timer_files(pid)):
            return True
    return False


def may_be_due(pids: Iterable[int]) -> bool:
    """Whether a timer of one of these processes is not set, or is due and has not gone off yet.

    The two look the same, timerfd_create(2): 0 is left in both. A timer goes off with an interrupt,
    and on a busy machine, most of all a virtual one, that comes later than the time that was set.
    """
    return any(seconds == 0 for pid in pids for seconds in _timer_files(pid))


def _expects_an_alarm(pid: int) -> bool:
    """Whether SIGALRM would do something else than to end the process. Raises OSError."""
    status = linux.content(f"/proc/{pid}/status")
    masks = re.findall(rb"^(?:SigBlk|SigCgt):\s*([0-9a-f]+)", status, re.MULTILINE)
    return any(int(mask, 16) & _ALARM for mask in masks)


def _timer_files(pid: int) -> Iterable[float]:
    """After how many seconds each timer goes off that `pid` has as an open file; 0: see above."""
    with contextlib.suppress(OSError):
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/fd/{number}") != "anon_inode:[timerfd]":
                    continue
                armed = _ARMED.search(linux.content(f"/proc/{pid}/fdinfo/{number}"))
                if armed:
                    yield int(armed[1]) + int(armed[2]) / 1e9
