"""Commands around the starter programs: a folder with them, back to them, on to the solution."""

import contextlib
import difflib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatkit.cli.completion import complete_lesson
from chatkit.cli.groups import Misuse
from chatkit.course.errors import CourseError
from chatkit.course.lessons import Course, Lesson, find_course
from chatkit.course.places import INSTALLED

if TYPE_CHECKING:
    from chatkit.course.backups import Backup


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Copy the lessons into a new folder DIR, to work in.

    It gets the text and the untouched programs of every lesson. The checks stay in the kit, so
    chatkit check, pack, reset and update work inside.

    \b
    chatkit init my-chat
    chatkit init .           into the folder where you are, when it is empty

    Exit status 0: made. 2: DIR is not empty, or cannot be written; nothing is made.
    """
    from chatkit.student.newfolder import new_folder

    with stopped_safely():
        course = new_folder(folder)
    first = course.lessons[0]
    click.echo(f"{folder} holds {_listed([lesson.name for lesson in course.lessons])}.")
    click.echo("Next:")
    if folder.resolve() != Path.cwd():
        click.echo(f"  cd {_typed(folder)}")
    click.echo(f"  chatkit watch {first.number}")
    click.echo(
        f"Then read {Path('lessons', first.name, 'README.md')}, and edit what lies beside it."
    )


@click.command()
@click.argument("lesson", shell_complete=complete_lesson)
@click.argument("program", required=False)
@click.option("--list", "as_list", is_flag=True, help="Show the backups of the lesson.")
@click.option("--restore", "number", metavar="N", type=int, help="Bring backup N back.")
def reset(lesson: str, program: str | None, as_list: bool, number: int | None) -> None:
    """Bring the starter programs of a LESSON back, all of them or one PROGRAM.

    What you wrote is kept as a numbered backup before, in the lesson's folder. Nothing is lost.

    \b
    chatkit reset 1                 every program of lesson 1
    chatkit reset 1 server          its server.py only
    chatkit reset 1 --list          the backups
    chatkit reset 1 --restore 2     backup 2 again; what is there now is kept too

    Exit status 0: done, or nothing to do. 2: wrong use, or it cannot be kept; nothing is changed.
    """
    from chatkit.course import backups

    with stopped_safely():
        course = find_course()
        chosen = course.lesson(lesson)
        if course.root == INSTALLED:
            raise Misuse("these lessons are the kit's own. Copy them out: chatkit init my-chat")
        programs = _programs(chosen, program)
        if as_list and number is not None:
            raise Misuse("--list and --restore exclude each other")
        if as_list:
            _list_backups(course, chosen)
        elif number is not None:
            names, kept = backups.restore(course, chosen, number, programs if program else ())
            click.echo(f"{_are(names)} as in backup {number}.")
            _tell(chosen, kept, "What was there before")
        else:
            missing = [name for name in programs if not (chosen.folder / name).exists()]
            kept = backups.reset(course, chosen, programs)
            back = [*(kept.files if kept else ()), *missing]
            if not back:
                click.echo(f"{_are(programs)} untouched: nothing to reset, and no backup is made.")
            else:
                click.echo(f"{_are(back)} the starter again.")
            _tell(chosen, kept, "Your version")


@click.command()
@click.argument("lesson", shell_complete=complete_lesson)
@click.argument("program", required=False)
@click.option("--yes", is_flag=True, help="Do not ask, even when the lesson is not finished.")
def solution(lesson: str, program: str | None, yes: bool) -> None:
    """Compare your programs of a LESSON with the finished ones.

    Lines with - are yours, lines with + are in the solution. There are many right programs: yours
    may be one, and differ in every line. The walkthrough explains why the solution is as it is.

    \b
    chatkit solution 1             every program that lesson 1 asks for
    chatkit solution 1 server      its server.py only
    chatkit solution 1 --yes       without a question, even when not finished

    Exit status 0: shown, or you said no. 2: wrong use, or the solutions are not here.
    """
    from rich.console import Console
    from rich.text import Text

    with stopped_safely():
        course = find_course()
        chosen = course.lesson(lesson)
        named = _programs(chosen, program)
        asked = [name for name in named if name in chosen.asked]
        if not asked:
            raise Misuse(f"{named[0]} is given in {chosen.name}: there is nothing to solve in it")
        if not chosen.solutions.is_dir():
            raise Misuse("this copy of the kit has none: your instructor keeps the solutions")
        mine = {name: _lines(chosen.folder / name) for name in asked}
        finished = {name: _lines(chosen.solutions / name) for name in asked}
        if not yes and not _finished(course, chosen) and not _wants_it(chosen):
            click.echo(f"Then not. A hint may do: chatkit hint {chosen.number}")
            return
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="replace")  # an old console may not have all letters
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for name in asked:
        yours, theirs = _shown(chosen.folder / name), _shown(chosen.solutions / name)
        diff = list(difflib.unified_diff(mine[name], finished[name], yours, theirs, lineterm=""))
        for line in diff:
            console.print(Text(line, style=_style(line)))
        if not diff:
            console.print(f"{yours} is the solution, line for line.")
    console.print(f"\nThe walkthrough: {_shown(chosen.solutions / 'README.md')}")


def _finished(course: Course, lesson: Lesson) -> bool:
    """Whether the last runs gave the lesson's full score."""
    from chatkit.student.progress import load

    return load(course).of(lesson).full


