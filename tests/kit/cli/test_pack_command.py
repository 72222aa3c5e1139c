"""`chatkit pack` as a user types it, and what the zip that it writes holds."""

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import chatkit
from chatkit._archives.unpacking import unpack
from chatkit.classroom.exports import handin
from chatkit.classroom.exports.handin import HandinError, Manifest, read_manifest
from chatkit.course.lessons import Course, find_course

ROOT = find_course(Path(__file__).parent).root


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A student's copy of the lessons: lesson 1 finished, lesson 2 begun, the others untouched."""
    shutil.copytree(ROOT / "lessons", tmp_path / "clone/lessons")
    for program in ("server.py", "client.py"):
        shutil.copy(ROOT / "solutions/01_echo" / program, tmp_path / "clone/lessons/01_echo")
    begun = tmp_path / "clone/lessons/02_broadcast/server.py"
    text = begun.read_text(encoding="utf-8")
    begun.write_text(text.replace("NotImplementedError('TODO 2", "print('done"), encoding="utf-8")
    return tmp_path / "clone"


def course_of(clone: Path) -> Course:
    return find_course(clone)


@pytest.fixture(scope="session")
def pack(chatkit: Callable) -> Callable:
    """`chatkit pack` in a process of its own."""
    return partial(chatkit, "pack")


def test_every_lesson_that_was_begun_is_packed_and_what_is_left_is_said(
    pack: Callable, clone: Path
) -> None:
    done = pack(cwd=clone)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "chatkit-handin.zip holds 01_echo, 02_broadcast. Hand in this file.",
        "  note: 02_broadcast/server.py: TODOs 1, 3, 4, 5 not done yet",
    ]
    with zipfile.ZipFile(clone / "chatkit-handin.zip") as archive:
        assert archive.namelist() == [
            "01_echo/client.py",
            "01_echo/server.py",
            "02_broadcast/server.py",
            "chatkit.json",
        ]
        about = json.loads(archive.read("chatkit.json"))
        server = archive.read("01_echo/server.py")
    assert about == {
        "handin": 1,
        "kit": chatkit.__version__,
        "lessons": ["01_echo", "02_broadcast"],
    }
    assert server == (ROOT / "solutions/01_echo/server.py").read_bytes()


def test_named_lessons_are_packed_each_once_in_the_order_of_the_course(
    pack: Callable, clone: Path
) -> None:
    done = pack("broadcast", "1", "echo", "--out", "monday.zip", cwd=clone)

    assert done.returncode == 0
    assert done.stdout.startswith("monday.zip holds 01_echo, 02_broadcast.")
    assert read_manifest(clone / "monday.zip") == Manifest(
        chatkit.__version__, ("01_echo", "02_broadcast")
    )


def test_the_same_programs_give_the_same_bytes(clone: Path) -> None:
    course = course_of(clone)
    handin.pack(course, clone / "a.zip", course.lessons[:2])
    for path in (clone / "lessons").rglob("*.py"):
        os.utime(path, (0, 0))
        path.chmod(0o600)

    handin.pack(course, clone / "b.zip", course.lessons[1::-1])

    assert (clone / "a.zip").read_bytes() == (clone / "b.zip").read_bytes()


def test_an_earlier_hand_in_is_replaced_and_nothing_else_is_left(
    pack: Callable, clone: Path
) -> None:
    for lesson in ("1", "2"):
        assert pack(lesson, "--out", "a.zip", cwd=clone).returncode == 0

    manifest = read_manifest(clone / "a.zip")
    assert manifest and manifest.lessons == ("02_broadcast",)
    assert sorted(path.name for path in clone.iterdir()) == ["a.zip", "lessons"]


