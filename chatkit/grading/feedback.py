"""What a student reads: one verdict as plain text, what to begin with, and a lesson's summary.

The order is always the same: what was tried, expected and received, the likely cause, where to
read, how to do it again. Colours are the command line's business.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from chatkit.bench import sequence
from chatkit.bench.transcript import last_visit
from chatkit.grading.verdict import LessonVerdict, Verdict

WIDTH = 80
MARKS = {"passed": "✓", "failed": "✗", "not_reached": "·", "skipped": "-"}
STATUS = {"passed": "passed", "failed": "failed", "not_reached": "not tried", "skipped": "skipped"}
INDENT = 12
MOST = 12  # lines of what to begin with
# Then the program never came to what a check asks to think about.
BROKEN = ("file-missing", "not-a-file", "unreadable", "syntax-error", "encoding", "crashed")
TRACEBACK = "Traceback (most recent call last)"


def headline(verdict: Verdict) -> str:
    """One line: the mark, the title, the points."""
    points = f"{verdict.score} / {verdict.max_score}"
    if verdict.status == "skipped":
        points = "skipped"
    title = f"{MARKS[verdict.status]} {verdict.title}"
    return title.ljust(WIDTH - len(points) - 1) + " " + points


def short(verdict: Verdict) -> str:
    """The headline, and below it why a check could not be tried, or what could be better."""
    lines = [headline(verdict)]
    if verdict.status in ("not_reached", "skipped"):
        for line in f"not tried: {verdict.message}".split("\n"):
            lines += textwrap.wrap(line, WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join([*lines, *notes(verdict)])


def notes(verdict: Verdict) -> list[str]:
    """What could be better about a check that passed, a line each."""
    return [f"    note: {note}" for note in verdict.notes if verdict.status == "passed"]


def plain(verdict: Verdict) -> str:
    """Everything about one verdict, for a check that failed or was asked for with --show."""
    lines = [headline(verdict), ""]
    if drawing := drawn(verdict):
        visit, _ = last_visit(verdict.transcript)
        if visit and verdict.status != "passed":
            lines.append(f"  Only {visit}: what came before went well.")
        lines += [*drawing, ""]
    for part in parts(verdict):
        lines += part.lines
        if part.label == "received" and verdict.symptom == "different-text":
            lines += caret(verdict.expected, verdict.received)
    for note in verdict.notes:
        lines += _part("note", note)
    return "\n".join(lines) + "\n"


def drawn(verdict: Verdict) -> list[str]:
    """What happened on the wire, drawn: all of it, or of a check that failed its last part."""
    passed = verdict.status == "passed"
    events = verdict.transcript if passed else last_visit(verdict.transcript)[1]
    return [f"  {row}".rstrip() for row in sequence.draw(events, verdict.program)]


def traceback_once(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    """The same verdicts, but a traceback that stands in one before is not repeated."""
    shown: dict[str, str] = {}  # traceback -> the check that shows it
    for verdict in verdicts:
        first = shown.setdefault(verdict.received, verdict.id)
        if TRACEBACK in verdict.received and first != verdict.id:
            last = verdict.received.rpartition("\n")[2]
            told = f"{last}  (the traceback is above, at {first})"
            yield replace(verdict, received=told, output="")
        else:
            yield verdict


def summary(lesson: LessonVerdict) -> str:
    """The line of a lesson: its points and how long it took."""
    failed = sum(check.status == "failed" for check in lesson.checks)
    untried = sum(check.status == "not_reached" for check in lesson.checks)
    skipped = sum(check.status == "skipped" for check in lesson.checks)
    said = [f"{lesson.score} of {lesson.max_score} points"]
    said += [f"{failed} failed"] if failed else []
    said += [f"{untried} not tried"] if untried else []
    said += [f"{skipped} SKIPPED: this machine lacks something"] if skipped else []
    return f"{lesson.lesson}: {', '.join(said)} ({lesson.seconds:.1f} s)"


# ------------------------------------------------------------------- what to begin with


@dataclass(frozen=True)
class Part:
    """One labelled part of a verdict: its lines, and how it is cut where room is short."""

    label: str
    lines: list[str]
    from_its_end: bool = False  # what matters stands at the end, as in a traceback

    def cut(self, count: int) -> list[str]:
        """At most `count` of its lines, with … where some were left out."""
        if len(self.lines) <= count:
            return self.lines
        if self.from_its_end:
            head, *rest = self.lines[len(self.lines) - count :]
            return [f"  {self.label:<{INDENT - 2}}{head[INDENT:]}", *rest]
        *lines, last = self.lines[:count]
        room = WIDTH - 2
        return [*lines, f"{last[:room].rstrip()} …"]


def begin(lesson: LessonVerdict) -> list[str]:
    """What to do first, in at most MOST lines; none where nothing is left to do."""
    verdict = lesson.begin
    if verdict is None:
        return []
    told = [one for one in lesson.explanations if verdict.id in one.checks]
    found = parts(verdict, lesson)
    if told and told[0].cause.todo:  # it is not written yet: nothing was to be expected
        found = [part for part in found if part.label not in ("expected", "received", "printed")]
    found = [part for part in found if part.label != "printed"]
    # Each part has one line; what room is left goes to those that say most.
    rooms = {part.label: 1 for part in found}
    for label in ("likely", "explains", "next", "received", "what", "think", "expected", "again"):
        for part in found:
            if part.label == label:
                left = MOST - 1 - sum(rooms.values())
                rooms[label] += max(0, min(left, len(part.lines) - 1))
    head = f"Begin here: {verdict.id}. {verdict.title[:1].upper()}{verdict.title[1:]}."
    lines = [head if len(head) <= WIDTH else f"{head[: WIDTH - 1].rstrip()}…"]
    for part in found:
        lines += part.cut(rooms[part.label])
    return lines


def parts(verdict: Verdict, lesson: LessonVerdict | None = None) -> list[Part]:
    """The labelled parts of a verdict, in order.

    With its `lesson`, they say what else the same cause explains.
    """
    if verdict.status == "passed":
        right = _part("right", verdict.hint and "this is as it should be.")
        return [Part("right", right)] if right else []
    visit, _ = last_visit(verdict.transcript)
    message = f"{visit}: {verdict.message}" if visit else verdict.message
    told = [one for one in lesson.explanations if verdict.id in one.checks] if lesson else []
    todo = verdict.symptom == "todo"
    printed = ""
    if verdict.received not in verdict.output:
        known = {line.rstrip() for line in verdict.received.split("\n")}
        kept = [line for line in verdict.output.split("\n") if line.rstrip() not in known]
        kept = [line for line in kept if "Server running on" not in line]
        printed = "\n".join(kept[-5:])
    likely, explains = verdict.likely, ""
    if len(told) > 1:
        likely = "\n".join(f"{_first_sentence(one.cause.sentence)}" for one in told)
    if lesson and told and len(told[0].checks) > 1:
        explains = _explains(told[0].checks, lesson, several=len(told) > 1)
    found = [
        ("what", message),
        ("expected", verdict.expected),
        ("received", verdict.received),
        ("printed", printed),
        ("next" if todo else "likely", likely),
        ("explains", explains),
        ("think", "" if verdict.symptom in BROKEN and not likely else verdict.hint),
        ("read", verdict.read),
        ("again", verdict.again),
    ]
    return [
        Part(label, lines, from_its_end=label == "received" and TRACEBACK in text)
        for label, text in found
        if (lines := _part("" if label == "explains" else label, text))
    ]


def _first_sentence(text: str) -> str:
    """The first sentence of a text, in one line."""
    sentence = re.split(r"(?<=[.!?]) (?=[A-Z])", text, maxsplit=1)[0]
    room = WIDTH - INDENT
    return sentence if len(sentence) <= room else f"{sentence[: room - 1].rstrip()}…"


def _explains(ids: tuple[str, ...], lesson: LessonVerdict, *, several: bool) -> str:
    """Which of the failed checks one cause explains."""
    count, mark = len(lesson.open), MARKS[lesson.open[0].status]
    who = "each of these explains" if several else "this one thing explains"
    which = "all" if len(ids) == count else f"{len(ids)} of the"
    return f"{who} {which} {count} {mark}: {', '.join(ids)}"


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
