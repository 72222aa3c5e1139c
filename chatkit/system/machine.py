"""What a run needs of this machine: asked before each run, and after one with failures.

A right program fails where nothing can connect, where no thread can be started, or where no file
can be opened. That is never the program's fault. So this process tries what checks need, and gives
it back; that takes a few milliseconds.
"""

import _thread
import contextlib
import errno
import os
import re
import socket
import sys
import tempfile
import threading
from dataclasses import dataclass

import psutil

from chatkit.system.ports import free_port

HOST = "127.0.0.1"
SECONDS = 5  # for a connection of this machine to itself, and for a thread to begin
LEAST_THREADS = 10  # for the smallest lesson
THREADS = 80  # the largest check has a server with 30 clients, and two threads for each
THREADS_OF_A_WORKER = 8  # with a window: a display, a helper, and a client
FILES = 46  # a client each, and what the bench has open besides
MEMORY = 64 << 20  # bytes
DISK = 64 << 10  # bytes for a temporary file

# What programs and Python say when the system refuses them something; errno(3).
REFUSED = re.compile(
    r"\[Errno (11|12|23|24|27|28|122)\]|can't start new thread|unable to start notifier thread"
    r"|MemoryError|No space left on device|No usable temporary directory"
)
# The cure where something else has failed for that.
SEE = "this machine refused it something: see the lines temp folder and limits"


@dataclass(frozen=True)
class Lack:
    """Something that this machine does not give."""

    name: str  # "threads"
    told: str  # "it starts no more than 7 threads, and a run needs 40"
    cure: str

    def __str__(self) -> str:
        return f"{self.told}. Cure: {self.cure}"


def lack(workers: int = 1, *, least: bool = False) -> Lack | None:
    """The first thing that a run with so many workers needs and does not get, or None.

    With `least` it asks for no more threads than every lesson needs: a small one may do where a
    large one would not. Where checks have failed, the most that a lesson needs is asked for.
    """
    threads = LEAST_THREADS if least else THREADS
    return (
        lacks_loopback()
        or lacks_files()
        or lacks_threads(threads if workers == 1 else THREADS_OF_A_WORKER * workers)
        or lacks_memory()
        or lacks_disk()
    )


def lacks_loopback() -> Lack | None:
    """Connect to this machine itself, and listen where the system chooses."""
    try:
        talks_to_itself(socket.AF_INET, HOST)
        with socket.socket() as probe:
            probe.bind((HOST, 0))  # as a program does that is told to take any port
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            return lacks_files()
        told = f"a connection to {HOST} does not work: {error}"
        cure = "look at your VPN, proxy or virus scanner"
        if error.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
            cure = "all ports may be in use: close programs with many connections, wait a minute"
        if sys.platform == "linux" and not _is_up():
            cure = "switch the loopback network on: sudo ip link set lo up"
        return Lack("loopback", told, cure)
    return None


def _is_up() -> bool:
    """Whether the interface of loopback is switched on, as far as the system tells."""
    with contextlib.suppress(psutil.Error, OSError, KeyError):
        return psutil.net_if_stats()["lo"].isup
    return True


def talks_to_itself(family: int, host: str) -> None:
    """Listen, connect, and send a byte there and back. Raises OSError."""
    with socket.socket(family) as listener, socket.socket(family) as client:
        listener.settimeout(SECONDS)
        client.settimeout(SECONDS)
        # Port 0 would be one for outgoing connections, which may all be in use.
        listener.bind((host, free_port(host) if family == socket.AF_INET else 0))
        listener.listen()
        client.connect(listener.getsockname()[:2])
        server, _ = listener.accept()
        with server:
            server.settimeout(SECONDS)
            client.sendall(b"?")
            server.sendall(server.recv(1))
            if client.recv(1) != b"?":
                raise OSError("the byte did not come back")


def lacks_files(needed: int = FILES) -> Lack | None:
    """Open so many files at once."""
    opened: list[int] = []
    try:
        while len(opened) < needed:
            opened.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return Lack(
            "open files",
            f"no more than {len(opened)} files can be opened at once, and a run needs {needed}",
            "close other programs, or raise the limit: ulimit -n shows it, ulimit -n 1024 sets it",
        )
    finally:
        for one in opened:
            os.close(one)
    return None


def lacks_threads(needed: int = THREADS) -> Lack | None:
    """Start so many threads at once. On Linux a process counts as one.

    Without `threading.Thread`: its `start` waits for ever for a thread that finds no memory.
    """
    end, here, gone = threading.Event(), threading.Semaphore(0), threading.Semaphore(0)

    def stay() -> None:
        here.release()
        try:
            end.wait()
        finally:  # it may find no memory to wait
            gone.release()

    # A thread that finds no memory says so on standard error. We say it in our own words.
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    started = arrived = left = 0
    with contextlib.suppress(RuntimeError, MemoryError):
        while started < needed:
            _thread.start_new_thread(stay, ())
            started += 1
    while arrived < started and here.acquire(timeout=SECONDS):
        arrived += 1
    end.set()
    while arrived > left and gone.acquire(timeout=SECONDS):  # or none to say that it goes
        left += 1
    sys.unraisablehook = hook
    if arrived == needed:
        return None
    return Lack(
        "threads",
        f"no more than {arrived} threads or processes can be started at once, and a "
        f"run needs {needed}",
        "close other programs, or raise the limit: ulimit -u and ulimit -v show it, "
        "and in a container it is --pids-limit",
    )


def lacks_memory(needed: int = MEMORY) -> Lack | None:
    """Look at what is left, for programs that would have to be ended otherwise."""
    # There is no /proc, or Windows has its performance counters switched off (a RuntimeError).
    with contextlib.suppress(psutil.Error, OSError, ValueError, RuntimeError):
        left = psutil.virtual_memory().available
        if left < needed:
            left += psutil.swap_memory().free
        if left < needed:
            told = f"{left >> 20} MB of memory are left, and a run needs {needed >> 20}"
            return Lack("memory", told, "close other programs")
    return None


def lacks_disk(needed: int = DISK) -> Lack | None:
    """Write a temporary file."""
    try:
        with tempfile.TemporaryFile(buffering=0) as file:
            file.write(bytes(needed))
    except OSError as error:  # also when tempfile finds no folder at all
        return Lack(
            "temp folder",
            f"no temporary file can be written: {error.strerror or error}",
            "free some space, or set TMPDIR to another folder",
        )
    return None
