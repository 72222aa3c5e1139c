"""Look through what one student handed in, and copy what can be graded.

Whatever is wrong with it becomes a remark: no student's work stops the others. Links are never
followed, archives are unpacked within bounds, and only the caller's folders are written.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from chatkit import __version__
from chatkit._archives import (
    HAND_IN,
    MIB,
    ArchiveError,
    archive_stem,
    is_archive_name,
    is_left_out,
    readable,
    safe_name,
    unpack,
)
from chatkit.classroom.exports.handin import MANIFEST, read_manifest
from chatkit.classroom.submissions.layouts import lesson_named, program_named
from chatkit.course.lessons import Course, Lesson
from chatkit.course.places import set_aside

LISTED = 20_000  # the most entries of one folder that are looked at
ARCHIVES = 20  # the most archives of one student that are unpacked
COPIED_FILES = 200  # the most files of one lesson that are copied
COPIED_BYTES = 16 * MIB  # all of them together
COPIED_DEPTH = 8  # folders inside a lesson folder


@dataclass(frozen=True)
class Item:
    """A file or folder on the disk, under the name that it is to have."""

    name: str
    path: Path

    @property
    def opens(self) -> bool:
        """Whether there are items inside: a folder or an archive."""
        return self.path.is_dir() or is_archive_name(self.name)


def listing(folder: Path, left_out: list[tuple[str, str]]) -> list[Item]:
    """The plain files and folders in `folder`, by name; what else there is goes to `left_out`."""
    items = []
    try:
        with os.scandir(folder) as entries:
            for count, entry in enumerate(entries):
                if count == LISTED:
                    left_out.append((readable(folder.name), f"only {LISTED} entries are read"))
                    break
                if is_left_out(entry.name):
                    continue
                if entry.is_symlink():
                    left_out.append((readable(entry.name), "it is a link; links are not followed"))
                elif entry.is_dir() or entry.is_file():
                    items.append(Item(entry.name, folder / entry.name))
                else:
                    left_out.append((readable(entry.name), "it is no plain file"))
    except OSError as error:
        left_out.append((readable(folder.name), f"it cannot be read: {error.strerror}"))
    return sorted(items, key=lambda item: item.name)


def all_programs(course: Course) -> tuple[str, ...]:
    """The programs of all lessons, each once."""
    return tuple(sorted({one for lesson in course.lessons for one in lesson.programs}))


@dataclass
class Search:
    """Looks through what one student handed in."""

    course: Course
    lesson: Lesson | None  # what programs in no lesson's folder are for
    room: Path  # where archives are unpacked
    remarks: dict[str, None] = field(default_factory=dict)  # in order, each once
    opened: dict[Path, list[Item]] = field(default_factory=dict)
    promised: set[str] = field(default_factory=set)  # lessons that a manifest names
    archives: int = 0
    untold: bool = False  # there were programs, and no lesson to put them to

    def remark(self, text: str) -> None:
        self.remarks[text] = None

    def open(self, item: Item) -> list[Item]:
        """What is inside a folder or an archive; nothing, and a remark, where it cannot be read."""
        if item.path not in self.opened:
            folder = item.path if item.path.is_dir() else self.unpacked(item)
            left_out: list[tuple[str, str]] = []
            self.opened[item.path] = listing(folder, left_out) if folder else []
            for name, why in left_out:
                self.remark(f"{name} is left out: {why}.")
            if folder and any(one.name == MANIFEST for one in self.opened[item.path]):
                self.read_manifest(folder)
        return self.opened[item.path]

    def unpacked(self, item: Item) -> Path | None:
        if self.archives == ARCHIVES:
            self.remark(f"Only {ARCHIVES} archives are unpacked.")
            return None
        self.archives += 1
        folder = self.room / str(self.archives)
        try:
            for remark in unpack(item.path, folder, HAND_IN):
                self.remark(f"In {readable(item.name)}: {remark}")
        except ArchiveError as error:
            self.remark(f"{error}.")
            return None
        return folder

    def read_manifest(self, folder: Path) -> None:
        manifest = read_manifest(folder)
        if manifest is None:
            return
        self.promised |= set(manifest.lessons) & {lesson.name for lesson in self.course.lessons}
        if manifest.kit != __version__:
            self.remark(f"Packed with chatkit {manifest.kit}; this is {__version__}.")

    def lessons(self, items: list[Item], nested: bool) -> dict[str, list[Item]]:
        """The lessons among these items, each with the items of its folder.

        `nested` allows for one folder more around all of it.
        """
        found: dict[str, list[Item]] = {}
        for item in items:
            lesson = lesson_named(archive_stem(item.name), self.course) if item.opens else None
            if lesson and (inside := self.work(item)):
                self.add(found, lesson.name, inside, item)
        for item in items:
            if not found and item.name.casefold() == "lessons" and item.path.is_dir():
                found = self.lessons(self.open(item), nested=False)
        straight = self.programs(items)
        if straight and found:
            names = ", ".join(readable(item.name) for item, _ in straight.values())
            self.remark(f"Left out, for it lies beside the lesson folders: {names}.")
        elif straight and self.lesson:
            found = {self.lesson.name: items}
        elif straight:
            self.untold = True
            names = ", ".join(readable(item.name) for item, _ in straight.values())
            self.remark(f"Nothing says which lesson is meant by: {names}.")
        elif nested and not found:
            for item in items:
                if item.opens:
                    packed = not item.path.is_dir()  # An archive is no folder more.
                    for name, inside in self.lessons(self.open(item), nested=packed).items():
                        self.add(found, name, inside, item)
        return found

    def add(
        self, found: dict[str, list[Item]], lesson: str, inside: list[Item], item: Item
    ) -> None:
        if lesson in found:
            self.remark(f"{readable(item.name)} is left out: {lesson} was found before it.")
        else:
            found[lesson] = inside

    def work(self, item: Item) -> list[Item]:
        """The items of a lesson folder, also when there is one folder more around them."""
        inside = self.open(item)
        if self.programs(inside):
            return inside
        deeper = [one for one in map(self.open, filter(opens, inside)) if self.programs(one)]
        if len(deeper) > 1:
            self.remark(f"{readable(item.name)} holds {len(deeper)} folders with programs.")
        return deeper[0] if len(deeper) == 1 else []

    def programs(self, items: list[Item]) -> dict[str, tuple[Item, int]]:
        """For each program the item that is meant, and how far its name is off."""
        best: dict[str, tuple[Item, int]] = {}
        names = all_programs(self.course)
        for item in items:
            meant = None if item.path.is_dir() else program_named(item.name, names)
            if meant and (meant[0] not in best or meant[1] < best[meant[0]][1]):
                best[meant[0]] = (item, meant[1])
        return best

    # Copying

    def copy(self, items: list[Item], folder: Path) -> Path:
        """Copy a lesson's programs into `folder`, and what lies beside them: they may import it."""
        folder.mkdir(parents=True)
        chosen = self.programs(items)
        names = all_programs(self.course)
        copying = Copying(self)
        for program, (item, off) in chosen.items():
            if off:
                self.remark(f"{readable(item.name)} is taken for {program}.")
            copying.file(item, folder / program)
        for item in items:
            if set_aside(item.name):
                continue
            meant = None if item.path.is_dir() else program_named(item.name, names)
            if meant is None:
                copying.other(item, folder)
            elif item is not chosen[meant[0]][0]:
                counts = readable(chosen[meant[0]][0].name)
                self.remark(f"{readable(item.name)} is left out: {counts} counts.")
        return folder