def _wants_it(lesson: Lesson) -> bool:
    """Ask whether to show the solution of an unfinished lesson. Raises Misuse without a person."""
    if not sys.stdin.isatty():
        raise Misuse(f"{lesson.name} is not finished. To see the solution all the same, add --yes")
    try:
        return click.confirm(f"{lesson.name} is not finished. See the solution all the same?")
    except click.Abort:  # what click makes of Ctrl-C
        raise KeyboardInterrupt from None


def _style(line: str) -> str:
    if line.startswith(("---", "+++")):
        return "bold"
    return {"-": "red", "+": "green", "@": "cyan"}.get(line[:1], "")


def _lines(path: Path) -> list[str]:
    """The lines of a program. Raises Misuse where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise Misuse(f"{_shown(path)} cannot be read: {error.strerror}") from None


def _programs(lesson: Lesson, program: str | None) -> tuple[str, ...]:
    """The programs that are meant: "server" is server.py. Raises CourseError."""
    if program is None:
        return lesson.programs
    for name in lesson.programs:
        if program in (name, name.removesuffix(".py")):
            return (name,)
    known = ", ".join(lesson.programs)
    raise CourseError(f"{lesson.name} has no program {program!r}. It has: {known}.")


def _list_backups(course: Course, lesson: Lesson) -> None:
    from rich.console import Console
    from rich.table import Table

    from chatkit.course import backups
    from chatkit.course.starters import starter

    every = backups.backups(lesson)
    if not every:
        click.echo(f"{lesson.name} has no backups: chatkit reset makes one when it has to.")
        return
    table = Table(
        "backup", "made", "programs, and how many lines differ from the starter", box=None
    )
    for backup in every:
        cells = []
        for name in backup.files:
            count = ""
            if name in lesson.programs:
                data = (backup.folder / name).read_bytes()
                count = f" ({backups.lines_changed(data, starter(course, lesson, name))})"
            cells.append(name + count)
        table.add_row(str(backup.number), f"{backup.made:%Y-%m-%d %H:%M}", ", ".join(cells))
    Console(highlight=False).print(table)
    click.echo(f"They lie in {_shown(every[0].folder.parent)}.")
    click.echo(f"Bring one back: chatkit reset {lesson.number} --restore {every[-1].number}")


def _tell(lesson: Lesson, kept: "Backup | None", what: str) -> None:
    """Say where a version was kept, and how it comes back."""
    if kept:
        click.echo(f"{what} is kept in {_shown(kept.folder)}. Bring it back:")
        click.echo(f"  chatkit reset {lesson.number} --restore {kept.number}")


def _are(names: "tuple[str, ...] | list[str]") -> str:
    return f"{_listed(names)} {'is' if len(names) == 1 else 'are'}"


def _listed(names: "tuple[str, ...] | list[str]") -> str:
    """ "server.py and client.py", "1, 2 and 3"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _shown(path: Path) -> str:
    """A path as short as it can be from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _typed(folder: Path) -> str:
    """A path as one types it, with quotes when it needs them."""
    text = str(folder)
    return text if not set(text) & set(" '\"$&;()") else f'"{text}"'


@contextlib.contextmanager
def stopped_safely() -> Iterator[None]:
    """End the command with one line and status 130 on Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("chatkit: stopped; nothing that you wrote is lost.", err=True)
        sys.exit(130)
