"""How much of an archive is kept, and the count of it.

What is over the bounds costs itself and nothing else. In a class each student has a share.
"""

from dataclasses import dataclass, field

from chatkit._archives.filenames import folded
from chatkit._archives.formats import GIB, MIB, Entry, amount

RATIO_FROM = 4 * MIB  # a small file of one letter repeated shrinks to a thousandth: no harm in that


@dataclass(frozen=True)
class Bounds:
    """How much of an archive is kept. Sizes are in bytes."""

    files: int  # files and folders
    entries: int  # whatever it lists; over that it is refused
    file: int  # one file
    total: int  # all files together
    ratio: int  # unpacked bytes for each byte of the archive, once past RATIO_FROM
    depth: int  # names in a path
    name: int  # one name, in UTF-8; a longer one is made shorter
    read: int = GIB  # bytes of a tar, with what is left out; over that it is refused
    each_files: int | None = None  # as `files`, of what lies in one folder at the top
    each_total: int | None = None  # as `total`, of the same


# A student's hand-in is some dozen files of some kilobytes; a repository with its pictures, more.
HAND_IN = Bounds(2000, 200_000, 16 * MIB, 64 * MIB, 100, 40, 200)
# What a platform exports for 1000 students holds their hand-ins, packed already.
CLASS = Bounds(
    *(200_000, 500_000, 256 * MIB, 4 * GIB, 1000, 45, 200),
    read=64 * GIB,
    each_files=2000,
    each_total=512 * MIB,
)


@dataclass
class Budget:
    """Counts what is kept, of the whole archive and of each folder at its top."""

    bounds: Bounds
    unpacked: int  # the most bytes that an archive of this size may give
    at_top: int  # how many folders lie around everything
    bytes: int = 0
    count: int = 0  # files and folders
    folders: set[tuple[str, ...]] = field(default_factory=set)  # with folded names
    each: dict[str, list[int]] = field(default_factory=dict)  # files and bytes, by the top folder

    def refuses(self, entry: Entry, parts: tuple[str, ...]) -> str:
        """Why the file is not kept; empty when it is, and then it counts."""
        bounds, size = self.bounds, entry.size
        if size > bounds.file:
            return f"is larger than {amount(bounds.file)}"
        if entry.packed and size > max(RATIO_FROM, entry.packed * bounds.ratio):
            return f"unpacks to more than {bounds.ratio} times its size"
        if self.bytes + size > min(bounds.total, self.unpacked):
            return f"is over the {amount(min(bounds.total, self.unpacked))} that are kept"
        new = self._new_folders(parts)
        if self.count + len(new) + 1 > bounds.files:
            return f"is over the {bounds.files} files and folders that are kept"
        owner = self.each.setdefault(folded("".join(parts[self.at_top : self.at_top + 1])), [0, 0])
        if bounds.each_files is not None and owner[0] + len(new) + 1 > bounds.each_files:
            return f"is over the {bounds.each_files} files and folders of one student that are kept"
        if bounds.each_total is not None and owner[1] + size > bounds.each_total:
            return f"is over the {amount(bounds.each_total)} of one student that are kept"
        owner[0] += len(new) + 1
        owner[1] += size
        self.bytes += size
        self.count += len(new) + 1
        self.folders |= new
        return ""

    def takes_folder(self, parts: tuple[str, ...]) -> bool:
        known = tuple(map(folded, parts)) in self.folders
        return known or not self.refuses(Entry("", "folder", 0, 0), parts)

    def _new_folders(self, parts: tuple[str, ...]) -> set[tuple[str, ...]]:
        path = tuple(map(folded, parts))
        return {path[:depth] for depth in range(1, len(path))} - self.folders


def shared_by(folders: set[tuple[str, ...]]) -> tuple[str, ...]:
    """The folders that lie around all these."""
    if not folders:
        return ()
    first, last = min(folders), max(folders)
    shared = 0
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    return first[:shared]
