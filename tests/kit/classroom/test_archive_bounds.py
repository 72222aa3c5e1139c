"""The bounds of an archive: bombs, and what is too long, too large or too many."""

import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from archive_making import Entries, files, refused, tar_of, zip_of

from chatkit._archives import formats, unpacking
from chatkit._archives.unpacking import (
    CLASS,
    HAND_IN,
    MIB,
    ArchiveError,
    Bounds,
    unpack,
)

SMALL = Bounds(files=5, entries=8, file=1000, total=3000, ratio=100, depth=3, name=20)


@pytest.mark.parametrize("make", [zip_of, tar_of])
@pytest.mark.parametrize(
    ("entries", "kept", "said"),
    [
        (
            [("film.txt", b""), *((f"{number}.py", b"") for number in range(5))],
            [f"{number}.py" for number in range(5)],
            "film.txt is left out: it is over the 5 files and folders that are kept.",
        ),
        (
            [("a/b/c.txt", b""), ("d/e/f.py", b"")],
            ["d/e/f.py"],
            "a/b/c.txt is left out: it is over the 5 files and folders that are kept.",
        ),
        (
            [("a/b/c/d.py", b""), ("e.py", b"")],
            ["e.py"],
            "a/b/c/d.py is left out: it lies more than 3 folders deep.",
        ),
        (
            [("x" * 200 + ".py", b""), ("e.py", b"")],
            ["e.py", "xxxxxxxxxx~16faf3.py"],
            f"{'x' * 40}…{'x' * 17}.py is kept as xxxxxxxxxx~16faf3.py: its name is too long.",
        ),
        (
            [("é" * 11, b"")],
            ["éééééé~31de13"],
            "ééééééééééé is kept as éééééé~31de13: its name is too long.",
        ),
        (
            [("big.py", b"x" * 1001), ("ok.py", b"")],
            ["ok.py"],
            "big.py is left out: it is larger than 1000 bytes.",
        ),
        (
            [(f"{number}.txt", b"x" * (500 + 100 * number)) for number in range(5)],
            ["0.txt", "1.txt", "2.txt", "3.txt"],
            "4.txt is left out: it is over the 3000 bytes that are kept.",
        ),
    ],
)
def test_what_is_over_a_bound_costs_itself_and_programs_come_first(
    tmp_path: Path,
    make: Callable[[Path, Entries], Path],
    entries: Entries,
    kept: list[str],
    said: str,
) -> None:
    found = unpack(make(tmp_path / "a.zip", entries), tmp_path / "into", SMALL)

    assert sorted(files(tmp_path / "into")) == kept
    assert found.remarks == [said]
    assert [lost.parts[-1] in said for lost in found.lost] == [True] * ("left out" in said)


@pytest.mark.parametrize("make", [zip_of, tar_of])
@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([(f".git/{number}", b"") for number in range(9)], "lists more than 8 files"),
        ([("big.py", b"x" * 1001)], "holds big.py, which is larger than 1000 bytes"),
        ([("a/b/c/d.py", b"")], "holds d.py, which lies more than 3 folders deep"),
    ],
)
def test_an_archive_of_which_nothing_can_be_kept_is_refused(
    tmp_path: Path, make: Callable[[Path, Entries], Path], entries: Entries, words: str
) -> None:
    assert words in refused(make(tmp_path / "a.zip", entries), tmp_path / "into", SMALL)


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_names_too_long_for_any_system_and_far_too_deep_are_kept_shorter(
    tmp_path: Path, make: Callable[[Path, Entries], Path]
) -> None:
    """Each of 30 folders has a name of 240 bytes: the whole path has twice what Linux takes."""
    path = "/".join(f"{number:02}{'x' * 238}" for number in range(30))
    other = path.replace("x/29", "y/29")

    found = unpack(
        make(tmp_path / "a.zip", [(f"{path}/server.py", b"1"), (f"{other}/server.py", b"2")]),
        tmp_path / "into",
    )

    assert sorted(files(tmp_path / "into").values()) == [b"1", b"2"] and not found.lost


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_one_student_of_a_class_cannot_use_up_the_bounds_of_the_others(
    tmp_path: Path, make: Callable[[Path, Entries], Path]
) -> None:
    bounds = Bounds(100, 1000, 5000, 9000, 100, 9, 99, each_files=10, each_total=3000)
    flood = [(f"class/eve/{number}.txt", b"") for number in range(500)]
    films = [(f"class/eve/films/{number}.mp4", b"x" * 1000) for number in range(9)]
    others = [(f"class/{name}/01_echo/server.py", b"y" * 2000) for name in ("ann", "bob")]
    mine = [("class/eve/server.py", b"z" * 2000), ("class.toml", b"")]

    found = unpack(
        make(tmp_path / "a.zip", [*flood, *films, *mine, *others]), tmp_path / "into", bounds
    )

    kept = files(tmp_path / "into")
    assert {name for name, _ in (*others, *mine)} <= set(kept)
    assert len([name for name in kept if "/eve/" in name]) == 8  # in two folders
    assert {lost.parts[:2] for lost in found.lost} == {("class", "eve")}


