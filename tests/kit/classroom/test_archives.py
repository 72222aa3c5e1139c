"""Archives of strangers: what is read, and what is refused."""

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from archive_making import WORK, Entries, files, refused, tar_of, zip_of

from chatkit._archives.unpacking import (
    MIB,
    ArchiveError,
    is_archive_name,
    readable,
    unpack,
)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("work.zip", zip_of),
        ("work.tar", tar_of),
        ("work.tar.gz", lambda path, entries: tar_of(path, entries, "w:gz")),
        ("work.tgz", lambda path, entries: tar_of(path, entries, "w:gz")),
        ("work.tar.bz2", lambda path, entries: tar_of(path, entries, "w:bz2")),
        ("work.tar.xz", lambda path, entries: tar_of(path, entries, "w:xz")),
        ("a tar with the wrong name.zip", tar_of),
        ("a zip with the wrong name.tar", zip_of),
    ],
)
def test_every_format_gives_the_same_files(
    tmp_path: Path, name: str, make: Callable[[Path, Entries], Path]
) -> None:
    assert unpack(make(tmp_path / name, WORK), tmp_path / "into").remarks == []

    assert files(tmp_path / "into") == dict(WORK)
    assert is_archive_name(name)


def test_folders_are_kept_also_empty_ones(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.mkdir("empty")
        archive.writestr("./full/a.txt", b"")

    assert unpack(tmp_path / "a.zip", tmp_path / "into").remarks == []

    assert (tmp_path / "into/empty").is_dir()
    assert (tmp_path / "into/full/a.txt").is_file()


def encrypted(data: bytes) -> bytes:
    changed = bytearray(data)
    changed[data.index(b"PK\3\4") + 6] |= 1
    changed[data.index(b"PK\1\2") + 8] |= 1
    return bytes(changed)


def packed(name: str) -> Callable[[bytes], bytes]:
    return {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[name]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda data: b"", "is empty"),
        (lambda data: b"a letter to my teacher", "is not a zip or tar archive"),
        (lambda data: b"Rar!\x1a\x07\x01\0" + data, "is a RAR archive: pack it again as .zip"),
        (lambda data: b"7z\xbc\xaf\x27\x1c" + data, "is a 7-Zip archive"),
        (lambda data: data[:40], "cannot be read"),
        (lambda data: data[: len(data) // 2], "cannot be read"),
        (lambda data: data.replace(b"print", b"PRINT"), "cannot be read"),
        (encrypted, "is encrypted"),
        (lambda data: gzip.compress(b"print()\n"), "is not a zip or tar archive"),
        (lambda data: gzip.compress(data)[:40], "cannot be read"),
        (lambda data: b"\x1f\x8b" + data, "cannot be read"),
        (lambda data: b"BZh9" + data, "cannot be read"),
        (lambda data: b"\xfd7zXZ\0" + data, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, spoil: Callable[[bytes], bytes], words: str
) -> None:
    archive = zip_of(tmp_path / "a.zip", WORK, zipfile.ZIP_STORED)
    archive.write_bytes(spoil(archive.read_bytes()))

    assert words in refused(archive, tmp_path / "into")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_with_an_uncommon_compression_is_refused(tmp_path: Path, compression: int) -> None:
    archive = zip_of(tmp_path / "a.zip", WORK, compression)

    assert "pack it again as .zip" in refused(archive, tmp_path / "into")


@pytest.mark.parametrize("suffix", ["", "gz", "bz2", "xz"])
@pytest.mark.parametrize("where", [0.3, 0.6, 0.8])
def test_half_a_tar_is_refused(tmp_path: Path, suffix: str, where: float) -> None:
    entries = [(f"{number}.py", bytes(range(256)) * 9) for number in range(9)]
    data = tar_of(tmp_path / "a.tar", entries).read_bytes()
    if suffix:
        data = packed(suffix)(data)
    (tmp_path / "a.tar").write_bytes(data[: int(len(data) * where)])

    assert "cannot be read" in refused(tmp_path / "a.tar", tmp_path / "into")


def test_a_damaged_header_is_not_taken_for_the_end(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar", [("a.py", b"1"), ("b.py", b"2")])
    archive.write_bytes(archive.read_bytes().replace(b"b.py", b"B.py"))  # the checksum is wrong

    assert "it is damaged" in refused(archive, tmp_path / "into")


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_no_damage_escapes_as_another_error(tmp_path: Path, suffix: str) -> None:
    """Every byte of a small archive once turned over: unpacked or refused, never a traceback."""
    make = {"zip": zip_of, "tar": tar_of}[suffix]
    data = make(tmp_path / "good", [("server.py", b"print()\n")]).read_bytes()[:2048]
    bad = tmp_path / f"bad.{suffix}"
    for at in range(len(data)):
        if data[at] == 0 and at % 16:
            continue  # mostly the padding of tar
        bad.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        try:
            unpack(bad, tmp_path / f"into{at}")
        except ArchiveError:
            assert not (tmp_path / f"into{at}").exists()
    assert {path.parts[len(tmp_path.parts)][:4] for path in tmp_path.rglob("*")} <= {
        "good",
        f"bad.{suffix}"[:4],
        "into",
    }


def test_a_folder_or_nothing_at_all_is_no_archive(tmp_path: Path) -> None:
    for name in (".", "nothing.zip"):
        with pytest.raises(ArchiveError, match="is not a file"):
            unpack(tmp_path / name, tmp_path / "into")


def test_a_folder_that_holds_something_is_never_filled(tmp_path: Path) -> None:
    (tmp_path / "into").mkdir()
    (tmp_path / "into/mine").touch()

    with pytest.raises(ValueError, match="is not empty"):
        unpack(zip_of(tmp_path / "a.zip", WORK), tmp_path / "into")

    assert (tmp_path / "into/mine").exists()


def test_an_empty_folder_stays_when_the_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "into").mkdir()

    with pytest.raises(ArchiveError):
        unpack(tar_of(tmp_path / "a.tar", [("x", bytes(17 * MIB))]), tmp_path / "into")

    assert list((tmp_path / "into").iterdir()) == []


def test_a_full_disk_is_not_the_fault_of_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    archive = zip_of(tmp_path / "a.zip", WORK)
    monkeypatch.setattr(Path, "mkdir", full)

    with pytest.raises(OSError, match="No space left"):
        unpack(archive, tmp_path / "into")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本.py", "plain é 日本.py"),
        ("a\nb\x1b[2J", "a\\nb\\x1b[2J"),
        ("caf\udce9", "caf\\xe9"),
        ("\ud800", "\\ud800"),
        ("txt\u202eyp", "txt\\u202eyp"),
    ],
)
def test_what_cannot_be_shown_is_written_as_an_escape(text: str, shown: str) -> None:
    assert readable(text) == shown
