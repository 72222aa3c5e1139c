"""Lessons: what each `lesson.toml` says, and the folders that belong to a lesson.

This is the only reader of `lesson.toml`. Nobody else builds a path to a lesson.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from chatkit.course.checks import Check, load_checks
from chatkit.course.errors import AuthoringError, CourseError, Problem
from chatkit.course.facts import Facts, read_facts
from chatkit.course.places import INSTALLED, PACKAGE, beside

STARTED = ("server.py", "client.py")  # the programs that people and checks start


@dataclass(frozen=True)
class Todo:
    """One task in a starter program. What it says stands in the reference, not here."""

    number: int
    program: str
    checks: tuple[str, ...]
    hints: tuple[str, ...]


@dataclass(frozen=True)
class Lesson:
    """What `lesson.toml` says, and the folders that belong to the lesson."""

    name: str  # "02_broadcast"
    title: str
    summary: str
    minutes: int
    goals: tuple[str, ...]  # what a student can do afterwards
    topics: tuple[str, ...]  # of the curriculum CS2023, one for each goal
    asked: tuple[str, ...]  # the programs a student writes
    given: Mapping[str, str]  # program, or module of one -> the step that owns it
    changes: Mapping[str, str]  # function that differs from the step before -> why
    todos: tuple[Todo, ...]
    folder: Path  # lessons/02_broadcast
    grows_from: str  # the step whose programs it goes on with; "": that of the lesson before
    window: bool  # whether its client has a window
    encore: bool  # whether the course is complete without it
    solutions: Path  # solutions/02_broadcast; a hand-out has none
    checks_file: Path  # tests/lessons/test_02_broadcast.py

    @property
    def number(self) -> int:
        return int(self.name[:2])

    @property
    def step(self) -> str:
        """The name of the lesson's folder in `chatkit/reference`: "broadcast"."""
        return self.name[3:]

    @property
    def programs(self) -> tuple[str, ...]:
        """All programs of the lesson and their modules, the server first."""
        return tuple(sorted({*self.asked, *self.given}, reverse=True))

    @property
    def modules(self) -> tuple[str, ...]:
        """What the lesson gives for its own programs to import: "look.py". Nobody starts it."""
        return tuple(name for name in self.given if name not in STARTED)

    def program_in(self, folder: Path, program: str) -> Path:
        """Where `program` lies when `folder` holds a student's programs of this lesson.

        A program that the lesson gives comes from the lesson where the folder has none.
        """
        path = folder / program
        if program in self.given and not path.exists():
            return self.folder / program
        return path

    def checks(self) -> tuple[Check, ...]:
        """The lesson's checks in the order of their file. Raises CourseError without the file."""
        return tuple(
            function.check
            for function in vars(load_checks(self.checks_file)).values()
            if isinstance(getattr(function, "check", None), Check)
        )


@dataclass(frozen=True)
class Course:
    """All lessons, in order."""

    root: Path  # the folder with `lessons` in it
    lessons: tuple[Lesson, ...]

    def lesson(self, key: str) -> Lesson:
        """The lesson called `key`: "2", "02_broadcast" or "broadcast". Raises CourseError."""
        for lesson in self.lessons:
            if key in (str(lesson.number), lesson.name, lesson.name[:2], lesson.step):
                return lesson
        known = [name for lesson in self.lessons for name in (lesson.name, lesson.step)]
        near = get_close_matches(key, known, n=1)
        guess = f" Did you mean {near[0]}?" if near else ""
        names = ", ".join(f"{lesson.number} ({lesson.step})" for lesson in self.lessons)
        raise CourseError(f"there is no lesson {key!r}.{guess} The lessons are: {names}.")

    def before(self, lesson: Lesson) -> Lesson | None:
        """The lesson that `lesson` grows from; None for the first one. Raises AuthoringError."""
        if not lesson.grows_from:
            return self.neighbour(lesson, -1)
        found = next((one for one in self.lessons if one.step == lesson.grows_from), None)
        if found is None or found.number >= lesson.number:
            steps = ", ".join(one.step for one in self.lessons if one.number < lesson.number)
            what = f"grows_from must be the step of an earlier lesson, not {lesson.grows_from!r}"
            file = lesson.folder / "lesson.toml"
            raise AuthoringError(Problem(file, what, f"name one of: {steps or 'none'}"))
        return found

    def neighbour(self, lesson: Lesson, step: int) -> Lesson | None:
        """The lesson after `lesson`, or before it with -1; None where there is none."""
        at = self.lessons.index(lesson) + step
        return self.lessons[at] if 0 <= at < len(self.lessons) else None


def find_course(start: Path | None = None) -> Course:
    """The course of the nearest folder that has `lessons`, else the one the kit carries.

    `start` is where to look first (default: the current folder), then in every folder above.
    Raises CourseError when there is no course, or when a `lesson.toml` cannot be used.
    """
    here = (start or Path.cwd()).resolve()
    return _first_course(here, *here.parents, PACKAGE.parent, INSTALLED)


def kit_course() -> Course:
    """The course that the kit itself carries, its lessons untouched if they are there untouched.

    Raises CourseError when there is none, or when a `lesson.toml` cannot be used.
    """
    return _first_course(INSTALLED, PACKAGE.parent)


def _first_course(*roots: Path) -> Course:
    for root in roots:
        if folders := lesson_folders(root):
            return Course(root, tuple(read_lesson(root, folder) for folder in folders))
    raise CourseError("the lessons are missing: install the kit again")


def lesson_folders(root: Path) -> list[Path]:
    """The lesson folders under `root`, in order; an empty list where there are none."""
    return sorted(path.parent for path in root.glob("lessons/[0-9][0-9]_*/lesson.toml"))


def read_lesson(root: Path, folder: Path) -> Lesson:
    """Read `lesson.toml` in `folder`. Raises CourseError when it cannot be used."""
    facts = read_facts(folder / "lesson.toml")
    lesson = Lesson(
        name=folder.name,
        title=facts.text("title"),
        summary=facts.text("summary"),
        minutes=facts.number("minutes"),
        goals=facts.texts("goals"),
        topics=facts.texts("topics", may_lack=True),
        asked=facts.texts("asked"),
        given=facts.words("given"),
        changes=facts.words("changes"),
        todos=tuple(_todo(table) for table in facts.tables("todo")),
        folder=folder,
        grows_from=facts.text("grows_from", ""),
        window=facts.flag("window", False),
        encore=facts.flag("encore", False),
        solutions=beside(root, "solutions") / folder.name,
        checks_file=beside(root, "tests/lessons") / f"test_{folder.name}.py",
    )
    facts.done()
    return lesson


def _todo(facts: Facts) -> Todo:
    todo = Todo(
        number=facts.number("number"),
        program=facts.text("program"),
        checks=facts.texts("checks"),
        hints=facts.texts("hints"),
    )
    facts.done()
    return todo