@pytest.mark.parametrize("make", [zip_of, tar_of])
@pytest.mark.parametrize(
    ("beside", "kept"),
    [
        (["env/pyvenv.cfg", "env/lib/a.py", "env/bin/python"], []),
        (["my stuff/pyvenv.cfg", "my stuff/Lib/site-packages/a.py"], []),
        (["pyvenv.cfg", "lib/a.py", "bin/python", "net/a.py"], ["net/a.py"]),
        (["conda/conda-meta/history", "conda/lib/a.py"], []),
        (["c/CACHEDIR.TAG", "c/x/y.bin"], []),
        (["repo.git/HEAD", "repo.git/objects/ab/x", "repo.git/refs/heads/main"], []),
        (["venv/server2.py", "env/lines.py"], ["env/lines.py", "venv/server2.py"]),
    ],
)
def test_what_tools_make_is_told_by_what_is_in_it(
    tmp_path: Path, make: Callable[[Path, Entries], Path], beside: list[str], kept: list[str]
) -> None:
    entries = [
        (name, b"x") for name in ["01_echo/server.py", *(f"01_echo/{one}" for one in beside)]
    ]

    found = unpack(make(tmp_path / "a.zip", entries), tmp_path / "into")

    assert sorted(files(tmp_path / "into")) == sorted(
        ["01_echo/server.py", *(f"01_echo/{one}" for one in kept)]
    )
    assert not found.lost and len(found.remarks) == (len(kept) < len(beside))


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_bomb_in_a_tar_is_not_read_to_its_end(tmp_path: Path, mode: str) -> None:
    entries = [(".git/zeros", bytes(16 * MIB)), ("server.py", b"x")]
    archive = tar_of(tmp_path / "a.tar.x", entries, mode)
    short = Bounds(*(99, 99, MIB, MIB, 100, 9, 99), read=8 * MIB)

    assert "unpacks to more than 8 MiB in .git/zeros" in refused(archive, tmp_path / "into", short)
    assert unpack(archive, tmp_path / "into").remarks == [
        "Left out what systems and tools keep for themselves: .git."
    ]
    assert files(tmp_path / "into") == {"server.py": b"x"}


def test_a_bomb_in_a_zip_costs_itself(tmp_path: Path) -> None:
    entries = [("zeros", bytes(8 * MIB)), ("server.py", b"x")]

    found = unpack(zip_of(tmp_path / "a.zip", entries), tmp_path / "into")

    assert files(tmp_path / "into") == {"server.py": b"x"}
    assert found.remarks == ["zeros is left out: it unpacks to more than 100 times its size."]


