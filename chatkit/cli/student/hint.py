"""The command that helps a student on, a little more each time."""

import textwrap

import click

from chatkit.cli.completion import complete_lesson
from chatkit.cli.groups import Misuse
from chatkit.course.lessons import Course, Lesson, find_course
from chatkit.course.places import INSTALLED
from chatkit.student import hints
from chatkit.student.progress import Progress, ProgressError, load
from chatkit.student.status import next_unfinished, status, statuses

WIDTH = 80


@click.command()
@click.argument("lesson", required=False, shell_complete=complete_lesson)
@click.option("--todo", "number", type=click.IntRange(min=1), metavar="N", help="Choose the TODO.")
@click.option("--again", is_flag=True, help="Show the open hints, and open no other.")
def hint(lesson: str | None, number: int | None, again: bool) -> None:
    """Show one more hint for the TODO that comes next in a LESSON.

    Each TODO has at least three: a question to think about, where to look, and a line of code.
    The TODO is the one that helps with what your last check named under "Begin here". Without
    LESSON it is the first lesson that is not done.

    \b
    chatkit hint                   one more hint
    chatkit hint 2                 the same for lesson 2
    chatkit hint 2 --todo 4        for TODO 4, whatever failed
    chatkit hint 2 --again         read the open ones again

    Exit status 0: shown. 2: wrong use.
    """
    course = find_course()
    if course.root == INSTALLED:
        raise Misuse("there is no lesson of yours here. Copy them out: chatkit init my-chat")
    state = load(course)
    chosen = course.lesson(lesson) if lesson else first_open(course, state)
    if chosen is None:
        click.echo("All lessons are done: no hint is left to give. Hand in with: chatkit pack")
        return
    known = state.of(chosen)
    choice = hints.numbered(chosen, number) if number else hints.choose(chosen, known)
    if choice is None:
        nothing_to_do(course, state, chosen)
        return
    before = hints.opened(choice.todo, known)
    if again and not before:
        raise Misuse(
            f"no hint for TODO {choice.todo.number} of lesson {chosen.number} is open yet: "
            f"chatkit hint {chosen.number} opens one"
        )
    show(chosen, state, choice, before + (not again), bool(number))
    if not again and before < len(choice.todo.hints):
        remark = state.remark
        try:
            state.open_hint(chosen, choice.todo.number)
        except ProgressError as error:
            remark = str(error)
        if remark:
            click.echo(f"chatkit: {remark}", err=True)


def first_open(course: Course, state: Progress) -> Lesson | None:
    """The first lesson that is not done."""
    found = next_unfinished(statuses(course, state))
    return found.lesson if found else None


def nothing_to_do(course: Course, state: Progress, lesson: Lesson) -> None:
    """Say that the lesson needs no hint, and what comes next."""
    known = state.of(lesson)
    if not known.full or known.earlier:
        click.echo(f"Lesson {lesson.number}, {lesson.title}: every TODO is written.")
        click.echo(f"Find out how far it carries: chatkit check {lesson.number}")
        return
    click.echo(f"Lesson {lesson.number}, {lesson.title}, is done: every check has passed.")
    following = first_open(course, state)
    if following and following != lesson:
        page = f"lessons/{following.name}/README.md"
        click.echo(f"Next: lesson {following.number}, {following.title}. Read {page}")
    else:
        click.echo("Hand in with: chatkit pack")


def show(lesson: Lesson, state: Progress, choice: hints.Choice, upto: int, asked_for: bool) -> None:
    """Print the open hints of a TODO up to number `upto`, and what more there is."""
    todo = choice.todo
    upto = min(upto, len(todo.hints))
    words, line = hints.task(lesson, todo)
    where = f"lessons/{lesson.name}/{todo.program}" + (f", line {line}" if line else "")
    click.echo(f"Lesson {lesson.number}, {lesson.title}: TODO {todo.number} in {where}")
    about = choice.about and f"Begin here: {choice.about}"
    for text in filter(None, [about, words, choice.checks and "for: " + ", ".join(choice.checks)]):
        told(f"  {text}", "  ")
    click.echo()
    for number, text in enumerate(todo.hints[:upto], start=1):
        told(f"  {number} of {len(todo.hints)}  {text}", " " * 10)
    click.echo()
    left = len(todo.hints) - upto
    again = f"chatkit hint {lesson.number}" + (f" --todo {todo.number}" if asked_for else "")
    if left:
        click.echo(f"{left} more {'hint' if left == 1 else 'hints'} for this TODO: {again}")
    else:
        after_the_last(lesson, choice)
    if choice.others:
        numbers = ", ".join(map(str, choice.others))
        told(f"Not it? The checks that failed also need TODO {numbers} (--todo N chooses).")
    found = status(lesson, state.of(lesson))
    if found.status == "changed":
        told(f"Since the last check your program has changed: {found.command}")


def after_the_last(lesson: Lesson, choice: hints.Choice) -> None:
    """Say where the finished code is explained, if it is here."""
    page = hints.walkthrough(lesson, choice.todo)
    if page is None:
        told("That was the last hint. Your instructor keeps the solutions: ask for help.")
        return
    _, heading = page
    section = f', "{heading}"' if heading else ""
    told(f"That was the last hint. The finished code: chatkit solution {lesson.number}")
    told(f"It is explained in solutions/{lesson.name}/README.md{section}")


def told(text: str, indent: str = "") -> None:
    """Print a paragraph; its further lines begin with `indent`."""
    click.echo(textwrap.fill(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False))
