"""Archives of strangers: what is kept, what is left out, and what is refused."""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from chatkit._archives import formats, unpacking
from chatkit._archives.unpacking import (
    CLASS,
    HAND_IN,
    MIB,
    ArchiveError,
    Bounds,
    is_archive_name,
    readable,
    unpack,
)

Entries = list[tuple[str, bytes]]
WORK: Entries = [("01_echo/server.py", b"print('server')\n"), ("01_echo/client.py", b"")]


def zip_of(path: Path, entries: Entries, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip with exactly these names, also those that zipfile would mend."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.external_attr = 0  # as if made on Windows
            info.compress_type = compression
            archive.writestr(info, data)
    return path


def zip_of_kind(path: Path, name: str, mode: int, data: bytes = b"/etc/passwd") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.create_system = 3
        info.external_attr = mode << 16
        archive.writestr(info, data)
    return path


def tar_of(path: Path, entries: Entries, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def tar_of_kind(path: Path, name: str, kind: bytes, target: str = "") -> Path:
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        archive.addfile(info)
    return path


def files(folder: Path) -> dict[str, bytes]:
    """Every file under `folder`. A link would be a fault of the unpacker: none may be there."""
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refused(archive: Path, into: Path, bounds: Bounds = HAND_IN) -> str:
    """Why the archive is refused; nothing of it may be left."""
    with pytest.raises(ArchiveError) as caught:
        unpack(archive, into, bounds)
    assert not into.exists()
    assert list(into.parent.iterdir()) == [archive]
    message = str(caught.value)
    assert message.startswith(archive.name) and len(message.splitlines()) == 1
    return message


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


@pytest.mark.parametrize("make", [zip_of, tar_of])
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil.py", "points to another place"),
        ("a/../../evil.py", "points to another place"),
        ("..\\evil.py", "points to another place"),
        ("a\\..\\..\\evil.py", "points to another place"),
        ("/evil.py", "absolute"),
        ("//host/evil.py", "absolute"),
        ("\\evil.py", "absolute"),
        ("C:\\evil.py", "absolute"),
        ("C:evil.py", "absolute"),
        ("../into2/evil.py", "points to another place"),
    ],
)
def test_no_name_leads_out_of_the_folder(
    tmp_path: Path, make: Callable[[Path, Entries], Path], name: str, why: str
) -> None:
    archive = make(tmp_path / "a.zip", [(name, b"evil"), *WORK])

    (remark,) = unpack(archive, tmp_path / "into").remarks

    assert why in remark and "is left out" in remark
    assert files(tmp_path) == {"a.zip": archive.read_bytes()} | {
        f"into/{name}": data for name, data in WORK
    }


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (stat.S_IFLNK, "it is a link"),
        (stat.S_IFIFO, "it is no plain file"),
        (stat.S_IFCHR, "it is no plain file"),
        (stat.S_IFBLK, "it is no plain file"),
        (stat.S_IFSOCK, "it is no plain file"),
    ],
)
def test_links_and_devices_in_a_zip_are_left_out(tmp_path: Path, kind: int, why: str) -> None:
    archive = zip_of_kind(tmp_path / "a.zip", "server.py", kind | 0o777)

    assert unpack(archive, tmp_path / "into").remarks == [f"server.py is left out: {why}."]
    assert files(tmp_path / "into") == {}


@pytest.mark.parametrize(
    ("kind", "target", "why"),
    [
        (tarfile.SYMTYPE, "/etc/passwd", "it is a link"),
        (tarfile.SYMTYPE, "client.py", "it is a link"),
        (tarfile.LNKTYPE, "/etc/passwd", "it is a link"),
        (tarfile.LNKTYPE, "client.py", "it is a link"),
        (tarfile.FIFOTYPE, "", "it is no plain file"),
        (tarfile.CHRTYPE, "", "it is no plain file"),
        (tarfile.BLKTYPE, "", "it is no plain file"),
    ],
)
def test_links_and_devices_in_a_tar_are_left_out(
    tmp_path: Path, kind: bytes, target: str, why: str
) -> None:
    archive = tar_of_kind(tmp_path / "a.tar", "server.py", kind, target)

    assert unpack(archive, tmp_path / "into").remarks == [f"server.py is left out: {why}."]
    assert files(tmp_path / "into") == {}


