"""The command that runs a student's program by hand."""

import sys

import click

from chatkit.cli.completion import complete_lesson
from chatkit.cli.groups import Misuse
from chatkit.course.lessons import find_course
from chatkit.course.places import INSTALLED


# What follows the program belongs to the program, also a --help.
@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("lesson", shell_complete=complete_lesson)
@click.argument("program", type=click.Choice(["server", "client"]))
@click.argument("arguments", metavar="[-- ARGS]", nargs=-1, type=click.UNPROCESSED)
def run(lesson: str, program: str, arguments: tuple[str, ...]) -> None:
    """Run your server or client of a LESSON, or the one that the lesson gives.

    The program runs in the lesson's folder and has the terminal for itself: Ctrl-C ends it. ARGS
    go to the program. Its exit status is passed on.

    \b
    chatkit run 1 server                    in one terminal
    chatkit run 1 client                    in a second one: type something
    chatkit run 4 client -- --name alice    arguments for your program
    chatkit run 3 server -- --port 5600     another port, when 5501 is taken
    """
    from chatkit.student import running

    course = find_course()
    chosen = course.lesson(lesson)
    name = f"{program}.py"
    path = chosen.program_in(chosen.folder, name)
    if not path.is_file():
        raise Misuse(f"{path} is missing: chatkit reset {chosen.number} brings the starter back")
    own = arguments[1:] if arguments[:1] == ("--",) else arguments
    if course.root == INSTALLED:
        click.echo(
            "chatkit: this lesson is the kit's. For your own: chatkit init my-chat", err=True
        )
    click.echo(running.before(chosen, name, own), err=True)
    try:
        ended = running.run(path, own)
    except OSError as error:
        raise Misuse(f"{path} cannot be run: {error.strerror or error}") from None
    if advice := running.after(chosen, name, own, ended):
        click.echo(f"chatkit: {advice}", err=True)
    sys.exit(ended.status)
