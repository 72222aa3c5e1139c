"""What held the last time: a rule that runs programs is not tried again on the very same things.

The file `.trials.json` beside the folder `lessons` keeps, for each rule and lesson, a fingerprint
of everything that its verdict depends on. It changes with the lesson, its reference and checks, the
kit, the version of Python, and what the machine has for windows.
"""

import hashlib
import importlib.util
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from chatkit._files import WriteError, write_whole
from chatkit.authoring.clone import Clone
from chatkit.course.lessons import Lesson
from chatkit.course.places import BACKUPS, PACKAGE

FILE = ".trials.json"


class Held:
    """The trials that held, as the file keeps them."""

    def __init__(self, root: Path) -> None:
        self.file = root / FILE
        try:
            said = json.loads(self.file.read_bytes())
        except (OSError, ValueError):
            said = {}
        self.known: dict[str, str] = said if isinstance(said, dict) else {}

    def holds(self, title: str, fingerprint: str) -> bool:
        return self.known.get(title) == fingerprint

    def note(self, title: str, fingerprint: str) -> None:
        """The trial has held. Without the file the next run tries it again."""
        self.known[title] = fingerprint
        try:
            write_whole(self.file, json.dumps(self.known, indent=1, sort_keys=True) + "\n")
        except WriteError:
            return


def fingerprint(clone: Clone, lesson: Lesson) -> str:
    """The SHA-256 of everything that a trial of `lesson` depends on."""
    digest = hashlib.sha256(machine().encode())
    folders = [lesson.folder, lesson.solutions, clone.root / "chatkit/reference" / lesson.step]
    for part in (kit(), _digest(clone.root / "tests/lessons"), *map(_digest, folders)):
        digest.update(part.encode())
    return digest.hexdigest()


def machine() -> str:
    """Python, and what there is for windows: without it a check is skipped."""
    there = (importlib.util.find_spec("_tkinter"), shutil.which("Xvfb"), os.environ.get("DISPLAY"))
    return " ".join([sys.version, platform.python_version(), *map(str, map(bool, there))])


@cache
def kit() -> str:
    """The digest of the kit that runs, without the texts of its own course."""
    rooms = ("course", "system", "bench", "grading", "authoring")
    return "".join(_digest(PACKAGE / room) for room in rooms)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        kept = {BACKUPS, "__pycache__"}.isdisjoint(path.relative_to(folder).parts)
        if kept and path.is_file() and path.suffix != ".pyc":
            yield path
