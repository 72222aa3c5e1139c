"""Pictures of the window: the finished programs hold a conversation on a display of their own."""

import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from chatkit._errors import Unavailable
from chatkit._files import write_whole
from chatkit.authoring.site.picture import svg
from chatkit.bench.bench import Bench
from chatkit.bench.windows.conversation import GAP, converse
from chatkit.course.lessons import Course
from chatkit.system.display import Display

PORT = 5501
Edges = tuple[int, int, int, int]  # left, upper, right and lower edge, in pixels


def take(course: Course, folder: Path) -> Iterator[Path]:
    """Hold the conversation and write the pictures into `folder`; yield each file.

    Raises Unavailable without Tk, Xvfb or Pillow, Failure when a program does not do its part.
    """
    lesson = next(one for one in course.lessons if one.window)
    programs = {"client.py": lesson.solutions, "server.py": lesson.folder}
    with (
        Display(own=True) as display,
        Bench(lambda name: programs[name] / name, display=lambda: display) as bench,
    ):
        camera = Camera(display, folder)
        server = bench.start_server(port=PORT)
        alice = bench.start_window("--name", "alice")
        alice.appears()
        left = alice.moves_to(GAP, GAP)
        alice.shows("Connected to the server")
        bob = bench.start_window()
        bob.appears()
        bench.settle()  # a window may be there a moment before what is in it
        (box,) = bob.boxes()
        dialog = bob.view().windows[-1]
        asked = bob.moves_to(left[2] + GAP, GAP, dialog)
        bob.types("bob", box)
        bob.focuses(dialog)
        yield camera.shoot("start.png", asked)
        bob.presses_enter(box)
        bob.shows("Connected to the server")
        right = bob.moves_to(left[2] + GAP, GAP)
        alice.shows("bob connected to the server!")
        yield camera.shoot("connected.png", left)
        converse({"alice": alice, "bob": bob}, lambda: None)
        bob.focuses(".")  # no cursor blinks in its box
        yield camera.shoot("messaging.png", (left[0], left[1], right[2], right[3]))
        yield console(server.output.lines, folder / "server.svg")


class Camera:
    """Takes pictures of a display."""

    def __init__(self, display: Display, folder: Path) -> None:
        try:
            from PIL import ImageGrab
        except ImportError:
            raise Unavailable(
                "Pillow is not installed: pip install --require-hashes -r requirements.lock"
            ) from None
        self.grab = ImageGrab.grab
        self.display = display
        self.folder = folder

    def shoot(self, name: str, edges: Edges) -> Path:
        """Write what is to be seen within `edges` to a file."""
        before = dict(os.environ)
        os.environ.update(self.display.environment)  # the library looks for the cookie there
        try:
            image = self.grab(bbox=edges, xdisplay=self.display.environment["DISPLAY"])
        finally:
            os.environ.clear()
            os.environ.update(before)
        image.save(self.folder / name, optimize=True)
        return self.folder / name


def console(lines: list[str], target: Path) -> Path:
    """Draw what a program has printed as a terminal."""
    paper = Console(record=True, width=60, file=StringIO(), force_terminal=True)
    for line in lines:
        paper.print(Text(line))
    write_whole(target, svg(paper, "python server.py", "The console of the server"))
    return target
