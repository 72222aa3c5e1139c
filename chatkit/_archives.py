"""Unpack an archive that a stranger made: plain files and folders, all of them in one place.

Everything an archive says about itself may be a lie: names, sizes, kinds. So names are made anew,
bytes are counted while they are read, and only what is a plain file or a folder is written.
"""

import bz2
import gzip
import io
import lzma
import re
import shutil
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from chatkit._errors import UserError

KIB = 1024
MIB = 1024 * KIB
CHUNK = 64 * KIB  # bytes to read at once


class ArchiveError(UserError):
    """An archive cannot be unpacked; the message is one line and begins with its name."""


@dataclass(frozen=True)
class Bounds:
    """How much an archive may hold. Sizes are in bytes."""

    files: int  # files and folders that are kept
    entries: int  # whatever it lists, also what is left out
    file: int  # one file
    total: int  # all files together; for tar all that is read, its headers too
    ratio: int  # unpacked bytes for each byte of the archive, once past RATIO_FROM
    depth: int  # names in a path
    name: int  # one name, in UTF-8


# A student's hand-in is some dozen files of some kilobytes; a repository with its pictures, more.
HAND_IN = Bounds(2000, 20_000, 16 * MIB, 64 * MIB, 100, 16, 200)
# What a platform exports for 1000 students holds their hand-ins, packed already.
CLASS = Bounds(100_000, 200_000, 256 * MIB, 2048 * MIB, 100, 20, 240)

RATIO_FROM = 4 * MIB  # a small file of one letter repeated shrinks to a thousandth: no harm in that
LISTING = 32 * MIB  # the most bytes of a zip's table of contents: zipfile holds it in memory
REMARKS = 20  # the most remarks about one archive

# What systems and tools keep for themselves. "._name" is how macOS packs a file's attributes.
LEFT_OUT = frozenset(
    (
        *("__macosx", ".ds_store", "thumbs.db", "desktop.ini"),
        *("__pycache__", ".git", ".venv", "venv", "node_modules", ".idea", ".vscode"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache"),
    )
)

# Names that Windows gives to devices, whatever follows the first dot.
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.I)

ESCAPED_BYTE = re.compile("[\udc80-\udcff]")  # how Python writes a byte that is no UTF-8 text

UNREADABLE = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, OverflowError, IndexError, KeyError),
    *(NotImplementedError, RuntimeError),  # zipfile's words for "cannot"; RecursionError is one
    MemoryError,  # asked for by a header, not by what follows it
)


def unpack(archive: Path, into: Path, bounds: Bounds = HAND_IN) -> list[str]:
    """Unpack the zip, tar, tar.gz, tar.bz2 or tar.xz file `archive` into the folder `into`.

    `into` is empty or not there yet. The first bytes tell the format, not the name. Returns remarks
    for people: what was left out or renamed, and why. Links, devices and paths to elsewhere are
    left out; names that some system cannot keep are changed; of two files with the same name the
    later one keeps it, as with every other unpacker.

    Raises ArchiveError for what is unreadable, encrypted or over the bounds, and OSError when
    `into` cannot be written. Both leave `into` as empty as it was.
    """
    if into.exists() and any(into.iterdir()):
        raise ValueError(f"{into} is not empty")
    made = not into.exists()
    place = _Place(into, bounds)
    try:
        into.mkdir(parents=True, exist_ok=True)
        with _open(archive) as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            meter = _Meter(bounds, size)
            start = file.read(265)
            file.seek(0)
            if start.startswith((b"PK\3\4", b"PK\5\6")):
                _unpack_zip(file, place, meter)
            else:
                _unpack_tar(_plain(file, start), place, meter)
    except BaseException as error:
        shutil.rmtree(into, ignore_errors=True)
        if not made:
            into.mkdir(exist_ok=True)
        if isinstance(error, ArchiveError):
            raise ArchiveError(f"{readable(archive.name)} {error}") from None
        raise
    return place.summary()


def is_archive_name(name: str) -> bool:
    """Whether a file of this name is meant to be an archive that `unpack` reads."""
    return archive_stem(name) != name