def test_nothing_is_written_through_a_link_that_comes_first(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("way")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "outside")
        archive.addfile(link)
        inside = tarfile.TarInfo("way/evil.py")
        inside.size = 4
        archive.addfile(inside, io.BytesIO(b"evil"))

    unpack(tmp_path / "a.tar", tmp_path / "into")

    assert files(tmp_path / "into") == {"way/evil.py": b"evil"}
    assert files(tmp_path / "outside") == {}


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_what_tools_keep_for_themselves_is_left_out_in_one_remark(
    tmp_path: Path, make: Callable[[Path, Entries], Path]
) -> None:
    tools = [
        "__MACOSX/01_echo/._server.py",
        "01_echo/.DS_Store",
        "01_echo/__pycache__/server.cpython-311.pyc",
        ".git/config",
        "01_echo/.git/hooks/post-checkout",
        "._01_echo",
    ]

    archive = make(tmp_path / "a.zip", [(name, b"x") for name in tools] + WORK)

    assert unpack(archive, tmp_path / "into").remarks == [
        "Left out what systems and tools keep for themselves: "
        ".DS_Store, ._*, .git, __MACOSX, __pycache__."
    ]
    assert files(tmp_path / "into") == dict(WORK)


@pytest.mark.parametrize("make", [zip_of, tar_of])
@pytest.mark.parametrize(
    ("name", "kept", "words"),
    [
        ("line\nbreak.py", "line_break.py", "line\\nbreak.py is kept as line_break.py"),
        ("\x1b[2Jclear.py", "_[2Jclear.py", "some characters"),
        ("txt\u202eyp.py", "txt_yp.py", "some characters"),
        ('what?<>:"|*.py', "what_______.py", "some characters"),
        ("server.py.", "server.py", "ends with a dot or a space"),
        ("server.py ", "server.py", "ends with a dot or a space"),
        ("folder. /a.py", "folder/a.py", "ends with a dot or a space"),
        (".../a.py", "_/a.py", "ends with a dot or a space"),
        ("CON", "_CON", "Windows"),
        ("aux.py", "_aux.py", "Windows"),
        ("nul.tar.gz", "_nul.tar.gz", "Windows"),
        ("com1/a.py", "_com1/a.py", "Windows"),
    ],
)
def test_a_name_that_some_system_cannot_keep_is_changed(
    tmp_path: Path, make: Callable[[Path, Entries], Path], name: str, kept: str, words: str
) -> None:
    archive = make(tmp_path / "a.zip", [(name, b"text")])

    (remark,) = unpack(archive, tmp_path / "into").remarks

    assert words in remark and remark.isprintable()
    assert files(tmp_path / "into") == {kept: b"text"}


@pytest.mark.parametrize(
    "name", ["compote.py", "console/a.py", "日本/été.py", "a b.py", ".hidden", "nulls", "ß.py"]
)
def test_an_ordinary_name_stays_as_it_is(tmp_path: Path, name: str) -> None:
    for archive in (zip_of(tmp_path / "a", [(name, b"")]), tar_of(tmp_path / "b", [(name, b"")])):
        assert unpack(archive, tmp_path / f"{archive.name}.into").remarks == []
        assert files(tmp_path / f"{archive.name}.into") == {name: b""}


