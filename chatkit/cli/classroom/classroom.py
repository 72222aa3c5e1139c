"""`chatkit class`: for those who grade.

Exit status: 0 all was graded, 1 something could not be graded, 2 wrong use; nothing was changed.
"""

import getpass
import re
from datetime import UTC, datetime
from pathlib import Path

import click

from chatkit._text import one_line
from chatkit.classroom.gradebook import open_gradebook
from chatkit.classroom.people.lists import read_lists
from chatkit.classroom.rosters.roster import replies_in, roster_target
from chatkit.classroom.rules import signed
from chatkit.classroom.rulesfile import read_rules
from chatkit.cli.classroom.files import handout, one, package
from chatkit.cli.classroom.grade import grade
from chatkit.cli.classroom.outcome import (
    Outcome,
    column_option,
    comments_option,
    existing,
    named_columns,
    report_on,
    roster_option,
)
from chatkit.cli.classroom.sending import send_out
from chatkit.cli.classroom.similar import similar
from chatkit.cli.groups import CommandGroup, Misuse
from chatkit.cli.stopping import outlive_the_reader
from chatkit.course.lessons import find_course

NEGATIVE = re.compile(r"-\d*\.?\d+")
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}


@click.group("class", cls=CommandGroup)
def classroom() -> None:
    """Grade a class: a folder, an archive, or what a learning platform gave you.

    \b
    A day's work:
      chatkit class grade submissions.zip --out grades     grade what has changed
      chatkit class adjust alice 2 +5 --out grades --why "showed it in class"
      chatkit class note alice 2 --out grades --text "nice names"
      chatkit class report --out grades                    write the reports again
    """


classroom.add_command(grade)


class Signed(click.Command):
    """A command that takes "-10" for the number that it is, and not for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.ignore_unknown_options = any(NEGATIVE.fullmatch(one) for one in args)
        return super().parse_args(ctx, args)


@classroom.command(cls=Signed)
@click.argument("student")
@click.argument("lesson")
@click.argument("points", type=float, required=False)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The class's folder.")
@click.option("--why", help="The reason. Every report shows it. Needed without --remove.")
@click.option("--remove", is_flag=True, help="Take an adjustment back, as if it had never been.")
def adjust(
    student: str, lesson: str, points: float | None, out: Path, why: str | None, remove: bool
) -> None:
    """Add POINTS to a LESSON of a STUDENT, or take some away. It survives every regrade.

    With --remove, the adjustment of so many POINTS is taken back. Where the lesson has only one,
    POINTS may be left out.

    \b
    chatkit class adjust alice 2 5 --out grades --why "showed it in class"
    chatkit class adjust bob 4 -10 --out grades --why "copied from alice"
    chatkit class adjust bob 4 --remove --out grades
    """
    course = find_course()
    chosen = course.lesson(lesson).name
    if remove and why is not None:
        raise Misuse("--remove takes an adjustment back: it needs no --why")
    with open_gradebook(existing(out)) as book:
        rules = read_rules(out, course)
        if remove:
            gone = book.take_back(student, chosen, points)
            told = f"{signed(gone.points)} taken back ({one_line(gone.why)})"
        elif points is None or why is None:
            missing = "POINTS" if points is None else "--why"
            raise Misuse(f"{missing} is missing: how many points, and the reason")
        else:
            book.adjust(student, chosen, points, why, datetime.now(UTC), getpass.getuser())
            told = signed(points)
        click.echo(f"{one_line(student)}, {chosen}: {told}")
        report_on(book, rules, course, out)


@classroom.command()
@click.argument("student")
@click.argument("lesson")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The class's folder.")
@click.option("--text", help="Your words. The student reads them. Needed without --remove.")
@click.option("--remove", is_flag=True, help="Take the newest note on this lesson away.")
def note(student: str, lesson: str, out: Path, text: str | None, remove: bool) -> None:
    """Put words of yours on a LESSON of a STUDENT. They survive every regrade, and cost nothing.

    \b
    chatkit class note alice 2 --out grades --text "Look at line 12 again."
    chatkit class note alice 2 --remove --out grades
    """
    course = find_course()
    chosen = course.lesson(lesson).name
    if remove == (text is not None):
        raise Misuse("--text is missing: your words" if not remove else "--remove needs no --text")
    with open_gradebook(existing(out)) as book:
        rules = read_rules(out, course)
        if text is None:
            told = f"taken away: {book.remove_note(student, chosen).text}"
        else:
            book.note(student, chosen, text, datetime.now(UTC), getpass.getuser())
            told = text
        click.echo(one_line(f"{student}, {chosen}: {told}"))
        report_on(book, rules, course, out)


@classroom.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The class's folder.")
@roster_option
@click.option("--lesson", "key", metavar="LESSON", help="Send out the grades of this lesson only.")
@column_option
@comments_option
@click.option(
    "--feedback",
    type=click.Path(path_type=Path),
    metavar="FILE.zip",
    help="The pages, in the names under which Moodle, Canvas or ILIAS takes them.",
)
@click.option(
    "--mail", type=click.Path(path_type=Path), metavar="FOLDER", help="A text for each student."
)
@click.option(
    "--json", "data", type=click.Path(path_type=Path), metavar="FILE", help="All grades as JSON."
)
@click.option(
    "--anonymous",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The pages without names, for a second marker.",
)
@click.option(
    "--separator",
    type=click.Choice(list(SEPARATORS)),
    default="comma",
    show_default=True,
    help="What parts the cells of grades.csv; with a semicolon, decimals get a comma.",
)
def report(
    out: Path,
    roster: Path | None,
    key: str | None,
    titles: tuple[str, ...],
    comments: bool,
    feedback: Path | None,
    mail: Path | None,
    data: Path | None,
    anonymous: Path | None,
    separator: str,
) -> None:
    """Write the reports again, from the gradebook, without grading anything.

    A worksheet of Moodle has one column for grades: with --lesson it gets that lesson's, without
    it the total of all lessons, or the grade of the only lesson. Its columns are known in English,
    German, French and Spanish; otherwise --column names them: identifier, name, email, grade,
    maximum, changeable, submitted, feedback.

    Students whom class.toml lists under `hold` get nothing sent out.

    \b
    chatkit class report --out grades
    chatkit class report --out grades --roster worksheet.csv --lesson 1 --comments
    chatkit class report --out grades --feedback feedback.zip --lesson 1
    chatkit class report --out grades --mail letters --json class.json
    """
    if key and not (roster or feedback or mail):
        raise Misuse("--lesson says what goes out: give --roster, too, or --feedback or --mail")
    if (titles or comments) and not roster:
        raise Misuse("--column and --comments are about a roster: give --roster, too")
    outlive_the_reader()
    course = find_course()
    lesson = course.lesson(key) if key else None
    columns = named_columns(titles)
    if roster:
        roster_target(roster, out, columns)
    with open_gradebook(existing(out)) as book:
        wanted = Outcome(roster, lesson, columns, comments, SEPARATORS[separator])
        grades = report_on(book, read_rules(out, course), course, out, wanted)
        lists = read_lists([out])
        students = [row.student for row in grades.students]
        replies = replies_in(roster, students, columns, lists) if roster else {}
        for line in send_out(
            book,
            grades,
            lists,
            lesson,
            feedback=feedback,
            mail=mail,
            data=data,
            anonymous=anonymous,
            replies=replies,
        ):
            click.echo(line)


classroom.add_command(handout)
classroom.add_command(package)
classroom.add_command(one)
classroom.add_command(similar)
