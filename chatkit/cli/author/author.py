"""`chatkit author`: for those who write lessons.

Exit status: 0 all is well, 1 there are problems, 2 wrong use or not a full clone.
"""

import json
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import click

from chatkit.authoring.clone import open_clone
from chatkit.cli.author.checking import check
from chatkit.cli.author.expect import expect
from chatkit.cli.author.explain import explain
from chatkit.cli.author.new import new
from chatkit.cli.author.problems import PROBLEMS, problems_end_it
from chatkit.cli.groups import CommandGroup
from chatkit.course.errors import CourseError
from chatkit.course.lessons import find_course

STOPPED = 130


@click.group(cls=CommandGroup)
def author() -> None:
    """Write lessons that cannot drift from their solutions.

    You write three things: the programs in chatkit/reference, the README.md of the lesson and of
    its walkthrough, and lesson.toml. All the rest is made from these.

    \b
    A day's work:
      chatkit author new 6 whisper --from nicknames     begin a lesson
      edit chatkit/reference/echo/server.py
      chatkit author sync      make starters, solutions and pages again
      chatkit author check     is the course whole?
    """


author.add_command(new)


@author.command()
def sync() -> None:
    """Make all views again: starters, solutions, code in texts, pages of the site.

    It writes only what differs, and deletes nothing. What somebody has typed into a view is kept
    before, in a numbered backup: so is a program in lessons/ that you have solved to try it. Bring
    that back with `chatkit reset 1 --restore 1`.

    \b
    Example:
      chatkit author sync && git diff --stat
    """
    from chatkit.authoring.sync import sync as write_views
    from chatkit.cli.main import main

    with problems_end_it():
        course = find_course()
        done = write_views(course, main)
        for path in done.written:
            click.echo(f"wrote {path.relative_to(course.root).as_posix()}")
        for kept in done.kept:
            place = kept.backup.folder.relative_to(course.root).as_posix()
            click.echo(f"kept what was typed into {', '.join(kept.backup.files)}: {place}")
            if kept.lesson:
                click.echo(f"  chatkit reset {kept.lesson.number} --restore {kept.backup.number}")
        if not done.written:
            click.echo("nothing to write: every view is fresh")


author.add_command(check)
author.add_command(expect)
author.add_command(explain)


@author.command()
def picture() -> None:
    """Draw docs/assets/verdict.svg: what a student sees of a mistake.

    It grades a wrong program of tests/mistakes and draws what the grader says. Do this after a
    change of the feedback, and look at the image before you commit it.

    \b
    Example:
      chatkit author picture && git diff --stat docs/assets
    """
    from rich.console import Console

    from chatkit._files import write_whole
    from chatkit.authoring.site import picture as drawing
    from chatkit.cli.printing import Printer
    from chatkit.grading import feedback

    with problems_end_it():
        course = open_clone(find_course()).course
        verdict = drawing.verdict_on(course, drawing.mistake(course))
        [check] = verdict.checks
        width = max(map(len, feedback.plain(check).splitlines()))
        console = Console(
            record=True, width=width, file=StringIO(), force_terminal=True, color_system="truecolor"
        )
        Printer(whole=True, console=console).details(verdict)
        target = course.root / "docs" / "assets" / "verdict.svg"
        write_whole(target, drawing.svg(console, drawing.command(course)))
        click.echo(f"wrote {target.relative_to(course.root).as_posix()}")


@author.command()
def screenshots() -> None:
    """Take the pictures of the window again: a server, two clients, one conversation.

    It opens the finished programs on a display of its own, which nobody sees, and writes
    docs/assets/start.png, connected.png, messaging.png and server.svg. Look at them before you
    commit them. Port 5501 must be free.

    \b
    Example:
      chatkit author screenshots && git diff --stat docs/assets
    """
    from chatkit._errors import Unavailable
    from chatkit.authoring.site.screenshots import take
    from chatkit.bench.failure import Failure

    with problems_end_it():
        course = open_clone(find_course()).course
    try:
        for target in take(course, course.root / "docs" / "assets"):
            click.echo(f"wrote {target.relative_to(course.root).as_posix()}")
    except (Failure, Unavailable) as error:
        click.echo(f"chatkit author screenshots: {error}", err=True)
        sys.exit(PROBLEMS)


@author.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
def scenes(ids: tuple[str, ...]) -> None:
    """Record the scenes of "Watch the wire" again, all of them or those named.

    Each scene of docs/assets/scenes/scenes.toml is a check. It is tried on the finished program
    and on a mistake, and ID.json beside it keeps what went over the wire. `chatkit author sync`
    makes the pictures and the pages from that.

    \b
    Examples:
      chatkit author scenes && chatkit author sync && git diff --stat
      chatkit author scenes half-line
    """
    from chatkit._files import write_whole
    from chatkit.authoring.scenes import scenes as scenery
    from chatkit.authoring.scenes.recordings import record
    from chatkit.authoring.sync import holds

    with problems_end_it():
        clone = open_clone(find_course())
        known = {scene.id: scene for scene in scenery.scenes(clone)}
        if unknown := [id for id in ids if id not in known]:
            raise CourseError(f"no scene is called {unknown[0]!r}. There are: {', '.join(known)}")
        for id in ids or known:
            text = scenery.as_json(record(clone, known[id]))
            target = scenery.recording_file(clone, known[id])
            name = target.relative_to(clone.root).as_posix()
            if holds(target, text):
                click.echo(f"{name}: as it was")
            else:
                write_whole(target, text)
                click.echo(f"wrote {name}")
    click.echo("now: chatkit author sync")