def test_what_is_packed_unpacks_without_a_remark(
    pack: Callable, clone: Path, tmp_path: Path
) -> None:
    pack(cwd=clone)

    found = unpack(clone / "chatkit-handin.zip", tmp_path / "into")
    assert not found.remarks and not found.lost
    manifest = read_manifest(tmp_path / "into")
    assert manifest and manifest.lessons == ("01_echo", "02_broadcast")


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        (b"def f(:\n", "Python cannot read line 1: invalid syntax"),
        (b"\n\nname = '\xe9'\n", "line 3 is not UTF-8 text; save the file as UTF-8"),
        (b"x = 1\0\n", "Python cannot read it: source code string cannot contain null bytes"),
        (b"raise NotImplementedError('TODO 3: x')\n", "TODO 3 not done yet"),
        (b"raise NotImplementedError(\n  'TODO 1: x'\nf(", "TODO 1 not done yet"),
    ],
)
def test_what_is_wrong_with_a_program_is_said_and_packed_all_the_same(
    pack: Callable, clone: Path, content: bytes, remark: str
) -> None:
    (clone / "lessons/01_echo/server.py").write_bytes(content)

    done = pack("1", cwd=clone)

    assert done.returncode == 0 and done.stderr == ""
    assert f"01_echo/server.py: {remark}" in done.stdout
    with zipfile.ZipFile(clone / "chatkit-handin.zip") as archive:
        assert archive.read("01_echo/server.py") == content


@pytest.mark.parametrize(
    "content", [b"x = '\\d'\n", b"1 is 1\n", b"", b"# -*- coding: utf-8 -*-\n"]
)
def test_a_program_that_python_can_read_needs_no_remark(content: bytes) -> None:
    assert handin.look_at(content) == []


def test_what_the_kit_itself_keeps_beside_programs_is_no_remark(
    pack: Callable, clone: Path
) -> None:
    folder = clone / "lessons/01_echo"
    for name in ("server.new.py", "backups/001/server.py", "backups/extra.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (clone / "progress.json").touch()

    done = pack("1", cwd=clone)

    assert done.stdout == "chatkit-handin.zip holds 01_echo. Hand in this file.\n"


def test_modules_that_stay_behind_are_named(pack: Callable, clone: Path) -> None:
    (clone / "lessons/01_echo/helper.py").touch()

    done = pack("1", cwd=clone)

    assert "helper.py not packed; a hand-in carries server.py and client.py only" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["9"], ["no lesson '9'"]),
        (["1", "--out", "hand-in"], ["must end in .zip"]),
        (["1", "--out", "notes.zip"], ["notes.zip is there already and is not a hand-in"]),
        (["1", "--out", "folder.zip"], ["folder.zip is there already"]),
        (["1", "--out", "nowhere/a.zip"], ["cannot be written"]),
        (["3"], ["03_threads", "client.py is missing"]),
        (["--nonsense"], ["--nonsense"]),
    ],
)
def test_wrong_use_is_one_clear_line_and_status_2(
    pack: Callable, clone: Path, arguments: list[str], words: list[str]
) -> None:
    (clone / "notes.zip").write_text("my notes", encoding="utf-8")
    (clone / "folder.zip").mkdir()
    (clone / "lessons/03_threads/client.py").unlink()
    before = sorted(clone.iterdir())

    done = pack(*arguments, cwd=clone)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr and not done.stdout
    for word in words:
        assert word in done.stderr
    assert sorted(clone.iterdir()) == before
    assert (clone / "notes.zip").read_text(encoding="utf-8") == "my notes"


def test_nothing_begun_is_nothing_to_pack(pack: Callable, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "lessons", tmp_path / "lessons")

    done = pack(cwd=tmp_path)

    assert done.returncode == 2
    assert "begun no lesson yet" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["lessons"]


def test_a_write_that_fails_leaves_the_earlier_hand_in(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    course = course_of(clone)
    target = clone / "a.zip"
    handin.pack(course, target, course.lessons[:1])
    before = target.read_bytes()
    monkeypatch.setattr(Path, "write_bytes", full)

    with pytest.raises(HandinError, match="No space left"):
        handin.pack(course, target, course.lessons[:2])

    assert target.read_bytes() == before
    assert sorted(path.name for path in clone.iterdir()) == ["a.zip", "lessons"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"handin": 2, "kit": "1", "lessons": []}',
        '{"handin": 1, "kit": 5, "lessons": []}',
        '{"handin": 1, "kit": "1", "lessons": "01_echo"}',
        '{"handin": 1, "kit": "1", "lessons": [],',
        "[" * 50_000,
    ],
)
def test_a_manifest_that_cannot_be_used_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "chatkit.json").write_text(text, encoding="utf-8")

    assert read_manifest(tmp_path) is None


def test_help_teaches_with_examples(pack: Callable, clone: Path) -> None:
    done = pack("--help", cwd=clone)

    assert done.returncode == 0
    assert "chatkit pack 1 2 " in done.stdout and "Exit status 0" in done.stdout
