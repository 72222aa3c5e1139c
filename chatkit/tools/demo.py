"""The demo: the finished server and two windows of the finished client, to play with."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from chatkit._errors import Unavailable
from chatkit.bench.bench import Bench
from chatkit.bench.diagnosis import exited
from chatkit.bench.failure import Failure
from chatkit.bench.window import Window
from chatkit.bench.windows.conversation import GAP, NAMES, converse
from chatkit.system.display import Display

REFERENCE = Path(__file__).parents[1] / "reference"
PROGRAMS = {
    "server.py": REFERENCE / "nicknames" / "server.py",
    "client.py": REFERENCE / "gui" / "client.py",
}
PAUSE = 1.0  # seconds in which a person can read a line before the next one comes


def play(say: Callable[[str], None]) -> None:
    """Start everything, let the windows say a few lines, and wait until both are closed.

    Nothing is left afterwards. Raises Unavailable without Tk or a desktop, Failure when a program
    fails, KeyboardInterrupt.
    """
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        raise Unavailable("there is no desktop to open windows on: DISPLAY is not set")
    with (
        Display() as display,
        Bench(lambda name: PROGRAMS[name], display=lambda: display) as bench,
    ):
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


def show(bench: Bench, windows: dict[str, Window]) -> None:
    """Open the windows side by side, and add them to `windows`. Raises Failure."""
    left = GAP
    for name in NAMES:
        windows[name] = window = bench.start_window("--name", name)
        window.appears()
        window.shows("Connected to the server")
        left = window.moves_to(left, GAP)[2] + GAP
