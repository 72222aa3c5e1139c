"""The command that packs a student's hand-in."""

from pathlib import Path

import click

from chatkit.cli.completion import complete_lesson
from chatkit.cli.groups import Misuse
from chatkit.course.lessons import find_course
from chatkit.course.places import INSTALLED


@click.command()
@click.argument("lessons", metavar="[LESSON]...", nargs=-1, shell_complete=complete_lesson)
@click.option(
    "--out",
    "target",
    metavar="FILE.zip",
    type=click.Path(path_type=Path),
    default=Path("chatkit-handin.zip"),
    help="Where to write. Default: chatkit-handin.zip in the current folder.",
)
def pack(lessons: tuple[str, ...], target: Path) -> None:
    """Pack your programs into one zip file to hand in.

    Without LESSON: every lesson that you have begun. The zip holds the programs that a lesson
    asks you to write, and nothing else of yours.

    \b
    chatkit pack                          all lessons that you have begun
    chatkit pack 1 2                      lessons 1 and 2
    chatkit pack echo --out monday.zip    lesson 1, into this file

    What is unfinished is packed as well, and said. Ask for a verdict before: chatkit check.

    Exit status 0: packed. 2: wrong use, or a program is missing; nothing is written.
    """
    from chatkit.classroom.exports import handin
    from chatkit.course.todo import begun

    course = find_course()
    if course.root == INSTALLED:
        raise Misuse("there is no lesson of yours here. Copy them out: chatkit init my-chat")
    chosen = [course.lesson(key) for key in lessons] if lessons else begun(course)
    if not chosen:
        raise Misuse("you have begun no lesson yet: solve a TODO, or name one: chatkit pack 1")
    remarks = handin.pack(course, target, chosen)
    names = ", ".join(lesson.name for lesson in course.lessons if lesson in chosen)
    click.echo(f"{target} holds {names}. Hand in this file.")
    for remark in remarks:
        click.echo(f"  note: {remark}")
