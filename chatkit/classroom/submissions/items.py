"""The files and folders of a hand-in, and in which of them programs lie."""

import os
from dataclasses import dataclass
from pathlib import Path

from chatkit._archives.filenames import brief, is_archive_name, is_left_out, left_out_of
from chatkit.classroom.submissions.layouts import is_stale
from chatkit.course.lessons import Lesson

LISTED = 20_000  # the most entries of one folder that are looked at, besides programs
LINK = "it is a link; links are not followed"


@dataclass(frozen=True)
class Item:
    """A file or folder on the disk, under the name that it is to have."""

    name: str
    path: Path
    lost: str = ""  # why it is not on the disk, though it was handed in

    @property
    def opens(self) -> bool:
        """Whether there are items inside: a folder or an archive."""
        return self.path.is_dir() or is_archive_name(self.name)


def listing(folder: Path, left_out: list[tuple[str, str]]) -> list[Item]:
    """The plain files and folders in `folder`, by name; what else there is goes to `left_out`."""
    items = []
    count = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                count += 1
                if count > LISTED and not entry.name.casefold().endswith((".py", ".py.txt")):
                    continue
                if is_left_out(entry.name):
                    continue
                if entry.is_symlink():
                    left_out.append((brief(entry.name), LINK))
                elif entry.is_dir() or entry.is_file():
                    items.append(Item(entry.name, folder / entry.name))
                else:
                    left_out.append((brief(entry.name), "it is not a plain file"))
    except OSError as error:
        left_out.append((brief(folder.name), f"it cannot be read: {error.strerror}"))
    if count > LISTED:
        told = f"{count - LISTED} of its {count} entries are not looked at, only programs are"
        left_out.append((brief(folder.name), told))
    tools = left_out_of([item.name for item in items])
    return sorted((one for one in items if one.name not in tools), key=lambda item: item.name)


Programs = dict[str, tuple[Item, int]]  # for each program the file, and how far its name is off


@dataclass(frozen=True)
class Location:
    """A folder in which programs lie."""

    lesson: Lesson | None
    items: tuple[Item, ...]
    programs: Programs
    trail: tuple[str, ...]  # the folders that lead to it
    off: int  # how far its name is from that of the lesson

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The lowest is the place that is meant."""
        return any(map(is_stale, self.trail)), len(self.trail), self.off

    @property
    def name(self) -> str:
        return brief("/".join(self.trail)) or "the hand-in itself"


@dataclass(frozen=True)
class LessonPrograms:
    """The programs of one lesson, and what lies beside them."""

    lesson: Lesson
    programs: Programs
    beside: tuple[Item, ...]
