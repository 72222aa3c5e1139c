"""Rules about TODOs: the reference asks, `lesson.toml` helps, a check notices."""

import re
from collections.abc import Iterator
from pathlib import Path

from chatkit.authoring.clone import Clone, checks_of, read
from chatkit.course.errors import Problem
from chatkit.course.lessons import Lesson
from chatkit.course.regions import Region, todos

FEWEST_HINTS = 3
NO_VERB = re.compile(r"(?:the|a|an|this|that|these|it|its|here|there|now|we|you|your|todo)\b", re.I)


def programs_are_there(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """every program that a lesson asks for or gives is in the reference"""
    for program in lesson.programs:
        file = clone.reference(clone.owner(lesson, program), program)
        if not file.is_file():
            yield Problem(file, f"{lesson.name} needs this program", "write it")


def programs_have_todos(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """every program that a lesson asks for has a TODO"""
    for program in lesson.asked:
        file = clone.reference(lesson.step, program)
        if file.is_file() and not todos(read(file), file):
            cure = "put what the student writes between # region TODO 1: … and # endregion"
            yield Problem(file, "the program has no TODO", cure)


def todos_are_listed(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """the TODOs of the reference are those of lesson.toml"""
    in_code = {
        (file.name, region.number): (file, region) for file, region in regions(clone, lesson)
    }
    in_toml = {(todo.program, todo.number) for todo in lesson.todos}
    for (program, number), (file, region) in in_code.items():
        if (program, number) not in in_toml:
            what = f"lesson.toml of {lesson.name} does not list TODO {number} of {program}"
            yield Problem(file, what, "add a [[todo]] with hints and checks", region.first)
    for program, number in sorted(in_toml - set(in_code)):
        what = f"TODO {number} of {program} has no region in {lesson.step}/{program}"
        cure = "correct number and program, or take this [[todo]] out"
        yield Problem(toml(lesson), what, cure, toml_line(lesson, number))


def todos_count_from_one(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """TODOs count from 1 without a gap, the server first"""
    numbers = sorted(todo.number for todo in lesson.todos)
    if numbers != list(range(1, len(numbers) + 1)):
        what = f"the TODOs of the lesson have the numbers {', '.join(map(str, numbers))}"
        yield Problem(toml(lesson), what, f"number them from 1 to {len(numbers)}, each once")
    last = max((todo.number for todo in lesson.todos if todo.program == "server.py"), default=0)
    for todo in lesson.todos:
        if todo.program != "server.py" and todo.number < last:
            what = f"TODO {todo.number} of {todo.program} comes before TODO {last} of server.py"
            cure = "give the server the first numbers, here and in the reference"
            yield Problem(toml(lesson), what, cure, toml_line(lesson, todo.number))


def tasks_say_what_to_do(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """the first line of every TODO is a sentence that says what to do"""
    for file, region in regions(clone, lesson):
        if NO_VERB.match(region.task) or not region.task[0].isalpha():
            what = f"TODO {region.number} does not start with what to do"
            yield Problem(file, what, "start with a verb: send, keep, wait", region.first)
        elif len(region.task.split()) < 3 or region.task.endswith((":", ",", ";")):
            what = f"TODO {region.number} is not a whole sentence"
            yield Problem(file, what, "say what to do, with what, until when", region.first)


def todos_have_hints(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """every TODO has at least three hints and a check"""
    for todo in lesson.todos:
        line = toml_line(lesson, todo.number)
        hints = [hint for hint in todo.hints if hint.strip()]
        if len(hints) < FEWEST_HINTS:
            what = f"TODO {todo.number} has {len(hints)} of at least {FEWEST_HINTS} hints"
            cure = "write a question, then where to look, then a line of code"
            yield Problem(toml(lesson), what, cure, line)
        if not todo.checks:
            what = f"TODO {todo.number} serves no check"
            yield Problem(toml(lesson), what, "name the checks that fail without it", line)


def todos_serve_checks(clone: Clone, lesson: Lesson) -> Iterator[Problem]:
    """the checks that TODOs name are there, and every check that is not free is named"""
    checks = checks_of(lesson)
    known = {check.id for check in checks}
    free = {check.id for check in checks if check.free}
    for todo in lesson.todos:
        for name in todo.checks:
            if name not in known:
                what = f"TODO {todo.number} names the check {name!r}, which does not exist"
                cure = f"name some of: {', '.join(sorted(known))}"
                yield Problem(toml(lesson), what, cure, toml_line(lesson, todo.number))
            elif name in free:
                what = f"TODO {todo.number} names the check {name!r}, which is free"
                cure = f"take it out here, or take free=True out of {lesson.checks_file.name}"
                yield Problem(toml(lesson), what, cure, toml_line(lesson, todo.number))
    served = {name for todo in lesson.todos for name in todo.checks}
    for check in checks:
        if check.program in lesson.asked and check.id not in served | free:
            what = f"no TODO serves the check {check.id!r}"
            cure = (
                "add it to the checks of the TODO that makes it pass; if the starter passes it"
                " already, write free=True in its @check"
            )
            yield Problem(toml(lesson), what, cure)


def regions(clone: Clone, lesson: Lesson) -> list[tuple[Path, Region]]:
    """The regions of the programs that the lesson asks for, each with its file."""
    files = [clone.reference(lesson.step, program) for program in lesson.asked]
    return [
        (file, region) for file in files if file.is_file() for region in todos(read(file), file)
    ]


def toml(lesson: Lesson) -> Path:
    return lesson.folder / "lesson.toml"


def toml_line(lesson: Lesson, number: int) -> int | None:
    """Where `lesson.toml` has TODO `number`."""
    lines = read(toml(lesson)).split("\n")
    wanted = re.compile(rf"\s*number\s*=\s*{number}\b")
    return next((n for n, line in enumerate(lines, start=1) if wanted.match(line)), None)
