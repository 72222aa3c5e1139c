"""Verdicts for the tests of the gradebook, and what keeps one of them."""

from datetime import UTC, datetime
from pathlib import Path

from chatkit.bench.transcript import Event
from chatkit.classroom.gradebook import (
    Gradebook,
)
from chatkit.course.lessons import find_course
from chatkit.grading.verdict import LessonVerdict, Verdict

COURSE = find_course(Path(__file__).parent)
NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
PASSED = Verdict("ready-line", "prints the ready line", "passed", 4, 4, "server.py")


FAILED = Verdict(
    id="half-line",
    title="half a line waits for its end",
    status="failed",
    score=0,
    max_score=9,
    program="server.py",
    symptom="early-data",
    message="bob got \x1b[2J<script>\udcff",
    notes=("late", "very late"),
    transcript=(
        Event(0.004, "alice", "server", "data", "hel"),
        Event(0.1, "server", "bob", "missing", "", "a line"),
    ),
    output="x" * 10_000,
)
SKIPPED = Verdict("window", "opens a window", "skipped", 0, 0, "client.py", message="no display")


FOUND = LessonVerdict("02_broadcast", "Broadcast", (PASSED, FAILED, SKIPPED), 1.23456789)


def graded(book: Gradebook, key: str = "key", found: LessonVerdict = FOUND) -> None:
    book.keep("anna", found.lesson, key, "seed", found)
