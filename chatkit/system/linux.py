"""What Linux tells about a process and its sockets, without touching either.

Sources: proc(5) for `/proc/PID/task/TID/{syscall,schedstat,children}` and `/proc/PID/fd`;
sock_diag(7) and linux/inet_diag.h for the sockets. The numbers of system calls are those of
x86-64 (arch/x86/entry/syscalls/syscall_64.tbl); elsewhere `READS_REST` is false.
"""

import contextlib
import ctypes
import mmap
import os
import platform
import signal
import socket
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass

# Linux with its /proc. Where that is not mounted, as in some containers, the kernel tells as little
# as other systems do, and the kit does what it does there.
LINUX = sys.platform == "linux" and os.path.isdir("/proc/self/fd")
NO_PROC = (
    "/proc is not mounted here, so checks wait for a quiet time and see less"
    if sys.platform == "linux" and not LINUX
    else ""
)
READS_REST = (
    LINUX
    and platform.machine() == "x86_64"
    and all(os.path.exists(f"/proc/self/{name}") for name in ("syscall", "schedstat"))
)

# What ends a process at once. Windows has no SIGKILL; there os.kill does that with SIGTERM.
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)

ESTABLISHED, SYN_SENT, CLOSE_WAIT, LISTEN = 1, 2, 8, 10  # include/net/tcp_states.h


@dataclass(frozen=True)
class Socket:
    """One TCP socket as the kernel sees it. Queues are in bytes."""

    state: int
    host: str
    port: int
    waiting_in: int  # arrived and not read; for a listener: connections not accepted
    waiting_out: int  # sent and not acknowledged
    inode: int
    received: int | None = None  # bytes that have arrived in all; None: nobody is there to read


# ---------------------------------------------------------------------------------- sockets

_REQUEST = struct.Struct("=IHHII BBBBI HH16s16sI8s")
_DUMP = 0x300
_SOCK_DIAG_BY_FAMILY, _DONE, _ERROR = 20, 3, 2
_TCP_INFO = 2  # INET_DIAG_INFO: the answer carries a struct tcp_info
_BYTES_RECEIVED = 128  # where tcpi_bytes_received stands in it (linux/tcp.h)
_MESSAGE = 72  # bytes of struct inet_diag_msg
_NO_COOKIE = b"\xff" * 8

Address = tuple[str, int]


def _ask(
    family: int, states: int, flags: int, extras: int, here: Address, there: Address
) -> list[Socket]:
    if not LINUX:
        return []

    def address(host: str) -> bytes:
        return socket.inet_pton(family, host).ljust(16, b"\0") if host else bytes(16)

    request = _REQUEST.pack(
        *(_REQUEST.size, _SOCK_DIAG_BY_FAMILY, 0x1 | flags, 1, 0),
        *(family, socket.IPPROTO_TCP, extras, 0, states),
        *(socket.htons(here[1]), socket.htons(there[1])),
        *(address(here[0]), address(there[0]), 0, _NO_COOKIE),
    )
    found: list[Socket] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as netlink:  # NETLINK_SOCK_DIAG
        netlink.send(request)
        while True:
            answer = netlink.recv(1 << 16)
            at = 0
            while at < len(answer):
                length, kind = struct.unpack_from("=IH", answer, at)
                if kind in (_DONE, _ERROR):
                    return found
                found.append(_read_socket(answer[at + 16 : at + length]))
                at += (length + 3) & ~3
            if not flags & _DUMP:
                return found


def _read_socket(message: bytes) -> Socket:
    family, state = message[0], message[1]
    (port,) = struct.unpack_from("!H", message, 4)
    host = socket.inet_ntop(family, message[8 : 12 if family == socket.AF_INET else 24])
    waiting_in, waiting_out, _, inode = struct.unpack_from("=IIII", message, 56)
    received, at = None, _MESSAGE
    while at + 4 <= len(message):
        length, kind = struct.unpack_from("=HH", message, at)
        if kind == _TCP_INFO and length >= _BYTES_RECEIVED + 12:
            (received,) = struct.unpack_from("=Q", message, at + 4 + _BYTES_RECEIVED)
        at += max(4, (length + 3) & ~3)
    return Socket(state, host, port, waiting_in, waiting_out, inode, received)


