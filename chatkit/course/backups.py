"""Earlier versions of a student's programs, numbered, beside the programs themselves.

    lessons/01_echo/backups/001/server.py

A backup is written elsewhere in `backups`, and gets its number only when all of it is on the disk.
Only then is a program replaced, and that as a whole: whenever a disk is full or somebody presses
Ctrl-C, the student's version is in the lesson or in a backup, or in both.
"""

import difflib
import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chatkit._errors import UserError
from chatkit._files import WriteError, write_whole
from chatkit.course.lessons import Course, Lesson
from chatkit.course.manifest import same
from chatkit.course.places import BACKUPS, new_name
from chatkit.course.starters import starter


class BackupError(UserError):
    """A version cannot be kept or brought back; the message is one line that says what to do."""


@dataclass(frozen=True)
class Backup:
    """One earlier version of some programs of a lesson."""

    number: int
    folder: Path  # lessons/01_echo/backups/001
    made: datetime  # local time
    files: tuple[str, ...]  # "server.py"


def backups(lesson: Lesson) -> list[Backup]:
    """The backups of a lesson, the oldest first. Raises BackupError when they cannot be read."""
    found = []
    try:
        for folder in sorted((lesson.folder / BACKUPS).glob("[0-9]*")):
            files = sorted((path for path in folder.glob("*") if path.is_file()), reverse=True)
            if folder.name.isdecimal() and files:
                made = datetime.fromtimestamp(max(path.stat().st_mtime for path in files))
                names = tuple(path.name for path in files)
                found.append(Backup(int(folder.name), folder, made, names))
    except OSError as error:
        raise BackupError(f"{error.filename} cannot be read: {error.strerror}") from None
    return sorted(found, key=lambda backup: backup.number)


def backup(lesson: Lesson, number: int) -> Backup:
    """The backup of this number. Raises BackupError when there is none."""
    every = backups(lesson)
    for one in every:
        if one.number == number:
            return one
    there = ", ".join(str(one.number) for one in every)
    known = f"It has: {there}." if there else "It has none yet."
    raise BackupError(f"{lesson.name} has no backup {number}. {known}")


def edited(course: Course, lesson: Lesson, programs: Collection[str] = ()) -> dict[str, bytes]:
    """Those of `programs` (default: all of the lesson) that a student has edited, as they are now.

    A program that is missing is not among them. Raises StarterError, BackupError.
    """
    found = {}
    for program in programs or lesson.programs:
        now = _read(lesson.folder / program)
        if now is not None and not same(now, starter(course, lesson, program)):
            found[program] = now
    return found


def reset(course: Course, lesson: Lesson, programs: Collection[str] = ()) -> Backup | None:
    """Bring the starters of `programs` back (default: all of the lesson), also missing ones.

    What was edited is kept in a backup before. Returns it, and None when nothing was edited.
    Raises StarterError and BackupError; the student's programs are still there then.
    """
    wanted = programs or lesson.programs
    starters = {program: starter(course, lesson, program) for program in wanted}
    mine = edited(course, lesson, wanted)
    kept = keep(lesson.folder, mine) if mine else None
    for program, untouched in starters.items():
        path = lesson.folder / program
        if program in mine or not path.exists():
            put(path, untouched)
        new = lesson.folder / new_name(program)
        if _read(new) == untouched:  # an update laid it there; now it is the program itself
            new.unlink()
    return kept


def restore(
    course: Course, lesson: Lesson, number: int, programs: Collection[str] = ()
) -> tuple[tuple[str, ...], Backup | None]:
    """Bring back what backup `number` holds, or those of it that are called like `programs`.

    Returns which files came back, and the backup that keeps the edited versions they replaced, if
    there were any. Raises StarterError and BackupError; nothing is lost then.
    """
    wanted = backup(lesson, number)
    names = tuple(name for name in wanted.files if not programs or name in programs)
    if not names:
        there = ", ".join(wanted.files)
        raise BackupError(f"backup {number} of {lesson.name} holds only {there}")
    earlier = {name: _read(wanted.folder / name) or b"" for name in names}
    present = {}
    for name in names:
        now = _read(lesson.folder / name)
        started = starter(course, lesson, name) if name in lesson.programs else b""
        if now is not None and not same(now, started) and now != earlier[name]:
            present[name] = now
    kept = keep(lesson.folder, present) if present else None
    for name, data in earlier.items():
        put(lesson.folder / name, data)
    return names, kept


def keep(folder: Path, files: Mapping[str, bytes]) -> Backup:
    """Make a backup of these files, by name, in a lesson's folder.

    Raises BackupError; then there is no new one.
    """
    room = folder / BACKUPS
    try:
        room.mkdir(exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".", dir=room))
        try:
            beside.chmod(0o755)  # mkdtemp makes it for one person alone
            for name, data in files.items():
                write_whole(beside / name, data, lasting=True)
            return _numbered(room, beside, tuple(sorted(files, reverse=True)))
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except (WriteError, OSError) as error:
        why = getattr(error, "strerror", None) or str(error).rpartition(": ")[2]
        raise BackupError(
            f"your version cannot be kept in {room}, so nothing is changed: {why}"
        ) from None


def _numbered(room: Path, beside: Path, names: tuple[str, ...]) -> Backup:
    """Give a backup that is whole the next number; another command may take it first."""
    numbers = [int(path.name) for path in room.glob("[0-9]*") if path.name.isdecimal()]
    number = max(numbers, default=0)
    while True:
        number += 1
        folder = room / f"{number:03}"
        try:
            beside.rename(folder)  # fails where there is something already
        except OSError:
            if not folder.exists():
                raise
        else:
            return Backup(number, folder, datetime.now(), names)


def put(path: Path, data: bytes) -> None:
    """Replace a program as a whole. Raises BackupError; the earlier one is still there then."""
    try:
        write_whole(path, data, lasting=True)
    except WriteError as error:
        raise BackupError(str(error)) from None


def lines_changed(mine: bytes, untouched: bytes) -> int:
    """How many lines differ between two programs; a line that was changed counts once."""
    one, other = (data.decode("utf-8", "replace").splitlines() for data in (mine, untouched))
    steps = difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for what, a, b, c, d in steps if what != "equal")


def _read(path: Path) -> bytes | None:
    """What is in the file; None where there is none. Raises BackupError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}") from None
