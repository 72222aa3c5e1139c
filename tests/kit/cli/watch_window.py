"""`chatkit watch` in a terminal of a size of our own, and a small lesson for it to check."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from chatkit.course.lessons import find_course

ROOT = find_course(Path(__file__).parent).root
SECONDS = 60  # that anything may take on a busy machine
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
WATCH = (sys.executable, "-m", "chatkit", "watch")


# Three checks stand for the lesson's sixteen: what is tried here is the watch.
CHECKS = """
from chatkit.bench import Bench
from chatkit.course import check, take
from . import any_server

about = dict(hint="Think.", read="Say it back", rule="lesson-1-echo")

test_ready_line = take(any_server.test_ready_line, points=6)

@check("echoes-a-line", "a line comes back", points=10, owns=("connect",), **about)
def test_echoes_a_line(bench: Bench) -> None:
    bench.start_server()
    peer = bench.connect("alice")
    peer.sends(b"hello\\n")
    peer.gets(b"hello\\n")

about["program"] = "client.py"

@check("client-connects", "the client connects", points=4, owns=("start",), **about)
def test_client_connects(bench: Bench) -> None:
    bench.listen()
    bench.start_client()
    bench.accept("server")
"""


class Window:
    """A terminal window with one command in it."""

    def __init__(self, folder: Path, *command: str, name: str = "xterm") -> None:
        self.master, self.slave = pty.openpty()
        self.resize(80, 24)
        self.before = termios.tcgetattr(self.slave)
        self.text = ""
        self.process = psutil.Popen(
            command,
            cwd=folder,
            env={**os.environ, "TERM": name, "NO_COLOR": "1", "COLUMNS": "80"},
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def reads(self, words: str) -> None:
        """Wait until `words` are shown, and forget all up to there."""
        deadline = time.monotonic() + SECONDS
        while words not in (shown := ESCAPES.sub("", self.text)):
            ended = self.process.poll() is not None
            if select.select([self.master], [], [], 0.1)[0]:
                self.text += os.read(self.master, 1 << 16).decode("utf-8", "replace")
            else:
                assert not ended and time.monotonic() < deadline, (words, shown)
        self.text = shown[shown.index(words) + len(words) :]

    def types(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def started(self) -> list[psutil.Process]:
        """Everything that the command has started, and that is still there."""
        return self.process.children(recursive=True)

    def ends(self) -> int:
        """Wait until it has ended; read what it says meanwhile."""
        deadline = time.monotonic() + SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text
            if select.select([self.master], [], [], 0.02)[0]:
                self.text += os.read(self.master, 1 << 16).decode("utf-8", "replace")
        while select.select([self.master], [], [], 0)[0]:
            self.text += os.read(self.master, 1 << 16).decode("utf-8", "replace")
        return self.process.returncode

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was, with the first screen and the cursor."""
        shown = self.text.rfind("\x1b[?1049l"), self.text.rfind("\x1b[?25h")
        hidden = self.text.rfind("\x1b[?1049h"), self.text.rfind("\x1b[?25l")
        return termios.tcgetattr(self.slave) == self.before and shown >= hidden

    def close(self) -> None:
        for process in [*self.started(), self.process] if self.process.is_running() else []:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    again = threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        again.wait(0.01)


def replace(path: Path, text: str) -> None:
    """Save as many editors do: a new file takes the place of the old one."""
    beside = path.with_name(f".{path.name}.swp")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