def listeners(port: int = 0) -> list[Socket]:
    """All listening TCP sockets of this network namespace, or those on `port`; none elsewhere."""
    return [
        found
        for family in (socket.AF_INET, socket.AF_INET6)
        for found in _ask(family, 1 << LISTEN, _DUMP, 0, ("", port), ("", 0))
    ]


def attempts(port: int) -> list[Socket]:
    """The sockets of this network namespace that try to connect to `port` and wait."""
    return _ask(socket.AF_INET, 1 << SYN_SENT, _DUMP, 0, ("", 0), ("", port))


def connection(family: int, here: Address, there: Address) -> Socket | None:
    """The socket at `here` that is connected to `there`; None when it is no more, or not Linux."""
    if not LINUX:
        return None
    found = _ask(family, 0xFFF, 0, 1 << (_TCP_INFO - 1), here, there)
    # Without such a connection the kernel answers with the listener that would take a new one.
    return found[0] if found and found[0].state != LISTEN else None


# -------------------------------------------------------------------------------- processes


def tree(pid: int) -> list[int]:
    """`pid` and every process that descends from it and is still there."""
    pids, new = [pid], [pid]
    while new:
        new = [child for parent in new for child in children(parent)]
        pids += new
    return pids


def children(pid: int) -> list[int]:
    """The child processes of `pid`."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in tasks(pid):
            found += map(int, content(f"/proc/{pid}/task/{task}/children").split())
    return found


def content(path: str) -> bytes:
    """What a small file of /proc says. `open` takes thrice as long, and this is most of a look."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 1 << 16)
    finally:
        os.close(file)


_LIBC = ctypes.CDLL(None) if LINUX else None


