"""Which TODO a student needs a hint for, and what there is to say about it.

The hints of a TODO go from a question to a line of code. `lesson.toml` has them, at least three for
each TODO: `author check` sees to that.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from chatkit._errors import UserError
from chatkit.course.lessons import Lesson, Todo
from chatkit.course.places import PACKAGE
from chatkit.course.todo import asked_for, opens, task_in, unfinished_in
from chatkit.grading.verdict import TODO
from chatkit.student.progress import Beginning, LessonProgress

DEFINITION = re.compile(r"( *)(?:(?:async )?def|class) (\w+)")


class HintError(UserError):
    """There is no such hint; the message is one line that says what to do."""


@dataclass(frozen=True)
class Choice:
    """The TODO to think about, and why."""

    todo: Todo
    checks: tuple[str, ...] = ()  # what failed in the last run and needs it
    others: tuple[int, ...] = ()  # TODOs that may be at fault instead
    about: str = ""  # what the last run said to begin with, where it is about that


def numbered(lesson: Lesson, number: int) -> Choice:
    """The TODO that the student asks for. Raises HintError when there is none."""
    for todo in lesson.todos:
        if todo.number == number:
            return Choice(todo)
    last = len(lesson.todos)
    raise HintError(f"lesson {lesson.number} has no TODO {number}: it has TODO 1 to {last}")


def choose(lesson: Lesson, known: LessonProgress) -> Choice | None:
    """The TODO that comes next, from what failed in the last run; None when there is none.

    It is about what that run said to begin with. Where it said nothing, or that TODO has been
    written since, it is the first one, in the order of the lesson's text, that serves a check which
    failed. But where a program ran into a
    TODO that is not written, its failures say little about what is written: then it is the first
    unwritten one that they need. Where nothing has failed it is the first unwritten one of all.
    Raises HintError when a program is missing.
    """
    try:
        left = unfinished_in(lesson) & {todo.number for todo in lesson.todos}
    except OSError as error:
        raise HintError(
            f"{error.filename} cannot be read ({error.strerror}): "
            f"chatkit reset {lesson.number} brings the starter back"
        ) from None
    if known.begin.check and (choice := _beginning(lesson, known.begin, left)):
        return choice
    for program in lesson.asked:  # the server first, as the TODOs count
        if choice := _blamed(lesson, program, known, left):
            return choice
    return numbered(lesson, next(n for n in asked_for(lesson) if n in left)) if left else None


def in_order(lesson: Lesson) -> list[Todo]:
    """The TODOs of a lesson as its text asks for them, those of the server first."""
    todos = {todo.number: todo for todo in lesson.todos}
    return sorted(
        (todos[number] for number in asked_for(lesson)),
        key=lambda todo: lesson.asked.index(todo.program),
    )


def _beginning(lesson: Lesson, begin: Beginning, left: set[int]) -> Choice | None:
    """The TODO that helps with what the last run said to begin with.

    None where that TODO is written by now, or no TODO serves that check.
    """
    if begin.cause.startswith(TODO):
        number = int(begin.cause.removeprefix(TODO))
        if number not in left:
            return None
        choice = numbered(lesson, number)
        return replace(choice, checks=_among([begin.check], choice.todo))
    serving = [todo for todo in in_order(lesson) if begin.check in todo.checks]
    if not serving or {todo.number for todo in serving} & left:
        return None
    first, *others = serving
    about = f"{begin.check}. {begin.sentence}".rstrip()
    return Choice(first, (begin.check,), tuple(todo.number for todo in others), about)


def _blamed(lesson: Lesson, program: str, known: LessonProgress, left: set[int]) -> Choice | None:
    """The TODO of one program that its failed checks point at; None when they point at none."""
    todos = [todo for todo in in_order(lesson) if todo.program == program]
    own = dict.fromkeys(check for todo in todos for check in todo.checks)
    failed = [check for check in own if known.statuses.get(check) == "failed"]
    untried = [check for check in own if known.statuses.get(check) == "not_reached"]

    if halted := known.halted & {*failed, *untried}:
        unwritten = [todo for todo in todos if todo.number in left]
        needed = [todo for todo in unwritten if halted & {*todo.checks}]
        for todo in needed or unwritten:
            return Choice(todo, _among(failed, todo))

    earnest = [check for check in failed or untried if check not in halted]
    serving = [todo for todo in todos if _among(earnest, todo)]
    if not serving:
        return None
    first, *others = serving
    return Choice(first, _among(earnest, first), tuple(todo.number for todo in others))


def _among(checks: list[str], todo: Todo) -> tuple[str, ...]:
    """Those of `checks` that `todo` serves."""
    return tuple(check for check in checks if check in todo.checks)


def opened(todo: Todo, known: LessonProgress) -> int:
    """How many hints of `todo` are open."""
    return max(0, min(known.hints.get(todo.number, 0), len(todo.hints)))


def task(lesson: Lesson, todo: Todo) -> tuple[str, int | None]:
    """What the student's program says at the TODO, and in which line; empty when it says nothing.

    The solution of a TODO may have replaced its comment.
    """
    for line, text in enumerate(_lines(lesson.folder / todo.program), start=1):
        if found := task_in(text, todo.number):
            return found.strip(), line
    return "", None


def walkthrough(lesson: Lesson, todo: Todo) -> tuple[Path, str] | None:
    """The page that explains the finished TODO, and its heading there. None where it is not there.

    The heading is empty when the kit has no reference to look up the function in.
    """
    page = lesson.solutions / "README.md"
    if not page.is_file():
        return None
    reference = PACKAGE / "reference" / lesson.step / todo.program
    name = _function_of(todo.number, _lines(reference))
    heading = ""
    for text in _lines(page):
        if text.startswith("## "):
            heading = text[3:].strip()
        marker = text.removeprefix("<!-- code:").removesuffix("-->").split()
        if name and text.startswith("<!-- code:") and marker == [todo.program, name]:
            return page, heading
    return page, ""


def _function_of(number: int, lines: Iterable[str]) -> str:
    """The function whose body has TODO `number`, such as "Room.serve"; empty when none has."""
    around: list[tuple[int, str]] = []  # the definitions that are open, with their indents
    for text in lines:
        if opens(text, number):
            return ".".join(name for _, name in around)
        if found := DEFINITION.match(text):
            indent = len(found[1])
            around = [one for one in around if one[0] < indent]
            around.append((indent, found[2]))
    return ""


def _lines(file: Path) -> list[str]:
    """The lines of a text file; none when it cannot be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return []
