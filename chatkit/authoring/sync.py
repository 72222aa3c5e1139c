"""Write the views. A file that is right already stays untouched, and nothing is deleted.

What somebody has typed into a view is kept before: a program of a lesson as `chatkit reset` keeps
it, anything else in the folder `backups` at the top.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from chatkit._files import write_whole
from chatkit.authoring.clone import open_clone
from chatkit.authoring.known import remember, typed
from chatkit.authoring.views import views
from chatkit.course.backups import Backup, keep
from chatkit.course.lessons import Course, Lesson
from chatkit.course.manifest import same


@dataclass(frozen=True)
class Kept:
    """A backup of what somebody had typed."""

    backup: Backup
    lesson: Lesson | None  # whose programs these are; None for other files


@dataclass(frozen=True)
class Synced:
    """What `sync` has done."""

    written: tuple[Path, ...]
    kept: tuple[Kept, ...]


def sync(course: Course, command_line: click.Group | None = None) -> Synced:
    """Bring every view up to date. Raises CourseError, and BackupError when a file cannot be kept:
    then nothing is written."""
    made = views(open_clone(course, command_line))
    stale = {path: text for path, text in made.items() if not holds(path, text)}
    kept = keep_typed(course, stale)
    for path, text in stale.items():
        write_whole(path, text)
    remember(course.root, made)
    return Synced(tuple(stale), kept)


def keep_typed(course: Course, stale: Mapping[Path, str]) -> tuple[Kept, ...]:
    """Keep what is in these files and in no view, where new texts would take it away."""
    losing = [path for path, text in stale.items() if path.is_file() and loses(path, text)]
    mine = typed(course.root, losing)
    rest = dict.fromkeys(mine)
    kept = []
    for lesson in course.lessons:
        programs = [path for path in mine if path.parent == lesson.folder and path.suffix == ".py"]
        if programs:
            files = {path.name: path.read_bytes() for path in programs}
            kept.append(Kept(keep(lesson.folder, files), lesson))
            rest = {path: None for path in rest if path not in programs}
    if rest:
        files = {path.relative_to(course.root).as_posix(): path.read_bytes() for path in rest}
        kept.append(Kept(keep(course.root, files), None))
    return tuple(kept)


def loses(path: Path, text: str) -> bool:
    """Whether a line of the file would be gone: texts of lessons may only get new ones."""
    there = path.read_bytes()
    if same(there, text.encode()):
        return False
    after = iter(text.splitlines())
    return not all(line in after for line in there.decode(errors="replace").splitlines())


def holds(path: Path, text: str) -> bool:
    """Whether the file holds exactly this text, its line ends included."""
    return path.is_file() and path.read_bytes() == text.encode()
