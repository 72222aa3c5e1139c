"""Copy the programs of one lesson out of a hand-in, and what lies beside them, within bounds."""

import codecs
import os
import shutil
import stat
from pathlib import Path

from chatkit._archives.filenames import brief, is_archive_name, safe_name, shortened
from chatkit._archives.unpacking import HAND_IN, MIB, ODD_NAME, is_program_file
from chatkit.classroom.submissions.items import Item, LessonPrograms
from chatkit.classroom.submissions.layouts import program_named
from chatkit.classroom.submissions.search import ANOTHER_NAME, Search, all_programs
from chatkit.course.places import set_aside

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
COPIED_FILES = 200  # the most files of one lesson that are copied
COPIED_BYTES = 16 * MIB  # all of them together
COPIED_DEPTH = 8  # folders inside a lesson folder
LOOKED_AT = 5000  # the most files and folders beside the programs that are looked at


def copy_lesson(search: Search, found: LessonPrograms, folder: Path) -> bool:
    """Copy a lesson's programs into `folder`, and what lies beside them: they may import it.

    The programs go first, then modules, then all the rest. Returns whether one of the programs
    that the lesson asks for could be copied; else `folder` is not there. Raises OSError when
    `folder` cannot be written.
    """
    folder.mkdir(parents=True)
    names = all_programs(search.course)
    copying = _Copying(search)
    counting = {item.name: program for program, (item, _) in found.programs.items()}
    copied = []
    for program, (item, off) in sorted(found.programs.items()):
        if off:
            search.remark(f"{brief(item.name)} is taken for {program}.")
        if copying.file(item, folder / program):
            copied.append(program)
    others: list[tuple[tuple[str, ...], Item]] = []
    for item in found.beside:
        meant = None if item.path.is_dir() else program_named(item.name, names)
        if set_aside(item.name) or (item.name in counting and _is_plainly(item, found)):
            continue
        if meant and meant[0] in found.programs:
            counts = brief(found.programs[meant[0]][0].name)
            search.remark(f"{brief(item.name)} is left out: {counts} counts.")
            continue
        copying.gather(item, (), others)
    others.sort(key=lambda one: (not is_program_file(one[1].name), len(one[0]), one[0]))
    for parts, item in others:
        copying.other(item, folder.joinpath(*parts))
    if set(copied) & set(found.lesson.asked):
        return True
    shutil.rmtree(folder)
    for program, (item, _) in found.programs.items():
        if program in found.lesson.asked:
            search.obstacles[f"{brief(item.name)} {copying.failed.get(item, 'is left out')}"] = None
    return False


def _is_plainly(item: Item, found: LessonPrograms) -> bool:
    """Whether the item is one of the programs, under a name by which nobody imports it."""
    return any(one is item and off < ANOTHER_NAME for one, off in found.programs.values())


class _Copying:
    """Counts what is copied of one lesson."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.files = 0
        self.bytes = 0
        self.looked_at = 0
        self.failed: dict[Item, str] = {}

    def gather(
        self, item: Item, above: tuple[str, ...], found: list[tuple[tuple[str, ...], Item]]
    ) -> None:
        """Add what is no program, a module or a folder with modules. Archives stay behind."""
        self.looked_at += 1
        if self.looked_at > LOOKED_AT:
            self.search.remark(f"Only {LOOKED_AT} files of a lesson are looked at.")
            return
        parts = (*above, shortened(safe_name(item.name)[0], HAND_IN.name))
        if not item.path.is_dir():
            if not is_archive_name(item.name) and not item.lost:
                found.append((parts, item))
        elif len(parts) > COPIED_DEPTH:
            self.search.remark(f"{brief(item.name)} is left out: it lies too deep.")
        else:
            found.append((parts, item))
            for inner in self.search.open(item):
                self.gather(inner, parts, found)

    def other(self, item: Item, target: Path) -> None:
        """Copy a file, or make a folder, where nothing is yet."""
        if item.path.is_dir():
            try:
                target.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                self.excuse(item, error)
        elif not target.exists():
            self.file(item, target)

    def file(self, item: Item, target: Path) -> bool:
        """Copy one file. One that cannot be read or is too large is left out with a remark."""
        if self.files == COPIED_FILES:
            self.search.remark(f"Only {COPIED_FILES} files of a lesson are copied.")
            return False
        if item.lost:
            return self.fail(item, f"is left out: {item.lost}")
        try:
            data = _read(item.path, COPIED_BYTES - self.bytes)
        except OSError as error:
            return self.fail(item, f"cannot be read: {error.strerror}")
        if data and is_program_file(item.name) and data.startswith(UTF_16):
            data = self.as_utf_8(item, data)
        if data is None:
            limit = COPIED_BYTES // MIB
            return self.fail(item, f"is left out: only {limit} MiB of a lesson are copied")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except OSError as error:
            return self.excuse(item, error)
        self.files += 1
        self.bytes += len(data)
        return True

    def as_utf_8(self, item: Item, data: bytes) -> bytes:
        """A program that an editor saved in UTF-16, which Python does not read, in UTF-8."""
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError:
            return data
        self.search.remark(f"{brief(item.name)} was saved in UTF-16 and is read as UTF-8.")
        return text.encode("utf-8", "surrogatepass")

    def excuse(self, item: Item, error: OSError) -> bool:
        """Let pass that the system cannot keep this name; all other errors are the caller's."""
        if error.errno not in ODD_NAME:
            raise error
        return self.fail(item, "is left out: it cannot be kept under this name")

    def fail(self, item: Item, why: str) -> bool:
        self.failed[item] = why
        self.search.remark(f"{brief(item.name)} {why}.")
        return False


def _read(path: Path, most: int) -> bytes | None:
    """The bytes of a plain file; None when there are more than `most`. Raises OSError.

    It may have become a link or a pipe since it was listed: neither is followed or waited for.
    """
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, os.O_RDONLY | flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "it is not a plain file")
        data = file.read(most + 1)
    return data if len(data) <= most else None