def archive_stem(name: str) -> str:
    """`name` without the ending of an archive: "alice" of "alice.tar.gz"."""
    return re.sub(r"\.(zip|tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz))$", "", name, flags=re.I) or name


def is_left_out(name: str) -> bool:
    """Whether a file or folder of this name is nobody's work: `.git`, `__pycache__`, `._x`."""
    return name.startswith("._") or name.casefold() in LEFT_OUT


def readable(text: str) -> str:
    """`text` with everything that cannot be shown in one line written as an escape.

    File names reach Python with lone surrogates for bytes that are no text: they become "\\xe9".
    """
    return "".join(one if one.isprintable() else _escaped(one) for one in text)


def _escaped(one: str) -> str:
    if ESCAPED_BYTE.match(one):
        return f"\\x{ord(one) - 0xDC00:02x}"
    return one.encode("unicode_escape").decode()


# Reading


def _open(archive: Path) -> "_Checked":
    """Open the archive. Raises ArchiveError."""
    with _reading():
        if not archive.is_file():
            raise ArchiveError("is not a file")
        return _Checked(io.FileIO(archive))


@contextmanager
def _reading() -> Iterator[None]:
    """Say in one line what a library thinks of the archive. Nothing may be written in here."""
    try:
        yield
    except UNREADABLE as error:
        why = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()
        raise ArchiveError(f"cannot be read: {readable(why[0])}") from None


class _Checked(io.BufferedReader):
    """A file that refuses to be read into memory as a whole."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > LISTING:
            raise ArchiveError("lists too many files")
        return super().read(size)


class _Meter:
    """Counts unpacked bytes, and stops at the bounds."""

    def __init__(self, bounds: Bounds, packed: int) -> None:
        self.bounds = bounds
        self.packed = packed
        self.count = 0

    def add(self, count: int) -> None:
        self.count += count
        if self.count > self.bounds.total:
            raise ArchiveError(f"holds more than {_amount(self.bounds.total)}")
        if self.count > max(RATIO_FROM, self.packed * self.bounds.ratio):
            raise ArchiveError(f"unpacks to more than {self.bounds.ratio} times its size")


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Metered(io.RawIOBase):
    """A stream that a meter watches."""

    def __init__(self, stream: _Stream, meter: _Meter) -> None:
        self.stream = stream
        self.meter = meter
        self.end = b""  # the last bytes that were read, a block of a tar

    def read(self, size: int = -1, /) -> bytes:
        data = self.stream.read(size)
        self.meter.add(len(data))
        self.end = (self.end + data)[-tarfile.BLOCKSIZE :]
        return data


def _chunks(stream: _Stream) -> Iterator[bytes]:
    while True:
        with _reading():
            chunk = stream.read(CHUNK)
        if not chunk:
            return
        yield chunk


def _unpack_zip(file: _Checked, place: "_Place", meter: _Meter) -> None:
    with _reading():
        archive = zipfile.ZipFile(file)
    with archive:
        for info in archive.infolist():
            place.entry()
            name = _zip_name(info)
            kind = stat.S_IFMT(info.external_attr >> 16)  # 0 when it was not made on Unix
            if kind == stat.S_IFLNK:
                place.leave_out(name, "it is a link")
            elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                place.leave_out(name, "it is no plain file")
            elif kind == stat.S_IFDIR or name.endswith(("/", "\\")):
                place.folder(name)
            elif parts := place.parts(name):
                if info.flag_bits & 0x1:
                    raise ArchiveError("is encrypted: pack it again without a password")
                # The others are rare, and zipfile unpacks them without a bound on memory.
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise ArchiveError("is compressed in an uncommon way: pack it again as .zip")
                with _reading():
                    stream = archive.open(info)
                with stream:
                    place.file(parts, _chunks(stream), meter)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name as its writer meant it: macOS writes UTF-8 without saying so."""
    if info.flag_bits & 0x800:  # the writer said UTF-8
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _plain(file: _Checked, start: bytes) -> _Stream:
    """The tar that `file` holds, without its compression. Raises ArchiveError for other formats."""
    for magic, what in ((b"Rar!", "a RAR"), (b"7z\xbc\xaf\x27\x1c", "a 7-Zip")):
        if start.startswith(magic):
            raise ArchiveError(f"is {what} archive: pack it again as .zip")
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if start.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if start.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMAFile(file)
    if not start:
        raise ArchiveError("is empty")
    return file


