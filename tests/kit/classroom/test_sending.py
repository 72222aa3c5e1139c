"""What goes back to a platform and out to people, and what a second run changes."""

import csv
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chatkit.classroom import regrade
from chatkit.classroom import run as class_run
from chatkit.classroom.exports import sendout
from chatkit.classroom.gradebook import FILE, HandIn, Student, open_gradebook
from chatkit.classroom.grades import grades_of
from chatkit.classroom.records.history import FailedCheck
from chatkit.classroom.rosters.roster import fill_roster, times_in
from chatkit.classroom.rules import Rules
from chatkit.cli.main import main
from chatkit.course.lessons import find_course
from chatkit.grading.jobs import Graded
from chatkit.grading.verdict import Cause, LessonVerdict, Verdict
from chatkit.grading.worker import Job

ROOT = Path(__file__).parents[3]
COURSE = find_course(ROOT)
READY = Verdict("ready-line", "is ready", "passed", 60, 60, "server.py")
HALF = Verdict(
    "half-line", "half a line waits", "failed", 0, 40, "server.py", message="bob got it at once",
    causes=(Cause("one-recv-one-line", "server.py:9 takes one recv() for one line"),),
)  # fmt: skip


def chatkit(*words: object) -> Result:
    return CliRunner().invoke(main, ["class", *map(str, words)], catch_exceptions=False)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Ada has 60 and Bob all points in lesson 1, both from Moodle; Bob's go out later."""
    out = tmp_path / "grades"
    out.mkdir()
    (out / "class.toml").write_text('hold = ["bob"]\n', encoding="utf-8")
    (out / "people.csv").write_text("id,name,email\nada,Ada,ada@example.org\nbob,Bob,\n")
    with open_gradebook(out / FILE) as book:
        book.ask(["01_echo"])
        for id, other in (("ada", HALF), ("bob", Verdict("half-line", "h", "passed", 40, 40, "s"))):
            book.enrol(Student(id, id.title()))
            reply = f"{id.title()}_1001_assignfeedback_file_"
            book.hand_in(id, "01_echo", HandIn(source=f"{id}/x", key="k", work=id, reply=reply))
            found = LessonVerdict("01_echo", "Echo", (READY, other), 1.0, "namespaces")
            book.keep(id, "01_echo", "k", "seed", found)
    return out


TITLES = {
    "French": (
        "Identifiant,Nom complet,Adresse de courriel,Statut,Note,Note maximale,"
        "La note peut être modifiée,Dernière modification (travail remis),"
        "Dernière modification (note),Feedback par commentaires"
    ),
    "Spanish": (
        "Identificador,Nombre completo,Dirección de correo,Estado,Calificación,"
        "Calificación máxima,La calificación puede ser cambiada,Última modificación (entrega),"
        "Última modificación (calificación),Comentarios de retroalimentación"
    ),
    "another": "A,B,C,D,E,F,G,H,I,J",  # known by what stands below
}


@pytest.mark.parametrize("language", TITLES)
def test_a_worksheet_is_known_in_any_language(out: Path, tmp_path: Path, language: str) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        f'{TITLES[language]}\nParticipant 1001,Ada,ada@example.org,x,,"20,00",y,'
        '"mardi 3 mars 2026, 00:05",-,\nParticipant 1002,Eve,eve@example.org,x,,"20,00",n,-,-,\n',
        encoding="utf-8",
    )
    with open_gradebook(out / FILE) as book:
        grades = grades_of(book, Rules(), COURSE)
    fill_roster(sheet, grades, tmp_path / "filled.csv", comments=True)

    (ada, eve) = csv.reader(io.StringIO((tmp_path / "filled.csv").read_text().split("\n", 1)[1]))
    assert (ada[4], eve[4]) == ("12", "")
    if language != "another":  # the shape does not tell which column takes comments
        assert ada[9].startswith("01_echo: 60 of 100 points.\n- not yet: half a line waits.")
    students = [Student("ada", "Ada", "1001"), Student("eve", "Eve", "1002")]
    assert times_in(sheet, students) == {"ada": "mardi 3 mars 2026, 00:05", "eve": "-"}


