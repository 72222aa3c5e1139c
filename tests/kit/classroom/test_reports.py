"""Reports: every form says the same, and nothing that a stranger wrote can do harm in it."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from chatkit._files import WriteError, file_names, write_whole
from chatkit._text import one_line, visible
from chatkit.bench.transcript import Event
from chatkit.classroom.gradebook import FILE, Gradebook, HandIn, Student, open_gradebook
from chatkit.classroom.grades import ClassGrades, LessonGrade, StudentGrades, grades_of
from chatkit.classroom.late.deadlines import Deadlines
from chatkit.classroom.reports.page import _environment
from chatkit.classroom.reports.plots import distribution, distributions
from chatkit.classroom.reports.results import github_classroom, gradescope, junit
from chatkit.classroom.reports.similar import write_similar
from chatkit.classroom.reports.table import defused, table
from chatkit.classroom.reports.write import write_reports
from chatkit.classroom.rosters.csvedit import read_sheet
from chatkit.classroom.rosters.matching import matches
from chatkit.classroom.rosters.platforms import Filled
from chatkit.classroom.rosters.roster import OWN, fill_roster, roster_target
from chatkit.classroom.rules import Grade, Rules
from chatkit.classroom.similar import Findings
from chatkit.classroom.statistics import most_failed, quartiles, statistics_of
from chatkit.course.lessons import find_course
from chatkit.grading.verdict import INSIDE, LessonVerdict, Verdict

COURSE = find_course(Path(__file__).parent)
RULES = Rules(full={lesson.name: 100.0 for lesson in COURSE.lessons})
NOW = datetime(2025, 3, 1, tzinfo=UTC)

HOSTILE = [
    "<script>alert(1)</script>",
    '=HYPERLINK("http://example.org";"you won")',
    "\x1b[2J\x1b]0;owned\x07\x00",
    "abc\u202etxt.exe",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "</pre></style></svg>]]>&amp;",
    "x" * 10_000,
    "half \udcff a character",
    "line\none\r\nline two\ttab",
]

READY = Verdict("ready-line", "prints the ready line", "passed", 40, 40, "server.py")
HALF = Verdict(
    id="half-line",
    title="half a line waits for its end",
    status="failed",
    score=0,
    max_score=60,
    program="server.py",
    symptom="different-text",
    message="bob got something else",
    expected="bob to get b'hello\\n'",
    received="b'hallo\\n'",
    likely="the bytes were changed on their way.",
    hint="Look at the first difference.",
    read='lessons/02_broadcast/README.md, "Lines from a stream"',
    again="chatkit check 2 --only half-line --show",
    transcript=(Event(0.004, "alice", "server", "data", "hello\\n"),),
    output="Traceback of the program",
)
UNTRIED = replace(HALF, status="not_reached", symptom="crashed", message="nobody could connect")
SKIPPED = Verdict("window", "opens a window", "skipped", 0, 0, "client.py", message="no display")
RIGHT = replace(HALF, status="passed", score=60, symptom="", output="")


def lesson(*checks: Verdict, name: str = "02_broadcast", title: str = "Broadcast") -> LessonVerdict:
    return LessonVerdict(name, title, checks, 1.5, "namespaces")


def hostile(text: str) -> Verdict:
    """A failed check in which everything that a program can influence is `text`."""
    events = (
        Event(0.1, "alice", "server", "data", text, text),
        Event(0.2, text, "server", "note", "", text),
    )
    return replace(
        HALF,
        message=text,
        expected=text,
        received=text,
        likely=text,
        notes=(text,),
        transcript=events,
        output=text,
    )


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    with open_gradebook(tmp_path / FILE) as book:
        yield book


def enter(
    book: Gradebook, id: str, *found: LessonVerdict, name: str = "", late: bool = False
) -> None:
    book.enrol(Student(id, name or id))
    for one in found:
        book.hand_in(id, one.lesson, HandIn(late, f"{id}.zip", key="key"))
        book.keep(id, one.lesson, "key", "seed", one)
        book.ask([one.lesson])


def a_class(book: Gradebook) -> ClassGrades:
    """Three students: all right, half right, and one who handed in the wrong thing late."""
    echo = lesson(READY, name="01_echo", title="Echo")
    enter(book, "anna", echo, lesson(READY, RIGHT), name="Anna Müller")
    enter(book, "bo", echo, lesson(READY, HALF), name="Bo Li")
    enter(book, "cy", lesson(replace(READY, status="failed", score=0), UNTRIED), late=True)
    return grades_of(book, RULES, COURSE)


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def grades(points: dict[str, float], names: dict[str, str] | None = None) -> ClassGrades:
    """A class with one lesson of at most 100 points, without a gradebook."""
    lesson = COURSE.lesson("2")
    rows = []
    for id, earned in points.items():
        grade = Grade(earned, 100)
        student = Student(id, (names or {}).get(id, id))
        one = LessonGrade(None, grade, handed_in=True, adjusted=False)
        rows.append(StudentGrades(student, {lesson.name: one}, grade, ()))
    return ClassGrades((lesson,), tuple(rows), RULES)


# The grades of a class, and the numbers


def test_what_was_not_handed_in_counts_nothing_and_has_an_empty_cell(book: Gradebook) -> None:
    cy = a_class(book).students[2]

    assert cy.lessons["01_echo"].cell is None
    assert cy.total and (cy.total.points, cy.total.max) == (0, 200)
    assert "01_echo: nothing handed in" in cy.remarks


def test_a_total_waits_until_all_is_graded(book: Gradebook, tmp_path: Path) -> None:
    a_class(book)
    book.hand_in("anna", "03_threads", HandIn(key="other"))
    enter(book, "dee", lesson(READY, name="03_threads", title="Threads"))
    anna, bo, *_ = grades_of(book, RULES, COURSE).students
    shown = {name.split("-")[0]: page.text for name, page in pages(book, tmp_path).items()}

    assert "Not graded yet." in shown["anna"] and "Not graded yet." not in shown["bo"]
    assert anna.total is None and bo.total
    assert "03_threads: not graded yet" in anna.remarks


def test_late_is_the_lesson_that_was_late(book: Gradebook) -> None:
    rules = replace(RULES, deadlines=Deadlines(percent_off=50))
    echo, cast = lesson(READY, name="01_echo", title="Echo"), lesson(READY, RIGHT)
    for id, one, late in (("anna", echo, True), ("bo", echo, False)):
        enter(book, id, one, late=late)
    for id, late in (("anna", False), ("bo", True)):  # the download of the next week
        enter(book, id, cast, late=late)
    anna, bo = grades_of(book, rules, COURSE).students

    assert [one.cell for one in anna.lessons.values()] == [20, 100]
    assert [one.cell for one in bo.lessons.values()] == [40, 50]
    assert (anna.late, bo.late) == (("01_echo",), ("02_broadcast",))


def test_remarks_and_sources_of_all_lessons_stay(book: Gradebook, tmp_path: Path) -> None:
    enter(book, "anna", lesson(READY, name="01_echo", title="Echo"), lesson(READY))
    book.hand_in("anna", "01_echo", HandIn(False, "week1.zip", ("odd", "both"), "key"))
    book.hand_in("anna", "02_broadcast", HandIn(False, "week2.zip", ("both",), "key"))
    (anna,) = grades_of(book, RULES, COURSE).students

    assert anna.remarks == ("01_echo: odd", "both")
    assert anna.sources == ("week1.zip", "week2.zip")
    page = next(page for name, page in pages(book, tmp_path).items() if name.startswith("anna"))
    assert page.text.index("week1.zip") < page.text.index("week2.zip")


def of_class(book: Gradebook, rules: Rules = RULES) -> list[tuple[float, float] | None]:
    """The total of each student, and of how many points."""
    rows = grades_of(book, rules, COURSE).students
    return [row.total and (row.total.points, row.total.max) for row in rows]


def test_a_lesson_counts_when_it_was_asked_for_and_not_because_of_a_row(
    book: Gradebook, tmp_path: Path
) -> None:
    for id in ("anna", "bo", "cy"):
        enter(book, id, lesson(READY, UNTRIED, name="01_echo", title="Echo"))
    alone = [(40, 100)] * 3

    book.adjust("anna", "02_broadcast", 5, "by mistake", NOW, "me")  # nobody was graded in it
    assert of_class(book) == alone
    _, bo, _ = grades_of(book, RULES, COURSE).students
    assert bo.remarks == () and bo.lessons["02_broadcast"].cell is None
    assert [one.lesson for one in statistics_of(grades_of(book, RULES, COURSE))] == ["01_echo"]
    plots = distributions(grades_of(book, RULES, COURSE))
    assert [plot.title for plot in plots] == ["01_echo", "total"]
    book.take_back("anna", "02_broadcast")
    assert [one.name for one in grades_of(book, RULES, COURSE).lessons] == ["01_echo"]

    book.hand_in("bo", "02_broadcast", HandIn(key="key"))  # an early bird
    assert of_class(book) == alone  # not graded yet is no reason for an empty total either
    book.keep("bo", "02_broadcast", "key", "seed", lesson(READY, RIGHT))
    assert of_class(book) == alone
    _, bo, _ = grades_of(book, RULES, COURSE).students
    assert bo.lessons["02_broadcast"].cell == 100
    assert "02_broadcast: it does not count in the total" in bo.remarks
    text = {name.split("-")[0]: page.text for name, page in pages(book, tmp_path).items()}
    assert "02_broadcast" not in text["anna"] and "02_broadcast" in text["bo"]
    assert "(does not count)" in text["index.html"]
    assert "These lessons count: 01_echo." in text["anna"]

    named = replace(RULES, lessons=("01_echo", "02_broadcast"))
    assert of_class(book, named) == [(40, 200), (140, 200), (40, 200)]
    narrow = replace(RULES, lessons=("02_broadcast",))
    assert of_class(book, narrow) == [(0, 100), (100, 100), (0, 100)]
    book.ask(["02_broadcast"])
    assert of_class(book) == of_class(book, named)


def test_a_lesson_that_counts_and_nobody_handed_in_is_a_column(book: Gradebook) -> None:
    enter(book, "anna", lesson(READY, name="01_echo", title="Echo"))
    book.ask(["02_broadcast"])
    (anna,) = rows_of(table(grades_of(book, RULES, COURSE)))

    assert (anna["01_echo"], anna["02_broadcast"], anna["of"]) == ("40", "", "140")


UNREADABLE = HandIn(True, "anna.rar", (), "", "anna.rar is no zip or tar archive.")


def test_a_grade_of_an_earlier_hand_in_is_marked_in_every_report(
    book: Gradebook, tmp_path: Path
) -> None:
    rules = replace(RULES, deadlines=Deadlines(percent_off=50))
    enter(book, "anna", lesson(READY, name="01_echo", title="Echo"))
    book.hand_in("anna", "01_echo", UNREADABLE)
    said = (
        "the grade is of an earlier hand-in (anna.zip); the newest one (anna.rar) could not be "
        "graded: anna.rar is no zip or tar archive."
    )
    of = grades_of(book, rules, COURSE)

    assert of.students[0].lessons["01_echo"].cell == 40  # the earlier one was in time
    assert of.standing() == [("anna", "01_echo", said)]
    (row,) = rows_of(table(of))
    assert (row["01_echo"], row["late"], row["remarks"]) == ("40", "", f"01_echo: {said}")
    for page in pages(book, tmp_path).values():
        assert said in page.text
    assert ElementTree.parse(tmp_path / "junit.xml").find(".//property").get("value") == said  # type: ignore[union-attr]

    book.hand_in("anna", "01_echo", HandIn(False, "anna.zip", (), "new"))  # the run was stopped
    ((_, _, why),) = grades_of(book, rules, COURSE).standing()
    assert why.startswith("the grade is of an earlier run (anna.zip); the programs or the checks")
    book.keep("anna", "01_echo", "new", "seed", lesson(READY, name="01_echo", title="Echo"))
    assert grades_of(book, rules, COURSE).standing() == []


def test_a_hand_in_that_could_not_be_graded_is_no_zero(book: Gradebook, tmp_path: Path) -> None:
    book.enrol(Student("anna", "Anna"))
    book.ask(["01_echo"])
    book.hand_in("anna", "01_echo", UNREADABLE)
    (row,) = rows_of(table(grades_of(book, RULES, COURSE)))

    assert (row["01_echo"], row["total"]) == ("", "")
    for page in pages(book, tmp_path).values():
        assert "not graded: anna.rar is no zip or tar archive." in page.text
    book.adjust("anna", "01_echo", 0, "nothing handed in", NOW, "me")
    (row,) = rows_of(table(grades_of(book, RULES, COURSE)))
    assert (row["01_echo"], row["total"], row["of"]) == ("0", "0", "100")


def test_statistics_name_the_middle_the_spread_and_the_worst_check(book: Gradebook) -> None:
    echo, broadcast = statistics_of(a_class(book))

    assert (echo.graded, echo.full) == (2, 2)
    assert (broadcast.median, broadcast.lower, broadcast.upper) == (40, 20, 70)
    assert [one.words for one in broadcast.stumbles] == [
        "1 of 3 fail: half a line waits for its end",
        "1 of 3 fail: prints the ready line",
    ]
    assert most_failed([echo, broadcast], 1)[0].cause == HALF.likely


def test_the_quartiles_of_one_are_that_one() -> None:
    assert quartiles([7]) == (7, 7, 7)


def test_every_student_is_in_one_bar_of_the_distribution() -> None:
    plot = distribution("total", [0, 0.099, 0.1, 0.95, 1.0, 1.2])

    assert [bar.count for bar in plot.bars] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 3]


# The table


def test_the_table_has_a_row_a_student_and_a_column_a_lesson(book: Gradebook) -> None:
    anna, bo, cy = rows_of(table(a_class(book)))

    assert list(anna) == ["id", "name", "01_echo", "02_broadcast", "total", "of", "late", "remarks"]
    assert (anna["name"], anna["total"], anna["of"]) == ("Anna Müller", "140", "140")
    assert (bo["01_echo"], bo["02_broadcast"]) == ("40", "40")
    assert (cy["01_echo"], cy["02_broadcast"], cy["late"]) == ("", "0", "02_broadcast")


def test_a_skipped_lesson_is_an_empty_cell(book: Gradebook) -> None:
    enter(book, "anna", lesson(READY), lesson(SKIPPED, name="05_gui", title="Window"))
    (anna,) = rows_of(table(grades_of(book, RULES, COURSE)))

    assert (anna["05_gui"], anna["total"], anna["of"]) == ("", "40", "40")
    assert "05_gui: skipped" in anna["remarks"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "＝"])
def test_no_cell_is_a_formula(start: str) -> None:
    assert defused(f"{start}cmd|' /C calc'!A0").startswith("'")
    assert defused("plain") == "plain"


# Learning platforms

MOODLE = (
    '\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum Grade",'
    '"Grade can be changed","Last modified (grade)","Feedback comments"\r\n'
    'Participant 71,"Anna Müller",anna@example.org,"Submitted, late",,50.00,Yes,-,"said ""hi"""\r\n'
    "Participant 72,Bo Li,bo@example.org,,12.00,50.00,No,-,\r\n"
    "Participant 73,Nobody Known,no@example.org,,,50.00,Yes,-,\r\n"
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Broadcast (411),Other (9),Total (12),Final Score\n"
    "    Points Possible,,,,,20.0,10.0,200.0,(read only)\n"
    '"Müller, Anna",901,U1,anna,S1,,7.00,,\n'
    '"Li, Bo",902,U2,bo@example.org,S1,3.00,,,\n'
    '"Student, Test",999,,ab12,S1,,,,\n'
)


