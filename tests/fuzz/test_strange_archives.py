"""Random archives and random hand-ins: nothing gets out, and nothing but our own errors."""

import io
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from chatkit._archives.unpacking import ArchiveError, Bounds, unpack
from chatkit.classroom.submissions.submissions import SubmissionError, find_submissions
from chatkit.course.lessons import find_course

COURSE = find_course()
BOUNDS = Bounds(files=12, entries=20, file=4000, total=20_000, ratio=100, depth=4, name=60)

odd = st.sampled_from(("..", ".", "", " ", "con", "a.", "a ", "\x1b[2J", "é", "e\u0301", "x" * 70))
words = st.sampled_from(
    ("server.py", "Server.PY", "client.py", "01_echo", "lessons", "alice", "bob_1_2_server.py")
)
names = st.one_of(words, words, odd, st.text(max_size=6))
slashes = st.sampled_from(("/", "/", "\\", "//", "C:\\", "/../"))
paths = st.tuples(
    st.sampled_from(("", "", "", "/", "../", "C:", "\\\\host\\")),
    st.lists(st.tuples(names, slashes).map("".join), max_size=4).map("".join),
    names,
).map("".join)
contents = st.one_of(st.binary(max_size=60), st.just(b"0" * 5000))
KINDS = (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE)
members = st.tuples(paths, contents, st.sampled_from((*KINDS, *KINDS[:1] * 5)))


def packed_as_zip(entries: list[tuple[str, bytes, bytes]]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, kind in entries:
            info = zipfile.ZipInfo("x")
            info.filename = name.encode("utf-8", "replace").decode()  # zipfile would mend it
            info.create_system = 3
            mode = {tarfile.SYMTYPE: 0o120777, tarfile.DIRTYPE: 0o040755}.get(kind, 0o100644)
            info.external_attr = mode << 16
            archive.writestr(info, data)
    return whole.getvalue()


def packed_as_tar(entries: list[tuple[str, bytes, bytes]]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        for name, data, kind in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = "/etc/passwd" if kind in KINDS[2:4] else ""
            info.size = len(data) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(data))
    return whole.getvalue()


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder with one more beside what is written, which must stay empty."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "deep" / "down"
        folder.mkdir(parents=True)
        yield folder
        assert [path.name for path in Path(name).iterdir()] == ["deep"]
        assert [path.name for path in folder.parent.iterdir()] == ["down"]


def unpacked(data: bytes) -> None:
    with own_folder() as folder:
        (folder / "archive").write_bytes(data)
        into = folder / "into"
        try:
            remarks = unpack(folder / "archive", into, BOUNDS).remarks
        except ArchiveError as error:
            assert str(error).isprintable()
            assert not into.exists()
            return
        finally:
            assert {path.name for path in folder.iterdir()} <= {"archive", "into"}
        kept = list(into.rglob("*"))
        assert all(remark.isprintable() for remark in remarks)
        assert not any(path.is_symlink() or not (path.is_file() or path.is_dir()) for path in kept)
        assert len(kept) <= BOUNDS.files
        assert sum(path.stat().st_size for path in kept if path.is_file()) <= BOUNDS.total


@given(st.lists(members, max_size=8), st.sampled_from((packed_as_zip, packed_as_tar)))
def test_whatever_an_archive_lists_stays_in_its_folder(entries, pack) -> None:
    try:
        data = pack(entries)
    except (ValueError, UnicodeError):  # a name that this format cannot hold
        return
    unpacked(data)


@given(
    st.lists(members, max_size=4),
    st.sampled_from((packed_as_zip, packed_as_tar)),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=8),
    st.integers(0, 4000),
)
def test_a_damaged_archive_is_read_or_refused(entries, pack, damage, cut) -> None:
    try:
        data = bytearray(pack(entries))
    except (ValueError, UnicodeError):
        return
    for place, byte in damage:
        data[place % len(data)] = byte
    unpacked(bytes(data[: len(data) - cut % 50]))


files = st.recursive(
    contents, lambda inner: st.dictionaries(names, inner, max_size=4), max_leaves=10
)


def plant(tree: dict[str, object], folder: Path) -> None:
    for name, what in tree.items():
        try:
            if isinstance(what, bytes):
                (folder / name).write_bytes(what)
            else:
                (folder / name).mkdir()
                plant(what, folder / name)
        except (OSError, ValueError):  # a name that this system cannot hold
            continue


def picture(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


@given(st.dictionaries(names, files, max_size=5))
def test_any_folder_of_hand_ins_is_placed_or_refused_and_never_changed(tree) -> None:
    with tempfile.TemporaryDirectory() as name:
        where, space = Path(name) / "class", Path(name) / "space"
        where.mkdir()
        plant(tree, where)
        before = picture(where)
        try:
            found = find_submissions(where, COURSE, space)
        except SubmissionError as error:
            assert str(error).isprintable()
        else:
            students = [one.student.casefold() for one in found.submissions]
            assert len(set(students)) == len(students)
            for one in found.submissions:
                for lesson, folder in one.lessons.items():
                    assert folder.is_relative_to(space)
                    assert set(picture(folder)), lesson
        assert picture(where) == before
