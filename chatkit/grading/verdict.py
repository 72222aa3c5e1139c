"""Verdicts: what a check found, as data. Everything that prints or stores a result reads these."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from chatkit.bench.transcript import Event

SCHEMA = 1
TODO = "todo-"  # how the name of a cause begins that is an unwritten TODO
INSIDE = (
    "What only the window shows was read inside the program's own process, and could be forged. "
    "What reached the server was judged on the wire."
)

Status = Literal["passed", "failed", "not_reached", "skipped"]


class GradingError(Exception):
    """The kit itself failed; no verdict can be given."""

    @property
    def words(self) -> str:
        """What to tell the user."""
        return f"the kit itself failed; please report this.\n{self}"


class MachineError(GradingError):
    """This machine lacks what a run needs; no verdict can be given. The message names the cure."""

    @property
    def words(self) -> str:
        return f"this machine, not your programs: {self}"


@dataclass(frozen=True)
class Cause:
    """One explanation whose evidence was there in a failed check."""

    name: str  # of the misconception, or "todo-2"
    sentence: str  # with the student's own line
    think: str = ""  # empty: what the check itself asks
    read: str = ""  # a heading of the lesson's text; empty: where the check itself sends

    @property
    def todo(self) -> int:
        """The number of the unwritten TODO that it is; 0 for a misconception."""
        return int(self.name.removeprefix(TODO)) if self.name.startswith(TODO) else 0


@dataclass(frozen=True)
class Explanation:
    """One cause, and all the failed checks that it explains, in the order of the lesson."""

    cause: Cause
    checks: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What one check found. The texts are empty where there is nothing to say."""

    id: str
    title: str
    status: Status
    score: int
    max_score: int  # 0 when skipped: what this machine cannot run does not count
    program: str
    symptom: str = ""
    message: str = ""  # what happened, one sentence
    expected: str = ""
    received: str = ""
    likely: str = ""  # the cause, where there is evidence for one
    hint: str = ""
    read: str = ""  # the lesson's section
    again: str = ""  # the command that runs this check alone
    notes: tuple[str, ...] = ()
    transcript: tuple[Event, ...] = ()
    output: str = ""  # the last lines that the program printed
    causes: tuple[Cause, ...] = ()  # whose evidence was there; `explained` chooses among them
    stumbled: tuple[str, ...] = ()  # errors of the catalogue itself, for those who work on it


@dataclass(frozen=True)
class LessonVerdict:
    """What all checks of one lesson found."""

    lesson: str
    title: str
    checks: tuple[Verdict, ...]
    seconds: float
    isolation: Literal["namespaces", "processes", "none"] = "processes"
    explanations: tuple[Explanation, ...] = ()  # the one that explains most first
    window: bool = False  # whether the program had a window; not kept, the lesson says it

    @property
    def score(self) -> int:
        return sum(check.score for check in self.checks)

    @property
    def max_score(self) -> int:
        return sum(check.max_score for check in self.checks)

    @property
    def full(self) -> bool:
        """Whether everything that could be run has passed, and something could be run."""
        return bool(self.checks) and self.score == self.max_score

    @property
    def open(self) -> tuple[Verdict, ...]:
        """The checks that failed; where none has, those that were not tried."""
        failed = tuple(check for check in self.checks if check.status == "failed")
        return failed or tuple(check for check in self.checks if check.status == "not_reached")

    @property
    def begin(self) -> Verdict | None:
        """The check to begin with; None where nothing is left to do.

        It is one that the explanation is about which explains most. What is written and wrong comes
        before what is not written yet; without an explanation it is the first that failed.
        """
        wrong = [one for one in self.explanations if not one.cause.todo]
        ids = wrong[0].checks if wrong else [check.id for check in self.open[:1]]
        return next((check for check in self.checks if check.id in ids), None)

    @property
    def caveat(self) -> str:
        """What one has to know about how this was found out; empty when there is nothing."""
        return INSIDE if self.window else ""

    @property
    def output(self) -> str:
        """What the program printed in the first check that did not pass."""
        return next((check.output for check in self.checks if check.score < check.max_score), "")


def as_json(lessons: list[LessonVerdict], kit: str) -> dict[str, Any]:
    """The verdicts as one object for `--json`; `verdict.schema.json` says what is in it."""
    return {"schema": SCHEMA, "kit": kit, "lessons": [lesson_as_json(one) for one in lessons]}


def lesson_as_json(lesson: LessonVerdict) -> dict[str, Any]:
    return {
        "lesson": lesson.lesson,
        "title": lesson.title,
        "score": lesson.score,
        "max_score": lesson.max_score,
        "isolation": lesson.isolation,
        "seconds": round(lesson.seconds, 3),
        "output": lesson.output,
        "begin": lesson.begin.id if lesson.begin else "",
        "explanations": [
            {"name": one.cause.name, "sentence": one.cause.sentence, "checks": list(one.checks)}
            for one in lesson.explanations
        ],
        "checks": [check_as_json(check) for check in lesson.checks],
    }


def check_as_json(check: Verdict) -> dict[str, Any]:
    fields = asdict(check)
    del fields["output"], fields["causes"], fields["stumbled"]
    fields["notes"] = list(check.notes)
    fields["transcript"] = [event_as_json(event) for event in check.transcript]
    return fields


def event_as_json(event: Event) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "t": event.t,
        "from": event.source,
        "to": event.target,
        "kind": event.kind,
    }
    if event.bytes:
        fields["bytes"] = event.bytes
    if event.text:
        fields["text"] = event.text
    return fields


def lesson_from_json(fields: Mapping[str, Any]) -> LessonVerdict:
    """The inverse of `lesson_as_json`. Raises KeyError when `fields` is no lesson.

    What goes out names one output for the whole lesson. It comes back as the output of the first
    check that did not pass, where no check brings its own.
    """
    checks = [check_from_json(check) for check in fields["checks"]]
    for place, check in enumerate(checks):
        if check.score < check.max_score:
            if not check.output:
                checks[place] = replace(check, output=fields["output"])
            break
    return LessonVerdict(
        lesson=fields["lesson"],
        title=fields["title"],
        checks=tuple(checks),
        seconds=fields["seconds"],
        isolation=fields["isolation"],
        explanations=tuple(
            Explanation(Cause(one["name"], one["sentence"]), tuple(one["checks"]))
            for one in fields.get("explanations", ())  # earlier kits wrote none
        ),
    )


def check_from_json(fields: Mapping[str, Any]) -> Verdict:
    """The inverse of `check_as_json`. `output` is read where somebody has added it.

    Raises KeyError or TypeError when `fields` is no verdict.
    """
    texts = {name: value for name, value in fields.items() if name not in ("notes", "transcript")}
    return Verdict(
        **texts,
        notes=tuple(fields["notes"]),
        transcript=tuple(event_from_json(event) for event in fields["transcript"]),
    )


def event_from_json(fields: Mapping[str, Any]) -> Event:
    """The inverse of `event_as_json`."""
    return Event(
        t=fields["t"],
        source=fields["from"],
        target=fields["to"],
        kind=fields["kind"],
        bytes=fields.get("bytes", ""),
        text=fields.get("text", ""),
    )