def test_backslashes_are_folders_as_their_packer_meant(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", [("01_echo\\", b""), ("01_echo\\server.py", b"x")])

    unpack(archive, tmp_path / "into")

    assert files(tmp_path / "into") == {"01_echo/server.py": b"x"}


def test_letters_and_accents_that_macos_takes_apart_are_put_together(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", [("e\u0301te\u0301.py", b"")])

    assert unpack(archive, tmp_path / "into").remarks == []
    assert files(tmp_path / "into") == {"\u00e9t\u00e9.py": b""}


def test_names_of_odd_bytes_stay_readable(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar", [("caf\udce9/\udcff\udc80.py", b"x")])

    assert unpack(archive, tmp_path / "into").remarks == [
        "caf\\xe9 is kept as café: its bytes are no UTF-8 text.",
        "\\xff\\x80.py is kept as ÿ_.py: its bytes are no UTF-8 text.",
    ]
    assert files(tmp_path / "into") == {"café/ÿ_.py": b"x"}


def test_a_zip_from_macos_says_utf_8_only_by_its_bytes(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "b.zip", [("caf...py", b"x")])
    archive.write_bytes(archive.read_bytes().replace(b"caf...py", "café.py".encode()))

    unpack(archive, tmp_path / "into")

    assert files(tmp_path / "into") == {"café.py": b"x"}


def test_a_zip_that_says_utf_8_and_lies_is_refused(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", [("cafés.py", b"x")])  # zipfile writes it as UTF-8
    archive.write_bytes(archive.read_bytes().replace("é".encode(), b"\xff\xfe"))

    assert "cannot be read" in refused(archive, tmp_path / "into")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_of_two_files_with_one_name_the_later_keeps_it(
    tmp_path: Path, make: Callable[[Path, Entries], Path]
) -> None:
    entries = [("a.py", b"1"), ("a.py", b"2"), ("A.py", b"3"), ("a (2).py", b"4"), ("README", b"")]

    remarks = unpack(make(tmp_path / "a.zip", entries), tmp_path / "into").remarks

    found = files(tmp_path / "into")
    assert found["A.py"] == b"3"
    assert sorted(found.values()) == [b"", b"1", b"2", b"3", b"4"]
    assert len({name.casefold() for name in found}) == 5
    assert "a.py is there twice: one is kept as a (2).py." in remarks


def test_folders_that_differ_in_case_are_one(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", [("Src/a.py", b"1"), ("src/b.py", b"2")])

    unpack(archive, tmp_path / "into")

    assert files(tmp_path / "into") == {"Src/a.py": b"1", "Src/b.py": b"2"}


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([("a", b"1"), ("a/b", b"2"), ("a", b"3")], {"a (3)": b"1", "a (2)/b": b"2", "a": b"3"}),
        ([("a/b", b"1"), ("a", b"2"), ("a", b"3")], {"a/b": b"1", "a (2)": b"2", "a (3)": b"3"}),
        ([("a", b"1"), ("a/", b""), ("A/b", b"2")], {"a": b"1", "A (2)/b": b"2"}),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_and_a_folder_with_one_name_are_both_kept(
    tmp_path: Path, entries: Entries, found: dict[str, bytes]
) -> None:
    unpack(zip_of(tmp_path / "a.zip", entries), tmp_path / "into")

    assert files(tmp_path / "into") == found


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
        (lambda data: b"a letter to my teacher", "is no zip or tar archive"),
        (lambda data: b"Rar!\x1a\x07\x01\0" + data, "is a RAR archive: pack it again as .zip"),
        (lambda data: b"7z\xbc\xaf\x27\x1c" + data, "is a 7-Zip archive"),
        (lambda data: data[:40], "cannot be read"),
        (lambda data: data[: len(data) // 2], "cannot be read"),
        (lambda data: data.replace(b"print", b"PRINT"), "cannot be read"),
        (encrypted, "is encrypted"),
        (lambda data: gzip.compress(b"print()\n"), "is no zip or tar archive"),
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


def test_a_flood_of_remarks_is_cut(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar", [(f"/{number}", b"") for number in range(100)])

    remarks = unpack(archive, tmp_path / "into").remarks

    assert len(remarks) == unpacking.REMARKS + 1
    assert remarks[-1] == "And 80 more remarks like these."


def test_the_bounds_of_a_class_are_wider_than_those_of_a_student() -> None:
    assert CLASS.files > HAND_IN.files and CLASS.total > HAND_IN.total


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
