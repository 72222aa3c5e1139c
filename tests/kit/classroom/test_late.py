"""Deadlines: when work came, what it loses, and that every step stands in the grade."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chatkit.classroom.gradebook import FILE, Gradebook, HandIn, Student, open_gradebook
from chatkit.classroom.grades import StudentGrades, grades_of
from chatkit.classroom.late.moments import read_moment
from chatkit.classroom.late.unfed import unfed
from chatkit.classroom.rulesfile import RulesError, read_rules
from chatkit.classroom.submissions.submissions import Submission
from chatkit.course.lessons import find_course
from chatkit.grading.verdict import LessonVerdict, Verdict

COURSE = find_course(Path(__file__).parent)
BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2026, 3, 2, 23, 59, tzinfo=BERLIN)
HEAD = 'zone = "Europe/Berlin"\nlessons = [1]\n'
DEADLINE = "[deadline]\necho = 2026-03-02T23:59:00\n"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    with open_gradebook(tmp_path / FILE) as book:
        book.enrol(Student("ada", "Ada"))
        yield book


def hand_in(book: Gradebook, points: int, moment: datetime | None = None, **about: object) -> None:
    """One attempt at lesson 1 of Ada that earns `points` of 100."""
    work = f"attempt of {points}"
    what = HandIn(key=work, work=work, moment=moment, **about)  # type: ignore[arg-type]
    book.hand_in("ada", "01_echo", what)
    checks = (
        Verdict("a", "a", "passed", points, points, "server.py"),
        Verdict("b", "b", "failed", 0, 100 - points, "server.py"),
    )
    found = LessonVerdict("01_echo", "Echo", checks, 1.0, "namespaces")
    book.keep("ada", "01_echo", work, "seed", found, work)


def ada(book: Gradebook, folder: Path, text: str) -> StudentGrades:
    """What Ada gets by these rules."""
    (folder / "class.toml").write_text(HEAD + text, encoding="utf-8")
    (row,) = grades_of(book, read_rules(folder, COURSE), COURSE).students
    return row


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-02T23:05:00Z", "2026-03-02 23:05"),
        ("2026-03-02T23:05:00+02:00", "2026-03-02 21:05"),
        ("Monday, 2 March 2026, 11:05 PM", "2026-03-02 22:05"),
        ("Montag, 2. März 2026, 23:05", "2026-03-02 22:05"),
        ("mardi 3 mars 2026, 00:05", "2026-03-02 23:05"),
        ("martes, 3 de marzo de 2026, 12:05", "2026-03-03 11:05"),
        ("Mar 2, 2026 1105 PM", "2026-03-02 22:05"),
        ("Jul 2, 2026 1205 AM", "2026-07-01 22:05"),  # summer time
        ("03/02/2026 11:05 PM", ""),  # March or February?
        ("-", ""),
        ("", ""),
    ],
)
def test_times_are_read_as_the_platforms_write_them(text: str, said: str) -> None:
    found = read_moment(text, BERLIN)
    assert (f"{found:%Y-%m-%d %H:%M}" if found else "") == said


LATE = "[late]\ngrace_minutes = 10\npercent_off = 5\npercent_a_day = 10\nmost_percent = 40\n"


@pytest.mark.parametrize(
    ("over", "points"),
    [
        (timedelta(0), 80),
        (timedelta(minutes=10), 80),  # within the grace
        (timedelta(minutes=11), 68),  # once 5 %, and 10 % for a begun day
        (timedelta(hours=25), 60),  # two begun days
        (timedelta(days=30), 48),  # the cap
    ],
)
def test_lateness_costs_what_the_rules_say(
    book: Gradebook, tmp_path: Path, over: timedelta, points: float
) -> None:
    hand_in(book, 80, DUE + over)
    grade = ada(book, tmp_path, DEADLINE + LATE).lessons["01_echo"].grade

    assert grade and grade.points == points
    assert grade.how[0].startswith("due Mon 2026-03-02 23:59 (Europe/Berlin), handed in ")


def test_every_step_stands_in_the_grade(book: Gradebook, tmp_path: Path) -> None:
    hand_in(book, 80, DUE + timedelta(hours=25))
    book.adjust("ada", "01_echo", 3, "showed it", datetime(2026, 3, 9, tzinfo=UTC), "me")
    rules = f"{DEADLINE}{LATE}free_days = 1\n"
    grade = ada(book, tmp_path, rules).lessons["01_echo"].grade

    assert grade and grade.points == 71
    assert grade.how == (
        "due Mon 2026-03-02 23:59 (Europe/Berlin), handed in Wed 2026-03-04 00:59 "
        "(Europe/Berlin): 1 day 1 h late, 2 begun days",
        "late days without loss: 1 spent, 0 left",
        "late: 15 % off, 12 points",
        "adjusted by +3: showed it (me, 2026-03-09)",
    )


def test_an_extension_moves_the_deadline_of_one_student(book: Gradebook, tmp_path: Path) -> None:
    hand_in(book, 80, DUE + timedelta(hours=25), late=True)
    rules = f"{DEADLINE}{LATE}[extension.ada]\necho = 2026-03-05T12:00:00\n"
    row = ada(book, tmp_path, rules)

    grade = row.lessons["01_echo"].grade
    assert grade and grade.points == 80 and row.late == ()
    assert grade.how[0].startswith("extension until Thu 2026-03-05 12:00")
    assert grade.how[0].endswith("in time; the platform marks it as late")


def test_an_excuse_takes_the_lesson_out_of_the_total(book: Gradebook, tmp_path: Path) -> None:
    row = ada(book, tmp_path, '[excuse]\nada = ["echo"]\n')

    assert row.lessons["01_echo"].cell is None
    assert row.total and row.total.empty and row.remarks == ("01_echo: excused",)


@pytest.mark.parametrize(("rule", "points"), [("last", 50), ("best", 90), ("last-on-time", 60)])
def test_which_of_several_attempts_counts(
    book: Gradebook, tmp_path: Path, rule: str, points: float
) -> None:
    for worth, days in ((90, -3), (60, -2), (50, 1)):
        hand_in(book, worth, DUE + timedelta(days=days))
    row = ada(book, tmp_path, f'attempts = "{rule}"\n{DEADLINE}')

    grade = row.lessons["01_echo"].grade
    assert grade and grade.points == points
    assert grade.how[0].startswith("3 attempts (1 90, 2 60, 3 late 50): number ")


def test_the_same_programs_again_are_no_other_attempt(book: Gradebook, tmp_path: Path) -> None:
    hand_in(book, 90)
    hand_in(book, 50)
    hand_in(book, 90, late=True)

    assert [one.verdict.score for one in book.attempts("ada", "01_echo")] == [50, 90]
    assert ada(book, tmp_path, "").late == ("01_echo",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[deadline]\n1 = 2026-03-02T23:59:00\n", "say in which zone"),
        ('zone = "Europe/Berlim"\n', "knows no time zone 'Europe/Berlim'"),
        ('zone = "UTC"\n[deadline]\n1 = 2026-03-02\n', "say the time of the day"),
        ('zone = "UTC"\n[deadline]\n1 = "3/2/26"\n', "write a time such as"),
        ("[late]\npercent_a_day = 5\n", "this needs a [deadline]"),
        ('attempts = "first"\n', "write one of last, best, last-on-time"),
        (
            'zone = "UTC"\n[deadline]\n1 = 2026-03-02T10:00:00\n'
            "[extension.ada]\n1 = 2026-03-01T10:00:00\n",
            "before the deadline of all others",
        ),
        ("[extension.ada]\n1 = 2026-03-01T10:00:00\n", "no deadline that could be extended"),
        ("[excuse]\nada = 1\n", "list the lessons"),
        ('hold = "ada"\n', 'write a list of texts, such as ["ada"]'),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "class.toml").write_text(text, encoding="utf-8")
    with pytest.raises(RulesError) as wrong:
        read_rules(tmp_path, COURSE)
    assert said in str(wrong.value)


def test_a_rule_that_nothing_feeds_is_said_before_the_run(tmp_path: Path) -> None:
    rules = f"{HEAD}{DEADLINE}{LATE}[extension.adda]\necho = 2026-03-05T12:00:00\n"
    (tmp_path / "class.toml").write_text(rules, encoding="utf-8")
    of = read_rules(tmp_path, COURSE).deadlines
    one = Submission("ada", "Ada", {"01_echo": tmp_path}, False, "ada", ())
    lines = list(unfed(of, [one], "a Moodle download", ["bob"], "last"))

    assert (
        lines[0] == "class.toml: [extension] adda: there is no such student yet. Did you mean ada?"
    )
    assert lines[1].startswith("deadline of 01_echo: none of 1 hand-ins say when they came.")
    assert lines[1].endswith("add --roster worksheet.csv")
