"""A small class for the tests of reports, and texts that want to do harm in them."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

from chatkit.bench.transcript import Event
from chatkit.classroom.gradebook import Gradebook, HandIn, Student
from chatkit.classroom.grades import ClassGrades, LessonGrade, StudentGrades, grades_of
from chatkit.classroom.reports.write import write_reports
from chatkit.classroom.rosters.platforms import Filled
from chatkit.classroom.rosters.roster import fill_roster
from chatkit.classroom.rules import Grade, Rules
from chatkit.course.lessons import find_course
from chatkit.grading.verdict import LessonVerdict, Verdict

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


def of_class(book: Gradebook, rules: Rules = RULES) -> list[tuple[float, float] | None]:
    """The total of each student, and of how many points."""
    rows = grades_of(book, rules, COURSE).students
    return [row.total and (row.total.points, row.total.max) for row in rows]


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
