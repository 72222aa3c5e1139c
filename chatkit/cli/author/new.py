"""`chatkit author new`: begin a lesson."""

import click

from chatkit.cli.author.problems import problems_end_it
from chatkit.course.lessons import find_course


@click.command()
@click.argument("number", type=click.IntRange(1, 99))
@click.argument("step")
@click.option("--from", "origin", metavar="LESSON", required=True, help="What it grows from.")
@click.option(
    "--asks",
    multiple=True,
    metavar="PROGRAM",
    default=["server.py"],
    show_default=True,
    help="What the student writes. Other programs of that lesson are given.",
)
@click.option("--title", help="As readers see it. Default: the step, with a capital letter.")
def new(number: int, step: str, origin: str, asks: tuple[str, ...], title: str | None) -> None:
    """Begin a lesson: make all of its files from those of another one.

    The new lesson works at once. Its programs are the finished ones of the other lesson, with one
    TODO around main(). Its checks, a wrong program and one of another design are taken from there.
    You move the TODO to where the new idea is, and replace what says WRITE ME: `chatkit author
    check --lesson NUMBER` lists what is left. No file is overwritten.

    \b
    Examples:
      chatkit author new 6 whisper --from nicknames
      chatkit author new 6 whisper --from nicknames --asks client.py
    """
    from chatkit._files import write_whole
    from chatkit.authoring.clone import open_clone
    from chatkit.authoring.newlesson import files, planned
    from chatkit.authoring.sync import sync
    from chatkit.cli.main import main

    with problems_end_it():
        clone = open_clone(find_course(), main)
        named = title or step.replace("_", " ").capitalize()
        lesson = planned(clone, number, step, clone.course.lesson(origin), tuple(asks), named)
        made = files(clone, lesson)
        for path, text in made.items():
            write_whole(path, text)
        written = sync(find_course(), main).written
        for path in dict.fromkeys([*made, *written]):
            click.echo(f"wrote {path.relative_to(clone.root).as_posix()}")
    click.echo(f"now: chatkit author check --lesson {number} --quick")
