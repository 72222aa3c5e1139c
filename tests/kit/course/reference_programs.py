"""The reference programs as processes, and a peer that talks to them."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = ROOT / "chatkit" / "reference"
STEPS = ("echo", "broadcast", "threads", "nicknames")
ROOMS = STEPS[1:]
DEADLINE = 20.0
linux_only = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="reads /proc")


def command(step: str, program: str, how: str) -> list[str]:
    """How to start a reference program: as a script or as a module."""
    if how == "module":
        return [sys.executable, "-u", "-m", f"chatkit.reference.{step}.{program}"]
    return [sys.executable, "-u", str(REFERENCE / step / f"{program}.py")]


class Process:
    """A running program whose output is read at all times, so that it never waits for us."""

    def __init__(self, *args: str) -> None:
        self.popen = subprocess.Popen(
            args,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=restore_ctrl_c if os.name == "posix" else None,
        )
        self.news = threading.Condition()
        self.out = bytearray()
        self.err = bytearray()
        self.readers = [
            threading.Thread(target=self.drain, args=pipe, daemon=True)
            for pipe in ((self.popen.stdout, self.out), (self.popen.stderr, self.err))
        ]
        for reader in self.readers:
            reader.start()

    def drain(self, pipe, text: bytearray) -> None:
        while data := pipe.read1(65536):
            with self.news:
                text += data
                self.news.notify_all()

    def type(self, text: str) -> None:
        self.popen.stdin.write(text.encode())
        self.popen.stdin.flush()

    def prints(self, wanted: str) -> str:
        """Wait until the output holds `wanted`; return all of the output."""
        with self.news:
            there = self.news.wait_for(lambda: wanted.encode() in self.out, DEADLINE)
        assert there, f"{wanted!r} never came: {self.out!r} {self.err!r}"
        return self.out.decode()

    def ends(self) -> int:
        """Wait for the end of the process and of its output; return the exit status."""
        status = self.popen.wait(DEADLINE)
        for reader in self.readers:
            reader.join(DEADLINE)
        return status

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *exception: object) -> None:
        self.popen.kill()
        self.ends()
        for pipe in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            with contextlib.suppress(OSError):
                pipe.close()


def restore_ctrl_c() -> None:
    """A shell's background jobs ignore Ctrl-C, and what they start inherits that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def running_server(step: str, how: str = "script") -> Iterator[tuple[Process, int]]:
    """A server on a free port, and that port."""
    with Process(*command(step, "server", how), "--port", "0") as server:
        server.prints("\n")
        ready = re.match(r"Server running on 127\.0\.0\.1:(\d+)\n", server.out.decode())
        assert ready, (server.out, server.err)
        yield server, int(ready[1])


class Peer:
    """A plain connection that reads line by line."""

    def __init__(self, port: int, name: str = "") -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self.lines = self.sock.makefile("rb")
        if name:
            assert self.line() == "NICK"
            self.say(name)
            assert self.line() == "Connected to the server"

    def say(self, text: str) -> None:
        self.sock.sendall(text.encode() + b"\n")

    def line(self) -> str:
        return self.lines.readline().decode().removesuffix("\n")

    def close(self) -> None:
        self.lines.close()
        self.sock.close()

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def until(holds: Callable[[], bool], what: str) -> None:
    """Look again and again until it holds."""
    end = time.monotonic() + DEADLINE
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < end, what
        pause.wait(0.005)
