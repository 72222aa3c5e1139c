"""A lesson on one sheet: what to do, what it brings, and the commands. To print and to tick off."""

from collections.abc import Iterator
from pathlib import Path

from chatkit.authoring.clone import Clone, checks_of, read
from chatkit.authoring.site.markdown import front, words
from chatkit.course.lessons import Lesson
from chatkit.course.regions import todos

NOTE = "<!-- Made from lessons/ and tests/lessons by `chatkit author sync`. -->"
COMMANDS = """\
| command | what it does |
|---|---|
| `chatkit watch` | checks your programs each time you save |
| `chatkit check {n}` | a verdict on all of lesson {n} |
| `chatkit hint {n}` | one hint for what failed last |
| `chatkit run {n} server` | starts your server; Ctrl-C ends it |
| `chatkit reset {n}` | back to the starter; your version is kept |"""


def sheets(clone: Clone) -> Iterator[tuple[Path, str]]:
    """The sheet of each lesson that has checks."""
    for lesson in clone.lessons:
        if lesson.checks_file.is_file():
            page = clone.docs / f"sheets/{lesson.name}.md"
            yield page, "\n\n".join(sheet(clone, lesson)) + "\n"


def sheet(clone: Clone, lesson: Lesson) -> Iterator[str]:
    """The blocks of one sheet."""
    yield front(f"Lesson {lesson.number} on one sheet to print: the TODOs, checks and commands.")
    yield NOTE
    yield f"# Sheet {lesson.number}: {lesson.title}"
    yield f"{lesson.summary} About {lesson.minutes} minutes. Name: ______________________________"
    yield "## TODOs"
    rows = ["| done | TODO | what to do | the checks that need it |", "|:-:|--:|---|---|"]
    for todo in lesson.todos:
        needs = ", ".join(f"`{name}`" for name in todo.checks)
        rows.append(f"| ☐ | {todo.number} | {task(clone, lesson, todo.number)} | {needs} |")
    yield "\n".join(rows)
    yield "## Points"
    yield " · ".join(f"☐ `{check.id}` {check.points}" for check in checks_of(lesson))
    yield "## Commands"
    yield COMMANDS.format(n=lesson.number)


def task(clone: Clone, lesson: Lesson, number: int) -> str:
    """What TODO `number` asks for, and in which program."""
    for program in lesson.asked:
        file = clone.reference(lesson.step, program)
        if file.is_file():
            for region in todos(read(file), file):
                if region.number == number:
                    return f"`{program}`: {words(region.task)}".replace("|", r"\|")
    return ""
