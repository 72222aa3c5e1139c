"""The demo: the finished server and two windows of the finished client, to play with."""

from collections.abc import Callable
from pathlib import Path

from chatkit._errors import Unavailable
from chatkit.bench.bench import Bench
from chatkit.bench.diagnosis import exited
from chatkit.course.lessons import Course, kit_course
from chatkit.course.places import PACKAGE
from chatkit.system.display import Display, has_own
from chatkit.system.program import Program

NAMES = ("alice", "bob")


def play(say: Callable[[str], None]) -> None:
    """Start everything and wait until both windows are closed. Nothing is left afterwards.

    The client is that of the first lesson with a window, the server the one that it gives. Raises
    Unavailable without Tk or a desktop, Failure when a program fails, KeyboardInterrupt.
    """
    server, client = programs(kit_course())
    if has_own():
        raise Unavailable("there is no desktop to open windows on: DISPLAY is not set")
    with Display(), Bench(lambda _: server) as bench:
        bench.start_server()
        host, port = bench.address
        say(f"A server runs on {host}:{port}. Two windows open: {' and '.join(NAMES)}.")
        say("Close both windows, or press Ctrl-C here, to end it.")
        arguments = ["--host", host, "--port", str(port), "--name"]
        windows = [bench.adopt(Program(client, [*arguments, name])) for name in NAMES]
        while any(window.status is None for window in windows):
            bench.pump(0.5)
        for window in windows:
            if window.status:
                raise exited(window)


def programs(course: Course) -> tuple[Path, Path]:
    """The finished server and client of the first lesson with a window. Raises Unavailable."""
    for lesson in course.lessons:
        if lesson.window:
            names = ("server.py", "client.py")
            server, client = (
                PACKAGE / "reference" / lesson.given.get(name, lesson.step) / name for name in names
            )
            return server, client
    raise Unavailable("this course has no lesson with a window")
