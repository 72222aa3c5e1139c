"""The TODO that comes next: in the order of the lesson's text, with its own words."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from chatkit.bench.evidence import Evidence
from chatkit.course.lessons import Lesson, find_course
from chatkit.course.todo import asked_for
from chatkit.grading.explain.todos import next_todo

COURSE = find_course(Path(__file__).parent)


def stopped(lesson: Lesson, program: str, number: int, written: tuple[int, ...]) -> Evidence:
    """What is seen of a starter with some TODOs written that stops at another."""
    text = (lesson.folder / program).read_text(encoding="utf-8")
    for one in written:
        text = re.sub(rf"raise NotImplementedError\(\s*(['\"])TODO {one}\b", r"print(\1", text)
    message = f"TODO {number}: …: this part is not written yet"
    return Evidence(lesson.number, "c", program, "todo", "", message, "", "", text=text)


@pytest.mark.parametrize(
    ("key", "program", "at", "written", "number"),
    [
        ("broadcast", "server.py", 3, (1,), 2),  # receive() runs before take_lines()
        ("broadcast", "server.py", 3, (1, 2), 3),
        ("threads", "client.py", 6, (), 6),
        ("gui", "client.py", 4, (1, 2, 3), 4),
        ("gui", "client.py", 8, (1, 2, 3, 4, 5), 6),  # a line is shown, and nobody has sent one
        ("gui", "client.py", 7, (1, 2, 3, 4, 5, 6), 7),
    ],
)
def test_the_order_is_that_of_the_text(
    key: str, program: str, at: int, written: tuple[int, ...], number: int
) -> None:
    lesson = COURSE.lesson(key)
    cause = next_todo(lesson, stopped(lesson, program, at, written))

    assert cause and cause.todo == number and cause.name == f"todo-{number}"
    assert cause.sentence.startswith(f"TODO {number} in {program} comes next")
    assert (f"stopped at TODO {at}" in cause.sentence) == (at != number)
    [todo] = [one for one in lesson.todos if one.number == number]
    assert (cause.think, cause.read) == (todo.hints[0], asked_for(lesson)[number])


def test_a_program_that_stopped_at_no_todo_is_told_none() -> None:
    lesson = COURSE.lesson("echo")
    seen = stopped(lesson, "server.py", 1, ())

    assert next_todo(lesson, replace(seen, symptom="crashed")) is None
    assert next_todo(lesson, replace(seen, message="something else")) is None


def test_a_lesson_without_its_text_counts_the_numbers(tmp_path: Path) -> None:
    lesson = replace(COURSE.lesson("gui"), folder=tmp_path)

    assert asked_for(lesson) == dict.fromkeys(range(1, 12), "")
