"""`chatkit class similar`: programs of a class that look alike.

Exit status: 0 all was compared, whatever was found, 2 wrong use or a library is missing.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chatkit._text import one_line
from chatkit.classroom.reports.similar import OVERVIEW, percent, write_similar
from chatkit.classroom.similar import THRESHOLD, find_similar, load_library
from chatkit.classroom.submissions.submissions import find_submissions
from chatkit.cli.groups import Misuse
from chatkit.course.lessons import find_course
from chatkit.system.leftovers import OwnFolder

PATIENCE = 1.0  # seconds without a word
PACE = 5.0  # seconds between two lines where there is no terminal
LISTED = 10  # pairs; the page has all


@click.command()
@click.argument("submissions", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where the pages go.")
@click.option("--lesson", "keys", multiple=True, metavar="LESSON", help="Only this lesson.")
@click.option(
    "--threshold",
    type=click.IntRange(1, 100),
    default=THRESHOLD,
    show_default=True,
    metavar="PER_CENT",
    help="List a pair from here on.",
)
def similar(submissions: Path, out: Path, keys: tuple[str, ...], threshold: int) -> None:
    """Show which programs in SUBMISSIONS look alike, two by two.

    SUBMISSIONS is what `chatkit class grade` takes, and is only read. The folder of --out gets
    similar.html, the most alike first, and a page for each pair with both programs side by side.
    Names, comments and layout do not count, nor does the starter code. The published solution is
    compared as well, where there is one.

    Similar programs are a reason to look and to talk, not a proof.

    \b
    chatkit class similar hand-ins/ --out grades
    chatkit class similar moodle.zip --out grades --lesson 2 --lesson 3
    chatkit class similar hand-ins/ --out grades --threshold 80

    It needs one more library. In the clone of the kit: pip install --editable ".[similarity]"
    """
    try:
        with OwnFolder("similar") as room:
            load_library()  # before any work: it may be missing
            out.mkdir(parents=True, exist_ok=True)
            course = find_course()
            lessons = list({one.name: one for one in map(course.lesson, keys)}.values())
            alone = lessons[0] if len(lessons) == 1 else None
            found = find_submissions(submissions, course, room.path, lesson=alone, out=out)
            click.echo(f"{found.kind}: {len(found.submissions)} students")
            for what, why in found.unplaced:
                click.echo(f"  not placed: {what}: {why}")
            with progress() as advance:
                findings = find_similar(
                    found.submissions, lessons or course.lessons, threshold, advance
                )
            write_similar(findings, out)
    except OSError as error:
        raise Misuse(f"{error.filename or out}: {error.strerror or error}") from None
    count = len(findings.pairs)
    click.echo(f"{findings.programs} programs compared, {len(findings.left_out)} left out")
    click.echo(f"{count} {'pair' if count == 1 else 'pairs'} of {threshold} % or more")
    for pair in findings.pairs[:LISTED]:
        names = f"{one_line(pair.first.label)} and {one_line(pair.second.label)}"
        click.echo(f"  {percent(pair.share)} {pair.lesson} {pair.program}: {names}")
    if count > LISTED:
        click.echo(f"  and {count - LISTED} more")
    click.echo("Similar programs are a reason to look and to talk, not a proof.")
    click.echo(f"report: {out / OVERVIEW}")


@contextlib.contextmanager
def progress() -> Iterator[Callable[[int, int], None]]:
    """Show how far it is, once it takes over a second: a bar on a terminal, lines elsewhere.

    Gives a function to be told how many comparisons are done, and how many there are.
    """
    console = Console(stderr=True)
    columns = (TextColumn("comparing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("comparing", total=None)
    due = time.monotonic() + PATIENCE

    def advance(done: int, total: int) -> None:
        nonlocal due
        if console.is_terminal:
            bar.update(task, completed=done, total=total)
        if time.monotonic() < due:
            return
        due = time.monotonic() + PACE
        if console.is_terminal:
            bar.start()
        else:
            click.echo(f"{done} of {total} compared", err=True)

    try:
        yield advance
    finally:
        if bar.live.is_started:  # else it would print an empty line
            bar.stop()
