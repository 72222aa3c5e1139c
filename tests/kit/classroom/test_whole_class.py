"""A class of 60 from the downloads to the filled rosters, with the commands of the pages alone.

Only the grading itself is not done here: each program says in its first line how many points it
gets. What comes of them is compared with a table that is written down below, by hand.
"""

import csv
import io
import zipfile
from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from chatkit.classroom import run as class_run
from chatkit.cli.main import main
from chatkit.grading.jobs import Graded
from chatkit.grading.verdict import LessonVerdict, Verdict
from chatkit.grading.worker import Job

BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2026, 3, 2, 23, 59, tzinfo=BERLIN)
DAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
RULES = """
zone = "Europe/Berlin"
attempts = "best"
hold = ["k03"]

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
"""
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
# What each of three attempts at lesson 2 earns, by the number of the team: the best one counts.
TRIES = {0: (30, 80, 50), 1: (40, 90, 95)}


def grade_by_first_line(jobs: Sequence[Job], **_: Any) -> Generator[Graded, None, None]:
    """What the programs say themselves that they are worth."""
    for job in jobs:
        points = int((job.folder / "server.py").read_text(encoding="utf-8").split()[1])
        checks = (
            Verdict("works", "works", "passed", points, points, "server.py"),
            Verdict("works-well", "works well", "failed", 0, 100 - points, "server.py"),
        )
        yield Graded(job, LessonVerdict(job.lesson, job.lesson, checks, 1.0, "namespaces"))


def chatkit(*words: object) -> str:
    done = CliRunner().invoke(main, ["class", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The downloads of two assignments, the lists of the instructor, and the two rosters."""
    monkeypatch.setattr(class_run, "grade_jobs", grade_by_first_line)
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
    teams = [f"team-{i // 3:02},k{i:02}\n" for i in range(60)]
    (school / "groups.csv").write_text("group,student\n" + "".join(teams), encoding="utf-8")
    with zipfile.ZipFile(school / "moodle.zip", "w") as moodle:
        for i, name in enumerate(names):
            moodle.writestr(
                f"{name}_{7000 + i}_assignsubmission_file/server.py", f"# 80 of team {i // 3}\n"
            )
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
        for team in range(20):
            who = f"kindnr{'abcdefghij'[team * 3 // 10]}{'abcdefghij'[team * 3 % 10]}"
            for number, points in enumerate(TRIES[team % 2]):
                file = "server.py" if not number else f"server-{number}.py"
                name = f"{who}_{2000 + team * 3}_{9000 + team * 10 + number}_{file}"
                canvas.writestr(name, f"# {points} of team {team}\n")
    lines = ["Student,ID,SIS Login ID,Broadcast (11)", "    Points Possible,,,50"]
    lines += [f'"{name}",{2000 + i},k{i},' for i, name in enumerate(names)]
    (school / "gradebook.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return school


def test_a_class_of_sixty_gets_the_grades_of_the_table(school: Path, tmp_path: Path) -> None:
    out = tmp_path / "grades"
    worksheet, gradebook = school / "bewertung.csv", school / "gradebook.csv"

    first = chatkit(
        *("grade", school / "moodle.zip", "--out", out, "--lesson", 1),
        *("--roster", worksheet, "--comments"),
    )
    second = chatkit(
        *("grade", school / "canvas.zip", "--out", out, "--lesson", 2, "--roster", gradebook)
    )
    chatkit("report", "--out", out, "--lesson", 1, "--feedback", tmp_path / "moodle-feedback.zip")
    chatkit("report", "--out", out, "--lesson", 2, "--feedback", tmp_path / "canvas-feedback.zip")

    assert "60 students" in first and "20 lessons to grade" in first  # a team hands in the same
    assert "60 lessons to grade" in second  # three attempts of each team, and not of each student
    text = (out / "bewertung.csv").read_text(encoding="utf-8")
    filled = {
        row["E-Mail-Adresse"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")
    }
    for i in range(60):
        worth = EXPECTED.get(f"k{i:02}", 80)
        cell = "" if worth is None or i == 3 else f"{worth / 10:g}".replace(".", ",")
        assert filled[f"k{i}@example.org"]["Bewertung"] == cell, i
    assert "2 days 2 h late, 3 begun days" in filled["k9@example.org"]["Feedback als Kommentar"]
    rows = list(csv.DictReader(io.StringIO((out / "gradebook.csv").read_text(encoding="utf-8"))))
    for i, row in enumerate(rows[1:]):
        best = max(TRIES[i // 3 % 2])
        assert row["Broadcast (11)"] == ("" if i == 3 else f"{best / 2:g}"), i
    with zipfile.ZipFile(tmp_path / "moodle-feedback.zip") as pages:
        assert len(pages.namelist()) == 59  # one is held back
        assert "Kind Nraa_7000_assignfeedback_file_/feedback.html" in pages.namelist()
    with zipfile.ZipFile(tmp_path / "canvas-feedback.zip") as pages:
        assert len(pages.namelist()) == 19  # to those who handed in; one is held back
        page = pages.read("kindnraa_2000_9001_feedback.html").decode()  # the attempt that counts
        assert "<h1>Kind Nraa</h1>" in page
    page = next((out / "students").glob("kind-nraj-*")).read_text(encoding="utf-8")
    assert "late days without loss: 1 spent, 0 left" in page
    assert "late: 20 % off, 16 points" in page
    assert "3 attempts (1 40, 2 90, 3 95): number 3 counts" in page
