"""The terminal of the watch: taken at the start, lent to a program, and always given back."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Self

from rich.console import Console, ConsoleDimensions
from rich.control import Control
from rich.screen import Screen as Whole
from rich.text import Text

from chatkit.cli.student.watching import page
from chatkit.course.lessons import Lesson
from chatkit.student.events import Event, Pressed, Redraw, Suspend
from chatkit.student.watch import Watch
from chatkit.system.terminal import jobcontrol
from chatkit.system.terminal.keyboard import Keyboard


class Terminal:
    """A screen of its own, and the keys. Use it with `with`, in the main thread."""

    def __init__(self, console: Console, put: Callable[[Event], None]) -> None:
        """`put` hears of keys, and of what the terminal itself wants."""
        self.console = console
        self.put = put
        self.keyboard = Keyboard(lambda key: put(Pressed(key)))

    def __enter__(self) -> Self:
        try:
            self._take()
        except BaseException:
            self._give_back()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back()

    def draw(self, watch: Watch, event: Event | None) -> None:
        """Draw the whole screen."""
        # rich believes COLUMNS, which stays when the window changes. Some terminals have no size.
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
        self.console.size = size = ConsoleDimensions(columns or 80, rows or 24)
        with self.console:  # one write: nothing flickers
            self.console.control(Control.home())
            self.console.print(Whole(Text("\n").join(page(watch, *size))), end="")

    def run(self, lesson: Lesson, program: str) -> None:
        """Let the student use a program, until it has ended."""
        with self._lent():
            play(lesson, program)

    def suspend(self) -> None:
        """Ctrl-Z: stop, with the terminal as the shell had it, and come back with `fg`."""
        if jobcontrol.CAN_STOP:
            with self._lent():
                jobcontrol.stop()

    def _take(self) -> None:
        self.keyboard.open()
        self.console.set_alt_screen(True)
        self.console.show_cursor(False)
        jobcontrol.hear(
            resized=lambda: self.put(Redraw()),
            stopped=lambda: self.put(Suspend()),
            resumed=self._came_back,
        )

    def _give_back(self) -> None:
        jobcontrol.hear_nothing()
        try:
            with suppress(OSError):  # the window is gone
                if self.console.is_alt_screen:
                    self.console.set_alt_screen(False)
                    self.console.show_cursor(True)
        finally:
            self.keyboard.close()

    def _came_back(self) -> None:
        """Somebody has stopped us without asking, and the shell has set the terminal back."""
        if self.keyboard.in_foreground():
            self.keyboard.take()
            self.put(Redraw())

    @contextmanager
    def _lent(self) -> Iterator[None]:
        """The terminal as it was, for somebody else."""
        self._give_back()
        stop = signal.getsignal(signal.SIGINT)
        yield  # whoever raises here ends the watch
        signal.signal(signal.SIGINT, stop)
        self._take()


def play(lesson: Lesson, program: str) -> None:
    """Run a program with `chatkit run` until it ends or Ctrl-C ends it.

    When it ends by itself, its words can be read until somebody presses Enter.
    """
    pressed: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    name = program.removesuffix(".py")
    command = [sys.executable, "-m", "chatkit", "run", str(lesson.number), name]
    with subprocess.Popen(command) as process:
        try:
            process.wait()
        except BaseException:
            process.terminate()
            raise
    if pressed:
        return
    print(f"\n{program} has ended. Press Enter to go back to the watch.", flush=True)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        sys.stdin.readline()
