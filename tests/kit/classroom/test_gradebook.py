"""The gradebook: what goes in comes out again, each hand-in with what belongs to it."""

from dataclasses import replace
from pathlib import Path

import pytest
from gradebook_entries import FAILED, FOUND, NOW, graded

from chatkit.classroom.gradebook import (
    Gradebook,
    GradebookError,
    HandIn,
    Student,
    open_gradebook,
)
from chatkit.grading.verdict import lesson_as_json, lesson_from_json


@pytest.fixture
def book(book: Gradebook) -> Gradebook:
    """A gradebook that knows Anna."""
    book.enrol(Student("anna", "Anna Müller"))
    return book


def test_a_verdict_comes_back_exactly_as_it_went_in(file: Path, book: Gradebook) -> None:
    graded(book)
    book.close()

    with open_gradebook(file) as again:
        assert again.lesson_verdict("anna", "02_broadcast") == FOUND
        assert again.seed("anna", "02_broadcast") == "seed"
        assert again.lessons() == ("02_broadcast",)


def test_json_and_back_is_the_same_json() -> None:
    fields = lesson_as_json(FOUND)

    assert lesson_as_json(lesson_from_json(fields)) == fields
    assert lesson_from_json(fields).output == FOUND.output


def test_a_lesson_is_done_under_its_own_key_only(book: Gradebook) -> None:
    graded(book, "old")
    graded(book, "new")

    assert book.is_done("anna", "02_broadcast", "new")
    assert not book.is_done("anna", "02_broadcast", "old")


def test_a_new_verdict_takes_the_place_of_the_old_one(book: Gradebook) -> None:
    graded(book, found=replace(FOUND, checks=(replace(FAILED, id="gone-in-the-next-run"),)))
    graded(book)

    assert book.lesson_verdict("anna", "02_broadcast") == FOUND


def test_a_verdict_on_a_stranger_is_refused(book: Gradebook) -> None:
    with pytest.raises(GradebookError, match="no student 'bob'"):
        book.keep("bob", "02_broadcast", "key", "seed", FOUND)


def test_adjustments_survive_every_regrade(book: Gradebook) -> None:
    book.adjust("anna", "02_broadcast", 5, "showed it", NOW, "Dr. Who")
    book.adjust("anna", "02_broadcast", -2.5, "copied", NOW, "Dr. Who")
    graded(book)
    graded(book, "other")

    assert [one.points for one in book.adjustments("anna", "02_broadcast")] == [5, -2.5]
    assert book.adjustments("anna", "02_broadcast")[0].when == NOW
    assert book.adjustments("anna", "01_echo") == ()


def test_an_adjustment_can_be_taken_back(book: Gradebook) -> None:
    for points, why in ((5, "first"), (5, "second"), (-2.5, "copied")):
        book.adjust("anna", "02_broadcast", points, why, NOW, "me")

    with pytest.raises(GradebookError, match=r"several .*name the points.*: \+5, \+5, -2\.5"):
        book.take_back("anna", "02_broadcast")
    with pytest.raises(GradebookError, match=r"no adjustment of \+7 in 02_broadcast. There are"):
        book.take_back("anna", "02_broadcast", 7)
    assert book.take_back("anna", "02_broadcast", 5).why == "second"
    assert book.take_back("anna", "02_broadcast", -2.5).why == "copied"
    assert [one.why for one in book.adjustments("anna", "02_broadcast")] == ["first"]
    assert book.take_back("anna", "02_broadcast").points == 5
    assert book.lessons() == ()
    with pytest.raises(GradebookError, match="anna has no adjustment in 02_broadcast"):
        book.take_back("anna", "02_broadcast")
    with pytest.raises(GradebookError, match="no student 'ana'"):
        book.take_back("ana", "02_broadcast")


def test_a_hand_in_belongs_to_its_lesson(book: Gradebook) -> None:
    one = HandIn(True, "week1.zip", ("Server.py is taken for server.py.",), "k1")
    two = HandIn(False, "week2.zip", (), "k2")
    book.hand_in("anna", "01_echo", one)
    book.hand_in("anna", "02_broadcast", two)
    graded(book, "k2")

    assert book.newest("anna", "01_echo") == one
    assert book.newest("anna", "02_broadcast") == book.graded("anna", "02_broadcast") == two
    assert book.graded("anna", "01_echo") is None
    assert book.newest("anna", "03_threads") is None
    with pytest.raises(GradebookError, match="no student 'bo'"):
        book.hand_in("bo", "01_echo", one)


def test_a_grade_keeps_the_hand_in_that_it_is_of(book: Gradebook) -> None:
    first = HandIn(False, "first.zip", ("a",), "k1")
    book.hand_in("anna", "02_broadcast", first)
    graded(book, "k1")
    unreadable = HandIn(True, "second.rar", (), "", "second.rar is no zip")
    book.hand_in("anna", "02_broadcast", unreadable)

    assert book.graded("anna", "02_broadcast") == first
    assert book.newest("anna", "02_broadcast") == unreadable
    again = HandIn(True, "third.zip", ("b",), "k1")  # the same programs, and late now
    book.hand_in("anna", "02_broadcast", again)
    assert book.graded("anna", "02_broadcast") == book.newest("anna", "02_broadcast") == again


def test_what_was_asked_for_is_kept_and_nothing_else_counts(file: Path, book: Gradebook) -> None:
    book.ask(["02_broadcast", "01_echo"])
    book.ask(["01_echo"])
    book.adjust("anna", "03_threads", 1, "why", NOW, "me")
    book.hand_in("anna", "04_nicknames", HandIn())
    book.close()

    with open_gradebook(file) as again:
        assert again.asked() == ("01_echo", "02_broadcast")
        assert again.lessons() == ("01_echo", "02_broadcast", "03_threads", "04_nicknames")


def test_an_adjustment_needs_a_student_a_reason_and_a_number(book: Gradebook) -> None:
    with pytest.raises(GradebookError, match=r"no student 'ana'\. Did you mean 'anna'"):
        book.adjust("ana", "02_broadcast", 5, "why", NOW, "me")
    with pytest.raises(GradebookError, match="needs a reason"):
        book.adjust("anna", "02_broadcast", 5, "  ", NOW, "me")
    with pytest.raises(GradebookError, match="number of points"):
        book.adjust("anna", "02_broadcast", float("nan"), "why", NOW, "me")


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "'; DROP TABLE student; --",
        "\x1b[2J",
        "\udcff.zip",
        "x" * 10_000,
    ],
)
def test_hostile_names_are_kept_and_found_again(book: Gradebook, name: str) -> None:
    book.enrol(Student(name, name, name))
    book.hand_in(name, "02_broadcast", HandIn(True, name, (name,), "key", name))
    book.keep(name, "02_broadcast", "key", "seed", FOUND)

    assert book.lesson_verdict(name, "02_broadcast") == FOUND
    kept = next(one for one in book.students() if one.id != "anna")
    of = book.graded(name, "02_broadcast")
    assert of and of.late and of.remarks == (name,)
    assert book.is_done(kept.id, "02_broadcast", "key")


def test_a_student_who_submits_again_is_still_one_student(book: Gradebook) -> None:
    graded(book)
    book.enrol(Student("anna", "Anna M."))

    assert [one.name for one in book.students()] == ["Anna M."]
    assert book.lesson_verdict("anna", "02_broadcast") == FOUND
