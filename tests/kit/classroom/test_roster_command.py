"""`--roster`: a platform's file, filled in, and no other file touched."""

import csv
import io
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from chatkit.classroom.gradebook import FILE, HandIn, Student, open_gradebook
from chatkit.course.lessons import find_course
from chatkit.grading.verdict import LessonVerdict, Verdict

ROOT = Path(__file__).parents[3]
ECHO = find_course(ROOT).lesson("echo")
WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed\n"
    "Participant 1001,Ada Lovelace,ada@example.org,,,100.00,Yes\n"
    "Participant 1002,Bob Meyer,bob@example.org,,,100.00,Yes\n"
)


@pytest.fixture(scope="session")
def run(chatkit: Callable) -> Callable:
    """`chatkit class` in a process of its own."""
    return partial(chatkit, "class")


@pytest.fixture
def out(run: Callable, tmp_path: Path) -> Path:
    """A class that was graded: Ada and Bob have lessons 1 and 2, and Ada's echo earned half."""
    out = tmp_path / "out"
    out.mkdir()
    with open_gradebook(out / FILE) as book:
        for name, number, echo in (("Ada Lovelace", "1001", 50), ("Bob Meyer", "1002", 100)):
            id = f"{name.replace(' ', '-')}_{number}"
            lessons = {"01_echo": echo, "02_broadcast": 100}
            book.enrol(Student(id, name, number))
            book.ask(lessons)
            for lesson, points in lessons.items():
                book.hand_in(id, lesson, HandIn())
                status = "passed" if points == 100 else "failed"
                checks = (Verdict("ready-line", "is ready", status, points, 100, "server.py"),)
                found = LessonVerdict(lesson, lesson, checks, 1.0, "namespaces")
                book.keep(id, lesson, "key", "seed", found)
    done = run("report", "--out", out)
    assert done.returncode == 0, done.stderr
    return out


def grades_in(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8")
    return [row["Grade"] for row in csv.DictReader(io.StringIO(text))]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_worksheet_gets_the_total_or_the_lesson_that_is_named(
    run: Callable, out: Path, tmp_path: Path
) -> None:
    given = tmp_path / "worksheet.csv"
    given.write_text(WORKSHEET, encoding="utf-8")

    total = run("report", "--out", out, "--roster", given)
    assert "column 'Grade': total" in total.stdout, total.stderr
    assert grades_in(out / "worksheet.csv") == ["75", "100"]

    one = run("report", "--out", out, "--roster", given, "--lesson", "1")
    assert "column 'Grade': 01_echo" in one.stdout, one.stderr
    assert grades_in(out / "worksheet.csv") == ["50", "100"]
    assert given.read_text(encoding="utf-8") == WORKSHEET


def test_a_run_for_one_lesson_fills_in_that_lesson(
    run: Callable, out: Path, tmp_path: Path
) -> None:
    """The folder holds two lessons; the worksheet is that of the assignment for lesson 1."""
    given = tmp_path / "worksheet.csv"
    given.write_text(WORKSHEET, encoding="utf-8")
    folder = tmp_path / "moodle" / "Ada Lovelace_1001_assignsubmission_file"
    shutil.copytree(ECHO.solutions, folder / "01_echo")

    done = run(
        "grade", folder.parent, "--lesson", 1, "--out", out, "--roster", given, "--workers", 1
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "column 'Grade': 01_echo" in done.stdout
    assert grades_in(out / "worksheet.csv") == ["100", "100"]


@pytest.mark.parametrize("command", ["grade", "report"])
def test_a_roster_that_would_destroy_something_is_refused_before_all(
    run: Callable, out: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "grades.csv").write_text(WORKSHEET, encoding="utf-8")
    (out / "worksheet.csv").write_text(WORKSHEET, encoding="utf-8")
    shutil.copytree(ECHO.folder, tmp_path / "class" / "Ada" / "01_echo")
    before = content(tmp_path)
    words = [tmp_path / "class"] if command == "grade" else []

    for roster, told in (
        (tmp_path / "grades.csv", "has the name of a file that the kit writes"),
        (out / "worksheet.csv", "lies where the filled copy would go"),
        (out / "grades.csv", "is neither a grading worksheet of Moodle"),
        (tmp_path / "lost.csv", "cannot be read"),
    ):
        done = run(command, *words, "--out", out, "--roster", roster)
        assert done.returncode == 2, done.stdout
        assert told in done.stderr and "Traceback" not in done.stderr
        assert "to grade" not in done.stdout
        assert content(tmp_path) == before


def test_a_lesson_without_a_roster_is_wrong_use(run: Callable, out: Path) -> None:
    done = run("report", "--out", out, "--lesson", "1")

    assert done.returncode == 2
    assert "give --roster, too" in done.stderr
