"""What the watch shows: a page as large as the screen, or plain lines where there is no screen.

What to do next is on top: what `chatkit check` ends with, and below it what happened on the wire.
"""

import re
import sys
from collections.abc import Iterable
from textwrap import wrap

from rich.text import Text

from chatkit.cli.printing import PLAIN, STYLES, Printer, beginning, carries, shown
from chatkit.course.lessons import Lesson
from chatkit.grading import feedback
from chatkit.grading.verdict import LessonVerdict
from chatkit.student.events import Event
from chatkit.student.grader import Ended, Heard
from chatkit.student.watch import Watch

KEYS = [
    "n next",
    "p previous",
    "h hint",
    "r run",
    "c check",
    "a all",
    "x reset",
    "q quit",
    "? help",
]
KEY = r"(?<= ). "  # what stands before a word
HELP = """
  n, p     the next lesson, the lesson before
  h        a hint; once more for the next one
  r        run a program of this lesson here; Ctrl-C comes back
  c        check now, also Enter: for when a save was not noticed
  a        check all lessons
  x        put the starter back; your programs are kept as a backup
  q        quit

  Save a program, and it is checked. What failed last comes first.
  A save in the middle of a check starts it over.

  ✓ passed   ✗ failed   · not tried: something before it failed
  - this machine cannot run it   ○ never run   ▸ runs now
"""
NEVER, NOW = "○", "▸"
MOST_NOTE = 6  # rows


class PlainScreen:
    """Verdicts line by line, as they fall, for a pipe or a terminal that can do no more."""

    def __init__(self, printer: Printer) -> None:
        self.printer = printer
        self.began = 0  # the run that was begun last
        self.said = ""  # what went wrong last

    def draw(self, watch: Watch, event: Event | None) -> None:
        """Print what is new."""
        if watch.running and watch.grader.run != self.began:
            self.began = watch.grader.run
            self.printer.lesson(watch.graded)
        if isinstance(event, Heard):
            self.printer.verdict(event.verdict)
        if isinstance(event, Ended) and event.verdict:
            self.printer.summary(event.verdict)
            self.printer.begin(event.verdict)
            self.printer.console.print("Watching. Save a program to check it again.")
        trouble = watch.trouble or watch.remark
        if trouble and trouble != self.said:
            self.printer.console.print(Text(trouble, style="bold"))
        self.said = trouble
        sys.stdout.flush()

    def run(self, lesson: Lesson, program: str) -> None:
        """Never called: it takes a key."""

    def suspend(self) -> None:
        """Never called: nobody listens for Ctrl-Z here, so the system does what it always does."""


