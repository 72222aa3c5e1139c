"""What a student has reached: the state file `progress.json` beside the folder `lessons`.

    {"schema": 1, "kit": "0.1.0", "lessons": {"01_echo": {
        "score": 54, "max_score": 100,
        "checks": {"ready-line": "passed", …}, "halted": [], "earlier": [],
        "begin": {"check": "half-line", "cause": "", "sentence": ""},
        "programs": {"server.py": its sha256, …}, "hints": {"3": 2}}}}

It is a memory of runs, never a grade: checking again finds out all of it but the open hints. Every
change reads the file, changes it and writes it anew, so a watch and a check that run side by side
keep each other's news. They wait for each other with a lock on the folder, which ends with the
process that has it. Windows cannot lock a folder: two changes in the same millisecond could lose
one there, and the next run finds it out again.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from chatkit import __version__
from chatkit._errors import UserError
from chatkit.bench.symptoms import Symptom
from chatkit.course.lessons import Course, Lesson
from chatkit.course.places import INSTALLED
from chatkit.system.locks import alone_in

if TYPE_CHECKING:
    from chatkit.grading.verdict import LessonVerdict

FILE = "progress.json"
SCHEMA = 1
STATUSES = ("passed", "failed", "not_reached", "skipped")


class ProgressError(UserError):
    """The state cannot be read or kept; the message is one line that says what to do."""


@dataclass(frozen=True)
class Beginning:
    """What the last run that left something open said to begin with."""

    check: str = ""  # empty: nothing
    cause: str = ""  # its name, "todo-2" or that of a misconception; empty where none was told
    sentence: str = ""  # of the cause


@dataclass(frozen=True)
class LessonProgress:
    """What is known of one lesson. Empty when it was never checked."""

    statuses: Mapping[str, str] = field(default_factory=dict)  # check -> status in its last run
    score: int = 0
    max_score: int = 0  # the points of all checks, but for those that were skipped
    programs: Mapping[str, str] = field(default_factory=dict)  # sha256 of each, in the last run
    hints: Mapping[int, int] = field(default_factory=dict)  # TODO -> how many hints are open
    halted: frozenset[str] = frozenset()  # checks that met a TODO which was not written
    earlier: frozenset[str] = frozenset()  # checks that have not run since their program changed
    begin: Beginning = Beginning()

    @property
    def full(self) -> bool:
        """Whether all points were reached that this machine can give, and there are some."""
        return 0 < self.max_score == self.score


class Progress:
    """The state of one course, as it was when it was read or changed last."""

    def __init__(
        self,
        course: Course,
        lessons: Mapping[str, LessonProgress] | None = None,
        trouble: str = "",
        broken: bool = False,
    ) -> None:
        self.course = course
        self.trouble = trouble  # why nothing is known, in one line; empty when all is well
        self._lessons = dict(lessons or {})  # by name; lessons of another kit stay as they are
        self.broken = broken  # a file is there, and nobody can use it

    @property
    def remark(self) -> str:
        """What to tell a student whose broken file is about to be replaced; else empty."""
        return f"{self.trouble}. It is kept as {FILE}.broken" if self.broken else ""

    def of(self, lesson: Lesson) -> LessonProgress:
        """What is known of `lesson`."""
        return self._lessons.get(lesson.name, LessonProgress())

    def record(
        self, lesson: Lesson, verdict: "LessonVerdict", programs: Mapping[str, str] | None = None
    ) -> None:
        """Keep what a run of `lesson` has found. Checks that did not run stay as they were.

        `programs` is what `fingerprints` said before the run; without it the programs are taken
        to be the same still. Raises ProgressError when it cannot be kept.
        """
        self.record_all([(lesson, verdict, fingerprints(lesson) if programs is None else programs)])

    def record_all(self, runs: "Sequence[tuple[Lesson, LessonVerdict, Mapping[str, str]]]") -> None:
        """Keep several runs at once, as `record` does: all of them or none."""

        def change(lessons: dict[str, LessonProgress]) -> None:
            for lesson, verdict, programs in runs:
                before = lessons.get(lesson.name, LessonProgress())
                lessons[lesson.name] = after_run(before, lesson, verdict, programs)

        self._change(change)

    def open_hint(self, lesson: Lesson, todo_number: int) -> None:
        """Remember that one more hint of a TODO is open. Raises ProgressError."""

        def change(lessons: dict[str, LessonProgress]) -> None:
            before = lessons.get(lesson.name, LessonProgress())
            opened = before.hints.get(todo_number, 0) + 1
            lessons[lesson.name] = replace(before, hints={**before.hints, todo_number: opened})

        self._change(change)

    def _change(self, change: Callable[[dict[str, LessonProgress]], None]) -> None:
        """Read the file, change what it says, and write it anew; nobody else may meanwhile."""
        if self.course.root == INSTALLED:  # the kit's own lessons are nobody's
            return
        # Only now: most commands just read.
        from chatkit._files import WriteError, write_whole

        file = self.course.root / FILE
        with alone_in(self.course.root):
            now = load(self.course)
            change(now._lessons)
            self._lessons = now._lessons  # known to this command, even when it cannot be kept
            try:
                if now.broken:
                    file.replace(file.with_name(f"{FILE}.broken"))
                write_whole(file, as_text(now._lessons))
            except WriteError as error:
                raise ProgressError(f"your progress is not kept: {error}") from None
            except OSError as error:
                why = error.strerror or error
                raise ProgressError(f"your progress is not kept: {file}: {why}") from None
        self.trouble, self.broken = "", False


def load(course: Course) -> Progress:
    """Read the state of `course`.

    A file that is missing or broken gives an empty state whose `trouble` says so; the lessons that
    an installed kit carries have no state. Raises ProgressError when a newer kit wrote the file.
    """
    if course.root == INSTALLED:
        return Progress(course)
    file = course.root / FILE
    try:
        facts = json.loads(file.read_bytes())
        schema = facts["schema"]
        if type(schema) is not int or schema < 1:
            raise ValueError(schema)
        if schema > SCHEMA:
            raise ProgressError(
                f"{file} is of a newer chatkit (it has schema {schema}, this one knows {SCHEMA}): "
                "update the kit, or delete the file; your programs are not touched"
            )
        lessons = {name: _lesson(fields) for name, fields in _table(facts["lessons"], dict).items()}
    except FileNotFoundError:
        return Progress(course, trouble=f"there is no {FILE} yet")
    except OSError as error:
        trouble = f"{FILE} cannot be read: {error.strerror or error}"
    except json.JSONDecodeError as error:
        trouble = f"{FILE} is broken: line {error.lineno}: {error.msg}"
    except (ValueError, KeyError, TypeError, RecursionError):
        trouble = f"{FILE} is broken: it does not say what chatkit writes there"
    else:
        return Progress(course, lessons)
    return Progress(course, trouble=trouble, broken=True)


def fingerprints(lesson: Lesson) -> dict[str, str]:
    """The sha256 of each program that the lesson asks for; none for one that cannot be read."""
    from hashlib import sha256

    found = {}
    for program in lesson.asked:
        with suppress(OSError):
            found[program] = sha256((lesson.folder / program).read_bytes()).hexdigest()
    return found


def after_run(
    before: LessonProgress, lesson: Lesson, verdict: "LessonVerdict", programs: Mapping[str, str]
) -> LessonProgress:
    """`before` with what a run of some checks, or all, has found on `programs`."""
    changed = {name for name in lesson.asked if programs.get(name) != before.programs.get(name)}
    checks = lesson.checks()
    ran = {one.id: one.status for one in verdict.checks}
    statuses: dict[str, str] = {**before.statuses, **ran}
    halted = {one.id for one in verdict.checks if one.symptom == Symptom.TODO}
    begin = beginning_of(verdict)
    if not begin.check and statuses.get(before.begin.check) in ("failed", "not_reached"):
        begin = before.begin
    return replace(
        before,
        begin=begin,
        statuses={one.id: statuses[one.id] for one in checks if one.id in statuses},
        score=sum(one.points for one in checks if statuses.get(one.id) == "passed"),
        max_score=sum(one.points for one in checks if statuses.get(one.id) != "skipped"),
        programs=dict(programs),
        halted=frozenset(halted | (before.halted - ran.keys())),
        earlier=frozenset(
            one.id
            for one in checks
            if one.id in before.statuses
            and one.id not in ran
            and (one.id in before.earlier or one.program in changed)
        ),
    )


def beginning_of(verdict: "LessonVerdict") -> Beginning:
    """What the verdict says to begin with."""
    check = verdict.begin
    if check is None:
        return Beginning()
    told = (one.cause for one in verdict.explanations if check.id in one.checks)
    for cause in told:
        return Beginning(check.id, cause.name, cause.sentence)
    return Beginning(check.id)


def as_text(lessons: Mapping[str, LessonProgress]) -> str:
    """The file with these lessons."""
    found = {
        name: {
            "score": one.score,
            "max_score": one.max_score,
            "checks": dict(one.statuses),
            "halted": sorted(one.halted),
            "earlier": sorted(one.earlier),
            "begin": asdict(one.begin),
            "programs": dict(one.programs),
            "hints": {str(number): count for number, count in sorted(one.hints.items())},
        }
        for name, one in sorted(lessons.items())
    }
    about = {"schema": SCHEMA, "kit": __version__, "lessons": found}
    return json.dumps(about, indent=1) + "\n"


def _lesson(fields: dict[str, Any]) -> LessonProgress:
    """The inverse of `as_text` for one lesson. Raises ValueError, KeyError or TypeError."""
    statuses = _table(fields["checks"], str)
    points = _table({name: fields[name] for name in ("score", "max_score")}, int)
    if not set(statuses.values()) <= set(STATUSES):
        raise ValueError(statuses)
    return LessonProgress(
        statuses=statuses,
        score=points["score"],
        max_score=points["max_score"],
        programs=_table(fields["programs"], str),
        hints={int(number): count for number, count in _table(fields["hints"], int).items()},
        halted=frozenset(map(str, fields["halted"])),
        earlier=frozenset(map(str, fields["earlier"])),
        begin=Beginning(**_table(fields.get("begin", {}), str)),  # earlier kits wrote none
    )


def _table(value: object, kind: type) -> dict[str, Any]:
    """`value` when it is an object whose values are all of one kind. Raises TypeError."""
    if not isinstance(value, dict) or not all(isinstance(one, kind) for one in value.values()):
        raise TypeError(value)
    return value
