"""Several runs into one folder: each lesson of each student keeps what belongs to it."""

import csv
import io
import shutil
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from chatkit.classroom.gradebook import Student, open_gradebook
from chatkit.classroom.run import doubles, due
from chatkit.classroom.submissions.submissions import Submission
from chatkit.course.lessons import Lesson, find_course

ROOT = Path(__file__).parents[3]
COURSE = find_course(ROOT)
ECHO, BROADCAST = COURSE.lesson("echo"), COURSE.lesson("broadcast")


@pytest.fixture(scope="session")
def run(chatkit: Callable) -> Callable:
    """`chatkit class` in a process of its own."""
    return partial(chatkit, "class")


def done(run: Callable, *arguments: object) -> str:
    finished = run(*arguments)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def refused(run: Callable, *arguments: object) -> str:
    """What a command that is used in a wrong way says."""
    finished = run(*arguments)
    assert finished.returncode == 2 and "Traceback" not in finished.stderr
    return finished.stderr


def table(out: Path) -> dict[str, dict[str, str]]:
    text = (out / "grades.csv").read_bytes().decode("utf-8-sig")
    return {row["id"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}


def program(step: str) -> bytes:
    return (COURSE.lesson(step).solutions / "server.py").read_bytes()


def canvas(file: Path, entries: dict[str, bytes]) -> Path:
    """A download as Canvas makes it."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file


@pytest.fixture
def school(tmp_path: Path) -> Path:
    """Three students with the server of lesson 1."""
    for student in ("alice", "bob", "carol"):
        (tmp_path / "school" / student / ECHO.name).mkdir(parents=True)
        shutil.copy(ECHO.solutions / "server.py", tmp_path / "school" / student / ECHO.name)
    return tmp_path / "school"


def test_two_downloads_of_canvas_keep_who_was_late_with_what(run: Callable, tmp_path: Path) -> None:
    echo, cast = program("echo"), program("broadcast")
    one = canvas(
        tmp_path / "one.zip",
        {"ada_LATE_2001_11_server.py": echo, "bob_2002_12_server-1.py": echo},
    )
    two = canvas(
        tmp_path / "two.zip",
        {"ada_2001_21_server.py": cast, "bob_LATE_2002_22_Server.py": cast},
    )
    (tmp_path / "class.toml").write_text("[late]\npercent_off = 50\n", encoding="utf-8")
    out = tmp_path / "out"

    done(run, "grade", one, "--out", out, "--lesson", "1")
    first = table(out)
    done(run, "grade", two, "--out", out, "--lesson", "2")
    both = table(out)

    assert float(first["ada_2001"]["01_echo"]) * 2 == float(first["bob_2002"]["01_echo"])
    assert {id: row["01_echo"] for id, row in first.items()} == {
        id: row["01_echo"] for id, row in both.items()
    }
    ada, bob = both["ada_2001"], both["bob_2002"]
    assert float(ada["02_broadcast"]) == 2 * float(bob["02_broadcast"]) > 0
    assert (ada["late"], bob["late"]) == ("01_echo", "02_broadcast")
    assert "01_echo: server-1.py is taken for server.py." in bob["remarks"]
    assert "02_broadcast: Server.py is taken for server.py." in bob["remarks"]
    index = (out / "index.html").read_text(encoding="utf-8")
    assert "from ada_LATE_2001_11_server.py, ada_2001_21_server.py" in index


def test_moodle_s_second_assignment_in_one_gradebook_is_told(tmp_path: Path) -> None:
    ada = Submission("Ada_2044", "Ada", {}, False, "x", (), "2044")
    bob = Submission("Bob_1002", "Bob", {}, False, "x", (), "1002")
    with open_gradebook(tmp_path / "gradebook.sqlite") as book:
        for id, name, number in (("Ada_1001", "Ada", "1001"), ("Bob_1002", "Bob", "1002")):
            book.enrol(Student(id, name, number))
        (line,) = doubles(book, [ada, bob])

        (other,) = doubles(book, [Submission("chat-ada", "ADA", {}, False, "x", ()), bob])

    assert line.startswith("Ada is Ada_2044 here and Ada_1001 in the gradebook.")
    assert other.startswith("ADA is chat-ada here.")  # proposed, and never merged


def handed_in(*lessons: str) -> Submission:
    return Submission("x", "x", dict.fromkeys(lessons, Path()), False, "", ())


@pytest.mark.parametrize(
    ("named", "everybody", "asked", "expected"),
    [
        ((), True, (), {"01_echo"}),
        ((), False, (), {"01_echo"}),
        ((BROADCAST,), True, (), {"02_broadcast"}),
        ((BROADCAST,), True, ("01_echo",), {"02_broadcast"}),
        ((BROADCAST,), False, ("01_echo",), set()),
        ((BROADCAST,), False, (), {"02_broadcast"}),
    ],
)
def test_what_a_run_makes_due(
    named: tuple[Lesson, ...], everybody: bool, asked: tuple[str, ...], expected: set[str]
) -> None:
    echo, both, nothing = ECHO.name, (ECHO.name, BROADCAST.name), ()
    found = [handed_in(echo), handed_in(*both), handed_in(*nothing), handed_in(*nothing)]
    found += [handed_in(echo), handed_in(*both)]  # half of those with anything have the second one

    assert set(due(found, named, everybody=everybody, asked=asked)) == expected


def test_an_adjustment_makes_no_lesson_count_and_can_be_taken_back(
    run: Callable, school: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert "these lessons count: 01_echo\n" in done(run, "grade", school, "--out", out)
    before = (out / "grades.csv").read_bytes()

    said = done(run, "adjust", "alice", "2", "5", "--out", out, "--why", "by mistake")
    assert "02_broadcast does not count: 0 of 3 students handed it in." in said
    assert {row["of"] for row in table(out).values()} == {"100"}
    assert (table(out)["alice"]["02_broadcast"], table(out)["bob"]["02_broadcast"]) == ("5", "")
    done(run, "adjust", "alice", "2", "--remove", "--out", out)
    assert (out / "grades.csv").read_bytes() == before

    points = float(table(out)["bob"]["01_echo"])
    said = done(run, "adjust", "bob", "1", "-10", "--out", out, "--why", "-10 for a copy")
    assert "bob, 01_echo: -10\n" in said
    assert float(table(out)["bob"]["01_echo"]) == points - 10
    done(run, "adjust", "bob", "1", "-.5", "--out", out, "--why", "and a bit")
    said = done(run, "adjust", "bob", "1", "-10", "--remove", "--out", out)
    assert "bob, 01_echo: -10 taken back (-10 for a copy)\n" in said
    assert float(table(out)["bob"]["01_echo"]) == points - 0.5
    for arguments, told in (
        (("bob", "1", "7", "--remove"), "no adjustment of +7 in 01_echo. There are: -0.5"),
        (("bob", "2", "--remove"), "bob has no adjustment in 02_broadcast"),
        (("bob", "1", "--remove", "--why", "x"), "it needs no --why"),
        (("bob", "1", "--why", "x"), "POINTS is missing"),
        (("bob", "1", "-3"), "--why is missing"),
        (("bob", "1", "--wy", "x"), "No such option"),
    ):
        assert told in refused(run, "adjust", *arguments, "--out", out)
    assert float(table(out)["bob"]["01_echo"]) == points - 0.5


def test_an_early_bird_makes_no_lesson_count_and_naming_it_does(
    run: Callable, school: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(BROADCAST.solutions, school / "alice" / BROADCAST.name)

    said = done(run, "grade", school, "--out", out)
    assert "these lessons count: 01_echo\n" in said
    assert (
        "02_broadcast does not count: 1 of 3 students handed it in. To let it count, grade with "
        "--lesson 2, or name it among the lessons of class.toml"
    ) in said
    assert {row["of"] for row in table(out).values()} == {"100"}
    assert table(out)["alice"]["02_broadcast"] == "100"

    done(run, "grade", school, "--out", out, "--lesson", "2", "--only", "alice")
    assert {row["of"] for row in table(out).values()} == {"100"}
    assert "these lessons count: 01_echo, 02_broadcast\n" in done(
        run, *("grade", school, "--out", out, "--lesson", "2")
    )
    assert {row["of"] for row in table(out).values()} == {"200"}
    assert table(out)["bob"]["remarks"] == "02_broadcast: nothing handed in"


def test_a_grade_that_stands_from_an_earlier_hand_in_is_marked_everywhere(
    run: Callable,
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    echo = program("echo")
    one = {"ada_2001_11_server.py": echo, "bob_2002_12_server.py": echo}
    done(run, "grade", canvas(tmp_path / "one.zip", one), "--out", out, "--lesson", "1")
    points = table(out)["ada_2001"]["01_echo"]
    two = {"ada_LATE_2001_21_server.rar": b"Rar!\x1a\x07\x01\0", "bob_2002_12_server.py": echo}
    said = done(run, "grade", canvas(tmp_path / "two.zip", two), "--out", out, "--lesson", "1")

    mark = "the grade is of an earlier hand-in (ada_2001_11_server.py); the newest one"
    assert f"ada_2001, 01_echo: {mark}" in said
    ada = table(out)["ada_2001"]
    assert (ada["01_echo"], ada["late"]) == (points, "")
    reports = [out / name for name in ("grades.csv", "index.html", "junit.xml")]
    for report in (*reports, *(out / "students").glob("ada*")):
        assert mark in report.read_text(encoding="utf-8"), report
    assert f"ada_2001, 01_echo: {mark}" in done(run, "report", "--out", out)

    three = {"ada_LATE_2001_31_server.py": echo, "bob_2002_12_server.py": echo}
    said = done(run, "grade", canvas(tmp_path / "three.zip", three), "--out", out, "--lesson", "1")
    assert mark not in said and "0 lessons to grade, 2 graded before" in said
    assert table(out)["ada_2001"]["late"] == "01_echo"


def test_the_rules_of_the_class_are_copied_and_never_lost(
    run: Callable, school: Path, tmp_path: Path
) -> None:
    out, rules = tmp_path / "out", school / "class.toml"
    rules.write_text("[late]\npercent_off = 50\n", encoding="utf-8")
    done(run, "grade", school, "--out", out, "--only", "alice")
    copy = (out / "class.toml").read_text(encoding="utf-8")
    assert (
        copy
        == f"# A copy of {rules}. Change that one, and grade again.\n[late]\npercent_off = 50\n"
    )

    rules.write_text("[late\n", encoding="utf-8")
    assert f"{rules}: " in refused(run, "grade", school, "--out", out)
    assert (out / "class.toml").read_text(encoding="utf-8") == copy
    new = tmp_path / "new"
    assert f"{rules}: " in refused(run, "grade", school, "--out", new) and not new.exists()

    rules.write_text("[late]\npercent_off = 20\n", encoding="utf-8")
    done(run, "grade", school, "--out", out, "--only", "alice")
    assert "percent_off = 20" in (out / "class.toml").read_text(encoding="utf-8")
    (out / "class.toml").write_text("[late]\npercent_off = 7\n", encoding="utf-8")
    said = refused(run, "grade", school, "--out", out)
    assert f"{out / 'class.toml'} and {rules} differ" in said
    assert (out / "class.toml").read_text(encoding="utf-8") == "[late]\npercent_off = 7\n"


@pytest.mark.parametrize("packed", [False, True])
def test_a_student_s_own_class_toml_is_not_the_class_s(
    run: Callable, school: Path, tmp_path: Path, packed: bool
) -> None:
    mine = school / "alice" / "class.toml"
    mine.write_text("[points.1]\nready-line = 1000000\n", encoding="utf-8")
    work = school / "alice"
    if packed:  # beside it lies what else the student handed in
        archive = shutil.make_archive(str(tmp_path / "handin"), "zip", work)
        work = Path(shutil.move(archive, work))
    out = tmp_path / "out"

    done(run, "grade", work, "--out", out)

    assert not (out / "class.toml").exists()
    (row,) = table(out).values()
    assert row["of"] == "100"


def test_the_folder_of_the_grades_may_lie_among_the_submissions(
    run: Callable, school: Path
) -> None:
    out = school / "grades"
    for _ in range(2):
        assert "student folders: 3 students\n" in done(run, "grade", school, "--out", out)
    said = done(run, "grade", school, "--out", school / "grades-2", "--only", "bob")
    assert "not placed: grades: it holds the gradebook of a class run" in said

    assert set(table(out)) == {"alice", "bob", "carol"}
