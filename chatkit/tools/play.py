"""Classroom mode: one machine runs the server of lesson 4, and all the others join."""

import contextlib
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

from chatkit._errors import Unavailable
from chatkit.course.errors import CourseError
from chatkit.course.lessons import Course
from chatkit.system.ports import free_port
from chatkit.system.signals import signals_held
from chatkit.system.spawn import AS_A_CHILD, plain_environment
from chatkit.system.windows import WINDOWS
from chatkit.tools.tap import Tap

STEP = "nicknames"
HERE = "127.0.0.1"
SECONDS = 5  # that a server has to end after Ctrl-C
TURN = 0.2  # seconds at the most until a door that is to close does so


def finished_server(course: Course) -> Path:
    """The finished server of lesson 4: a solution, or one that a later lesson gives.

    Raises Unavailable in a hand-out that has neither.
    """
    for lesson in course.lessons:
        if lesson.step == STEP and (lesson.solutions / "server.py").is_file():
            return lesson.solutions / "server.py"
        if lesson.given.get("server.py") == STEP:
            return lesson.folder / "server.py"
    yours = ""
    with contextlib.suppress(CourseError, Unavailable):
        own_server(course)
        yours = ". To run your own: chatkit play --mine"
    raise Unavailable(
        f"the finished server is not here: your instructor keeps the solutions{yours}"
    )


def own_server(course: Course) -> Path:
    """The student's server of lesson 4. Raises CourseError without the lesson, or Unavailable."""
    server = course.lesson(STEP).folder / "server.py"
    if not server.is_file():
        raise Unavailable(f"{server} is missing: name your server like that")
    return server


class Door:
    """A way in over IPv6, by a tap: the servers of the course listen at addresses of IPv4."""

    def __init__(self, host: str, port: int, server: tuple[str, int]) -> None:
        """Open it. Raises OSError when one cannot listen there."""
        self.tap = Tap((host, port), server, lambda event, data: None)
        self.port = self.tap.address[1]
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with self.tap:
            while not self.ending.is_set():
                self.tap.turn(TURN)

    def close(self) -> None:
        """End every connection."""
        self.ending.set()
        self.thread.join(SECONDS)


class Room:
    """A running server. Close it, or use it with `with`, and everybody's connection has ended."""

    def __init__(self, server: Path, host: str, port: int) -> None:
        """Start it. On Linux it ends with us even when we are killed, see `die_with_parent`.

        With a `host` of IPv6 it listens at `HERE`, until it has its `Door`.
        """
        self.forced = False  # it did not end on Ctrl-C
        self.wanted = (host, port)
        self.door: Door | None = None
        if ":" in host:
            host, port = HERE, free_port(HERE)
        with signals_held():
            self.process = subprocess.Popen(
                [sys.executable, str(server), "--host", host, "--port", str(port)],
                cwd=server.parent,
                env={
                    **plain_environment(),
                    "PYTHONUNBUFFERED": "1",
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "PYTHONIOENCODING": "utf-8",
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # Ctrl-C at the terminal is ours to pass on
                preexec_fn=AS_A_CHILD,
            )
        self.printed: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                self.printed.put(line)
        self.printed.put(None)

    def line(self, seconds: float) -> str | None:
        """The next line that the server prints; "" if there is none for so long, None at its end.

        Others choose what stands in it: no character reaches the terminal that steers it.
        """
        try:
            line = self.printed.get(timeout=seconds)
        except queue.Empty:
            return ""
        if line is None:
            self.printed.put(None)  # it stays ended
            return None
        return "".join(one if one.isprintable() else "?" for one in line.rstrip("\r\n"))

    def opens(self, port: int) -> int:
        """The server is ready at `port`: where others can join. Raises OSError for a door."""
        if ":" not in self.wanted[0]:
            return port
        self.door = Door(*self.wanted, (HERE, port))
        return self.door.port

    def status(self) -> int | None:
        """The exit status of a server that has ended by itself; None if it goes on in silence."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(SECONDS)
        return None

    def close(self) -> None:
        """End it with Ctrl-C, as its contract says; after `SECONDS` by force."""
        if self.door:
            self.door.close()
        try:
            if not WINDOWS:  # there Ctrl-C at the terminal has reached it already
                self.process.send_signal(signal.SIGINT)
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.forced = True
        finally:
            self.process.kill()
            self.process.wait()
            self.reader.join(SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