def filled(
    tmp_path: Path, export: bytes, of: ClassGrades, lesson: str | None = None
) -> tuple[Filled, bytes]:
    (tmp_path / "export.csv").write_bytes(export)
    done = fill_roster(tmp_path / "export.csv", of, tmp_path / "out.csv", lesson)
    return done, done.file.read_bytes()


def test_a_moodle_worksheet_changes_in_its_grades_and_nowhere_else(tmp_path: Path) -> None:
    of = grades({"71": 91, "72": 50, "zed": 1}, {"zed": "Zed <b>"})
    done, out = filled(tmp_path, MOODLE.encode(), of)

    assert out.decode() == MOODLE.replace('late",,', 'late",45.5,')
    assert (done.platform, done.written) == ("Moodle", 1)
    assert done.students == (
        "Zed <b> (zed): no row has this id, email, login or name",
        "72 (72): Moodle says that this grade cannot be changed",
    )
    assert done.rows == ("Nobody Known",)


@pytest.mark.parametrize("id", ["Participant 71", "anna@example.org", "anna", "Müller, Anna", "71"])
def test_students_are_known_by_id_email_login_or_name(tmp_path: Path, id: str) -> None:
    done, _ = filled(tmp_path, MOODLE.encode(), grades({id: 91}))

    assert done.written == 1