def opens(item: Item) -> bool:
    return item.opens


@dataclass
class Copying:
    """Copies the files of one lesson, within bounds."""

    search: Search
    files: int = 0
    bytes: int = 0

    def other(self, item: Item, folder: Path, depth: int = 1) -> None:
        """Copy what is no program: a module, a folder with modules. Archives stay behind."""
        if is_archive_name(item.name) and not item.path.is_dir():
            return
        target = folder / safe_name(item.name)[0]
        if not item.path.is_dir():
            if not target.exists():
                self.file(item, target)
        elif depth > COPIED_DEPTH:
            self.search.remark(f"{readable(item.name)} is left out: it lies too deep.")
        elif not target.exists():
            target.mkdir()
            for inner in self.search.open(item):
                self.other(inner, target, depth + 1)

    def file(self, item: Item, target: Path) -> None:
        """Copy one file. One that cannot be read is left out with a remark."""
        if self.files == COPIED_FILES:
            self.search.remark(f"Only {COPIED_FILES} files of a lesson are copied.")
            return
        try:
            data = _read(item.path, COPIED_BYTES - self.bytes)
        except OSError as error:
            self.search.remark(f"{readable(item.name)} cannot be read: {error.strerror}.")
            return
        if data is None:
            limit = COPIED_BYTES // MIB
            self.search.remark(
                f"{readable(item.name)} is left out: only {limit} MiB of a lesson are copied."
            )
            return
        self.files += 1
        self.bytes += len(data)
        target.write_bytes(data)


def _read(path: Path, most: int) -> bytes | None:
    """The bytes of a plain file; None when there are more than `most`. Raises OSError.

    It may have become a link or a pipe since it was listed: neither is followed or waited for.
    """
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, os.O_RDONLY | flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "it is no plain file")
        data = file.read(most + 1)
    return data if len(data) <= most else None
