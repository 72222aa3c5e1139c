"""The grades of a class: what counts, what is late, what was not graded, statistics."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from report_class import (
    COURSE,
    HALF,
    NOW,
    READY,
    RIGHT,
    RULES,
    UNTRIED,
    a_class,
    enter,
    lesson,
    of_class,
    pages,
    rows_of,
)

from chatkit.classroom.gradebook import Gradebook, HandIn, Student
from chatkit.classroom.grades import grades_of
from chatkit.classroom.late.deadlines import Deadlines
from chatkit.classroom.reports.plots import distribution, distributions
from chatkit.classroom.reports.table import table
from chatkit.classroom.statistics import most_failed, quartiles, statistics_of


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


UNREADABLE = HandIn(True, "anna.rar", (), "", "anna.rar is not a zip or tar archive.")


def test_a_grade_of_an_earlier_hand_in_is_marked_in_every_report(
    book: Gradebook, tmp_path: Path
) -> None:
    rules = replace(RULES, deadlines=Deadlines(percent_off=50))
    enter(book, "anna", lesson(READY, name="01_echo", title="Echo"))
    book.hand_in("anna", "01_echo", UNREADABLE)
    said = (
        "the grade is of an earlier hand-in (anna.zip); the newest one (anna.rar) could not be "
        "graded: anna.rar is not a zip or tar archive."
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
        assert "not graded: anna.rar is not a zip or tar archive." in page.text
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


ALONE = """
from chatkit.classroom.reports.overtime import _trends
from chatkit.classroom.records.history import FailedCheck, Run
from chatkit.classroom.statistics import stumbles
from chatkit.grading.verdict import Cause, Verdict
from datetime import UTC, datetime
cause = Cause("empty-recv-spins", "server.py:9 …", "", "")
check = Verdict("idle", "costs no CPU", "failed", 0, 5, "server.py", causes=(cause,))
print(stumbles("01_echo", [[check]])[0].cause)
failed = FailedCheck("01_echo", "idle", "costs no CPU", 28, 20, cause.name, 14, cause.sentence)
print(_trends([Run(1, datetime.now(UTC), (failed,))])[0].sentence)
"""


def test_what_most_have_in_common_is_named_in_a_process_that_graded_nothing() -> None:
    """The catalogue of misconceptions is large, and loaded only where it is needed: here, too."""
    said = subprocess.check_output([sys.executable, "-c", ALONE], text=True, cwd=COURSE.root)

    assert said.splitlines() == [
        "1 of them: nobody asks whether recv() returned nothing",
        "14 of 28: nobody asks whether recv() returned nothing",
    ]


def test_the_quartiles_of_one_are_that_one() -> None:
    assert quartiles([7]) == (7, 7, 7)


def test_every_student_is_in_one_bar_of_the_distribution() -> None:
    plot = distribution("total", [0, 0.099, 0.1, 0.95, 1.0, 1.2])

    assert [bar.count for bar in plot.bars] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 3]
