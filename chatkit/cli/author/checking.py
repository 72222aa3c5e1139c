"""`chatkit author check`: is the course whole?"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

import click

from chatkit.cli.author.problems import PROBLEMS, problems_end_it
from chatkit.course.errors import Problem
from chatkit.course.lessons import find_course
from chatkit.course.places import PACKAGE

if TYPE_CHECKING:
    from chatkit.authoring.clone import Clone

SLOW = 1.0  # seconds; a rule that takes longer says its name


@click.command()
@click.option("--lesson", "key", metavar="LESSON", help="Only this lesson.")
@click.option("--quick", is_flag=True, help="Leave out the rules that run programs.")
@click.option("--again", is_flag=True, help="Run programs even where nothing has changed.")
@click.option("--own", is_flag=True, help="Leave out what only lessons of the kit need.")
def check(key: str | None, quick: bool, again: bool, own: bool) -> None:
    """Is the course whole? Try every rule on every lesson.

    Each problem names the file, what is wrong with it and what fixes it. Most are fixed with
    `chatkit author sync`. The last rules run every starter, with more and more of its TODOs
    written, and every solution. What held is noted in .trials.json, and is not run again until
    something changes that it depends on.

    Below "not ready for the kit yet" stands what a course of your own can do without, such as
    twelve wrong programs for each lesson. `--own` leaves it out.

    \b
    Examples:
      chatkit author check               everything: at first a minute or two
      chatkit author check --quick       what runs no program: some seconds
      chatkit author check --lesson 6    one lesson

    Exit status 0: all is well. 1: something has to be fixed, or is missing for the kit.
    """
    from chatkit.authoring.clone import open_clone
    from chatkit.authoring.rules.rules import Scope, problems, tasks
    from chatkit.cli.main import main

    with problems_end_it():
        clone = open_clone(find_course(), main)
        say_which_kit(clone)
        lesson = clone.course.lesson(key) if key else None
        scope = Scope(lesson, trials=not quick, again=again, kit=not own)
        found: set[Problem] = set()
        broken = missing = 0
        for task in tasks(clone, scope):
            with name_if_slow(task.title):
                new = list(problems(task, found))
            if new and task.kit and not missing:
                click.echo("not ready for the kit yet:")
            for problem in new:
                click.echo(problem.text(clone.root))
            broken += 0 if task.kit else len(new)
            missing += len(new) if task.kit else 0
    what = f"lesson {lesson.number}" if lesson else f"{len(clone.lessons)} lessons"
    if broken:
        click.echo(f"{broken} {'problem' if broken == 1 else 'problems'}")
    if missing:
        click.echo(f"{missing} {'thing is' if missing == 1 else 'things are'} missing for the kit")
    if broken or missing:
        sys.exit(PROBLEMS)
    click.echo(f"all is well with {what}")


def say_which_kit(clone: "Clone") -> None:
    """Of two copies of the kit, say which one runs: what is changed in the other has no effect."""
    own = clone.root / "chatkit"
    if own != PACKAGE and (own / "__init__.py").is_file():
        click.echo(
            f"note: the kit in {PACKAGE} runs, not the one in this folder. What you change in"
            ' chatkit/ here counts after: pip install --editable "."',
            err=True,
        )


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