def test_a_canvas_gradebook_gets_each_lesson_scaled_to_its_points(tmp_path: Path) -> None:
    of = grades({"901": 91, "libo": 50})
    done, out = filled(tmp_path, CANVAS.encode(), of)
    expected = CANVAS.replace("anna,S1,,7.00,,", "anna,S1,18.2,7.00,182,")

    assert out.decode() == expected.replace("org,S1,3.00,,,", "org,S1,10,,100,")
    assert (done.platform, done.written, done.rows) == ("Canvas", 4, ())
    assert done.notes == ("column 'Broadcast (411)': 02_broadcast", "column 'Total (12)': total")


def test_one_lesson_of_a_canvas_gradebook_leaves_the_total_alone(tmp_path: Path) -> None:
    _, out = filled(tmp_path, CANVAS.encode(), grades({"901": 91}), "02_broadcast")

    assert out.decode() == CANVAS.replace("anna,S1,,7.00", "anna,S1,18.2,7.00")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "utf-8;", "utf-8\t"]
)
def test_encoding_and_separator_stay(tmp_path: Path, encoding: str) -> None:
    mark = encoding[-1] if encoding[-1] in ";\t" else ","
    text = CANVAS.replace('"Müller, Anna"', "Anna Müller").replace('"Li, Bo"', "Bo Li")
    text = text.replace('"Student, Test"', "Test Student").replace(",", mark)
    if mark == ";":
        text = text.replace("20.0", "20,0").replace("200.0", "200,0")
    encoding = encoding.rstrip(";\t")
    done, out = filled(tmp_path, text.encode(encoding), grades({"901": 91}))

    grade = "18,2" if mark == ";" else "18.2"
    expected = text.replace(
        f"S1{mark}{mark}7.00{mark}{mark}", f"S1{mark}{grade}{mark}7.00{mark}182{mark}"
    )
    assert out == expected.encode(encoding)
    assert done.written == 2


