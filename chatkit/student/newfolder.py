"""A folder of one's own with the lessons of the kit in it, made by `chatkit init`.

    lessons/01_echo/…      the lessons, as starters
    lessons/given.json     what the kit gave, to tell later what was edited
    docs/contract.md       what every program must do

Checks and solutions stay in the kit.
"""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatkit import __version__
from chatkit._archives.unpacking import is_left_out
from chatkit._errors import UserError
from chatkit._files import WriteError, write_whole
from chatkit.course.errors import CourseError
from chatkit.course.handout import CONTRACT, without_dead_links
from chatkit.course.lessons import Course, find_course, kit_course
from chatkit.course.manifest import Fingerprints
from chatkit.course.places import beside
from chatkit.course.starters import starter

GIVEN = Path("lessons/given.json")
FORMAT = 1  # of given.json
OURS = re.compile(r"(lessons/\d\d_\w+|docs)/[\w.]+")  # what may stand in it: nothing elsewhere
PART = ".chatkit-init.part"  # where the folder is made, until all of it is there


class FolderError(UserError):
    """The folder cannot be made or read; the message is one line that says what to do."""


@dataclass(frozen=True)
class Given:
    """What the kit gave into a folder."""

    kit: str  # its version
    files: Fingerprints


def new_folder(folder: Path) -> Course:
    """Put the lessons of the kit into `folder`, which is empty or not there yet.

    Returns the course in it. It holds all lessons or none. Raises FolderError, StarterError, and
    CourseError when the kit has no lessons.
    """
    entries = lessons_of(kit_course())
    part = folder / PART
    try:
        if folder.exists() and not folder.is_dir():
            raise FolderError(f"{folder} is a file: name a new folder")
        if folder.is_dir() and any(not _may_stay(path.name) for path in folder.iterdir()):
            raise FolderError(f"{folder} is not empty: name a new folder, such as my-chat")
        made = not folder.exists()
        try:
            shutil.rmtree(part, ignore_errors=True)  # what an earlier try has left
            for name, data in entries.items():
                write_whole(part / name, data)
            write_given(part, entries)
            for room in sorted(part.iterdir()):  # docs, then lessons: those make it a course
                room.rename(folder / room.name)
        finally:
            shutil.rmtree(part, ignore_errors=True)
            if made and folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    except WriteError as error:
        raise FolderError(f"nothing is made: {error}") from None
    except OSError as error:
        raise FolderError(f"{error.filename or folder}: {error.strerror or error}") from None
    return find_course(folder)


def lessons_of(course: Course) -> dict[str, bytes]:
    """The lessons, untouched, and the contract: name -> content. Raises StarterError, CourseError.

    Links to what is not among them are only words.
    """
    entries = {}
    try:
        for lesson in course.lessons:
            for name in ("README.md", "lesson.toml"):
                entries[f"lessons/{lesson.name}/{name}"] = (lesson.folder / name).read_bytes()
            for program in lesson.programs:
                entries[f"lessons/{lesson.name}/{program}"] = starter(course, lesson, program)
        contract = beside(course.root, "docs") / "contract.md"
        if contract.is_file():
            entries[CONTRACT] = contract.read_bytes()
    except OSError as error:
        raise CourseError(f"{error.filename} cannot be read: {error.strerror}") from None
    return without_dead_links(entries)


def write_given(root: Path, entries: Mapping[str, bytes]) -> None:
    """Note in `root` what the kit has given. Raises WriteError."""
    files = Fingerprints.of(entries).files
    about = {"given": FORMAT, "kit": __version__, "files": files}
    write_whole(root / GIVEN, json.dumps(about, indent=1) + "\n")


def read_given(root: Path) -> Given | None:
    """What the kit gave into `root`; None when `init` has not made it.

    Raises FolderError when it cannot be read.
    """
    file = root / GIVEN
    try:
        facts = json.loads(file.read_bytes())
        if facts["given"] != FORMAT:
            raise FolderError(f"{file} was written by another kit: install the newest chatkit")
        files = {name: digest for name, digest in facts["files"].items() if OURS.fullmatch(name)}
        return Given(str(facts["kit"]), Fingerprints(files))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FolderError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        return Given("unknown", Fingerprints())  # then everything that differs counts as edited


def _may_stay(name: str) -> bool:
    """Whether a folder with this in it still counts as empty: `.git`, `.venv`."""
    return name in (PART, ".venv", "venv") or is_left_out(name)
