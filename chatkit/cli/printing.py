"""Verdicts on a terminal: the plain text of `grading.feedback`, with colours where they help."""

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from chatkit.course.lessons import Lesson
from chatkit.grading import feedback
from chatkit.grading.verdict import LessonVerdict, Verdict

STYLES = {"passed": "green", "failed": "bold red", "not_reached": "yellow", "skipped": "yellow"}
# For an output that has no ✓ and ✗, such as ASCII and Latin-1.
PLAIN = {"passed": "ok", "failed": "NO", "not_reached": "--", "skipped": "-"}
SIGNS = {mark: PLAIN[status] for status, mark in feedback.MARKS.items()}
DRAWING = str.maketrans(
    {"─": "-", "▶": ">", "◀": "<", "│": "|", "├": "+", "┤": "+", "↑": "^", "…": "...", "·": "--"}
    | {"✓": "ok", "✗": "NO", "○": "..", "▸": ">>"}
)
LABELS = r"(?m)^  (what|right|expected|received|printed|likely|next|think|read|again|note) "


def carries(text: str) -> bool:
    """Whether this output has all these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def shown(words: str) -> str:
    """The words of `grading.feedback` as this output can carry them, in the same width."""
    if carries(words):
        return words
    lines = []
    for line in words.split("\n"):
        sign = SIGNS.get(line[:1], "") if line[1:2] == " " else ""
        if len(sign) > 1:  # it takes the place of one space before the points
            line = sign + line[1:].replace("  ", " ", 1)
        lines.append(line.translate(DRAWING))
    return "\n".join(lines)


class Printer:
    """Prints verdicts: a line each as they fall, and at the end what to begin with."""

    def __init__(
        self, *, whole: bool = False, show: bool = False, console: Console | None = None
    ) -> None:
        """`whole` prints everything about what failed, `show` about every check."""
        self.whole = whole or show
        self.show = show
        self.skipped_for = ""  # the reason that was told last
        self.console = console or Console(highlight=False, soft_wrap=True)
        encoding = getattr(sys.stdout, "reconfigure", None)
        if encoding:
            encoding(errors="replace")  # an old console must not stop a verdict

    def lesson(self, lesson: Lesson) -> None:
        self.console.print(Text(f"\n{lesson.name}  {lesson.title}", style="bold"))

    def verdict(self, verdict: Verdict) -> None:
        """One line for a check, and its notes if it has passed."""
        words = "\n".join([feedback.headline(verdict), *feedback.notes(verdict)])
        if verdict.status == "skipped" and verdict.message != self.skipped_for:
            words, self.skipped_for = feedback.short(verdict), verdict.message
        self.console.print(coloured(verdict, shown(words)))

    def details(self, lesson: LessonVerdict) -> None:
        """Everything about the checks that are to be printed whole, and a line for the others."""
        reason = ""  # why the check before was not tried
        for verdict in feedback.traceback_once(lesson.checks):
            if self.show or verdict.status == "failed":
                words = feedback.plain(verdict)
            elif verdict.status in ("not_reached", "skipped") and verdict.message == reason:
                words = feedback.headline(verdict)  # the reason stands above already
            else:
                words = feedback.short(verdict)
            reason = verdict.message
            self.console.print(coloured(verdict, shown(words)))

    def summary(self, lesson: LessonVerdict) -> None:
        style = "green" if lesson.full else "bold"
        words = feedback.summary(lesson)
        if len(lesson.open) > 1 and not self.whole:
            words += f"\nEach of them whole: chatkit check {int(lesson.lesson[:2])} --all"
        self.console.print(Text("\n" + words, style=style))

    def begin(self, lesson: LessonVerdict) -> None:
        """What to do first in a lesson; nothing where nothing is left to do."""
        if lines := feedback.begin(lesson):
            self.console.print()
            self.console.print(beginning(shown("\n".join(lines)).split("\n")))

    def table(self, lessons: list[LessonVerdict]) -> None:
        """All lessons at a glance; nothing for a single one."""
        if len(lessons) < 2:
            return
        table = Table("lesson", "title", box=None, padding=(0, 2))
        for head in ("points", "of", "passed", "seconds"):
            table.add_column(head, justify="right")
        for one in lessons:
            passed = sum(check.status == "passed" for check in one.checks)
            skipped = any(check.status == "skipped" for check in one.checks)
            table.add_row(
                one.lesson,
                one.title,
                str(one.score),
                str(one.max_score),
                "skipped" if skipped else f"{passed}/{len(one.checks)}",
                f"{one.seconds:.1f}",
                style="yellow" if skipped else "green" if one.full else None,
            )
        self.console.print()
        self.console.print(table)


def beginning(lines: list[str]) -> Text:
    """What to begin with, in colours."""
    text = Text("\n".join(lines))
    text.highlight_regex(r"^Begin here: \S+", "bold red")
    text.highlight_regex(LABELS, "cyan")
    text.highlight_regex(r"never came|↑ .*", "bold red")
    return text


def coloured(verdict: Verdict, words: str) -> Text:
    """The words of `grading.feedback` on a verdict, which begin with its headline, in colours."""
    text = Text(words)
    text.stylize(STYLES[verdict.status], 0, len(feedback.headline(verdict)))
    text.highlight_regex(LABELS, "cyan")
    text.highlight_regex(r"never came|↑ .*", "bold red")
    return text