def test_two_people_of_one_name_get_no_grade_by_name(tmp_path: Path) -> None:
    twins = MOODLE.replace("Nobody Known", "Anna Müller")
    done, out = filled(tmp_path, twins.encode(), grades({"x": 91}, {"x": "Anna Müller"}))

    assert out == twins.encode()
    assert done.students == ("Anna Müller (x): 2 rows have the same name",)


def test_the_number_that_the_platform_gave_is_the_surest_sign() -> None:
    rows = {1: {"number": ["Participant 71"]}, 2: {"number": ["Participant 72"], "name": ["Anna"]}}

    assert matches([Student("anna", "Anna", number="71")], rows).rows == {"anna": 1}


@pytest.mark.parametrize(
    "name",
    ["Seán OBrien", "obrienseán", "O\u2019Brien, Sea\u0301n", "SEÁN O'BRIEN", "Sean O Brien"],
)
def test_one_name_in_the_spellings_of_the_platforms_is_one_name(name: str) -> None:
    rows = {1: {"number": ["71"], "name": ["Seán O'Brien"]}}

    assert matches([Student("x_71", name, number="71")], rows).rows == {"x_71": 1}


@pytest.mark.parametrize(
    "name", ["Ann-Marie O'Neil", "Room 5-Ann-Marie ONeil", "u17 Ann-Marie ONeil"]
)
def test_a_group_or_a_login_before_a_name_makes_no_other_name(name: str) -> None:
    rows = {1: {"number": ["Participant 71"], "name": ["Ann-Marie O'Neil"]}}

    assert matches([Student("x_71", name, number="71")], rows).rows == {"x_71": 1}


