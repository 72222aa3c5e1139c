"""What an instructor sees of a class run: how far it is, and the table at its end."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from chatkit._text import one_line
from chatkit.classroom.statistics import LessonStatistics, most_failed
from chatkit.grading.jobs import Graded
from chatkit.grading.worker import Job


class Rate(ProgressColumn):
    """How many lessons a minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed * 60:.0f} a minute" if task.speed else "")


def progress(graded: Iterable[Graded], jobs: Sequence[Job]) -> Iterator[Graded]:
    """Pass on what is graded and show how far it is: a live bar on a terminal, else a line each."""
    console = Console(stderr=True)
    if not console.is_terminal:
        for number, one in enumerate(graded, 1):
            verdict = one.verdict
            score = f"{verdict.score} of {verdict.max_score}" if verdict else "no verdict"
            who = one_line(one.job.student)
            click.echo(f"{number}/{len(jobs)} {who} {one.job.lesson}: {score}", err=True)
            yield one
        return
    left = Counter(job.student for job in jobs)
    counts: Counter[str] = Counter()
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        *(TextColumn("lessons,"), Rate(), TimeRemainingColumn()),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(f"0 of {len(left)} students", total=len(jobs))
        students = len(left)
        for one in graded:
            left -= Counter([one.job.student])  # a student without anything left is gone
            kind = "no verdict" if not one.verdict else "full" if one.verdict.full else "less"
            counts[kind] += 1
            told = f"{students - len(left)} of {students} students; " + ", ".join(
                f"{number} {kind}" for kind, number in sorted(counts.items())
            )
            bar.update(task, advance=1, description=told)
            yield one


def final_table(found: Sequence[LessonStatistics]) -> None:
    """Print the middle and the spread of each lesson, and the checks that most often failed."""
    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("lesson", "graded", "median", "half are between", "of", "full points"):
        table.add_column(heading, justify="left" if heading == "lesson" else "right")
    for one in found:
        spread = f"{one.lower:g} and {one.upper:g}"
        cells = (str(one.graded), f"{one.median:g}", spread, f"{one.max:g}", str(one.full))
        table.add_row(Text(one.lesson), *cells)
    if found:
        console.print(table)
    for stumble in most_failed(found):
        console.print(Text(f"  {stumble.lesson}: {stumble.words}"), soft_wrap=True)
