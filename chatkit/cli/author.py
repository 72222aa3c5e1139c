"""`chatkit author`: for those who write lessons.

Exit status: 0 all is well, 1 there are problems, 2 wrong use or not a full clone.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from threading import Timer

import click

from chatkit.authoring.clone import open_clone
from chatkit.authoring.problems import AuthoringError, Problem
from chatkit.course import CourseError, find_course

PROBLEMS, WRONG_USE = 1, 2
SLOW = 1.0  # seconds; a rule that takes longer says its name


@click.group()
def author() -> None:
    """Write lessons that cannot drift from their solutions.

    You write three things: the programs in chatkit/reference, the README.md of the lesson and of
    its walkthrough, and lesson.toml. All the rest is made from these.

    \b
    A day's work:
      edit chatkit/reference/echo/server.py
      chatkit author sync      make starters, solutions and pages again
      chatkit author check     is the course whole?
    """


@author.command()
def sync() -> None:
    """Make all views again: starters, solutions, code in texts, pages of the site.

    It writes only what differs, and deletes nothing. A starter in lessons/ that you have solved
    to try it becomes a starter again: try it in a copy of the folder.

    \b
    Example:
      chatkit author sync && git diff --stat
    """
    from chatkit.authoring.sync import sync as write_views

    with problems_end_it():
        course = find_course()
        written = write_views(course)
        for path in written:
            click.echo(f"wrote {path.relative_to(course.root).as_posix()}")
        if not written:
            click.echo("nothing to write: every view is fresh")


@author.command()
@click.option("--quick", is_flag=True, help="Leave out the rules that run programs.")
def check(quick: bool) -> None:
    """Is the course whole? Try every rule on every lesson.

    Each problem names the file, what is wrong with it and what mends it. Most are mended with
    `chatkit author sync`. The last rules run every starter and every solution.

    \b
    Examples:
      chatkit author check            everything
      chatkit author check --quick    only what needs no running program: about a second
    """
    from chatkit.authoring.rules import problems, tasks

    with problems_end_it():
        clone = open_clone(find_course())
        found: set[Problem] = set()
        for task in tasks(clone, with_trials=not quick):
            with name_if_slow(task.title):
                new = list(problems(task, found))
            for problem in new:
                click.echo(problem.text(clone.root))
    if found:
        click.echo(f"{len(found)} {'problem' if len(found) == 1 else 'problems'}")
        sys.exit(PROBLEMS)
    click.echo(f"all is well with {len(clone.lessons)} lessons")


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

    from chatkit.authoring import picture as drawing
    from chatkit.authoring.sync import write
    from chatkit.cli.printing import Printer
    from chatkit.grading import feedback

    with problems_end_it():
        course = open_clone(find_course()).course
        verdict = drawing.verdict_on(course, drawing.mistake(course))
        width = max(map(len, feedback.plain(verdict).splitlines()))
        console = Console(
            record=True, width=width, file=StringIO(), force_terminal=True, color_system="truecolor"
        )
        Printer(show=False, console=console).verdict(verdict)
        target = course.root / "docs" / "assets" / "verdict.svg"
        write(target, drawing.svg(console, drawing.command(course)))
        click.echo(f"wrote {target.relative_to(course.root).as_posix()}")


@contextmanager
def name_if_slow(title: str) -> Iterator[None]:
    """Say what takes so long, once it does."""
    timer = Timer(SLOW, click.echo, [f"… {title}"], {"err": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def problems_end_it() -> Iterator[None]:
    """End the command with one clear message instead of a traceback."""
    try:
        yield
    except AuthoringError as error:
        click.echo(error.problem.text(find_course().root), err=True)
        sys.exit(PROBLEMS)
    except CourseError as error:
        click.echo(f"chatkit author: {error}", err=True)
        sys.exit(WRONG_USE)