def test_a_team_whose_number_is_that_of_a_student_is_nobody() -> None:
    rows = {1: {"number": ["Participant 71"], "name": ["Ann-Marie O'Neil"]}}

    assert matches([Student("Team-1_71", "Team 1", number="71")], rows).rows == {}


def test_a_row_with_the_same_number_and_another_name_is_nobodys() -> None:
    """As in the worksheet of another assignment: Moodle numbers the students anew in each."""
    rows = {
        1: {"number": ["Participant 71"], "name": ["Bob Meyer"]},
        2: {"number": ["Participant 72"], "name": ["Ada Lovelace"]},
        3: {"number": ["Participant 74"], "name": ["Cy Young"]},
    }
    found = matches(
        [
            Student("Ada-Lovelace_71", "Ada Lovelace", number="71"),
            Student("Bob-Meyer_75", "Bob Meyer", number="75"),
            Student("Cy-Young_73", "Cy Young", number="73"),
        ],
        rows,
    )

    assert found.rows == {}
    assert found.nobody == {
        "Ada-Lovelace_71": "row 2 has this number and another name, 'Bob Meyer': it is another "
        "person, or the file is that of another assignment",
        "Bob-Meyer_75": "row 2 has this name and another number: it is another person, or the file "
        "is that of another assignment",
        "Cy-Young_73": "row 4 has this name and another number: it is another person, or the file "
        "is that of another assignment",
    }


def test_only_the_platforms_own_number_counts_as_its_number() -> None:
    rows = {1: {"number": ["901"], "id": ["901", "2001"], "name": ["Li, Bo"]}}

    assert matches([Student("libo_2001", "libo", number="2001")], rows).rows == {}


def test_an_address_at_another_place_is_another_person() -> None:
    rows = {1: {"login": ["j.smith@staff.example.org"]}, 2: {"login": ["ann"]}}
    found = matches([Student("j.smith@example.org", "x"), Student("ann@example.org", "y")], rows)

    assert found.rows == {"ann@example.org": 2}


def test_letters_that_happen_to_be_the_same_are_no_name() -> None:
    rows = {1: {"name": ["Anna M"]}, 2: {"name": ["Doe, Jane"]}}

    assert matches([Student("x", "An Nam"), Student("y", "doejane")], rows).rows == {"y": 2}


def test_two_students_never_share_a_row() -> None:
    found = matches(
        [Student("x", "Anna Müller"), Student("y", "anna müller"), Student("71", "Z")],
        {1: {"id": ["Participant 71"], "name": ["Z"]}, 2: {"name": ["Müller, Anna"]}},
    )

    assert found.rows == {"71": 1}
    assert set(found.nobody) == {"x", "y"}


def test_a_surer_sign_wins_over_a_name() -> None:
    rows = {1: {"id": ["1"]}, 2: {"id": ["2"], "name": ["Anna"]}, 3: {"name": ["Bo"]}}
    found = matches([Student("1", "Anna"), Student("x", "Bo")], rows)

    assert found.rows == {"1": 1, "x": 3}


def test_a_row_that_fits_one_by_number_and_another_by_name_is_nobodys() -> None:
    rows = {1: {"id": ["1"], "name": ["Bo"]}, 2: {"id": ["2"], "name": ["Anna"]}}
    found = matches([Student("1", "Anna"), Student("x", "Bo")], rows)

    assert found.rows == {}
    assert "row 2 has this id and another name, 'Bo'" in found.nobody["1"]
    assert found.nobody["x"] == "two students claim row 2 by name"


@pytest.mark.parametrize("words", ["Points Possible", "    Punktzahl", "可能な得点", ""])
def test_the_points_of_a_canvas_assignment_are_known_in_any_language(
    tmp_path: Path, words: str
) -> None:
    export = CANVAS.replace("    Points Possible", words)
    export = export.replace("\n    ", "\nManual Posting,,,,,Manual Posting,,,\n    ", 1)
    _, out = filled(tmp_path, export.encode(), grades({"901": 91}))

    assert "anna,S1,18.2,7.00,182," in out.decode()


@pytest.mark.parametrize(
    ("said", "points"),
    [
        *(("20", "18.2"), ("20.0", "18.2"), ("20,0", "18,2"), (" 20.00 ", "18.2")),
        *(("1,000.0", "910"), ("1.000,0", "910"), ("1 000,5", "910,46"), ("0.500", "0.46")),
        *(("", ""), ("1,000", ""), ("1.000", ""), ("0", ""), ("0.0", ""), ("A, B", ""), ("-5", "")),
        *(("9" * 400, ""), ("1,00,0.0", "")),
    ],
)
def test_a_grade_goes_out_only_when_its_maximum_is_clear(
    tmp_path: Path, said: str, points: str
) -> None:
    canvas = CANVAS.replace("20.0,", f'"{said}",').replace("200.0", "200")
    moodle = MOODLE.replace("50.00,Yes", f'"{said}",Yes', 1)
    of = grades({"901": 91, "71": 91})
    done, out = filled(tmp_path, moodle.encode(), of)

    assert rows_of(out)[0]["Grade"] == points
    if points:
        _, out = filled(tmp_path, canvas.encode(), of)
        assert rows_of(out)[1]["Broadcast (411)"] == points
    else:
        assert any("does not say clearly how many points" in line for line in done.students)
        with pytest.raises(WriteError, match=r"how many points 'Broadcast \(411\)' is worth"):
            filled(tmp_path, canvas.encode(), of)


