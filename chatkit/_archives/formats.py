"""Read zip and tar archives that strangers made: what they list, and the bytes of what is wanted.

Everything an archive says about itself may be a lie. So bytes are counted while they are read, and
nothing is read into memory as a whole. What is written, and where, is the business of `unpacking`.
"""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from chatkit._archives.filenames import readable
from chatkit._errors import UserError

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
HEADER = MIB  # the most bytes before an entry of a tar: they are read into memory as a whole
CHUNK = 64 * KIB  # bytes to read at once
LISTING = 128 * MIB  # the most bytes of a zip's table of contents: zipfile holds it in memory

UNREADABLE = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, OverflowError, IndexError, KeyError),
    *(NotImplementedError, RuntimeError),  # zipfile's words for "cannot"; RecursionError is one
    MemoryError,  # asked for by a header, not by what follows it
)
ZIPPED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

Kind = Literal["file", "folder", "link", "other"]
Chunks = Iterator[bytes]


class ArchiveError(UserError):
    """An archive cannot be unpacked; the message is one line and begins with its name."""


@dataclass(frozen=True)
class Entry:
    """One line of an archive's list."""

    name: str  # a path, as it was written
    kind: Kind
    size: int  # bytes of its content, as the archive says
    packed: int  # bytes that it takes in the archive; 0 where nobody knows
    trouble: str = ""  # why its content cannot be had: it is encrypted, for example


class Archive(Protocol):
    """An archive that is open."""

    entries: list[Entry]

    def contents(self, wanted: Collection[int]) -> Iterator[tuple[int, Chunks]]:
        """The numbers of the `wanted` entries, in order, each with its bytes.

        Reading the bytes raises ArchiveError when they are damaged, or not as many as was said.
        """


@contextmanager
def opened(path: Path, most: int, bytes_read: int) -> Iterator[Archive]:
    """Open an archive and read its list: at most `most` entries, of a tar at most `bytes_read`.

    The first bytes tell the format, not the name. Raises ArchiveError.
    """
    with reading():
        if not path.is_file():
            raise ArchiveError("is not a file")
        file = _Checked(io.FileIO(path))
    with file:
        start = file.read(265)
        file.seek(0)
        if start.startswith((b"PK\3\4", b"PK\5\6")):
            with _ZipArchive(file, most) as archive:
                yield archive
        else:
            yield _TarArchive(file, start, most, bytes_read)


@contextmanager
def reading() -> Iterator[None]:
    """Say in one line what a library thinks of the archive. Nothing may be written in here."""
    try:
        yield
    except UNREADABLE as error:
        why = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()
        raise ArchiveError(f"cannot be read, pack it again: {readable(why[0])}") from None


class _Checked(io.BufferedReader):
    """A file that refuses to be read into memory as a whole."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > LISTING:
            raise ArchiveError("lists too many files: pack the programs alone")
        return super().read(size)


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _chunks(stream: _Stream, size: int) -> Chunks:
    """All bytes of an entry, which are as many as its header says, or ArchiveError."""
    count = 0
    while count <= size:
        with reading():
            chunk = stream.read(CHUNK)
        if not chunk:
            break
        count += len(chunk)
        yield chunk
    if count != size:
        raise ArchiveError("cannot be read, pack it again: its size is not what it says")


class _ZipArchive:
    def __init__(self, file: _Checked, most: int) -> None:
        with reading():
            self.zip = zipfile.ZipFile(file)
        self.infos = self.zip.infolist()
        if len(self.infos) > most:
            raise ArchiveError(f"lists more than {most} files: pack the programs alone")
        self.entries = [_zip_entry(info) for info in self.infos]

    def __enter__(self) -> "_ZipArchive":
        return self

    def __exit__(self, *_: object) -> None:
        self.zip.close()

    def contents(self, wanted: Collection[int]) -> Iterator[tuple[int, Chunks]]:
        for number, info in enumerate(self.infos):
            if number in wanted:
                yield number, self._bytes_of(info)

    def _bytes_of(self, info: zipfile.ZipInfo) -> Chunks:
        with reading():
            stream = self.zip.open(info)
        with stream:
            yield from _chunks(stream, info.file_size)


def _zip_entry(info: zipfile.ZipInfo) -> Entry:
    name = _zip_name(info)
    mode = stat.S_IFMT(info.external_attr >> 16)  # 0 when it was not made on Unix
    kind: Kind = "file"
    if mode == stat.S_IFLNK:
        kind = "link"
    elif mode == stat.S_IFDIR or (mode in (0, stat.S_IFREG) and name.endswith(("/", "\\"))):
        kind = "folder"
    elif mode not in (0, stat.S_IFREG):
        kind = "other"
    trouble = ""
    if info.flag_bits & 0x1:
        trouble = "is encrypted: pack it again without a password"
    # The others are rare, and zipfile unpacks them without a bound on memory.
    elif info.compress_type not in ZIPPED:
        trouble = "is compressed in an uncommon way: pack it again as .zip"
    return Entry(name, kind, info.file_size, info.compress_size, trouble)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name as its writer meant it: macOS writes UTF-8 without saying so."""
    if info.flag_bits & 0x800:  # the writer said UTF-8
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


