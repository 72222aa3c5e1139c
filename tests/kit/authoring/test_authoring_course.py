"""A small made-up course, and what `sync` makes of it. The other authoring tests break it."""

import os
import subprocess
from pathlib import Path

import pytest
from small_course import FILES, ME, replace, write_course

from chatkit._files import WriteError
from chatkit.authoring.known import FILE
from chatkit.authoring.sync import sync
from chatkit.course.backups import BackupError, restore
from chatkit.course.errors import CourseError
from chatkit.course.lessons import find_course


def test_sync_writes_starters_solutions_texts_and_pages(tmp_path: Path) -> None:
    written = sync(write_course(tmp_path)).written

    assert sorted(path.relative_to(tmp_path).as_posix() for path in written) == [
        "docs/checks.md",
        "docs/checks/01_one.md",
        "docs/checks/02_two.md",
        "docs/lessons/01_one.md",
        "docs/lessons/02_two.md",
        "docs/sheets/01_one.md",
        "docs/sheets/02_two.md",
        "docs/walkthroughs/01_one.md",
        "docs/walkthroughs/02_two.md",
        "lessons/01_one/README.md",
        "lessons/01_one/client.py",
        "lessons/01_one/server.py",
        "lessons/02_two/README.md",
        "lessons/02_two/client.py",
        "lessons/02_two/server.py",
        "solutions/01_one/README.md",
        "solutions/01_one/client.py",
        "solutions/01_one/server.py",
        "solutions/02_two/README.md",
        "solutions/02_two/server.py",
    ]
    assert "NotImplementedError" in (tmp_path / "lessons/02_two/server.py").read_text()
    given = (tmp_path / "lessons/02_two/client.py").read_text()
    assert given == FILES["chatkit/reference/two/client.py"]


def test_a_second_sync_writes_nothing(tmp_path: Path) -> None:
    course = write_course(tmp_path)
    sync(course)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}

    assert sync(course).written == ()

    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert {path: time for path, time in after.items() if path.suffix != ".pyc"} == {
        path: time for path, time in before.items() if path.suffix != ".pyc"
    }


def test_sync_writes_only_what_differs_and_deletes_nothing(tmp_path: Path) -> None:
    course = write_course(tmp_path)
    sync(course)
    stale = tmp_path / "solutions/01_one/server.py"
    stale.write_text("old", encoding="utf-8")
    mine = tmp_path / "lessons/01_one/notes.txt"
    mine.write_text("mine", encoding="utf-8")

    assert sync(course).written == (stale,)
    assert mine.read_text() == "mine"


def test_sync_mends_line_ends(tmp_path: Path) -> None:
    course = write_course(tmp_path)
    sync(course)
    starter = tmp_path / "lessons/01_one/server.py"
    right = starter.read_bytes()
    starter.write_bytes(right.replace(b"\n", b"\r\n"))

    assert sync(course).written == (starter,)
    assert starter.read_bytes() == right


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
def test_sync_keeps_the_permissions_of_a_file(tmp_path: Path) -> None:
    course = write_course(tmp_path)
    sync(course)
    starter = tmp_path / "lessons/01_one/server.py"
    starter.write_text("old")
    starter.chmod(0o755)

    sync(course)

    assert starter.stat().st_mode & 0o777 == 0o755


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = write_course(tmp_path)
    sync(course)
    starter = tmp_path / "lessons/01_one/server.py"
    before = starter.read_bytes()
    replace(tmp_path / "chatkit/reference/one/server.py", "Greet people.", "Greet everybody.")
    names = sorted(path.name for path in starter.parent.iterdir())

    def fail(self: Path, target: Path) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(WriteError, match="full"):
        sync(course)

    assert starter.read_bytes() == before
    assert sorted(path.name for path in starter.parent.iterdir()) == names


# What somebody has typed


def test_a_solved_program_is_kept_where_reset_finds_it(tmp_path: Path) -> None:
    course = write_course(tmp_path)
    sync(course)
    starter = tmp_path / "lessons/01_one/server.py"
    untouched = starter.read_bytes()
    solved = untouched.replace(b"raise NotImplementedError", b"return str")
    starter.write_bytes(solved)

    done = sync(course)

    assert starter.read_bytes() == untouched
    [kept] = done.kept
    assert (kept.lesson, kept.backup.number) == (course.lessons[0], 1)
    restore(course, course.lessons[0], 1)
    assert starter.read_bytes() == solved


@pytest.mark.parametrize(
    "name", ["solutions/01_one/server.py", "docs/checks.md", "lessons/02_two/client.py"]
)
def test_whatever_was_typed_into_a_view_is_kept(tmp_path: Path, name: str) -> None:
    course = write_course(tmp_path)
    sync(course)
    (tmp_path / name).write_text("mine\n", encoding="utf-8")

    [kept] = sync(course).kept

    assert "mine" not in (tmp_path / name).read_text(encoding="utf-8")
    [copy] = [path for path in kept.backup.folder.rglob("*") if path.is_file()]
    assert copy.read_text(encoding="utf-8") == "mine\n"
    assert sync(course).kept == ()


def test_what_sync_wrote_and_what_git_has_is_not_kept(tmp_path: Path) -> None:
    course = write_course(tmp_path)
    sync(course)
    reference = tmp_path / "chatkit/reference/one/server.py"
    for old, new in (("people", "everybody"), ("everybody", "friends")):
        replace(reference, f"Greet {old}.", f"Greet {new}.")
        done = sync(course)
        assert done.written and done.kept == ()

    (tmp_path / FILE).unlink()
    for words in (["init", "-q"], ["add", "."], [*ME, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, timeout=60)
    replace(reference, "Greet friends.", "Greet the world.")
    done = sync(course)
    assert done.written and done.kept == ()


def test_a_text_that_only_gets_a_block_of_code_is_not_kept(tmp_path: Path) -> None:
    course = write_course(tmp_path)
    sync(course)
    readme = tmp_path / "lessons/02_two/README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(f"{text}\nNew.\n\n<!-- code: server.py greet -->\n", encoding="utf-8")

    done = sync(course)

    assert readme in done.written and done.kept == ()


def test_what_cannot_be_kept_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = write_course(tmp_path)
    sync(course)
    starter = tmp_path / "lessons/01_one/server.py"
    starter.write_text("mine", encoding="utf-8")
    (starter.parent / "backups").write_text("a file in the way", encoding="utf-8")

    with pytest.raises(BackupError, match="nothing is changed"):
        sync(course)

    assert starter.read_text(encoding="utf-8") == "mine"


def test_a_handout_has_nothing_to_make_views_from(tmp_path: Path) -> None:
    lesson = tmp_path / "lessons/01_one/lesson.toml"
    lesson.parent.mkdir(parents=True)
    lesson.write_text(FILES["lessons/01_one/lesson.toml"])

    with pytest.raises(CourseError, match="full clone"):
        sync(find_course(tmp_path))


def test_sync_never_writes_into_the_solutions_of_another_folder(tmp_path: Path) -> None:
    (tmp_path / "chatkit/reference").mkdir(parents=True)
    test_file = tmp_path / "lessons/01_one/lesson.toml"
    test_file.parent.mkdir(parents=True)
    test_file.write_text(FILES["lessons/01_one/lesson.toml"])

    course = find_course(tmp_path)  # its solutions are those of the kit itself
    with pytest.raises(CourseError, match="full clone"):
        sync(course)
