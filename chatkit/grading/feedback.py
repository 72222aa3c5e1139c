"""What a student reads: one verdict as plain text, and a lesson's summary.

The order is always the same: what was tried, expected and received, the likely cause, where to
read, how to do it again. Colours are the command line's business.
"""

import re
import textwrap

from chatkit.bench import sequence
from chatkit.bench.symptoms import Symptom
from chatkit.grading.verdict import LessonVerdict, Verdict

WIDTH = 80
MARKS = {"passed": "✓", "failed": "✗", "not_reached": "·", "skipped": "-"}
INDENT = 12


def headline(verdict: Verdict) -> str:
    """One line: the mark, the title, the points."""
    points = f"{verdict.score} / {verdict.max_score}"
    if verdict.status == "skipped":
        points = "skipped"
    title = f"{MARKS[verdict.status]} {verdict.title}"
    return title.ljust(WIDTH - len(points) - 1) + " " + points


def short(verdict: Verdict) -> str:
    """The headline, and below it why a check could not be tried."""
    lines = [headline(verdict)]
    if verdict.status in ("not_reached", "skipped"):
        for line in f"not tried: {verdict.message}".split("\n"):
            lines += textwrap.wrap(line, WIDTH, initial_indent="    ", subsequent_indent="    ")
    lines += [f"    note: {note}" for note in verdict.notes if verdict.status == "passed"]
    return "\n".join(lines)


def plain(verdict: Verdict) -> str:
    """Everything about one verdict, for a check that failed or was asked for with --show."""
    lines = [headline(verdict), ""]
    drawing = sequence.draw(verdict.transcript, verdict.program)
    if drawing:
        lines += [*(f"  {row}".rstrip() for row in drawing), ""]
    if verdict.status == "passed":
        lines += _part("right", verdict.hint and "this is as it should be.")
    lines += _part("what", verdict.message)
    lines += _part("expected", verdict.expected)
    lines += _part("received", verdict.received)
    if verdict.symptom == Symptom.DIFFERENT_TEXT:
        lines += caret(verdict.expected, verdict.received)
    printed = [line for line in verdict.output.split("\n") if "Server running on" not in line]
    if verdict.received not in verdict.output:
        lines += _part("printed", "\n".join(printed[-5:]))
    if verdict.status != "passed":
        lines += _part("likely", verdict.likely)
        lines += _part("think", verdict.hint)
        lines += _part("read", verdict.read)
        lines += _part("again", verdict.again)
    for note in verdict.notes:
        lines += _part("note", note)
    return "\n".join(lines) + "\n"


def summary(lesson: LessonVerdict) -> str:
    """The last line of a lesson: its points and how long it took."""
    failed = sum(check.status == "failed" for check in lesson.checks)
    untried = sum(check.status == "not_reached" for check in lesson.checks)
    skipped = sum(check.status == "skipped" for check in lesson.checks)
    parts = [f"{lesson.score} of {lesson.max_score} points"]
    parts += [f"{failed} failed"] if failed else []
    parts += [f"{untried} not tried"] if untried else []
    parts += [f"{skipped} SKIPPED: this machine lacks something"] if skipped else []
    told = f"{lesson.lesson}: {', '.join(parts)} ({lesson.seconds:.1f} s)"
    return "\n".join([told, *textwrap.wrap(lesson.caveat, WIDTH)])


def _part(label: str, text: str) -> list[str]:
    if not text:
        return []
    wrapped: list[str] = []
    for line in text.split("\n"):
        verbatim = line.startswith((" ", "b'", 'b"')) or "\n" in text
        wrapped += [line] if verbatim else textwrap.wrap(line, WIDTH - INDENT) or [""]
    first, *rest = wrapped
    return [f"  {label:<{INDENT - 2}}{first}", *(" " * INDENT + line for line in rest)]


def caret(expected: str, received: str) -> list[str]:
    """A mark under the first byte of `received` that differs from the bytes in `expected`."""
    wanted = re.search(r"b(['\"])(.*?)\1", expected)
    got = re.fullmatch(r"b(['\"])(.*)\1", received)
    if not wanted or not got or "…" in received:
        return []
    pairs = zip(wanted[2] + "\0", got[2] + "\0", strict=False)
    at = next((place for place, (a, b) in enumerate(pairs) if a != b), None)
    return [] if at is None else [" " * (INDENT + 2 + at) + "^"]
