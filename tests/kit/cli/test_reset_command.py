"""`chatkit reset`: back to the starter, and nothing of the student is ever lost."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chatkit.course import backups
from chatkit.course.backups import BackupError
from chatkit.course.lessons import Course, find_course
from chatkit.course.starters import StarterError, starter

ROOT = Path(__file__).parents[3]
KIT = find_course(ROOT)
MINE = "# what I wrote\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A student's copy of two lessons; the kit around it is the clone's."""
    for lesson in KIT.lessons[:2]:
        for name in ("lesson.toml", *lesson.programs):
            path = tmp_path / "home/lessons" / lesson.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name == "lesson.toml":
                shutil.copy(lesson.folder / name, path)
            else:
                path.write_bytes(starter(KIT, lesson, name))
    return find_course(tmp_path / "home")


@pytest.fixture
def echo(course: Course) -> Path:
    return course.lessons[0].folder


# The starters


def test_the_starters_are_what_the_clone_gives_also_when_they_were_edited(course: Course) -> None:
    for lesson in course.lessons:
        for program in lesson.programs:
            untouched = (ROOT / "lessons" / lesson.name / program).read_bytes()
            (lesson.folder / program).write_text(MINE, encoding="utf-8")
            assert starter(course, lesson, program) == untouched


def test_a_program_that_there_is_not_and_a_kit_without_starters_are_one_clear_line(
    course: Course, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(StarterError, match=r"no program 'x\.py'\. It has: server\.py, client\.py"):
        starter(course, course.lessons[0], "x.py")
    monkeypatch.setattr("chatkit.course.starters.PACKAGE", tmp_path)
    with pytest.raises(StarterError, match="unpack the hand-out again"):
        starter(course, course.lessons[0], "server.py")


# The command


def test_an_edited_program_goes_back_and_is_kept_told_where(
    chatkit: Callable, course: Course, echo: Path
) -> None:
    (echo / "server.py").write_text(MINE, encoding="utf-8")

    done = chatkit("reset", "1", cwd=course.root)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "server.py is the starter again.",
        f"Your version is kept in {Path('lessons/01_echo/backups/001')}. Bring it back:",
        "  chatkit reset 1 --restore 1",
    ]
    assert (echo / "server.py").read_bytes() == starter(KIT, KIT.lessons[0], "server.py")
    assert (echo / "backups/001/server.py").read_text(encoding="utf-8") == MINE
    assert [path.name for path in (echo / "backups").iterdir()] == ["001"]


def test_an_untouched_starter_makes_no_backup_and_says_so(
    chatkit: Callable, course: Course, echo: Path
) -> None:
    windows = (echo / "server.py").read_bytes().replace(b"\n", b"\r\n")
    (echo / "server.py").write_bytes(windows)  # an editor did that, not the student

    done = chatkit("reset", "echo", cwd=course.root)

    assert "server.py and client.py are untouched: nothing to reset" in done.stdout
    assert not (echo / "backups").exists() and (echo / "server.py").read_bytes() == windows


def test_one_program_alone_and_a_given_one_and_a_missing_one(
    chatkit: Callable, course: Course, echo: Path
) -> None:
    for name in ("server.py", "client.py"):
        (echo / name).write_text(MINE, encoding="utf-8")
    assert chatkit("reset", "1", "client", cwd=course.root).returncode == 0
    assert (echo / "server.py").read_text(encoding="utf-8") == MINE
    assert b"TODO 4" in (echo / "client.py").read_bytes()

    given = course.lessons[1].folder / "client.py"
    given.write_text(MINE, encoding="utf-8")
    backup = backups.reset(course, course.lessons[1])
    assert backup and backup.files == ("client.py",)
    assert given.read_bytes() == starter(KIT, KIT.lessons[1], "client.py")

    (echo / "client.py").unlink()
    done = chatkit("reset", "1", "client.py", cwd=course.root)
    assert done.stdout == "client.py is the starter again.\n"
    assert (echo / "client.py").is_file()


def test_list_shows_number_time_programs_and_how_much_differs(
    chatkit: Callable, course: Course, echo: Path
) -> None:
    assert "no backups" in chatkit("reset", "1", "--list", cwd=course.root).stdout
    for program in ("server.py", "client.py"):
        with (echo / program).open("a", encoding="utf-8") as file:
            file.write(MINE * 3)
    backup = backups.reset(course, course.lessons[0])
    assert backup and backup.number == 1

    done = chatkit("reset", "1", "--list", cwd=course.root)

    row = done.stdout.splitlines()[1].split(maxsplit=3)
    assert row[0] == "1" and row[1:3] == [f"{backup.made:%Y-%m-%d}", f"{backup.made:%H:%M}"]
    assert row[3].rstrip() == "server.py (3), client.py (3)"
    assert "chatkit reset 1 --restore 1" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_restore_keeps_the_present_version_before(
    chatkit: Callable, course: Course, echo: Path
) -> None:
    server = echo / "server.py"
    server.write_text("# first\n", encoding="utf-8")
    backups.reset(course, course.lessons[0])
    server.write_text("# second\n", encoding="utf-8")

    done = chatkit("reset", "1", "--restore", "1", cwd=course.root)

    assert server.read_text(encoding="utf-8") == "# first\n"
    assert "server.py is as in backup 1." in done.stdout
    assert "chatkit reset 1 --restore 2" in done.stdout
    assert (echo / "backups/002/server.py").read_text(encoding="utf-8") == "# second\n"
    done = chatkit("reset", "1", "--restore", "1", cwd=course.root)  # it is there already
    assert done.returncode == 0 and not (echo / "backups/003").exists()


