"""Commands for students."""

import json
import sys
from pathlib import Path

import click

from chatkit import __version__
from chatkit.cli.completion import complete_lesson
from chatkit.cli.groups import Misuse
from chatkit.cli.stopping import end_on_signals, stopped
from chatkit.course.errors import CourseError
from chatkit.course.lessons import Course, Lesson, find_course
from chatkit.course.places import INSTALLED


@click.command()
@click.argument("lesson", required=False, shell_complete=complete_lesson)
@click.option(
    "--dir",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder that holds the lesson's programs. Default: the lesson's own folder.",
)
@click.option("--solutions", is_flag=True, help="Check the finished programs instead of yours.")
@click.option(
    "--only", multiple=True, metavar="ID", help="Run this check, such as half-line, and no other."
)
@click.option("--all", "whole", is_flag=True, help="Show everything about every check that failed.")
@click.option("--show", is_flag=True, help="Draw what happened on the wire, even when it passes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--seed", metavar="TEXT", help="Send the same random words as another run.")
@click.option(
    "--turns",
    metavar="SEED",
    default="",
    help="Let the threads pause at the same places as in another run.",
)
def check(
    lesson: str | None,
    folder: Path | None,
    solutions: bool,
    only: tuple[str, ...],
    whole: bool,
    show: bool,
    as_json: bool,
    seed: str | None,
    turns: str,
) -> None:
    """Check the programs of a LESSON: 1, 01_echo or echo. Without LESSON: all of them.

    It prints a line for each check, and at the end what to begin with. What it finds in your own
    lesson folders is kept: chatkit alone shows where you are, and chatkit hint helps on from there.

    \b
    chatkit check 1                            your lesson 1
    chatkit check 1 --all                      everything about what failed
    chatkit check 2 --only half-line --show    one check, drawn
    chatkit check 1 --only idle --only restart    two checks
    chatkit check --solutions                  the finished programs

    Exit status 0: full score of what could be run. 1: not. 2: wrong use. 3: no verdict, because the
    kit failed or this machine lacks something; nothing is kept.
    """
    from chatkit.grading.verdict import GradingError, LessonVerdict, Verdict
    from chatkit.grading.verdict import as_json as object_of
    from chatkit.student.progress import ProgressError, fingerprints, load

    remark = ""  # about the state
    course = find_course()
    if course.root == INSTALLED and not (folder or solutions):
        raise Misuse("there is no lesson of yours here. Copy them out: chatkit init my-chat")
    chosen = choose(course, lesson, folder, solutions, only)
    from chatkit.grading.options import RunOptions
    from chatkit.grading.parallel import worth_sharing
    from chatkit.grading.runner import grade_lesson  # with pytest: not before the wrong use is said
    from chatkit.system.linux import NO_PROC

    printer = None
    if not as_json:
        from chatkit.cli.printing import Printer

        printer = Printer(whole=whole or bool(only), show=show)
    if NO_PROC:
        click.echo(f"chatkit: {NO_PROC}.", err=True)
    results: list[LessonVerdict] = []
    end_on_signals()

    def tell(verdict: Verdict) -> None:
        if printer and not printer.whole:
            printer.verdict(verdict)

    try:
        for one, programs in chosen:
            if printer:
                printer.lesson(one)
            checked = fingerprints(one)  # before the run: a student may save in the middle of it
            shared = min(worth_sharing(one), len(only) or worth_sharing(one))
            options = RunOptions(only=only, at_once=shared, seed=seed, turns=turns)
            results.append(
                grade_lesson(
                    one,
                    programs,
                    options,
                    on_verdict=tell,
                )
            )
            if printer and printer.whole:
                printer.details(results[-1])
            if printer:
                printer.summary(results[-1])
            if programs.resolve() == one.folder.resolve():
                try:
                    state = load(course)
                    remark = state.remark or remark
                    state.record(one, results[-1], checked)
                except ProgressError as error:
                    remark = str(error)
    except GradingError as error:
        click.echo(f"chatkit: {error.words}", err=True)
        sys.exit(3)
    except KeyboardInterrupt:
        stopped()
    if as_json:
        click.echo(json.dumps(object_of(results, __version__), indent=1, ensure_ascii=True))
    elif printer:
        printer.table(results)
        if undone := next((one for one in results if one.begin and not only), None):
            printer.begin(undone)
    if remark:
        click.echo(f"chatkit: {remark}", err=True)
    sys.exit(0 if all(result.full for result in results) else 1)


@click.command()
def demo() -> None:
    """Open a server and two windows of the finished chat, to play with.

    They say a few lines by themselves; then type in them. Close both windows, or press Ctrl-C
    here, and everything has ended.

    \b
    chatkit demo
    """
    from chatkit.bench.failure import Failure
    from chatkit.tools.demo import play

    end_on_signals()
    try:
        play(click.echo)
    except Failure as failure:
        raise click.ClickException(f"{failure}\n{failure.received}") from None
    except KeyboardInterrupt:
        click.echo()
    click.echo("The server and the windows have ended.")


def choose(
    course: Course, key: str | None, folder: Path | None, solutions: bool, only: tuple[str, ...]
) -> list[tuple[Lesson, Path]]:
    """The lessons to check, each with the folder of its programs. Raises CourseError."""
    if folder and solutions:
        raise CourseError("--dir and --solutions exclude each other: which programs do you mean?")
    if (folder or only) and key is None:
        option = "--dir" if folder else "--only"
        raise CourseError(f"{option} needs a lesson, such as: chatkit check 1 {option} …")
    lessons = [course.lesson(key)] if key else list(course.lessons)
    known = [check.id for lesson in lessons for check in lesson.checks()] if only else []
    if unknown := [id for id in only if id not in known]:
        raise CourseError(
            f"lesson {lessons[0].name} has no check {unknown[0]!r}. It has: " + ", ".join(known)
        )
    if folder and not folder.is_dir():
        raise CourseError(f"there is no folder {folder}")
    if solutions and not all(lesson.solutions.is_dir() for lesson in lessons):
        raise CourseError("this copy of the kit has none: your instructor keeps the solutions")
    return [
        (lesson, folder or (lesson.solutions if solutions else lesson.folder)) for lesson in lessons
    ]
