"""Unpack an archive that a stranger made: plain files and folders, all of them in one place.

Names are made anew, and only what is a plain file or a folder is written. What is too large, too
many, too deep or damaged costs that file, not the archive: it is left out with a remark. Programs
are taken first, small files before large ones. An archive is refused when its list cannot be read,
or when nothing can be had from it.
"""

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chatkit._archives.bounds import CLASS, HAND_IN, RATIO_FROM, Bounds, Budget, shared_by
from chatkit._archives.filenames import (
    RESERVED,
    archive_stem,
    brief,
    folded,
    is_archive_name,
    is_left_out,
    left_out_of,
    readable,
    safe_name,
    shortened,
)
from chatkit._archives.formats import MIB, ArchiveError, Chunks, Entry, opened

__all__ = [
    "CLASS",
    "HAND_IN",
    "MIB",
    "RESERVED",
    "ArchiveError",
    "Bounds",
    "Lost",
    "Unpacked",
    "archive_stem",
    "is_archive_name",
    "is_left_out",
    "readable",
    "safe_name",
    "unpack",
]


LONGEST_PATH = 1500  # bytes; PATH_MAX is 4096 on Linux and 1024 on macOS
SHORT_NAME = 32  # bytes of each name in a path that is longer
REMARKS = 20  # the most remarks about one archive

# What the system says of a file that only has an odd name; all else is about our disk.
ODD_NAME = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ENOENT}


@dataclass(frozen=True)
class Lost:
    """A file that an archive lists and that could not be kept."""

    parts: tuple[str, ...]  # its path, each name as it would have been kept
    why: str  # "it is larger than 16 MiB"


@dataclass(frozen=True)
class Unpacked:
    """What there is to say about an archive that was unpacked."""

    remarks: list[str]  # for people: what was left out or renamed, and why
    lost: list[Lost]  # what could not be kept; links and the files of tools are not meant


def unpack(archive: Path, into: Path, bounds: Bounds = HAND_IN) -> Unpacked:
    """Unpack the zip, tar, tar.gz, tar.bz2 or tar.xz file `archive` into the folder `into`.

    `into` is empty or not there yet. The first bytes tell the format, not the name. Links, devices
    and paths to elsewhere are left out; names that some system cannot keep are changed; of two
    files with the same name the later one keeps it, as with every other unpacker. What is over the
    bounds is left out, programs last.

    Raises ArchiveError when the list cannot be read, when every file is encrypted or damaged or
    over the bounds, or a program of a hand-in is damaged; and OSError when `into` cannot be
    written. Both leave `into` as empty as it was.
    """
    if into.exists() and any(into.iterdir()):
        raise ValueError(f"{into} is not empty")
    made = not into.exists()
    try:
        into.mkdir(parents=True, exist_ok=True)
        place = _Place(into, bounds)
        with opened(archive, bounds.entries, bounds.read) as source:
            size = archive.stat().st_size
            wanted = place.choose(source.entries, size)
            for number, chunks in source.contents(set(wanted)):
                place.file(wanted[number], chunks)
        place.make_folders()
        place.must_hold_something()
    except BaseException as error:
        shutil.rmtree(into, ignore_errors=True)
        if not made:
            into.mkdir(exist_ok=True)
        if isinstance(error, ArchiveError):
            raise ArchiveError(f"{brief(archive.name)} {error}") from None
        raise
    return Unpacked(list(place.summary()), place.lost)


def is_program_file(name: str) -> bool:
    """Whether a file of this name may be a program, a module or the list of a hand-in."""
    return name.casefold().endswith((".py", ".py.txt", ".json", ".toml"))