def test_decimals_are_parted_as_the_file_parts_them(tmp_path: Path) -> None:
    text = CANVAS.replace(", ", " ").replace(",", ";")
    _, out = filled(tmp_path, text.encode(), grades({"901": 91}))
    assert "anna;S1;18.2;7.00;182;" in out.decode()

    text = text.replace("20.0", "20").replace("200.0", "200")
    _, out = filled(tmp_path, text.encode(), grades({"901": 91}))
    assert "anna;S1;18,2;7.00;182;" in out.decode()


def test_a_worksheet_without_a_maximum_is_refused(tmp_path: Path) -> None:
    """Moodle writes none where an assignment is graded by a scale, with words."""
    with pytest.raises(WriteError, match="no column 'Maximum Grade'"):
        filled(tmp_path, MOODLE.replace("Maximum Grade", "Scale").encode(), grades({"71": 91}))
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("other", ["Broadcast (7)", "Lesson 2 (7)", "02_broadcast"])
def test_two_columns_for_one_lesson_are_refused(tmp_path: Path, other: str) -> None:
    export = CANVAS.replace("Other (9)", other).encode()
    with pytest.raises(WriteError, match=r"two columns for 02_broadcast, 'Broadcast \(411\)' and"):
        filled(tmp_path, export, grades({"901": 91}))
    assert not (tmp_path / "out.csv").exists()


def test_two_columns_of_one_title_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="has two columns 'Grade'"):
        export = MOODLE.replace("Last modified (grade)", "grade").encode()
        filled(tmp_path, export, grades({"71": 91}))


def test_a_grade_above_the_maximum_is_written_and_said(tmp_path: Path) -> None:
    done, out = filled(tmp_path, MOODLE.encode(), grades({"71": 120}, {"71": "Anna Müller"}))

    assert rows_of(out)[0]["Grade"] == "60"
    assert done.notes[-1] == (
        "Anna Müller (71): 60 is above the maximum, 50.00: Moodle leaves it out when you upload"
    )


@pytest.mark.parametrize(
    ("cell", "why"), [("EX", "Canvas says that this student is excused"), ("N/A", "is not for")]
)
def test_whom_canvas_has_excused_gets_no_grade(tmp_path: Path, cell: str, why: str) -> None:
    export = CANVAS.replace("anna,S1,,", f"anna,S1,{cell},")
    done, out = filled(tmp_path, export.encode(), grades({"901": 91}), "02_broadcast")

    assert out.decode() == export
    assert why in done.students[0]


def test_canvas_may_part_the_names(tmp_path: Path) -> None:
    export = (
        "LastName,FirstName,ID,SIS Login ID,Section,Broadcast (411)\n"
        "    Points Possible,,,,,20.00\nMüller,Anna,901,anna,S1,\nStudent,Test,999,ab12,S1,\n"
    )
    of = grades({"mülleranna_901": 91}, {"mülleranna_901": "mülleranna"})
    done, out = filled(tmp_path, export.encode(), of)

    assert out.decode() == export.replace("anna,S1,", "anna,S1,18.2")
    assert done.rows == ()


def test_a_worksheet_without_names_is_filled_in_by_number(tmp_path: Path) -> None:
    """Moodle leaves the names out where those who grade must not know them."""
    export = "Identifier,Status,Grade,Maximum Grade\nParticipant 71,,,50.00\n"
    of = grades({"Participant_71": 91}, {"Participant_71": "Participant"})
    (row,) = of.students
    known = replace(row, student=replace(row.student, number="71"))
    done, out = filled(tmp_path, export.encode(), replace(of, students=(known,)))

    assert (done.written, rows_of(out)[0]["Grade"]) == (1, "45.5")