def test_the_members_of_a_group_in_moodle_have_times_and_get_feedback(tmp_path: Path) -> None:
    """A group's hand-in has the name and number of the group; the worksheet has the members."""
    sheet, out = tmp_path / "sheet.csv", tmp_path / "grades"
    sheet.write_text(
        "Identifier,Full name,Email address,Status,Group,Grade,Maximum Grade,Grade can be changed,"
        "Last modified (submission)\n"
        'Participant 45,Ada Lovelace,ada@example.org,x,Team 1,,10.00,Yes,"Tuesday, 3 March 2026, '
        '12:05 AM"\nParticipant 46,Bob Meyer,bob@example.org,x,Team 1,,10.00,Yes,"Tuesday, '
        '3 March 2026, 12:05 AM"\n',
        encoding="utf-8",
    )
    students = [Student("ada", "Ada Lovelace"), Student("bob", "Bob Meyer")]
    found = LessonVerdict("01_echo", "Echo", (READY,), 1.0, "namespaces")
    out.mkdir()
    with open_gradebook(out / FILE) as book:
        book.ask(["01_echo"])
        for one in students:
            book.enrol(one)
            book.hand_in(one.id, "01_echo", HandIn(key="k", work="w"))
            book.keep(one.id, "01_echo", "k", "s", found, "w")
    without = chatkit("report", "--out", out, "--feedback", tmp_path / "f.zip")
    done = chatkit(
        *("report", "--out", out, "--feedback", tmp_path / "f.zip", "--roster", sheet),
    )

    # The number of a group may be that of somebody else's row.
    team = Student("team-1_45", "Team 1", "45")
    assert set(times_in(sheet, students)) == {"ada", "bob"} and not times_in(sheet, [team])
    assert without.exit_code == 2 and "give the worksheet with --roster" in without.stderr
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(tmp_path / "f.zip") as pages:
        assert pages.namelist() == [
            "Ada Lovelace_45_assignfeedback_file_/feedback.html",
            "Bob Meyer_46_assignfeedback_file_/feedback.html",
        ]


def test_a_column_that_nobody_knows_can_be_named(out: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("Nr;Wer;Punkte;Von\nTeilnehmer 1;Ada;;10\n", encoding="utf-8")
    words = ("report", "--out", out, "--roster", sheet)
    refused = chatkit(*words)
    columns = [f"--column={one}" for one in ("identifier=Nr", "name=Wer", "grade=Punkte")]
    wrong = chatkit(*words, *columns, "--column", "maximum=Max")
    done = chatkit(*words, *columns, "--column", "maximum=Von")

    assert refused.exit_code == 2 and 'such as --column "identifier=ID"' in refused.stderr
    assert "has no column 'Max' for maximum. There are: Nr, Wer, Punkte, Von" in wrong.stderr
    assert done.exit_code == 0, done.output
    assert (out / "sheet.csv").read_text() == "Nr;Wer;Punkte;Von\nTeilnehmer 1;Ada;6;10\n"


def test_feedback_letters_data_and_anonymous_pages_go_out(out: Path, tmp_path: Path) -> None:
    chatkit("adjust", "ada", 1, 1, "--out", out, "--why", "Ada showed it")
    to = {one: tmp_path / one for one in ("f.zip", "mail", "class.json", "nobody")}
    done = chatkit(
        *("report", "--out", out, "--feedback", to["f.zip"], "--mail", to["mail"]),
        *("--json", to["class.json"], "--anonymous", to["nobody"], "--separator", "semicolon"),
    )

    assert done.exit_code == 0, done.output
    assert done.output.count("bob: held back, as class.toml says") == 2
    with zipfile.ZipFile(to["f.zip"]) as pages:
        assert pages.namelist() == ["Ada_1001_assignfeedback_file_/feedback.html"]
    letters = sorted(one.name for one in to["mail"].iterdir())
    assert len(letters) == 2 and letters[1] == "recipients.csv"
    assert "Hello Ada,\n" in (to["mail"] / letters[0]).read_text(encoding="utf-8")
    data = json.loads(to["class.json"].read_text(encoding="utf-8"))
    fits(data, json.loads((tmp_path / sendout.SCHEMA).read_text(encoding="utf-8")))
    assert [(one["id"], one["total"], one["held"]) for one in data["students"]] == [
        *(("ada", 61, False), ("bob", 100, True)),
    ]
    for page in to["nobody"].glob("*.html"):
        assert "Ada" not in page.read_text(encoding="utf-8") and "hand-in" in page.read_text()
    assert "Ada" in (tmp_path / "nobody-key.csv").read_text(encoding="utf-8-sig")
    assert '"id";"name";"01_echo";' in (out / "grades.csv").read_text(encoding="utf-8-sig")


def fits(value: Any, schema: dict[str, Any], whole: dict[str, Any] | None = None) -> None:
    """Whether `value` is what the schema says, in those words of JSON Schema that ours uses."""
    whole = whole or schema
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    types = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "number": (int, float),
        "null": type(None),
    }
    named = schema.get("type", [])
    kinds = [types[one] for one in ([named] if isinstance(named, str) else named)]
    assert not kinds or any(isinstance(value, kind) for kind in kinds), value
    assert value in schema.get("enum", [value]) and value == schema.get("const", value)
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value)
        others = schema.get("additionalProperties", True)
        for name, inner in value.items():
            known = schema.get("properties", {}).get(name, others)
            assert known is not False, name
            if isinstance(known, dict):
                fits(inner, known, whole)
    for inner in value if isinstance(value, list) else ():
        fits(inner, schema["items"], whole)