@dataclass
class _Place:
    """The folder that is filled, and what has been said about it."""

    into: Path
    bounds: Bounds
    remarks: dict[str, None] = field(default_factory=dict)  # in order, each once
    lost: list[Lost] = field(default_factory=list)
    tools: dict[str, None] = field(default_factory=dict)  # names of tools' files that were met
    empty: list[tuple[str, ...]] = field(default_factory=list)  # folders that are listed
    kept: int = 0  # files
    folders: dict[tuple[str, ...], Path] = field(default_factory=dict)  # by folded name
    files: dict[tuple[str, ...], Path] = field(default_factory=dict)  # by folded name
    taken: set[tuple[Path, str]] = field(default_factory=set)  # a folder, a folded name in it
    copies: dict[tuple[Path, str], int] = field(default_factory=dict)  # how often it was wanted

    # Choosing, from the list alone

    def choose(self, entries: list[Entry], size: int) -> dict[int, tuple[str, ...]]:
        """Which entries of an archive of `size` bytes are kept: their numbers, with their paths."""
        named: dict[int, tuple[str, ...]] = {}
        of_tools = _of_tools([_split(entry.name) for entry in entries])
        for number, entry in enumerate(entries):
            parts = self.parts(entry, of_tools)
            if parts and entry.kind == "folder":
                self.empty.append(parts)
            elif parts:
                named[number] = parts
        order = sorted(named, key=lambda one: (_rank(named[one][-1]), entries[one].size, one))
        at_top = shared_by({parts[:-1] for parts in named.values()} - {()})
        budget = Budget(self.bounds, max(RATIO_FROM, size * self.bounds.ratio), len(at_top))
        chosen: dict[int, tuple[str, ...]] = {}
        for number in order:
            if why := entries[number].trouble or budget.refuses(entries[number], named[number]):
                self.lose(named[number], why)
            else:
                chosen[number] = named[number]
        around = [lost.parts[:-1] for lost in self.lost if len(lost.parts) > 1]
        wanted = dict.fromkeys([*around, *self.empty])  # who lost a file is there all the same
        self.empty = [parts for parts in wanted if budget.takes_folder(parts)]
        return chosen

    def parts(self, entry: Entry, of_tools: set[tuple[str, ...]]) -> tuple[str, ...]:
        """The names in the path of an entry, each fit to be kept; () when it is left out."""
        name = entry.name
        if entry.kind == "link":
            self.leave_out(name, "it is a link")
            return ()
        if entry.kind == "other":
            self.leave_out(name, "it is not a plain file")
            return ()
        if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
            self.leave_out(name, "its name is an absolute path")
            return ()
        parts = _split(name)
        if ".." in parts:
            self.leave_out(name, "its name points to another place")
            return ()
        for depth, part in enumerate(parts):
            if is_left_out(part) or parts[: depth + 1] in of_tools:
                tool = part if is_left_out(part) or not depth else parts[depth - 1]
                self.tools["._*" if tool.startswith("._") else readable(tool)] = None
                return ()
        kept = self.named(parts)
        if len(parts) > self.bounds.depth:
            self.lose(kept, f"it lies more than {self.bounds.depth} folders deep")
            return ()
        return kept

    def named(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """Names for `parts` that every system can keep, with a remark where they are others."""
        most = self.bounds.name
        if sum(len(part.encode("utf-8", "surrogatepass")) + 1 for part in parts) > LONGEST_PATH:
            most = min(most, SHORT_NAME)
        kept = []
        for part in parts:
            name, why = safe_name(part)
            short = shortened(name, most)
            if short != name:
                name, why = short, "its name is too long"
            if why:
                self.remarks[f"{brief(part)} is kept as {name}: {why}."] = None
            kept.append(name)
        return tuple(kept)

    def leave_out(self, name: str, why: str) -> None:
        self.remarks[f"{brief(name)} is left out: {why}."] = None

    def lose(self, parts: tuple[str, ...], why: str) -> None:
        why = why if why.startswith("it ") else f"it {why}"
        self.lost.append(Lost(parts, why))
        self.leave_out("/".join(parts), why)

    # Writing

    def open_folder(self, parts: tuple[str, ...]) -> Path:
        """The folder for `parts`, made where it is missing. `Src` and `src` are one folder."""
        path = self.into
        for depth, part in enumerate(parts, 1):
            key = tuple(map(folded, parts[:depth]))
            if key not in self.folders:
                if (path, key[-1]) in self.taken:  # by a file
                    part = self.free_name(path, part)
                self.taken.add((path, folded(part)))
                (path / part).mkdir()
                self.folders[key] = path / part
            path = self.folders[key]
        return path

    def make_folders(self) -> None:
        """Make the folders that are listed, also those in which nothing was kept."""
        for parts in self.empty:
            with _or_odd_name():
                self.open_folder(parts)

    def file(self, parts: tuple[str, ...], chunks: Chunks) -> None:
        """Write one file; what cannot be read or kept under that name is lost."""
        path: Path | None = None
        try:
            path = self.new_file(parts)
            with path.open("xb") as file:
                for chunk in chunks:
                    file.write(chunk)
            self.kept += 1
            return
        except ArchiveError as error:
            why = str(error)
        except OSError as error:
            if error.errno not in ODD_NAME:
                raise
            why = "cannot be kept under this name"
        if path:
            path.unlink(missing_ok=True)
        self.lose(parts, why)

    def new_file(self, parts: tuple[str, ...]) -> Path:
        """Where to write a file. One that has this name already gets another one."""
        folder = self.open_folder(parts[:-1])
        key = tuple(map(folded, parts))
        name = parts[-1]
        if (folder, key[-1]) in self.taken:
            earlier = self.files.get(key)
            if earlier and folded(earlier.name) == key[-1] and earlier.exists():
                earlier.rename(folder / self.free_name(folder, earlier.name))
            else:
                name = self.free_name(folder, name)
        self.taken.add((folder, folded(name)))
        self.files[key] = folder / name
        return self.files[key]

    def free_name(self, folder: Path, name: str) -> str:
        """A name like `name` that nothing in `folder` has yet, with a remark."""
        stem, dot, ending = name.rpartition(".")
        if not stem:
            stem, dot, ending = name, "", ""
        wanted = (folder, folded(name))
        while True:
            self.copies[wanted] = self.copies.get(wanted, 1) + 1
            free = f"{stem} ({self.copies[wanted]}){dot}{ending}"
            if (folder, folded(free)) not in self.taken:
                self.taken.add((folder, folded(free)))
                self.remarks[f"{name} is there twice: one is kept as {free}."] = None
                return free

    # In the end

    def must_hold_something(self) -> None:
        """Raise ArchiveError when nothing could be had, or a program of a hand-in is damaged."""
        alone = self.bounds.each_files is None  # the hand-in of one student
        for lost in self.lost:
            reason = lost.why.removeprefix("it ")
            damaged = reason.startswith(("cannot be read", "is encrypted", "is compressed"))
            if not self.kept or (alone and damaged and is_program_file(lost.parts[-1])):
                raise ArchiveError(reason if damaged else f"holds {lost.parts[-1]}, which {reason}")

    def summary(self) -> Iterator[str]:
        """The remarks, the first ones when there are too many."""
        if self.tools:
            names = ", ".join(sorted(self.tools)[:REMARKS])
            yield f"Left out what systems and tools keep for themselves: {names}."
        remarks = list(self.remarks)
        most = REMARKS - bool(self.tools)
        yield from remarks[:most]
        if len(remarks) > most:
            yield f"And {len(remarks) - most} more remarks like these."


def _rank(name: str) -> int:
    """Programs first, then what is packed and may hold programs, then all the rest."""
    return 0 if is_program_file(name) else 1 if is_archive_name(name) else 2


def _split(name: str) -> tuple[str, ...]:
    """The names in a path. Some packers on Windows write backslashes between folders."""
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _of_tools(paths: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """The paths of what is no work, for what lies beside it says so: see `left_out_of`."""
    inside: dict[tuple[str, ...], set[str]] = {}
    for path in set(paths):
        for depth in range(len(path)):
            inside.setdefault(path[:depth], set()).add(path[depth])
    return {(*folder, name) for folder, names in inside.items() for name in left_out_of(names)}


@contextmanager
def _or_odd_name() -> Iterator[None]:
    """Let pass that a system cannot keep a name."""
    try:
        yield
    except OSError as error:
        if error.errno not in ODD_NAME:
            raise