@pytest.mark.parametrize(
    "name",
    ["grades.csv", "Grades.CSV", "index.html", "junit.xml", "gradebook.sqlite", "class.toml"],
)
def test_a_roster_never_takes_the_place_of_a_file_of_the_kit(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(MOODLE, encoding="utf-8")

    with pytest.raises(WriteError, match="the name of a file that the kit writes"):
        roster_target(tmp_path / name, tmp_path / "out")


def test_no_file_of_the_kit_is_missing_among_its_own(book: Gradebook, tmp_path: Path) -> None:
    a_class(book)
    write_reports(book, grades_of(book, RULES, COURSE), tmp_path)
    write_similar(Findings((), (), 0, 70), tmp_path)

    assert {path.name for path in tmp_path.iterdir()} <= OWN


def test_a_roster_is_never_written_over_itself_or_a_strange_file(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    inside, given = out / "worksheet.csv", tmp_path / "worksheet.csv"
    inside.write_text(MOODLE, encoding="utf-8")
    with pytest.raises(WriteError, match="lies where the filled copy would go"):
        roster_target(inside, out)

    given.write_text(CANVAS, encoding="utf-8")
    with pytest.raises(WriteError, match="is no earlier copy for Canvas"):
        roster_target(given, out)
    given.write_text(MOODLE.replace("12.00", ""), encoding="utf-8")
    assert roster_target(given, out) == inside
    inside.unlink()
    inside.symlink_to(given)
    with pytest.raises(WriteError, match="lies where the filled copy would go"):
        roster_target(given, out)
    with pytest.raises(WriteError, match="cannot be read: No such file"):
        roster_target(tmp_path / "lost.csv", out)


def test_a_file_of_no_known_platform_is_said_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="neither a grading worksheet"):
        filled(tmp_path, b"Name,Mark\nAnna,1\n", grades({"1": 1}))
    with pytest.raises(WriteError, match="no column for a lesson"):
        filled(
            tmp_path, CANVAS.replace("Broadcast", "Quiz").encode(), grades({"1": 1}), "02_broadcast"
        )
    with pytest.raises(WriteError, match="nobody has been graded in 05_gui yet"):
        filled(tmp_path, CANVAS.encode(), grades({"901": 91}), "05_gui")
    with pytest.raises(WriteError, match="neither"):
        filled(tmp_path, b"", grades({"1": 1}))


@pytest.mark.parametrize(
    "text",
    ['a,"b ""c"", d",e\r\n"x\ny",,\r\n', "a,b", "a,b\n\nc,d\n", ",\n", 'a,"b', "a\rb\r"],
)
def test_cells_are_what_the_csv_module_reads(text: str) -> None:
    sheet = read_sheet(text.encode())
    expected = list(csv.reader(io.StringIO(text, newline="")))

    read = [[cell.value for cell in row] for row in sheet.rows]
    assert [row if row != [""] else [] for row in read] == expected
    assert sheet.filled({}) == text.encode()


# One submission


def test_gradescope_gets_points_feedback_and_what_was_skipped() -> None:
    result = gradescope([lesson(READY, HALF, SKIPPED)])

    assert result["score"] == 40
    assert [(one["score"], one["max_score"], one.get("status")) for one in result["tests"]] == [
        *((40, 40, "passed"), (0, 60, "failed"), (0, 0, None)),
    ]
    assert "likely" in result["tests"][1]["output"]
    assert result["tests"][2]["name"].startswith("SKIPPED")


def test_github_classroom_gets_points_a_test_and_one_status() -> None:
    result = github_classroom([lesson(READY, HALF, SKIPPED)])

    assert (result["version"], result["status"], result["max_score"]) == (1, "fail", 100)
    assert [(one["status"], one["score"]) for one in result["tests"]] == [("pass", 40), ("fail", 0)]
    assert github_classroom([lesson(READY)])["status"] == "pass"
    assert github_classroom([lesson(SKIPPED)])["status"] == "error"


def test_junit_counts_cases_failures_and_skips() -> None:
    root = ElementTree.fromstring(
        "".join(junit([("Anna", [lesson(READY, HALF, UNTRIED, SKIPPED)])]))
    )
    (suite,) = root

    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "2", "1")
    assert suite.get("name") == "Anna 02_broadcast"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_every_result(text: str) -> None:
    found = [lesson(READY, hostile(text))]

    for result in (gradescope(found), github_classroom(found)):
        written = json.dumps(result, ensure_ascii=False)
        assert written.encode("utf-8")  # no half characters
        assert "\\u001b" not in written and "\u202e" not in written
    root = ElementTree.fromstring("".join(junit([(text, found)])).encode("utf-8"))
    assert {one.tag for one in root.iter()} == {
        *("testsuites", "testsuite", "testcase", "failure", "system-out"),
    }


# Pages


