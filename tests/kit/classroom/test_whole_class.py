"""A class of 60 from the downloads to the filled rosters, with the commands of the pages alone.

Everything is real, also the grading. To stay cheap, the course has two lessons with a few of their
checks, and six programs serve everybody. What comes of them is compared with a table that is
written down below, by hand.
"""

import csv
import io
import shutil
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chatkit.course.lessons import find_course

ROOT = Path(__file__).parents[3]
BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2026, 3, 2, 23, 59, tzinfo=BERLIN)
TEAM = 5  # students who hand in together
DAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
RULES = """
zone = "Europe/Berlin"
attempts = "best"
hold = ["k10"]

[deadline]
echo = 2026-03-02T23:59:00

[late]
grace_minutes = 10
percent_a_day = 10
most_percent = 30
free_days = 1

[extension.k19]
echo = 2026-03-05T23:59:00

[excuse]
k05 = ["echo"]

[points.echo]
echoes-a-line = 80
any-line = 20

[points.broadcast]
not-to-sender = 50
half-line = 30
late-joiner = 20
"""
CHECKS = {
    "01_echo": ("echoes-a-line", "any-line"),
    "02_broadcast": ("not-to-sender", "half-line", "late-joiner"),
}
# How long after the deadline a student handed in lesson 1; all others an hour before it.
CAME = {
    "k07": timedelta(minutes=5),
    "k08": timedelta(hours=1),
    "k09": timedelta(hours=50),
    "k19": timedelta(hours=50),
    "k29": timedelta(days=6),
}
# What lesson 1 is worth in the end, of 100, where the programs of all earn 80: the table by hand.
EXPECTED = {
    "k07": 80,  # 5 minutes late, within the grace
    "k08": 80,  # begun day 1, which is free
    "k09": 64,  # begun days 1 to 3, one is free: 20 % off
    "k19": 80,  # has an extension
    "k29": 56,  # 6 days, one is free: 50 % off, but never more than 30 %
    "k05": None,  # excused
}
# What all hand in for lesson 1 earns: a blank line does not come back.
ECHO = "tests/mistakes/01_echo/skips_blank_lines"
# The three attempts of a team at lesson 2, by its number, and what each earns: the best one counts.
SELF, PAST, WAITS, RIGHT = (
    "tests/mistakes/02_broadcast/sends_to_all",  # 50: the sender hears itself
    "tests/mistakes/02_broadcast/replays_the_past",  # 80: who joins later gets what is old
    "tests/mistakes/02_broadcast/waits_for_the_line_end",  # 70: half a line stops everybody
    "solutions/02_broadcast",  # 100
)
TRIES = {0: (SELF, PAST, WAITS), 1: (WAITS, PAST, RIGHT)}
BEST = {0: 80, 1: 100}


def server(folder: str) -> bytes:
    return (ROOT / folder / "server.py").read_bytes()


# Stands at the end of a lesson's checks, and leaves only some of them.
ONLY = """

for name, one in [*globals().items()]:
    if callable(one) and hasattr(one, "check") and one.check.id not in {ids!r}:
        del globals()[name]
del name, one
"""


def small_course(root: Path) -> Path:
    """A clone with two lessons, whose checks are a few of the real ones."""
    shutil.copytree(ROOT / "tests" / "lessons", root / "tests" / "lessons")
    for lesson, ids in CHECKS.items():
        shutil.copytree(ROOT / "lessons" / lesson, root / "lessons" / lesson)
        with (root / "tests" / "lessons" / f"test_{lesson}.py").open("a") as checks:
            checks.write(ONLY.format(ids=ids))
    found = {
        one.name: tuple(check.id for check in one.checks()) for one in find_course(root).lessons
    }
    assert {lesson: set(ids) for lesson, ids in found.items()} == {
        lesson: set(ids) for lesson, ids in CHECKS.items()
    }
    return root


