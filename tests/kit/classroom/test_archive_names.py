"""Names in archives: no name leads out, and every name can be kept anywhere."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from archive_making import WORK, Entries, files, refused, tar_of, zip_of

from chatkit._archives.unpacking import (
    unpack,
)


def zip_of_kind(path: Path, name: str, mode: int, data: bytes = b"/etc/passwd") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.create_system = 3
        info.external_attr = mode << 16
        archive.writestr(info, data)
    return path


def tar_of_kind(path: Path, name: str, kind: bytes, target: str = "") -> Path:
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        archive.addfile(info)
    return path


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
        (stat.S_IFIFO, "it is not a plain file"),
        (stat.S_IFCHR, "it is not a plain file"),
        (stat.S_IFBLK, "it is not a plain file"),
        (stat.S_IFSOCK, "it is not a plain file"),
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
        (tarfile.FIFOTYPE, "", "it is not a plain file"),
        (tarfile.CHRTYPE, "", "it is not a plain file"),
        (tarfile.BLKTYPE, "", "it is not a plain file"),
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
        "caf\\xe9 is kept as café: its bytes are not UTF-8 text.",
        "\\xff\\x80.py is kept as ÿ_.py: its bytes are not UTF-8 text.",
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