def _unpack_tar(stream: _Stream, place: "_Place", meter: _Meter) -> None:
    """Read the tar from its first byte to its last, as a stream: nothing can point back.

    The data filter of tarfile guards `extract`, which we do not use: it believes the sizes in
    headers, and keeps links that stay inside. Here a name and a kind is all we take.
    """
    written = _Meter(meter.bounds, meter.packed)  # holes of a sparse file are written, never read
    metered = _Metered(stream, meter)
    with _begin_tar(metered) as archive:
        while True:
            with _reading():
                member = archive.next()
            if member is None:
                break
            archive.members.clear()  # type: ignore[attr-defined]  # it would remember all of them
            place.entry()
            if member.issym() or member.islnk():
                place.leave_out(member.name, "it is a link")
            elif member.isdir():
                place.folder(member.name)
            elif not member.isfile():
                place.leave_out(member.name, "it is no plain file")
            elif parts := place.parts(member.name):
                with _reading():
                    data = archive.extractfile(member)
                assert data is not None  # it is a plain file
                with data:
                    if place.file(parts, _chunks(data), written) != member.size:
                        raise ArchiveError("cannot be read: its end is missing")
        # tarfile takes whatever it cannot read for the end. The true end is zeros, and all that
        # follows them.
        for chunk in _chunks(archive.fileobj):
            if chunk.strip(b"\0"):
                raise ArchiveError("cannot be read: it is damaged")
        if metered.end.strip(b"\0"):
            raise ArchiveError("cannot be read: its end is missing")


def _begin_tar(stream: _Metered) -> tarfile.TarFile:
    with _reading():
        try:
            return tarfile.open(fileobj=stream, mode="r|")
        except tarfile.ReadError:
            raise ArchiveError("is no zip or tar archive") from None


# Writing