@pytest.fixture
def school(tmp_path: Path) -> Path:
    """The downloads of two assignments, the lists of the instructor, and the two rosters."""
    school = tmp_path / "school"
    school.mkdir()
    (school / "class.toml").write_text(RULES, encoding="utf-8")
    people = [
        f"k{i:02},Kind Nr{'abcdefghij'[i // 10]}{'abcdefghij'[i % 10]},k{i}@example.org,"
        for i in range(60)
    ]
    names = [row.split(",")[1] for row in people]
    (school / "people.csv").write_text(
        "id,name,email,canvas\n" + "".join(f"{row}{2000 + i}\n" for i, row in enumerate(people)),
        encoding="utf-8",
    )
    teams = [f"team-{i // TEAM:02},k{i:02}\n" for i in range(60)]
    (school / "groups.csv").write_text("group,student\n" + "".join(teams), encoding="utf-8")
    with zipfile.ZipFile(school / "moodle.zip", "w") as moodle:
        for i, name in enumerate(names):
            folder = f"{name}_{7000 + i}_assignsubmission_file"
            moodle.writestr(f"{folder}/server.py", server(ECHO) + b"# team %d\n" % (i // TEAM))
    rows = [
        "ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;"
        "Bewertung kann geändert werden;Zuletzt geändert (Abgabe);Zuletzt geändert (Bewertung);"
        "Feedback als Kommentar"
    ]
    for i, name in enumerate(names):
        came = DUE + CAME.get(f"k{i:02}", timedelta(hours=-1))
        told = f"{DAYS[came.weekday()]}, {came.day}. März {came.year}, {came:%H:%M}"
        mail = f"k{i}@example.org"
        rows.append(f"Teilnehmer/in{7000 + i};{name};{mail};Abgegeben;;10,00;Ja;{told};-;")
    worksheet = "\r\n".join(rows) + "\r\n"
    (school / "bewertung.csv").write_text(worksheet, encoding="utf-8", newline="")
    with zipfile.ZipFile(school / "canvas.zip", "w") as canvas:  # the first of each team hands in
        for team in range(60 // TEAM):
            who = f"kindnr{'abcdefghij'[team * TEAM // 10]}{'abcdefghij'[team * TEAM % 10]}"
            for number, program in enumerate(TRIES[team % 2]):
                file = "server.py" if not number else f"server-{number}.py"
                name = f"{who}_{2000 + team * TEAM}_{9000 + team * 10 + number}_{file}"
                canvas.writestr(name, server(program))
    lines = ["Student,ID,SIS Login ID,Broadcast (11)", "    Points Possible,,,50"]
    lines += [f'"{name}",{2000 + i},k{i},' for i, name in enumerate(names)]
    (school / "gradebook.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return school


def test_a_class_of_sixty_gets_the_grades_of_the_table(
    school: Path, tmp_path: Path, chatkit: Callable
) -> None:
    out = tmp_path / "grades"
    worksheet, gradebook = school / "bewertung.csv", school / "gradebook.csv"
    clone = small_course(tmp_path / "clone")

    def run(*words: object) -> str:
        done = chatkit("class", *words, cwd=clone)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    first = run(
        *("grade", school / "moodle.zip", "--out", out, "--lesson", 1),
        *("--roster", worksheet, "--comments"),
    )
    second = run(
        *("grade", school / "canvas.zip", "--out", out, "--lesson", 2, "--roster", gradebook)
    )
    run("report", "--out", out, "--lesson", 1, "--feedback", tmp_path / "moodle-feedback.zip")
    third = run(
        *("report", "--out", out, "--lesson", 2, "--feedback", tmp_path / "canvas-feedback.zip")
    )

    assert "60 students" in first and "12 lessons to grade" in first  # a team hands in the same
    assert "36 lessons to grade" in second  # three attempts of each team, and not of each student
    assert "  k01, k02, k03, k04, k06, " in third  # one line for all who hand in with another
    text = (out / "bewertung.csv").read_text(encoding="utf-8")
    filled = {
        row["E-Mail-Adresse"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")
    }
    for i in range(60):
        worth = EXPECTED.get(f"k{i:02}", 80)
        cell = "" if worth is None or i == 10 else f"{worth / 10:g}".replace(".", ",")
        assert filled[f"k{i}@example.org"]["Bewertung"] == cell, i
    assert "2 days 2 h late, 3 begun days" in filled["k9@example.org"]["Feedback als Kommentar"]
    rows = list(csv.DictReader(io.StringIO((out / "gradebook.csv").read_text(encoding="utf-8"))))
    for i, row in enumerate(rows[1:]):
        best = BEST[i // TEAM % 2]  # of 100, and the assignment is worth 50
        assert row["Broadcast (11)"] == ("" if i == 10 else f"{best / 2:g}"), i
    with zipfile.ZipFile(tmp_path / "moodle-feedback.zip") as pages:
        assert len(pages.namelist()) == 59  # one is held back
        assert "Kind Nraa_7000_assignfeedback_file_/feedback.html" in pages.namelist()
    with zipfile.ZipFile(tmp_path / "canvas-feedback.zip") as pages:
        assert len(pages.namelist()) == 11  # to those who handed in; one is held back
        page = pages.read("kindnraa_2000_9001_feedback.html").decode()  # the attempt that counts
        assert "<h1>Kind Nraa</h1>" in page
    page = next((out / "students").glob("kind-nraj-*")).read_text(encoding="utf-8")
    assert "late days without loss: 1 spent, 0 left" in page
    assert "late: 20 % off, 16 points" in page
    assert "3 attempts (1 70, 2 80, 3 100): number 3 counts" in page
