"""`chatkit author explain`: are the explanations true?"""

import sys
import tomllib
from collections import Counter
from pathlib import Path

import click

from chatkit.course.errors import CourseError
from chatkit.course.lessons import find_course


@click.command()
@click.option("--lesson", "keys", multiple=True, metavar="LESSON", help="Only this lesson.")
@click.option("--only", metavar="TEXT", help="Only programs with this text in their name.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Programs from elsewhere; --causes says what is wrong with each.",
)
@click.option(
    "--causes",
    "table",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='A table: [program], lesson = "1", causes = ["name-of-a-misconception"].',
)
@click.option("--workers", default=2, show_default=True, help="How many are graded at once.")
@click.option("--show", is_flag=True, help="Print every sentence, the true ones as well.")
def explain(
    keys: tuple[str, ...],
    only: str | None,
    folder: Path | None,
    table: Path | None,
    workers: int,
    show: bool,
) -> None:
    """Grade wrong programs, and compare what a student is told with what is wrong.

    A program is explained truly when every cause that is told is on its record, silently when no
    cause is told, and falsely when another one is. One that stops at a TODO has none: it is told
    what comes next. Exit status 1 when one is false, or when a predicate of the catalogue raised.

    \b
    Examples:
      chatkit author explain --lesson 2
      chatkit author explain --dir ../programs --causes tests/field.toml --show
    """
    from rich.console import Console
    from rich.progress import track

    from chatkit.authoring.explaining import explained, samples_elsewhere
    from chatkit.authoring.samples import samples

    if (folder is None) != (table is None):
        raise click.UsageError("--dir and --causes go together")
    try:
        course = find_course()
        lessons = [course.lesson(key) for key in keys] or list(course.lessons)
        if folder and table:
            found = samples_elsewhere(course, folder, table)
        else:
            found = samples(course, "mistakes")
    except (CourseError, OSError, tomllib.TOMLDecodeError, KeyError) as error:
        click.echo(f"chatkit author explain: {error}", err=True)
        sys.exit(2)
    chosen = [one for one in found if one.lesson in lessons and (only or "") in one.name]
    if not chosen:
        raise click.UsageError(f"no program has {only!r} in its name")
    counts: Counter[str] = Counter()
    stumbled: dict[str, str] = {}  # what a predicate raised -> the first program that made it
    console = Console(stderr=True)
    for one in track(explained(chosen, workers), "grading", total=len(chosen), console=console):
        counts[one.judgement] += 1
        for stumble in one.stumbled:
            stumbled.setdefault(stumble, one.name)
        if show or one.judgement != "true":
            wanted = ", ".join(one.causes) or "nothing on record"
            click.echo(f"{one.judgement:>10}  {one.name}  ({wanted})")
            for told in one.explanations:
                click.echo(f"{'':12}{told.cause.name}: {told.cause.sentence}")
                click.echo(f"{'':14}explains {', '.join(told.checks)}")
            if one.silent:
                click.echo(f"{'':12}not explained: {', '.join(one.silent)}")
    summary = ", ".join(f"{count} {judgement}" for judgement, count in counts.most_common())
    for stumble, name in stumbled.items():
        click.echo(f"raised: {stumble} (first at {name})")
    click.echo(f"{counts.total()} programs: {summary}")
    sys.exit(1 if counts["false"] or stumbled else 0)
