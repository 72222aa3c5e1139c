"""Where a student stands in each lesson, and the command that goes on from there."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from chatkit.course.lessons import Course, Lesson
from chatkit.course.todo import unfinished_in
from chatkit.student.progress import LessonProgress, Progress, fingerprints

POINTS = 100  # of a lesson; `author check` sees to it

Status = Literal["missing", "untouched", "unchecked", "changed", "unfinished", "skipped", "done"]

NEXT = {
    "missing": "reset",
    "untouched": "watch",
    "unchecked": "check",
    "changed": "check",
    "unfinished": "hint",
    "skipped": "doctor",
}


@dataclass(frozen=True)
class LessonStatus:
    """Where a student stands in one lesson."""

    lesson: Lesson
    known: LessonProgress
    status: Status
    words: str  # the same, for the student; at most half a line

    @property
    def command(self) -> str:
        """What to type next for this lesson; empty when it is done."""
        if self.status == "done":
            return ""
        name = f"chatkit {NEXT[self.status]}"
        return name if self.status == "skipped" else f"{name} {self.lesson.number}"


def status(lesson: Lesson, known: LessonProgress) -> LessonStatus:
    """Where the student stands in `lesson`, from the state and the programs themselves."""
    programs = fingerprints(lesson)
    changed = [name for name in lesson.asked if programs.get(name) != known.programs.get(name)]
    count = Counter(known.statuses.values())
    now: Status
    if lost := [name for name in lesson.asked if name not in programs]:
        now, words = "missing", f"{lost[0]} is missing, or cannot be read"
    elif len(unfinished_in(lesson)) == len(lesson.todos):  # also where all lessons were checked
        now, words = "untouched", "not begun"
    elif not known.statuses:
        now, words = "unchecked", "begun, not checked yet"
    elif changed:
        now, words = "changed", f"changed since the last check: {', '.join(changed)}"
    elif known.earlier:
        now, words = "changed", f"not checked again since the change: {len(known.earlier)}"
    elif known.full:
        now, words = "done", "done"
    elif not known.max_score:
        now, words = "skipped", "skipped: this machine lacks something"
    elif count["failed"] or count["not_reached"]:
        parts = {"failed": count["failed"], "not tried": count["not_reached"]}
        now = "unfinished"
        words = ", ".join(f"{number} {name}" for name, number in parts.items() if number)
    else:
        now, words = "unchecked", f"only some checks have run: {len(known.statuses)}"
    return LessonStatus(lesson, known, now, words)


def statuses(course: Course, state: Progress) -> list[LessonStatus]:
    """Where the student stands in each lesson, in order."""
    return [status(lesson, state.of(lesson)) for lesson in course.lessons]


def next_unfinished(found: list[LessonStatus]) -> LessonStatus | None:
    """The first lesson that is not done; None when all are."""
    return next((one for one in found if one.status != "done"), None)