# Again


def test_an_adjustment_writes_what_says_something_else_now(out: Path) -> None:
    chatkit("report", "--out", out)
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}
    chatkit("adjust", "ada", "1", "5", "--out", out, "--why", "showed it")
    changed = {
        file.name.split("-")[0] for file, when in before.items() if file.stat().st_mtime_ns != when
    }

    assert changed == {"gradebook.sqlite", "grades.csv", "index.html", "ada"}


def test_a_note_is_on_the_page_and_only_its_page_is_written(out: Path) -> None:
    chatkit("report", "--out", out)
    pages = {page: page.stat().st_mtime_ns for page in (out / "students").iterdir()}
    done = chatkit("note", "ADA", "1", "--out", out, "--text", "Look at line 9.")
    noted = chatkit("note", "ada", "1", "--out", out, "--text", "Look at line 9.")
    changed = [page.name for page, when in pages.items() if page.stat().st_mtime_ns != when]

    assert done.exit_code == 2 and "Did you mean 'ada'?" in done.stderr
    assert noted.exit_code == 0 and len(changed) == 1 and changed[0].startswith("ada-")
    assert "Look at line 9." in (out / "students" / changed[0]).read_text(encoding="utf-8")
    chatkit("note", "ada", "1", "--out", out, "--remove")
    assert "Look at line 9." not in (out / "students" / changed[0]).read_text(encoding="utf-8")


def grader(found: tuple[Verdict, ...]) -> Any:
    """What finds the same of every program."""

    def grade(jobs: Sequence[Job], **_: Any) -> Generator[Graded, None, None]:
        for job in jobs:
            only = job.options.only
            checks = tuple(one for one in found if not only or one.id in only)
            yield Graded(job, LessonVerdict(job.lesson, "Echo", checks, 1.0, "namespaces"))

    return grade


def test_one_check_is_graded_again_after_a_rehearsal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [check.id for check in COURSE.lesson("echo").checks()][:2]
    first, second = (Verdict(id, id, "failed", 0, 50, "server.py") for id in ids)
    right = Verdict(ids[1], ids[1], "passed", 50, 50, "server.py")
    for student in ("ada", "bob"):
        (tmp_path / "school" / student / "01_echo").mkdir(parents=True)
        (tmp_path / "school" / student / "01_echo" / "server.py").write_text(student)
    words = ("grade", tmp_path / "school", "--out", tmp_path / "out")
    monkeypatch.setattr(class_run, "grade_jobs", grader((first, second)))
    monkeypatch.setattr(regrade, "grade_jobs", grader((first, right)))

    assert chatkit(*words).exit_code == 0
    before = (tmp_path / "out" / FILE).read_bytes()
    rehearsed = chatkit(*words, "--check", ids[1], "--dry-run")
    same = (tmp_path / "out" / FILE).read_bytes() == before
    done = chatkit(*words, "--check", ids[1])
    wrong = chatkit(*words, "--check", "no-such-check")

    line = f"ada, 01_echo: 0 → 50 ({ids[1]} failed → passed)"
    assert "2 grades changed:" in rehearsed.output and line in rehearsed.output
    assert "dry run: nothing was written" in rehearsed.output and same
    assert line in done.output and wrong.exit_code == 2
    page = next((tmp_path / "out" / "students").glob("ada-*")).read_text(encoding="utf-8")
    assert f"0 before, 50 after. Changed: {ids[1]} failed → passed" in page


def test_what_failed_is_kept_run_by_run(out: Path) -> None:
    half = FailedCheck(
        "01_echo", "half-line", "half a line", 28, 20, "one-recv-one-line", 14, "told"
    )
    with open_gradebook(out / FILE) as book:
        for failures in (
            (half,),
            (half,),
            (FailedCheck("01_echo", "half-line", "h", 28, 5, "", 0, ""),),
        ):
            book.note_run(datetime(2026, 3, 2, tzinfo=UTC), failures)
        assert [run.failures[0].failed for run in book.runs()] == [20, 5]  # nothing new: not kept
    chatkit("report", "--out", out)

    rows = list(csv.DictReader(io.StringIO((out / "overtime.csv").read_text("utf-8-sig"))))
    assert [(row["failed"], row["cause"], row["named"]) for row in rows] == [
        *(("20", "one-recv-one-line", "14"), ("5", "", "0")),
    ]
    page = (out / "overtime.html").read_text(encoding="utf-8")
    assert "<polyline" in page and "<strong>5</strong> of 28" in page


def test_a_reader_that_goes_away_does_not_end_the_work(out: Path) -> None:
    shutil.rmtree(out / "students", ignore_errors=True)
    command = [sys.executable, "-m", "chatkit", "class", "report", "--out", str(out)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.close()  # as `| head` does
        assert process.wait(timeout=60) == 0
    assert (out / "grades.csv").is_file()
