"""The rules that run programs, with a grader that says what the test wants it to say."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_course import replace, write_course

from chatkit.authoring.clone import Clone, open_clone
from chatkit.authoring.rules.trials import solutions_score_100, starters_wait_for_the_student
from chatkit.authoring.sync import sync
from chatkit.course.errors import AuthoringError
from chatkit.course.lessons import Lesson


@dataclass(frozen=True)
class Said:
    """The verdict on one check."""

    id: str
    status: str
    symptom: str = ""
    message: str = ""


@dataclass(frozen=True)
class Graded:
    """The verdict on a lesson."""

    checks: tuple[Said, ...]
    score: int = 0
    max_score: int = 100


def grader(*checks: Said, score: int = 0, max_score: int = 100) -> Callable[..., Graded]:
    return lambda lesson, folder: Graded(checks, score, max_score)


def todo(check: str, number: int) -> Said:
    return Said(check, "failed", "todo", f"TODO {number}: do something")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    course = write_course(tmp_path)
    sync(course)
    return open_clone(course)


def starter_problems(clone: Clone, *checks: Said) -> list[str]:
    found = starters_wait_for_the_student(clone, clone.lessons[0], grader(*checks))
    return [problem.what for problem in found]


GOOD = (todo("greets", 1), todo("asks", 2), todo("polite", 2))


def test_a_starter_that_waits_for_the_student_is_fine(clone: Clone) -> None:
    assert starter_problems(clone, *GOOD) == []


def test_a_check_that_was_not_reached_or_skipped_is_fine(clone: Clone) -> None:
    rest = (Said("polite", "not_reached"), Said("polite", "skipped"))
    assert starter_problems(clone, *GOOD[:2], *rest) == []


def test_a_starter_must_not_pass_what_its_todos_serve(clone: Clone) -> None:
    assert starter_problems(clone, *GOOD[:2], Said("polite", "passed")) == [
        "the starter passes the check 'polite' without TODO 2"
    ]


def test_a_starter_may_pass_a_check_that_no_todo_serves(clone: Clone) -> None:
    assert starter_problems(clone, *GOOD, Said("other", "passed")) == []


def test_each_program_must_say_which_todo_is_next(clone: Clone) -> None:
    silent = (Said("asks", "failed", "crashed", "ImportError"), Said("polite", "not_reached"))
    assert starter_problems(clone, GOOD[0], *silent) == [
        "no check says which TODO is next in the starter"
    ]


def test_the_first_todo_is_the_one_with_the_lowest_number(clone: Clone) -> None:
    assert starter_problems(clone, todo("greets", 5), *GOOD[1:]) == [
        "the starter reaches TODO 5 first, not TODO 1"
    ]


def test_the_starter_of_the_lesson_is_what_is_run(clone: Clone) -> None:
    asked: list[tuple[Lesson, Path]] = []

    def grade(lesson: Lesson, folder: Path) -> Graded:
        asked.append((lesson, folder))
        return Graded(GOOD, 100)

    lesson = clone.lessons[0]
    list(starters_wait_for_the_student(clone, lesson, grade))
    list(solutions_score_100(clone, lesson, grade))
    assert asked == [(lesson, lesson.folder), (lesson, lesson.solutions)]


def solution_problems(clone: Clone, grade: Callable[..., Graded]) -> list[str]:
    found = solutions_score_100(clone, clone.lessons[0], grade)
    return [f"{problem.what}\n{problem.detail}" for problem in found]


def test_a_solution_with_the_full_score_is_fine(clone: Clone) -> None:
    assert solution_problems(clone, grader(Said("greets", "passed"), score=100)) == []


def test_what_this_machine_cannot_run_does_not_count(clone: Clone) -> None:
    checks = (Said("greets", "passed"), Said("asks", "skipped"))
    assert solution_problems(clone, grader(*checks, score=90, max_score=90)) == []


def test_a_solution_with_less_is_named_with_what_failed(clone: Clone) -> None:
    checks = (Said("greets", "passed"), Said("asks", "failed", "silent", "nothing came"))
    assert solution_problems(clone, grader(*checks, score=50)) == [
        "the solution scores 50 of 100\nfailed asks: nothing came"
    ]


def test_a_lesson_without_a_single_verdict_is_a_problem(clone: Clone) -> None:
    assert len(solution_problems(clone, grader(score=0, max_score=0))) == 1


def test_the_grader_of_the_kit_fits_these_rules(clone: Clone) -> None:
    """The checks of the made-up course look at nothing, so everybody passes them."""
    lesson = clone.lessons[0]
    assert list(solutions_score_100(clone, lesson)) == []
    assert [problem.what for problem in starters_wait_for_the_student(clone, lesson)] == [
        "the starter passes the check 'greets' without TODO 1",
        "the starter passes the check 'asks' without TODO 2",
        "the starter passes the check 'polite' without TODO 2",
        "no check says which TODO is next in the starter",
        "no check says which TODO is next in the starter",
    ]


def test_a_check_that_breaks_is_a_problem_of_the_checks(clone: Clone) -> None:
    lesson = clone.lessons[1]
    replace(lesson.checks_file, "def test_parts(): ...", "def test_parts(): raise KeyError")
    with pytest.raises(AuthoringError) as caught:
        list(solutions_score_100(clone, lesson))
    assert caught.value.problem.file == lesson.checks_file
    assert "KeyError" in caught.value.problem.detail
