"""What a class command leaves behind: reports, the filled roster, and what an instructor reads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import click

from chatkit._text import one_line
from chatkit.classroom.gradebook import FILE, Gradebook
from chatkit.classroom.grades import ClassGrades, grades_of
from chatkit.classroom.people.lists import read_lists
from chatkit.classroom.reports.write import write_reports
from chatkit.classroom.rosters.roster import fill_roster, roster_target
from chatkit.classroom.rules import Rules
from chatkit.classroom.statistics import statistics_of
from chatkit.classroom.submissions.submissions import Submission
from chatkit.cli.classroom.progress import final_table
from chatkit.cli.groups import Misuse
from chatkit.course.lessons import Course, Lesson

# Options of every command that can fill in a roster.
roster_option = click.option(
    "--roster", type=click.Path(path_type=Path), help="A Moodle or Canvas file to fill in."
)
column_option = click.option(
    "--column",
    "titles",
    multiple=True,
    metavar="WHAT=TITLE",
    help="Which column of the roster is what.",
)
comments_option = click.option(
    "--comments", is_flag=True, help="Write feedback into the roster's column for it."
)


@dataclass(frozen=True)
class Outcome:
    """What goes out, besides the reports."""

    roster: Path | None = None
    lesson: Lesson | None = None  # whose grades alone go out
    columns: Mapping[str, str] = field(default_factory=dict)  # of the roster: what -> title
    comments: bool = False
    separator: str = ","


def named_columns(given: Sequence[str]) -> dict[str, str]:
    """The columns of `--column WHAT=TITLE`. Raises Misuse."""
    found = {}
    for one in given:
        what, sign, title = one.partition("=")
        if not sign or not title or not what:
            raise Misuse(f'--column {one!r}: write it as WHAT=TITLE, such as --column "grade=Note"')
        found[what.strip().casefold()] = title.strip()
    return found


NOTHING = Outcome()


def pick(submissions: Sequence[Submission], students: Sequence[str]) -> list[Submission]:
    """The submissions of the named students, all without a name. Raises Misuse."""
    known = {one.student: one.student for one in submissions}
    low = {one.casefold(): one for one in known}
    for name in students:
        if name not in known:
            near = [low[name.casefold()]] if name.casefold() in low else []
            near = near or get_close_matches(name, known, n=1)
            guess = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted(known))}"
            raise Misuse(f"there is no student {name!r}. {guess}")
    return [one for one in submissions if not students or one.student in students]


def existing(out: Path) -> Path:
    """The gradebook of a class that was graded before. Raises Misuse."""
    if not (out / FILE).is_file():
        raise Misuse(f"{out} has no gradebook: run chatkit class grade first")
    return out / FILE


def make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misuse(f"{out} cannot be made: {error.strerror}") from None


def report_on(
    book: Gradebook,
    rules: Rules,
    course: Course,
    out: Path,
    wanted: Outcome = NOTHING,
) -> ClassGrades:
    """Write all reports, print the final table, and return the grades."""
    grades = grades_of(book, rules, course)
    write_reports(book, grades, out, wanted.separator)
    final_table(statistics_of(grades))
    for line in what_counts(grades, given=bool(rules.lessons)):
        click.echo(line)
    if wanted.roster:
        target = roster_target(wanted.roster, out, wanted.columns)
        filled = fill_roster(
            wanted.roster,
            grades,
            target,
            wanted.lesson.name if wanted.lesson else None,
            wanted.columns,
            wanted.comments,
            read_lists([out]),
        )
        click.echo(f"{filled.file}: {filled.written} grades filled in for {filled.platform}")
        for line in (*filled.students, *filled.rows, *filled.notes):
            click.echo(f"  {line}")
    click.echo(f"reports: {out / 'grades.csv'}, {out / 'index.html'}")
    for line in without_grade(grades, out):
        click.echo(line, err=True)
    return grades


def without_grade(grades: ClassGrades, out: Path) -> Iterator[str]:
    """Students without a grade for what they handed in, and why; in the end, how to give 0."""
    left = grades.not_graded()
    for student, names, why in left:
        who = student.id if student.name == student.id else f"{student.id} ({student.name})"
        yield one_line(f"{why[:12]}{who}, {', '.join(names)}: {why[12:]}")
    if left:
        yield (
            "Their cells stay empty. To give 0 to a student who handed in nothing that counts, use "
            f'chatkit class adjust STUDENT LESSON 0 --out {out} --why "nothing handed in"'
        )


def what_counts(grades: ClassGrades, *, given: bool) -> Iterator[str]:
    """Which lessons make the total, which do not, and whose grade is not of the newest hand-in.

    `given` says that the lessons that count are in class.toml.
    """
    names = ", ".join(grades.rules.lessons)
    yield f"these lessons count: {names}" if names else "no lesson counts yet"
    for lesson in grades.lessons:
        if lesson.name not in grades.rules.lessons:
            some = sum(row.lessons[lesson.name].handed_in for row in grades.students)
            cure = "" if given else f"grade with --lesson {lesson.number}, or "
            yield (
                f"  {lesson.name} does not count: {some} of {len(grades.students)} students handed "
                f"it in. To let it count, {cure}name it among the lessons of class.toml"
            )
    for student, name, why in grades.standing():
        yield one_line(f"  {student}, {name}: {why}")