class Page(HTMLParser):
    """A page as a browser takes it apart: its elements, their attributes, and its text."""

    EMPTY = frozenset({"meta", "br", "input"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def pages(book: Gradebook, folder: Path) -> dict[str, Page]:
    """All pages of the class by the name of their file, each checked for what no page may have."""
    found = {}
    for file in write_reports(book, grades_of(book, RULES, COURSE), folder):
        if file.suffix != ".html":
            continue
        page = Page(file.read_text(encoding="utf-8"))
        assert page.open == []
        scripts = [tag for tag, _ in page.elements if tag == "script"]
        assert len(scripts) == (file.name == "index.html")  # the one whose digest is allowed
        for tag, attributes in page.elements:
            assert tag not in ("img", "iframe", "link", "object", "base", "form")
            assert not any(name.startswith("on") or name == "src" for name in attributes)
            assert re.fullmatch(
                r"#\w+|(index|overtime)\.html|students/[a-z0-9-]+\.html",
                attributes.get("href") or "students/a.html",
            )
        assert "default-src 'none'" in str(page.elements)
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", page.text)
        if file.name != "overtime.html":
            found[file.name] = page
    return found


def test_the_reports_are_a_table_an_overview_and_a_page_a_student(
    book: Gradebook, tmp_path: Path
) -> None:
    a_class(book)
    files = write_reports(book, grades_of(book, RULES, COURSE), tmp_path / "out")

    names = [str(file.relative_to(tmp_path / "out")) for file in files]
    assert names[:5] == [
        *("grades.csv", "index.html", "junit.xml", "overtime.csv", "overtime.html"),
    ]
    assert [re.sub(r"-\w+\.html", "", name) for name in names[5:]] == [
        *("students/anna-muller", "students/bo-li", "students/cy"),
    ]
    assert not list(tmp_path.rglob("*.part"))


def test_the_overview_shows_points_plots_and_stumbles(book: Gradebook, tmp_path: Path) -> None:
    a_class(book)
    index = pages(book, tmp_path / "out")["index.html"]

    assert "1 of 3 fail: half a line waits for its end" in index.text
    assert "half-line: half a line waits for its end 1 of 3 fail" in index.text
    assert "Bo Li✓×" in index.text
    assert "Late work loses nothing." in index.text
    assert sum(tag == "svg" for tag, _ in index.elements) >= 3


def test_a_student_reads_feedback_drawing_output_isolation_and_rules(
    book: Gradebook, tmp_path: Path
) -> None:
    a_class(book)
    book.adjust("bo", "02_broadcast", 5, "showed it in the lab", NOW, "Dr. Who")
    found = pages(book, tmp_path / "out")
    text = next(page.text for name, page in found.items() if name.startswith("bo-li"))

    for part in (
        *("85 of 140 points", "b'hallo", HALF.likely, HALF.hint, HALF.read, HALF.again),
        *("alice", "0.004 ├─ b'hello", "Traceback of the program", "namespaces"),
        *("adjusted by +5: showed it in the lab (Dr. Who, 2025-03-01)", "sum of the points"),
    ):
        assert part in text
    marked = re.search("<mark>(.)</mark>", next((tmp_path / "out").glob("*/bo-li*")).read_text())
    assert marked and marked[1] == "a"


def test_what_was_not_tried_is_told_once_with_its_reason(book: Gradebook, tmp_path: Path) -> None:
    enter(book, "anna", lesson(READY, UNTRIED, replace(UNTRIED, id="two", title="two"), SKIPPED))
    found = pages(book, tmp_path / "out")
    text = next(page.text for name, page in found.items() if name.startswith("anna"))

    assert text.count("nobody could connect") == 1
    assert "no display" in text and "1 skipped check left out" in text


def test_what_was_read_inside_a_program_is_said(book: Gradebook, tmp_path: Path) -> None:
    gui = lesson(READY, name="05_gui", title="Window")
    enter(book, "anna", gui)

    found = pages(book, tmp_path / "out")
    assert all(INSIDE in found[name].text for name in found if name != "overtime.html")


def test_hostile_names_and_chat_do_nothing_in_any_report(book: Gradebook, tmp_path: Path) -> None:
    for text in HOSTILE:
        enter(book, text, lesson(hostile(text), READY), name=text)
        book.adjust(text, "02_broadcast", 1, text, NOW, text)

    found = pages(book, tmp_path / "out")

    assert len(found) == len(HOSTILE) + 1
    everything = "".join(page.text for page in found.values())
    assert "<script>alert(1)</script>" in everything  # as text
    assert "\\x1b[2J" in everything and "abc\\u202etxt.exe" in everything
    assert "{{ 7 * 7 }}" in everything
    for row in rows_of((tmp_path / "out/grades.csv").read_bytes()):
        assert not any(cell.startswith(tuple("=+-@\t\r")) for cell in row.values())
    ElementTree.parse(tmp_path / "out/junit.xml")


def test_no_template_calls_anything_safe() -> None:
    environment = _environment()
    assert environment.loader
    names = environment.list_templates()

    assert {"base.html", "class.html", "student.html", "style.css"} <= set(names)
    for name in names:
        source = environment.loader.get_source(environment, name)[0]
        assert not re.search(r"\|\s*safe|autoescape|Markup|url\(|@import|https?:", source)


# Files and words


def test_file_names_are_safe_unique_and_the_same_in_every_run() -> None:
    people = [
        *(("1", "Anna"), ("2", "anna"), ("3", "../../etc/passwd"), ("4", ""), ("5", "CON")),
        *(("6", "x" * 10_000), ("7", "李明"), ("8", "\udcff\0\n"), ("9", "-rf")),
    ]
    names = file_names(people, ".html")

    assert names == file_names(reversed(people), ".html")
    assert len({name.casefold() for name in names.values()}) == len(people)
    for name in names.values():
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,60}\.html", name)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file in the way")
    with pytest.raises(WriteError, match="cannot be written"):
        write_whole(tmp_path / "folder/grades.csv", "new")

    (tmp_path / "taken").mkdir()
    with pytest.raises(WriteError, match="cannot be written"):
        write_whole(tmp_path / "taken", "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "taken"]


def test_what_cannot_be_seen_is_written_out() -> None:
    assert visible("a\x1b[1m\tb\nc\udc80é李") == "a\\x1b[1m\tb\nc\\udc80é李"
    assert one_line("a\r\nb\t") == "a\\x0d\\nb\\t"