class _TarArchive:
    """A tar is read as a stream, from its first byte to its last: nothing can point back.

    The data filter of tarfile guards `extract`, which we do not use: it believes the sizes in
    headers, and keeps links that stay inside. Here a name, a kind and a size is all we take. It is
    read twice, for only at its end one knows what it holds.
    """

    def __init__(self, file: _Checked, start: bytes, most: int, bytes_read: int) -> None:
        self.file = file
        self.start = start
        self.bytes_read = bytes_read
        self.entries: list[Entry] = []
        metered = self._stream()
        with _begin_tar(metered) as archive:
            for member in _members(archive, metered):
                if len(self.entries) == most:
                    raise ArchiveError(f"lists more than {most} files: pack the programs alone")
                self.entries.append(_tar_entry(member))
            # tarfile takes whatever it cannot read for the end. The true end is zeros, and all
            # that follows them.
            while True:
                with reading():
                    chunk = archive.fileobj.read(CHUNK)
                if not chunk:
                    break
                if chunk.strip(b"\0"):
                    raise ArchiveError("cannot be read, pack it again: it is damaged")
        if metered.end.strip(b"\0"):
            raise ArchiveError("cannot be read, pack it again: its end is missing")

    def contents(self, wanted: Collection[int]) -> Iterator[tuple[int, Chunks]]:
        left = len(wanted)
        metered = self._stream()
        with _begin_tar(metered) as archive:
            for number, member in enumerate(_members(archive, metered)):
                if not left:
                    return
                if number in wanted:
                    left -= 1
                    with reading():
                        data = archive.extractfile(member)
                    assert data is not None  # it is a plain file
                    with data:
                        yield number, _chunks(data, member.size)

    def _stream(self) -> "_Metered":
        self.file.seek(0)
        return _Metered(_plain(self.file, self.start), self.bytes_read)


def _members(archive: tarfile.TarFile, metered: "_Metered") -> Iterator[tarfile.TarInfo]:
    while True:
        with reading():
            member = archive.next()
        if member is None:
            metered.entry_ends = None  # what follows is only looked at
            return
        archive.members.clear()  # type: ignore[attr-defined]  # it would remember all of them
        metered.name = member.name
        metered.entry_ends = archive.offset
        yield member


def _tar_entry(member: tarfile.TarInfo) -> Entry:
    kind: Kind = "other"
    if member.issym() or member.islnk():
        kind = "link"
    elif member.isdir():
        kind = "folder"
    elif member.isfile():
        kind = "file"
    return Entry(member.name, kind, member.size, 0)


class _Metered(io.RawIOBase):
    """A stream whose bytes are counted, and that ends with ArchiveError when there are too many."""

    def __init__(self, stream: _Stream, most: int) -> None:
        self.stream = stream
        self.most = most
        self.count = 0
        self.entry_ends: int | None = 0  # where the entry that was read last ends
        self.name = ""  # of that entry
        self.end = b""  # the last bytes that were read, a block of a tar

    def read(self, size: int = -1, /) -> bytes:
        data = self.stream.read(size)
        self.count += len(data)
        if self.count > self.most:
            what = f" in {readable(self.name)}" if self.name else ""
            raise ArchiveError(f"unpacks to more than {amount(self.most)}{what}: leave that out")
        if self.entry_ends is not None and self.count > self.entry_ends + HEADER:
            raise ArchiveError("cannot be read, pack it again: a header in it is too large")
        self.end = (self.end + data)[-tarfile.BLOCKSIZE :]
        return data


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
        raise ArchiveError("is empty: pack it again")
    return file


def _begin_tar(stream: _Metered) -> tarfile.TarFile:
    with reading():
        try:
            return tarfile.open(fileobj=stream, mode="r|")
        except tarfile.ReadError:
            raise ArchiveError("is not a zip or tar archive: pack it again as .zip") from None


def amount(size: int) -> str:
    """A number of bytes for people: "16 MiB"."""
    if size >= GIB and size % GIB == 0:
        return f"{size // GIB} GiB"
    return f"{size // MIB} MiB" if size >= MIB else f"{size} bytes"