@author.command()
@click.option("--rounds", "count", default=1, show_default=True, help="How often each is graded.")
@click.option("--lesson", "keys", multiple=True, metavar="LESSON", help="Only this lesson.")
@click.option("--only", metavar="TEXT", help="Only samples with this text in their name.")
@click.option("--workers", default=2, show_default=True, help="How many are graded at once.")
@click.option("--busy", default=4, show_default=True, help="Busy processes beside them.")
@click.option("--delays", is_flag=True, help="Let the bench stand still for 100 ms at random.")
@click.option("--record", type=click.Path(dir_okay=False), help="Add a line of JSON a grading.")
def steady(
    count: int,
    keys: tuple[str, ...],
    only: str | None,
    workers: int,
    busy: int,
    delays: bool,
    record: str | None,
) -> None:
    """Grade every mistake and every alternative again and again on a busy machine.

    Each verdict must be the one that the sample must have: a mistake fails what its expected.toml
    says, with the same symptom, and an alternative passes everything. One round of all takes some
    minutes. What differs is printed at once, and nothing is tried again.

    \b
    Examples:
      chatkit author steady --lesson 1                     one round of lesson 1
      chatkit author steady --rounds 20 --record all.jsonl
      chatkit author steady --only asyncio --rounds 50 --delays
    """
    from rich.console import Console
    from rich.progress import track

    from chatkit.authoring import stability
    from chatkit.authoring.samples import samples

    with problems_end_it():
        course = open_clone(find_course()).course
        lessons = [course.lesson(key) for key in keys] or list(course.lessons)
        chosen = [
            sample
            for kind in ("alternatives", "mistakes")
            for sample in samples(course, kind)
            if sample.lesson in lessons and (only or "") in sample.name
        ]
    if not chosen:
        raise click.UsageError(f"no sample has {only!r} in its name")
    gradings = verdicts = different = 0
    console = Console(stderr=True)
    all_of_it = stability.rounds(chosen, count, workers=workers, busy=busy, delays=delays)
    stopped = False
    try:
        for one in track(all_of_it, "grading", total=len(chosen) * count, console=console):
            gradings += 1
            verdicts += len(one.found)
            different += len(one.differences)
            for difference in one.differences:
                click.echo(f"round {one.round + 1}: {difference}")
            write_down(vars(one), record)
    except KeyboardInterrupt:
        stopped = True  # hours of work: what was found until now is said
    click.echo(f"{verdicts:,} verdicts in {gradings:,} gradings, {different} of them different")
    sys.exit(STOPPED if stopped else PROBLEMS if different else 0)


@author.command()
@click.option("--lesson", "keys", multiple=True, metavar="LESSON", help="Only this lesson.")
@click.option("--only", metavar="TEXT", help="Only programs with this text in their name.")
@click.option("--concepts", is_flag=True, help="What people get wrong, also in alternatives.")
@click.option("--workers", default=2, show_default=True, help="How many are graded at once.")
@click.option("--record", type=click.Path(dir_okay=False), help="Add a line of JSON a mutant.")
def mutants(
    keys: tuple[str, ...], only: str | None, concepts: bool, workers: int, record: str | None
) -> None:
    """Change each finished program in one place, and see whether a check notices.

    Every change that cosmic-ray knows is tried alone: another number, another comparison, a
    condition turned round. A program that passes all the same has survived: write a check, or say
    in tests/mutants.toml why the contract does not care. It needs cosmic-ray: `pip install
    --editable ".[mutants]"` in the clone.

    With --concepts the changes are what people get wrong, and all right programs get them: a lock
    that is not taken, sendall() that becomes send(), a thread that is run and not started, two
    statements in the wrong order, an exception that is swallowed.

    \b
    Examples:
      chatkit author mutants                      all lessons: half an hour
      chatkit author mutants --lesson 1 --only server
      chatkit author mutants --concepts --lesson 3
    """
    from rich.console import Console
    from rich.progress import track

    from chatkit.authoring.mutation import mutants as made
    from chatkit.grading.verdict import GradingError

    with problems_end_it():
        clone = open_clone(find_course())
        lessons = [clone.course.lesson(key) for key in keys] or list(clone.lessons)
        try:
            found = made.with_concepts(clone, lessons) if concepts else made.mutants(lessons)
            chosen = [one for one in found if (only or "") in one.place]
        except ImportError:
            raise click.UsageError(
                'it needs cosmic-ray. In the clone of the kit: pip install --editable ".[mutants]"'
            ) from None
    tried = survivors = unexplained = 0
    stopped = False
    graded = made.fates(clone, chosen, workers=workers)
    try:
        for fate in track(graded, "grading", total=len(chosen), console=Console(stderr=True)):
            tried += 1
            survivors += fate.survived
            if fate.survived and not fate.why:
                unexplained += 1
                click.echo(f"survived: {fate.mutant.name}")
            told = {
                "mutant": fate.mutant.name,
                "concept": fate.mutant.concept,
                "check": fate.check,
                "why": fate.why,
            }
            write_down(told, record)
    except KeyboardInterrupt:
        stopped = True
    except (GradingError, ValueError, OSError) as error:  # the last two: of the table
        click.echo(f"chatkit author mutants: {error}", err=True)
        sys.exit(PROBLEMS)
    click.echo(f"{tried} mutants, {survivors} survived, {unexplained} of them unexplained")
    sys.exit(STOPPED if stopped else PROBLEMS if unexplained else 0)


def write_down(told: dict[str, Any], record: str | None) -> None:
    """Add a line of JSON to a record, if one is kept: what was found is never lost."""
    if record:
        with Path(record).open("a", encoding="utf-8") as file:
            file.write(json.dumps(told, ensure_ascii=False) + "\n")
