"""The demo: the finished server and two windows of the finished client, to play with."""

from collections.abc import Callable, Mapping
from pathlib import Path

from chatkit._errors import Unavailable
from chatkit.bench.bench import Bench
from chatkit.bench.diagnosis import exited
from chatkit.bench.failure import Failure
from chatkit.bench.window import Window
from chatkit.bench.windows.conversation import GAP, NAMES, converse
from chatkit.course.lessons import STARTED, Course, kit_course
from chatkit.course.places import PACKAGE
from chatkit.system.display import Display, has_own

PAUSE = 1.0  # seconds in which a person can read a line before the next one comes


def play(say: Callable[[str], None]) -> None:
    """Start everything, let the windows say a few lines, and wait until both are closed.

    Nothing is left afterwards. The client is that of the first lesson with a window, the server the
    one that it gives. Raises Unavailable without Tk or a desktop, Failure when a program fails,
    KeyboardInterrupt.
    """
    found = programs(kit_course())
    if has_own():
        raise Unavailable("there is no desktop to open windows on: DISPLAY is not set")
    with Display() as display, bench_of(found, display) as bench:
        bench.start_server()
        host, port = bench.address
        say(f"A server runs on {host}:{port}. Two windows open: {' and '.join(NAMES)}.")
        say("They say a few lines by themselves. Then type in them, too.")
        say("Close both windows, or press Ctrl-C here, to end it.")
        windows: dict[str, Window] = {}

        def closed() -> bool:
            return any(window.program.status is not None for window in windows.values())

        try:
            show(bench, windows)
            converse(windows, lambda: bench.wait(closed, seconds=PAUSE, patient=True))
        except Failure:
            if not closed():
                raise
        while any(window.program.status is None for window in windows.values()):
            bench.pump(0.5)
        for window in windows.values():
            if window.program.status:
                raise exited(window.program)


def programs(course: Course) -> dict[str, Path]:
    """The finished server and client of the first lesson with a window. Raises Unavailable."""
    for lesson in course.lessons:
        if lesson.window:
            return {
                name: PACKAGE / "reference" / lesson.given.get(name, lesson.step) / name
                for name in STARTED
            }
    raise Unavailable("this course has no lesson with a window")


def bench_of(found: Mapping[str, Path], display: Display) -> Bench:
    """A bench for these programs, which opens its windows on `display`."""
    return Bench(found.__getitem__, display=lambda: display)


def show(bench: Bench, windows: dict[str, Window]) -> None:
    """Open the windows side by side, and add them to `windows`. Raises Failure."""
    left = GAP
    for name in NAMES:
        windows[name] = window = bench.start_window("--name", name)
        window.appears()
        window.shows("Connected to the server")
        left = window.moves_to(left, GAP)[2] + GAP