def test_what_an_update_has_kept_aside_comes_back_too(
    chatkit: Callable, course: Course, echo: Path
) -> None:
    backups.keep(echo, {"lesson.toml": b"# mine", "server.py": b"# mine too"})

    done = chatkit("reset", "1", "--restore", "1", cwd=course.root)

    assert done.stdout.splitlines()[0] == "server.py and lesson.toml are as in backup 1."
    assert (echo / "lesson.toml").read_bytes() == b"# mine"
    assert b"asked" in (echo / "backups/002/lesson.toml").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["9"], "no lesson '9'"),
        (["1", "sever"], "no program 'sever'. It has: server.py, client.py"),
        (["1", "--restore", "3"], "01_echo has no backup 3. It has none yet."),
        (["1", "--restore", "x"], "--restore"),
        (["1", "--list", "--restore", "1"], "exclude each other"),
        ([], "LESSON"),
    ],
)
def test_wrong_use_is_one_clear_line_and_status_2(
    chatkit: Callable, course: Course, words: list[str], said: str
) -> None:
    done = chatkit("reset", *words, cwd=course.root)

    assert done.returncode == 2 and said in done.stderr and not done.stdout
    assert "Traceback" not in done.stderr


def test_a_new_starter_that_an_update_laid_down_goes_with_the_reset(
    course: Course, echo: Path
) -> None:
    untouched = (echo / "server.py").read_bytes()
    (echo / "server.new.py").write_bytes(untouched)
    (echo / "client.new.py").write_text(MINE, encoding="utf-8")
    (echo / "server.py").write_text(MINE, encoding="utf-8")

    backups.reset(course, course.lessons[0])

    assert not (echo / "server.new.py").exists()
    assert (echo / "client.new.py").read_text(encoding="utf-8") == MINE  # somebody worked in it


# Nothing is ever lost


@pytest.mark.parametrize("kind", [KeyboardInterrupt, OSError])
def test_stopped_at_any_step_the_student_s_versions_are_still_there(
    course: Course,
    echo: Path,
    monkeypatch: pytest.MonkeyPatch,
    fails_at: Callable,
    kind: type[BaseException],
) -> None:
    monkeypatch.setattr(os, "fsync", lambda file: None)
    names = ("server.py", "client.py")
    for step in range(1, 100):
        for name in names:
            (echo / name).write_text(f"# {name} {step}\n", encoding="utf-8")
        stopped = False
        with fails_at(step, kind, "mkdir", "write_bytes", "rename", "replace"):
            try:
                backups.reset(course, course.lessons[0])
            except (KeyboardInterrupt, BackupError):
                stopped = True
        for name in names:
            places = [echo / name, *echo.glob(f"backups/[0-9]*/{name}")]
            assert f"# {name} {step}\n" in [one.read_text(encoding="utf-8") for one in places]
        assert not list(echo.glob("**/*.part")) and not list(echo.glob("backups/.*"))
        if not stopped:
            break
    assert 5 < step < 99


def test_what_cannot_be_kept_is_not_replaced(
    chatkit: Callable, course: Course, echo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (echo / "server.py").write_text(MINE, encoding="utf-8")
    (echo / "backups").touch()  # a file where the folder must be

    done = chatkit("reset", "1", cwd=course.root)

    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "cannot be kept" in done.stderr and "nothing is changed" in done.stderr
    assert (echo / "server.py").read_text(encoding="utf-8") == MINE


def test_two_resets_at_once_get_two_numbers(course: Course, echo: Path) -> None:
    (echo / "backups/001").mkdir(parents=True)
    (echo / "backups/001/server.py").touch()
    (echo / "backups/.other").mkdir()  # another reset, that has no number yet
    (echo / "server.py").write_text(MINE, encoding="utf-8")

    backup = backups.reset(course, course.lessons[0])

    assert backup and backup.number == 2
    assert [one.number for one in backups.backups(course.lessons[0])] == [1, 2]
    assert (echo / "backups/.other").is_dir()


def test_help_teaches_with_examples(chatkit: Callable) -> None:
    done = chatkit("reset", "--help", cwd=ROOT)

    assert "chatkit reset 1 --restore 2" in done.stdout and "Exit status 0" in done.stdout
