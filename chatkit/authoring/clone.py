"""Where the sources of the course lie. Only a full clone of the project has them all."""

from dataclasses import dataclass
from pathlib import Path

import click

from chatkit.course.checks import Check
from chatkit.course.errors import AuthoringError, CourseError, Problem
from chatkit.course.lessons import Course, Lesson
from chatkit.course.regions import solution


@dataclass(frozen=True)
class Clone:
    """A course together with the sources of its views."""

    course: Course
    command_line: click.Group | None = None  # without it the page of commands is left out

    @property
    def root(self) -> Path:
        return self.course.root

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        return self.course.lessons

    @property
    def docs(self) -> Path:
        return self.root / "docs"

    def steps(self) -> tuple[tuple[Lesson, Lesson], ...]:
        """Each lesson that grows from another one, as (that one, the lesson)."""
        pairs = ((self.course.before(lesson), lesson) for lesson in self.lessons)
        return tuple((before, lesson) for before, lesson in pairs if before)

    def goes_on(self, lesson: Lesson) -> bool:
        """Whether it grows from the lesson right before it, as most do."""
        return self.course.before(lesson) == self.course.neighbour(lesson, -1)

    def owner(self, lesson: Lesson, program: str) -> str:
        """The step whose reference folder holds this program of the lesson."""
        return lesson.given.get(program, lesson.step)

    def reference(self, step: str, program: str) -> Path:
        return self.root / "chatkit" / "reference" / step / program

    def source(self, step: str, program: str) -> str:
        """The reference program, with its regions. Raises AuthoringError without the file."""
        file = self.reference(step, program)
        if not file.is_file():
            raise AuthoringError(Problem(file, "the program is missing", f"write {program}"))
        return read(file)

    def finished(self, step: str, program: str) -> str:
        """The program as the solution shows it. Raises AuthoringError."""
        return solution(self.source(step, program), self.reference(step, program))

    def readmes(self) -> tuple[tuple[Lesson, Path], ...]:
        """The texts that authors write: for each lesson its page and its walkthrough."""
        return tuple(
            (lesson, folder / "README.md")
            for lesson in self.lessons
            for folder in (lesson.folder, lesson.solutions)
        )


def open_clone(course: Course, command_line: click.Group | None = None) -> Clone:
    """The sources of `course`. Raises CourseError where only a part of the project lies.

    Beside a hand-out, `course` finds the solutions of another folder: nobody may write there.
    """
    rooms = [place.parent for x in course.lessons for place in (x.solutions, x.checks_file)]
    has_reference = (course.root / "chatkit" / "reference").is_dir()
    if not has_reference or not all(room.is_relative_to(course.root) for room in rooms):
        raise CourseError(
            f"{course.root} has lessons, but not their sources. Views are made in a full clone of"
            " the project, not in a hand-out or an installed kit."
        )
    return Clone(course, command_line)


def read(file: Path) -> str:
    """The text of a source, whatever ends its lines. Raises AuthoringError."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        raise AuthoringError(Problem(file, str(cause), "make it a text file in UTF-8")) from None


def checks_of(lesson: Lesson) -> tuple[Check, ...]:
    """The checks of the lesson. Raises AuthoringError when their file is of no use."""
    try:
        return lesson.checks()
    except CourseError:
        what, cure = "the checks are missing", "write a function with @check for each of them"
    except Exception as cause:  # whatever an import can raise
        what = f"the file cannot be imported: {type(cause).__name__}: {cause}"
        cure = "correct it until Python can import it"
    raise AuthoringError(Problem(lesson.checks_file, what, cure))
