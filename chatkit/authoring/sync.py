"""Write the views. A file that is right already stays untouched, and nothing is deleted."""

import os
import shutil
from pathlib import Path

import click

from chatkit.authoring.clone import open_clone
from chatkit.authoring.views import views
from chatkit.course.lessons import Course


def sync(course: Course, command_line: click.Group | None = None) -> list[Path]:
    """Bring every view up to date; returns the files that were written. Raises CourseError."""
    made = views(open_clone(course, command_line))
    stale = [(path, text) for path, text in made.items() if not holds(path, text)]
    for path, text in stale:
        write(path, text)
    return [path for path, _ in stale]


def holds(path: Path, text: str) -> bool:
    """Whether the file holds exactly this text, its line ends included."""
    return path.is_file() and path.read_bytes() == text.encode()


def write(path: Path, text: str) -> None:
    """Put the text in place in one step: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(text.encode())
        if path.exists():
            shutil.copymode(path, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