@dataclass
class _Place:
    """The folder that is filled, and what has been said about it."""

    into: Path
    bounds: Bounds
    entries: int = 0
    made: int = 0  # files and folders
    remarks: dict[str, None] = field(default_factory=dict)  # in order, each once
    tools: dict[str, None] = field(default_factory=dict)  # names from LEFT_OUT that were met
    folders: dict[tuple[str, ...], Path] = field(default_factory=dict)  # by folded name
    files: dict[tuple[str, ...], Path] = field(default_factory=dict)  # by folded name
    taken: set[tuple[Path, str]] = field(default_factory=set)  # a folder, a folded name in it
    copies: dict[tuple[Path, str], int] = field(default_factory=dict)  # how often it was wanted

    def entry(self) -> None:
        """Count one entry of the archive's list."""
        self.entries += 1
        if self.entries > self.bounds.entries:
            raise ArchiveError(f"lists more than {self.bounds.entries} files")

    def leave_out(self, name: str, why: str) -> None:
        self.remarks[f"{readable(name)} is left out: {why}."] = None

    def parts(self, name: str) -> tuple[str, ...]:
        """The names in the path `name`, each fit to be kept; () when it is left out."""
        if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
            self.leave_out(name, "its name is an absolute path")
            return ()
        # Some packers on Windows write backslashes between folders.
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        if ".." in parts:
            self.leave_out(name, "its name points to another place")
            return ()
        if tool := next(filter(is_left_out, parts), ""):
            self.tools["._*" if tool.startswith("._") else tool] = None
            return ()
        if len(parts) > self.bounds.depth:
            raise ArchiveError(f"has folders more than {self.bounds.depth} deep")
        return tuple(map(self.named, parts))

    def named(self, part: str) -> str:
        """A name for `part` that every system can keep, with a remark when it is another one."""
        name, why = safe_name(part)
        if len(name.encode()) > self.bounds.name:
            raise ArchiveError(f"has a name of more than {self.bounds.name} bytes")
        if why:
            self.remarks[f"{readable(part)} is kept as {name}: {why}."] = None
        return name

    def folder(self, name: str) -> None:
        """Make the folder called `name`, unless it is left out."""
        self.open_folder(self.parts(name))

    def open_folder(self, parts: tuple[str, ...]) -> Path:
        """The folder for `parts`, made where it is missing. `Src` and `src` are one folder."""
        path = self.into
        for depth, part in enumerate(parts, 1):
            key = tuple(map(_folded, parts[:depth]))
            if key not in self.folders:
                if (path, key[-1]) in self.taken:  # by a file
                    part = self.free_name(path, part)
                self.count()
                self.taken.add((path, _folded(part)))
                self.folders[key] = path / part
                (path / part).mkdir()
            path = self.folders[key]
        return path

    def file(self, parts: tuple[str, ...], chunks: Iterator[bytes], meter: _Meter) -> int:
        """Write one file and return its size in bytes. Raises ArchiveError over the bounds."""
        self.count()
        folder = self.open_folder(parts[:-1])
        key = tuple(map(_folded, parts))
        name = parts[-1]
        if (folder, key[-1]) in self.taken:
            earlier = self.files.get(key)
            if earlier and _folded(earlier.name) == key[-1]:  # The later file keeps the name.
                earlier.rename(folder / self.free_name(folder, earlier.name))
            else:
                name = self.free_name(folder, name)
        self.taken.add((folder, _folded(name)))
        self.files[key] = folder / name
        size = 0
        with self.files[key].open("xb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > self.bounds.file:
                    limit = _amount(self.bounds.file)
                    raise ArchiveError(f"holds a file of more than {limit}: {readable(name)}")
                meter.add(len(chunk))
                file.write(chunk)
        return size

    def count(self) -> None:
        self.made += 1
        if self.made > self.bounds.files:
            raise ArchiveError(f"holds more than {self.bounds.files} files and folders")

    def free_name(self, folder: Path, name: str) -> str:
        """A name like `name` that nothing in `folder` has yet, with a remark."""
        stem, dot, ending = name.rpartition(".")
        if not stem:
            stem, dot, ending = name, "", ""
        wanted = (folder, _folded(name))
        while True:
            self.copies[wanted] = self.copies.get(wanted, 1) + 1
            free = f"{stem} ({self.copies[wanted]}){dot}{ending}"
            if (folder, _folded(free)) not in self.taken:
                self.taken.add((folder, _folded(free)))
                self.remarks[f"{name} is there twice: one is kept as {free}."] = None
                return free

    def summary(self) -> list[str]:
        """The remarks, the first ones when there are too many."""
        remarks = list(self.remarks)
        if self.tools:
            names = ", ".join(sorted(self.tools))
            remarks.insert(0, f"Left out what systems and tools keep for themselves: {names}.")
        if len(remarks) > REMARKS:
            remarks[REMARKS:] = [f"And {len(remarks) - REMARKS} more remarks like these."]
        return remarks


def safe_name(part: str) -> tuple[str, str]:
    """A name that every system can keep and show, like `part`, and why it differs ("" if not)."""
    why = ""
    # Western Europe's old encoding is the best guess, and has a letter for nearly every byte.
    name = ESCAPED_BYTE.sub(lambda byte: chr(ord(byte[0]) - 0xDC00), part)
    if name != part:
        why = "its bytes are no UTF-8 text"
    name = unicodedata.normalize("NFC", name)  # macOS takes letters and accents apart
    kept = "".join(one if one.isprintable() and one not in '<>:"|?*' else "_" for one in name)
    if kept != name:
        name, why = kept, why or "some characters cannot be in a file's name everywhere"
    if name.rstrip(". ") != name:
        name, why = name.rstrip(". ") or "_", why or "it ends with a dot or a space"
    if RESERVED.match(name):
        name, why = f"_{name}", "Windows keeps that name for a device"
    return name, why


def _folded(name: str) -> str:
    """What two names share when a system that ignores case takes them for one."""
    return unicodedata.normalize("NFC", name).casefold()


def _amount(size: int) -> str:
    return f"{size // MIB} MiB" if size >= MIB else f"{size} bytes"