def page(watch: Watch, width: int, height: int) -> list[Text]:
    """The whole screen, at most `height` lines of at most `width` columns."""
    note = note_lines(watch, width)
    compact = marks(watch)
    keys = key_lines(width)
    room = height - 4 - len(keys) - len(note)  # without title, empty line, and two rules
    body = body_lines(watch, width, max(3, room - len(compact)))
    checks = table(watch, width)
    if watch.round or watch.help:
        checks = []
    elif len(body) + len(checks) > room:
        checks = compact
    rule = Text(shown("─" * width), style="dim")
    above = [title(watch, width), Text(), *body]
    below = [rule, *checks, *([rule] if checks else []), *note, *keys]
    above = above[: max(2, height - len(below))]
    fill = [Text()] * (height - len(above) - len(below))
    lines = [*above, *fill, *below][:height]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def title(watch: Watch, width: int) -> Text:
    """Where you are, what is going on, and the points."""
    left = f" Lesson {watch.lesson.number}  {watch.lesson.title}"
    right = "{} of {} points ".format(*watch.points)
    if watch.running:
        about = f"lesson {watch.graded.number} " * bool(watch.round)
        middle = f"checking {about}… {len(watch.heard)} of {len(watch.turns)}"
    elif watch.trouble:
        middle = "stopped"
    else:
        middle = "watching: save to check"
    middle = shown(middle)
    if len(left) + len(middle) + len(right) + 2 > width:  # a small terminal: the points stay
        left, right = f" {watch.lesson.number} {watch.lesson.title}", "{}/{} ".format(*watch.points)
        middle = middle.partition(":")[0].replace(" of ", "/")
        middle = middle if len(left) + len(middle) + len(right) + 2 <= width else ""
        left = left[: max(0, width - len(right) - 1)]
    gap = max(1, (width - len(middle)) // 2 - len(left))
    text = left + " " * gap + middle
    return Text(text.ljust(width - len(right)) + right, style="reverse bold")


def key_lines(width: int) -> list[Text]:
    """The keys, in as many lines as they need."""
    lines = [""]
    for key in KEYS:
        if lines[-1] and len(lines[-1]) + 2 + len(key) > width:
            lines.append("")
        lines[-1] += ("  " if lines[-1] else " ") + key
    texts = [Text(line) for line in lines]
    for text in texts:
        text.highlight_regex(KEY, "bold cyan")
    return texts


def narrow(lines: list[str], width: int, rows: int) -> list[str]:
    """Fold what is wider than the screen, but for drawings; the last line stays."""
    folded: list[str] = []
    for line in lines:
        if len(line) <= width or any(sign in line for sign in "─│"):
            folded.append(line)
            continue
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        words = re.sub(r"(?<=\S)  +", "  ", line)  # the points of a headline stand far away
        folded += wrap(words, width, subsequent_indent=indent, drop_whitespace=True) or [line]
    return folded if len(folded) <= rows else [*folded[: rows - 1], folded[-1]]


def body_lines(watch: Watch, width: int, rows: int) -> list[Text]:
    """What to do next, in at most `rows` lines."""
    if watch.help:
        return [Text(line) for line in narrow(shown(HELP).strip("\n").split("\n"), width, rows)]
    if watch.trouble:
        return [Text(line, style="bold") for line in wrapped(watch.trouble, width)][:rows]
    if watch.round:
        return round_lines(watch)
    known = watch.known
    if verdict := known.begin:
        words = shown("\n".join(narrow(begin_lines(known, rows), width, rows)))
        lines = beginning(words.split("\n")).split("\n")
        if watch.running and verdict.id not in watch.heard:
            for line in lines:
                line.stylize("dim")  # of the run before
        return list(lines)
    if watch.running:
        return [Text(shown(f"Checking {watch.doing} …"))]
    return [Text(line, style="green") for line in wrapped(all_passed(watch), width)]


def all_passed(watch: Watch) -> str:
    """Kind words when nothing is left to do, and what comes next."""
    got, most = watch.points
    if got < most:
        return "Press Enter to check this lesson."
    skipped = [one.message for one in watch.verdicts.values() if one.status == "skipped"]
    words = [f"Every check passes: {got} of {most} points. Well done!", ""]
    if skipped:
        words = [f"Every check that this machine can run passes: {got} of {most} points.", ""]
        words += [f"{len(skipped)} were left out: {skipped[0]}", ""]
    if watch.lesson.solutions.is_dir():
        words += [f"See how we did it: chatkit solution {watch.lesson.number}"]
    if after := watch.course.neighbour(watch.lesson, 1):
        words += [f"Next: lesson {after.number}, {after.title}. {after.summary} Press n."]
    else:
        words += ["This was the last lesson. You have built a chat. Hand it in: chatkit pack"]
    return "\n".join(words)


def round_lines(watch: Watch) -> list[Text]:
    """All lessons, as far as they have been checked."""
    lines = [Text("All lessons", style="bold"), Text()]
    for lesson in watch.course.lessons:
        line = Text(f"  {lesson.number}  {lesson.title}".ljust(40))
        verdict = watch.round.get(lesson.name)
        if verdict:
            line.append(f"{verdict.score:4} of {verdict.max_score} points")
            line.stylize("green" if verdict.full else "")
        elif watch.running and lesson is watch.graded:
            line.append(f" checking … {len(watch.heard)} of {len(watch.turns)}", style="cyan")
        lines.append(line)
    return [*lines, Text(), Text(f"  Enter goes back to lesson {watch.lesson.number}.")]


def note_lines(watch: Watch, width: int) -> list[Text]:
    """What is asked, or what the last key did."""
    if watch.question:
        return [Text(line, style="bold yellow") for line in wrapped(watch.question.text, width)]
    lines = [Text(line, style="yellow") for line in wrapped(watch.remark, width)]
    return [*lines, *(Text(line, style="cyan") for line in wrapped(watch.note, width))][:MOST_NOTE]


def wrapped(text: str, width: int) -> Iterable[str]:
    """The lines of `text`, none longer than `width` columns."""
    for line in text.split("\n") if text else ():
        yield from wrap(line, width - 2, initial_indent=" ", subsequent_indent=" ") or [""]


def begin_lines(lesson: LessonVerdict, rows: int) -> list[str]:
    """What to begin with, as `chatkit check` says it, in at most `rows` lines.

    Where there is room, what happened on the wire stands below it: at the least its end, which is
    where it went wrong.
    """
    lines = feedback.begin(lesson)
    if len(lines) > rows:
        return [*lines[: rows - 1], lines[-1]]  # the last one says how to see all of it
    if drawing := lesson.begin and feedback.drawn(lesson.begin):
        left = rows - len(lines) - 1
        if len(drawing) > left:
            names, *steps = drawing
            drawing = [names, f"{'':10}…", *steps[len(steps) - left + 2 :]] if left > 3 else []
        lines += ["", *drawing] if drawing else []
    return lines


def marks(watch: Watch) -> list[Text]:
    """A line for each program: the marks of its checks, and the ids of what is not done."""
    lines = []
    for program in watch.lesson.programs:
        checks = [check for check in watch.checks if check.program == program]
        if not checks:
            continue
        line = Text(f" {program}  ")
        for check in checks:
            line.append_text(mark(watch, check.id))
        statuses = watch.statuses
        open_ones = [one.id for one in checks if statuses.get(one.id) == "failed"]
        open_ones += [one.id for one in checks if statuses.get(one.id) == "not_reached"]
        line.append("  " + " ".join(open_ones), style="dim")
        lines.append(line)
    return lines


def table(watch: Watch, width: int) -> list[Text]:
    """All checks with their ids, in columns, from top to bottom."""
    if not watch.checks:
        return []
    cell = max(len(mark(watch, check.id).plain + check.id) for check in watch.checks) + 3
    columns = max(1, width // cell)
    rows = -(-len(watch.checks) // columns)
    lines = []
    for row in range(rows):
        line = Text()
        for check in watch.checks[row::rows]:
            one = Text(" ").append_text(mark(watch, check.id)).append(f" {check.id}")
            one.pad_right(cell - len(one))
            line.append_text(one)
        lines.append(line)
    return lines


def mark(watch: Watch, id: str) -> Text:
    """One sign for how a check stands."""
    if id == watch.doing and not watch.round:
        return Text(NOW if carries(NOW) else ">>", style="bold cyan")
    status = watch.statuses.get(id, "")
    if not status:
        return Text(NEVER if carries(NEVER) else "..", style="dim")
    style = STYLES[status]
    if watch.running and id not in watch.heard:
        style += " dim"  # of the run before
    sign = feedback.MARKS[status]
    return Text(sign if carries(feedback.MARKS["passed"]) else PLAIN[status].ljust(2), style=style)
