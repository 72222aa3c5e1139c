"""`chatkit author expect`: write what the wrong programs of a lesson must fail."""

import sys

import click

from chatkit.cli.author.problems import PROBLEMS, problems_end_it
from chatkit.course.lessons import find_course


@click.command()
@click.argument("key", metavar="LESSON")
@click.option("--only", metavar="TEXT", help="Only programs with this text in their name.")
@click.option(
    "--rounds",
    "count",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How often each is graded. What differs joins `sometimes`.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="How many are graded at once.",
)
@click.option("--yes", is_flag=True, help="Write without asking.")
def expect(key: str, only: str | None, count: int, workers: int, yes: bool) -> None:
    """Grade the wrong programs of a lesson, and write what each must fail.

    For each one it shows how its expected.toml differs from what was found, and then asks once
    whether to write them all. Read the differences: is the check right, or what you expected?
    `why`, `causes` and comments above the first row stay as they are. A program without the file
    gets one, and you write the `why`.

    \b
    Examples:
      chatkit author expect 2                    after a new check
      chatkit author expect 2 --only half_line   one program
      chatkit author expect 3 --rounds 5         do they fail the same each time?

    Exit status 0: every file is right now. 1: some are not, and were not written.
    """
    from rich.console import Console
    from rich.progress import track

    from chatkit._files import write_whole
    from chatkit.authoring.clone import open_clone
    from chatkit.authoring.expecting import expectations
    from chatkit.authoring.samples import samples

    with problems_end_it():
        course = open_clone(find_course()).course
        lesson = course.lesson(key)
        mistakes = [one for one in samples(course, "mistakes") if one.lesson == lesson]
        chosen = [one for one in mistakes if (only or "") in one.folder.name]
        if not chosen:
            named = f" with {only!r} in its name" if only else ""
            raise click.UsageError(f"{lesson.name} has no wrong program{named} in tests/mistakes")
        stale = []
        console = Console(stderr=True)
        found = expectations(chosen, count, workers)
        for one in track(found, "grading", total=len(chosen), console=console):
            if one.diff or one.remarks:
                click.echo(one.sample.name)
            for line in one.diff.splitlines()[2:]:
                click.echo(f"    {line}")
            for remark in one.remarks:
                click.echo(f"    note: {remark}")
            if one.diff:
                stale.append(one)
        if not stale:
            click.echo(f"{len(chosen)} graded: every expected.toml says what was found")
            return
        files = "1 file" if len(stale) == 1 else f"{len(stale)} files"
        if not yes and not click.confirm(f"Write {files}?"):
            click.echo("nothing was written")
            sys.exit(PROBLEMS)
        for one in stale:
            write_whole(one.file, one.text)
            click.echo(f"wrote {one.file.relative_to(course.root).as_posix()}")
