"""The walk: a student writes one TODO after the other, as the text asks. Is each one asked for?"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from chatkit.authoring.clone import Clone, checks_of, read
from chatkit.authoring.rules.trials import Grade, complaints, the_grader
from chatkit.course.errors import Problem
from chatkit.course.lessons import Lesson
from chatkit.course.regions import starter, todos
from chatkit.course.todo import asked_for
from chatkit.grading.verdict import TODO, LessonVerdict


def todos_come_in_the_order_of_the_text(
    clone: Clone, lesson: Lesson, grade: Grade | None = None
) -> Iterator[Problem]:
    """whoever writes the TODOs in the order of the text is told the next one each time"""
    order = list(asked_for(lesson))
    for program in lesson.asked:
        file = clone.reference(lesson.step, program)
        if not file.is_file():
            continue  # another rule asks for it
        own = sorted((region.number for region in todos(read(file), file)), key=order.index)
        for turn, number in enumerate(own[1:], start=1):  # the first: the trial of the starter
            written = own[:turn]
            text = starter(read(file), file, written)
            yield from next_is_told(lesson, program, text, number, written, grade)


def next_is_told(
    lesson: Lesson,
    program: str,
    text: str,
    number: int,
    written: list[int],
    grade: Grade | None,
) -> Iterator[Problem]:
    """A problem unless a check of TODO `number` says that it comes next.

    Its checks are tried in their order until one says which TODO is next: a set-up that fails, or
    a check that stops before the program comes so far, says nothing.
    """
    [todo] = [one for one in lesson.todos if one.number == number]
    checks = [c.id for c in checks_of(lesson) if c.id in todo.checks and c.program == program]
    done = f"with TODO {', '.join(map(str, written))} written, {program}"
    seen = []
    with tempfile.TemporaryDirectory(prefix="chatkit-") as folder:
        (Path(folder) / program).write_text(text, encoding="utf-8")
        for check in checks:
            verdict = (grade or the_grader(only=(check,)))(lesson, Path(folder))
            said = next_todos(verdict)
            if said == {number}:
                return
            if said:
                what = f"{done} is told TODO {min(said)}, not TODO {number}"
                cure = (
                    f"let the text ask for TODO {min(said)} first, or let the program need"
                    f" TODO {number} before it"
                )
                yield Problem(lesson.folder / "README.md", what, cure)
                return
            seen.append(complaints(verdict) or f"passed {check}")
    what = f"{done} is not told that TODO {number} comes next"
    cure = (
        "let the program reach this TODO in one of its checks. A generator whose yield stands in a"
        " region is none in the starter: leave a yield outside of it"
    )
    yield Problem(lesson.folder / program, what, cure, detail="\n".join(seen))


def next_todos(verdict: LessonVerdict) -> set[int]:
    """The TODOs that the verdict names as the next one."""
    named = (one.cause.name for one in verdict.explanations if one.cause.todo)
    return {int(name.removeprefix(TODO)) for name in named}
