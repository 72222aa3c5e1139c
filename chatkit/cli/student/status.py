"""What `chatkit` alone says: where you are, and what to type next."""

import os
import sys
from pathlib import Path

import click

from chatkit import __version__
from chatkit.cli.stopping import end_on_signals
from chatkit.course.lessons import Course, Lesson, find_course
from chatkit.course.places import INSTALLED
from chatkit.student.progress import Progress, ProgressError, fingerprints, load
from chatkit.student.status import POINTS, LessonStatus, next_unfinished, statuses

COLOURS = {"done": "green", "changed": "yellow", "missing": "red"}


def show() -> None:
    """Print the lessons with their points, and the next command."""
    course = find_course()
    if course.root == INSTALLED:
        click.echo("There is no lesson in this folder, or in one above it.")
        click.echo("Copy the lessons into a folder of your own, and begin there:")
        click.echo("\n  chatkit init my-chat\n\nAll commands: chatkit --help")
        return
    state = load(course)
    found = statuses(course, state)
    work = [one.lesson for one in found if state.trouble and one.status == "unchecked"]
    if work and os.access(course.root, os.W_OK):  # else it would be lost again at once
        rebuild(course, state, work)
        found = statuses(course, state)
    elif state.broken:
        click.echo(f"chatkit: {state.trouble}", err=True)
    table(course, found)


def table(course: Course, found: list[LessonStatus]) -> None:
    """Print a line for each lesson, the points so far, and the next command."""
    say(f"chatkit {__version__}: a chat in {len(found)} lessons", bold=True)
    if course.root not in (Path.cwd(), *Path.cwd().parents):
        say(f"They are in {course.root}")
    say("")
    wide = max(len(one.lesson.title) for one in found)
    for one in found:
        known = one.known
        points = f"{known.score:3} of {known.max_score:3}" if known.statuses else f"  - of {POINTS}"
        row = f"  {one.lesson.number}  {one.lesson.title:<{wide}}  {points}  {one.words}"
        say(row.rstrip(), fg=COLOURS.get(one.status))
    score = sum(one.known.score for one in found)
    most = sum(one.known.max_score if one.known.statuses else POINTS for one in found)
    say(f"\n{score} of {most} points so far.")
    following = next_unfinished(found)
    if following is None:
        say("All lessons are done. Hand in:\n\n  chatkit pack\n")
        return
    lesson = following.lesson
    page = f" Read lessons/{lesson.name}/README.md" if following.status == "untouched" else ""
    say(f"Next: lesson {lesson.number}, {lesson.title}.{page}\n")
    say(f"  {following.command}", bold=True)
    say(f"\nAlso: {also(following)}, chatkit --help")


def also(following: LessonStatus) -> str:
    """Other commands that fit."""
    names = [name for name in ("watch", "check", "hint") if name not in following.command.split()]
    return ", ".join(f"chatkit {name} {following.lesson.number}" for name in names)


def rebuild(course: Course, state: Progress, work: list[Lesson]) -> None:
    """Check the lessons that were begun, and make the state from their verdicts.

    Ends the process on Ctrl-C, with nothing changed, and when the kit itself fails.
    """
    from chatkit.grading.options import RunOptions
    from chatkit.grading.parallel import worth_sharing
    from chatkit.grading.runner import grade_lesson
    from chatkit.grading.verdict import GradingError

    numbers = " and ".join(str(lesson.number) for lesson in work)
    click.echo(f"chatkit: {state.trouble}.", err=True)
    click.echo(f"Lesson {numbers} is checked again. Ctrl-C leaves everything as it is.", err=True)
    end_on_signals()
    runs = []
    try:
        total = sum(len(lesson.checks()) for lesson in work)
        with click.progressbar(length=total, label="checking", file=sys.stderr) as bar:
            for lesson in work:
                programs = fingerprints(lesson)
                verdict = grade_lesson(
                    lesson,
                    lesson.folder,
                    RunOptions(at_once=worth_sharing(lesson)),
                    on_verdict=lambda _: bar.update(1),
                )
                runs.append((lesson, verdict, programs))
    except GradingError as error:
        click.echo(f"chatkit: {error.words}", err=True)
        sys.exit(3)
    except KeyboardInterrupt:
        click.echo("\nchatkit: stopped; nothing has changed.", err=True)
        sys.exit(130)
    try:
        state.record_all(runs)
    except ProgressError as error:
        click.echo(f"chatkit: {error}", err=True)


def say(text: str, *, bold: bool = False, fg: str | None = None) -> None:
    """Print, with colours where they are wanted (https://no-color.org)."""
    if (bold or fg) and not os.environ.get("NO_COLOR"):
        text = click.style(text, bold=bold or None, fg=fg)
    click.echo(text)