def test_a_damaged_film_costs_itself_and_a_damaged_program_the_hand_in(tmp_path: Path) -> None:
    entries = [("film.mp4", b"a film"), ("server.py", b"a program")]
    archive = zip_of(tmp_path / "a.zip", entries, zipfile.ZIP_STORED)
    good = archive.read_bytes()

    archive.write_bytes(good.replace(b"a film", b"a Film"))
    found = unpack(archive, tmp_path / "into")
    assert files(tmp_path / "into") == {"server.py": b"a program"}
    assert "film.mp4 is left out: it cannot be read" in found.remarks[0]

    archive.write_bytes(good.replace(b"a program", b"a Program"))
    found = unpack(archive, tmp_path / "class", CLASS)
    assert files(tmp_path / "class") == {"film.mp4": b"a film"}
    assert [lost.parts for lost in found.lost] == [("server.py",)]
    with pytest.raises(ArchiveError, match=r"a\.zip cannot be read, pack it again: Bad CRC"):
        unpack(archive, tmp_path / "alone")


def test_a_small_file_that_shrinks_well_is_no_bomb(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", [("zeros", bytes(MIB))])

    assert unpack(archive, tmp_path / "into").remarks == []


def test_many_names_for_the_same_bytes_are_a_bomb(tmp_path: Path) -> None:
    """Entries of the table that share one place in the file, as in the flattest zip bombs."""
    archive = zip_of(tmp_path / "a.zip", [("0", bytes(MIB)), *((f"{i}", b"") for i in range(1, 9))])
    data = bytearray(archive.read_bytes())
    at = first = data.index(b"PK\1\2")
    while (at := data.find(b"PK\1\2", at + 1)) > 0:
        data[at + 16 : at + 28] = data[first + 16 : first + 28]  # CRC and sizes
        data[at + 42 : at + 46] = data[first + 42 : first + 46]  # where it begins
        data[at + 10 : at + 12] = data[first + 10 : first + 12]  # compression
        data[at + 46] = data[first + 46]  # the name must match, else zipfile sees it
    archive.write_bytes(data)

    unpack(archive, tmp_path / "into", Bounds(99, 99, 2 * MIB, 4 * MIB, 10_000, 3, 20))

    assert sum(map(len, files(tmp_path / "into").values())) <= 4 * MIB


def test_sizes_in_the_headers_of_a_zip_are_not_believed(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", [("a.py", b"x" * 2000)])
    data = archive.read_bytes()
    archive.write_bytes(data.replace(struct.pack("<L", 2000), struct.pack("<L", 10)))

    refused(archive, tmp_path / "into", SMALL)


def test_the_holes_of_a_sparse_file_count(tmp_path: Path) -> None:
    info = tarfile.TarInfo("holes")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"%011o\0" % (1 << 30)  # the real size; the file holds no byte of it
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "a.tar").write_bytes(bytes(header) + bytes(1024))

    assert "holds holes, which is larger than 16 MiB" in refused(
        tmp_path / "a.tar", tmp_path / "into"
    )


def test_a_header_that_asks_for_memory_gets_none(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 33
    (tmp_path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(10240))

    refused(tmp_path / "a.tar", tmp_path / "into")


def test_a_chain_of_headers_without_an_end_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1
    block = info.tobuf(tarfile.GNU_FORMAT) + b"x".ljust(512, b"\0")
    (tmp_path / "a.tar").write_bytes(block * 3000 + bytes(1024))

    assert "cannot be read" in refused(tmp_path / "a.tar", tmp_path / "into")


def test_a_table_of_contents_that_fills_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "LISTING", 1000)
    archive = zip_of(tmp_path / "a.zip", [(f"{number}", b"") for number in range(100)])

    assert "lists too many files" in refused(archive, tmp_path / "into")


def test_a_flood_of_remarks_is_cut(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar", [(f"/{number}", b"") for number in range(100)])

    remarks = unpack(archive, tmp_path / "into").remarks

    assert len(remarks) == unpacking.REMARKS + 1
    assert remarks[-1] == "And 80 more remarks like these."


def test_the_bounds_of_a_class_are_wider_than_those_of_a_student() -> None:
    assert CLASS.files > HAND_IN.files and CLASS.total > HAND_IN.total
