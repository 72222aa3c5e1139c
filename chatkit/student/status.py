"""Where a student stands in each lesson, and the command that goes on from there."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from chatkit.course.lessons import Course, Lesson
from chatkit.course.todo import unfinished_in
from chatkit.student.progress import LessonProgress, Progress, fingerprints

POINTS = 100  # of a lesson; `author check` sees to it

Stand = Literal["missing", "untouched", "unchecked", "changed", "unfinished", "skipped", "done"]

NEXT = {
    "missing": "reset",
    "untouched": "watch",
    "unchecked": "check",
    "changed": "check",
    "unfinished": "hint",
    "skipped": "doctor",
}


@dataclass(frozen=True)
class Place:
    """Where a student stands in one lesson."""

    lesson: Lesson
    known: LessonProgress
    stand: Stand
    words: str  # the same, for the student; at most half a line

    @property
    def command(self) -> str:
        """What to type next for this lesson; empty when it is done."""
        if self.stand == "done":
            return ""
        name = f"chatkit {NEXT[self.stand]}"
        return name if self.stand == "skipped" else f"{name} {self.lesson.number}"


def place(lesson: Lesson, known: LessonProgress) -> Place:
    """Where the student stands in `lesson`, from the state and the programs themselves."""
    programs = fingerprints(lesson)
    changed = [name for name in lesson.asked if programs.get(name) != known.programs.get(name)]
    count = Counter(known.statuses.values())
    stand: Stand
    if lost := [name for name in lesson.asked if name not in programs]:
        stand, words = "missing", f"{lost[0]} is missing, or cannot be read"
    elif len(unfinished_in(lesson)) == len(lesson.todos):  # also where all lessons were checked
        stand, words = "untouched", "not begun"
    elif not known.statuses:
        stand, words = "unchecked", "begun, not checked yet"
    elif changed:
        stand, words = "changed", f"changed since the last check: {', '.join(changed)}"
    elif known.earlier:
        stand, words = "changed", f"not checked again since the change: {len(known.earlier)}"
    elif known.full:
        stand, words = "done", "done"
    elif not known.max_score:
        stand, words = "skipped", "skipped: this machine lacks something"
    elif count["failed"] or count["not_reached"]:
        parts = {"failed": count["failed"], "not tried": count["not_reached"]}
        stand = "unfinished"
        words = ", ".join(f"{number} {name}" for name, number in parts.items() if number)
    else:
        stand, words = "unchecked", f"only some checks have run: {len(known.statuses)}"
    return Place(lesson, known, stand, words)


def places(course: Course, state: Progress) -> list[Place]:
    """Where the student stands in each lesson, in order."""
    return [place(lesson, state.of(lesson)) for lesson in course.lessons]


def next_place(found: list[Place]) -> Place | None:
    """The first lesson that is not done; None when all are."""
    return next((one for one in found if one.stand != "done"), None)