def die_with_parent(by: int = KILL) -> None:
    """Called in a child before it becomes a program: if the bench is killed, so is the program.

    PR_SET_PDEATHSIG, prctl(2). `by` is the signal that it gets.
    """
    assert _LIBC
    _LIBC.prctl(1, by, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own: PR_SET_CHILD_SUBREAPER, prctl(2).

    A program that turns itself into a daemon stays findable that way.
    """
    assert _LIBC
    _LIBC.prctl(36, 1, 0, 0, 0)


def resident(pid: int) -> int:
    """How many bytes of memory a process holds; 0 when it is gone. proc_pid_statm(5)."""
    try:
        return int(content(f"/proc/{pid}/statm").split()[1]) * mmap.PAGESIZE
    except (OSError, IndexError):
        return 0


def open_files(pid: int) -> list[str]:
    """What each open file of `pid` is: a path, or "socket:[inode]", "pipe:[inode]" …"""
    found: list[str] = []
    with contextlib.suppress(OSError):
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found.append(os.readlink(f"/proc/{pid}/fd/{number}"))
    return found


def socket_inodes(pids: list[int]) -> set[int]:
    """The inodes of all sockets that these processes hold."""
    return {
        int(name[8:-1]) for pid in pids for name in open_files(pid) if name.startswith("socket:[")
    }


# ---------------------------------------------------------------------------------- threads

# Waiting without end in one of these is rest: read, write, readv, writev, accept, sendto, recvfrom,
# sendmsg, recvmsg, wait4, pause, rt_sigsuspend, waitid, accept4.
_UNTIMED = {0, 1, 19, 20, 43, 44, 45, 46, 47, 61, 34, 130, 247, 288}
_SENDS = {1, 20, 44, 46}  # write, writev, sendto, sendmsg
_FILES = {0, 1, 19, 20}  # these also read and write files
# These wait without end when the argument at this place is no time-out: (place, what it is then).
_POINTER = {202: 3, 23: 4, 270: 4, 271: 2, 128: 2, 441: 3}  # futex, select, pselect6, ppoll, …
_MILLISECONDS = {7: 2, 232: 3, 281: 3}  # poll, epoll_wait, epoll_pwait: -1 is for ever
_SLEEPS = {35, 230}  # nanosleep, clock_nanosleep
# A poll(2) of nothing for this many milliseconds: a thread that the scheduler makes pause, see
# `agent/chatkit_turns.py`. It goes on by itself, and soon: it counts as one that runs.
PAUSE = 1
# All others, such as open, may also stand still for a disk.
_ONLY_WAIT = (_UNTIMED - _FILES) | _POINTER.keys() | _MILLISECONDS.keys() | _SLEEPS


@dataclass(frozen=True)
class Thread:
    """Where one thread stands. Times are in nanoseconds since the thread began."""

    waits: str  # "untimed": parked until something comes; "timed": until a time; "" it runs
    sending: bool  # it waits until somebody reads
    ran: int
    turns: int  # how often it was given a processor
    place: bytes = b""  # where it waits: its stack pointer and program counter
    queued: int = 0  # for how long it was ready and had no processor
    pid: int = 0  # the process that it belongs to
    call: tuple[bytes, ...] = ()  # the system call in which it waits, as proc_pid_syscall(5) has it


def tasks(pid: int) -> set[int]:
    """The ids of a process's threads.

    The folder has one link for each, and two of its own (Linux, fs/proc/base.c): to count them
    takes a third of the time that it takes to list them, and most processes have one.
    """
    place = f"/proc/{pid}/task"
    try:
        return {pid} if os.stat(place).st_nlink == 3 else set(map(int, os.listdir(place)))
    except OSError:
        return set()


def outer_ids(pid: int) -> dict[int, int]:
    """The ids of a process's threads: as they are called in its own namespace -> as we call them.

    See NSpid in proc_pid_status(5).
    """
    found: dict[int, int] = {}
    for id in tasks(pid):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{id}/status") as file:
            names = next((line for line in file if line.startswith("NSpid:")), f"NSpid: {id}")
            found[int(names.split()[-1])] = id
    return found


def threads(pids: list[int]) -> dict[int, Thread]:
    """Every thread of these processes by its id. A thread that ends meanwhile is left out."""
    found: dict[int, Thread] = {}
    for pid in pids:
        there = tasks(pid)
        for task in there:
            place = f"/proc/{pid}/task/{task}/"
            with contextlib.suppress(OSError, ValueError):
                try:
                    call = content(place + "syscall").split()
                except PermissionError:  # it has given back its memory, and is about to end
                    call = [b"-1"]
                ran, queued, turns = map(int, content(place + "schedstat").split())
                waits, number = _waits(call), int(call[0]) if len(call) > 6 else -1
                if number not in _ONLY_WAIT and call != [b"running"]:
                    state = _state(place)
                    if state in b"ZX" and len(there) == 1:
                        continue  # it has ended and waits for its parent
                    if state == b"D":
                        waits = ""  # it waits for a disk or the like, which is no rest
                place_in_code = b" ".join(call[-2:]) if waits else b""
                sends = number in _SENDS
                told = tuple(call) if waits else ()
                found[task] = Thread(waits, sends, ran, turns, place_in_code, queued, pid, told)
    return found


def asleep(ids: Iterable[int]) -> bool:
    """Whether each of these threads sleeps, or is stopped, by its state in proc_pid_stat(5).

    `threads` cannot tell: of a thread that is about to end it shows the call that it was in.
    """
    for id in ids:
        with contextlib.suppress(OSError):
            if _state(f"/proc/{id}/") not in b"STt":
                return False
    return True


def stopped(pids: list[int]) -> bool:
    """Whether every thread of these processes stands still after a SIGSTOP, or is gone.

    kill(2) returns before that: a thread that waits in recv(2) may still take what arrives.
    """
    for pid in pids:
        for task in tasks(pid):
            with contextlib.suppress(OSError):
                if _state(f"/proc/{pid}/task/{task}/") not in b"TtZX":
                    return False
    return True


def _waits(call: list[bytes]) -> str:
    if len(call) < 7:
        return ""  # it runs, or waits outside of a system call
    number = int(call[0])
    if number in _UNTIMED:
        return "untimed"
    if number in _POINTER:
        return "timed" if int(call[1 + _POINTER[number]], 16) else "untimed"
    if number == 7 and int(call[2], 16) == 0 and int(call[3], 16) == PAUSE:
        return ""
    if number in _MILLISECONDS:
        left = int(call[1 + _MILLISECONDS[number]], 16) & 0xFFFFFFFF
        return "untimed" if left == 0xFFFFFFFF else "timed"
    return "timed"


def _state(place: str) -> bytes:
    """The letter for a thread's state in proc_pid_stat(5): R, S, D, Z …"""
    return content(place + "stat").rpartition(b")")[2].split()[0]
