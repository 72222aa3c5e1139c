"""The pages: they say all that there is to say, and nothing that a stranger wrote does harm."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from report_class import (
    COURSE,
    HALF,
    HOSTILE,
    NOW,
    READY,
    RIGHT,
    RULES,
    SKIPPED,
    UNTRIED,
    a_class,
    enter,
    hostile,
    lesson,
    pages,
    rows_of,
)

from chatkit.bench.transcript import Event
from chatkit.classroom.gradebook import Gradebook
from chatkit.classroom.grades import grades_of
from chatkit.classroom.reports.page import _environment
from chatkit.classroom.reports.write import write_reports
from chatkit.grading.verdict import INSIDE


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


def test_only_where_a_check_failed_a_page_shows_every_byte(book: Gradebook, tmp_path: Path) -> None:
    said = (Event(0.004, "alice", "server", "data", "secret\\n"),)
    right = replace(RIGHT, id="right", title="all was right", transcript=said)
    enter(book, "bo", lesson(HALF, right))
    text = next(
        page.text for name, page in pages(book, tmp_path / "out").items() if name.startswith("bo")
    )

    assert "├─ b'hello" in text and "secret" not in text
    assert "all was right right" in text and "chatkit check 2 --only ID --show" in text


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
