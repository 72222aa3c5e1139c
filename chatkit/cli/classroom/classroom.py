"""`chatkit class`: for those who grade.

Exit status: 0 all was graded, 1 something could not be graded, 2 wrong use; nothing was changed.
"""

import contextlib
import getpass
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click

from chatkit._archives import ArchiveError
from chatkit._files import ReportError
from chatkit._text import one_line
from chatkit.classroom.cluster import ClusterError
from chatkit.classroom.gradebook import FILE, Gradebook, GradebookError, open_gradebook
from chatkit.classroom.grades import grades_of
from chatkit.classroom.reports.write import write_reports
from chatkit.classroom.rosters.roster import fill_roster
from chatkit.classroom.rules import Rules, RulesError, read_rules
from chatkit.classroom.run import carry_out, keep_rules, plan
from chatkit.classroom.statistics import statistics_of
from chatkit.classroom.submissions.submissions import (
    Submission,
    SubmissionError,
    find_submissions,
)
from chatkit.cli.classroom.files import handout, one, package
from chatkit.cli.classroom.progress import final_table, progress
from chatkit.cli.classroom.similar import similar
from chatkit.cli.groups import Group, Misuse
from chatkit.course.errors import CourseError
from chatkit.course.lessons import Course, find_course
from chatkit.system.sandbox.sandbox import Tier

NOT_ALL = 1


@click.group("class", cls=Group)
def classroom() -> None:
    """Grade a class: a folder, an archive, or what a learning platform gave you.

    \b
    A day's work:
      chatkit class grade submissions.zip --out grades     grade what has changed
      chatkit class adjust alice 2 +5 --out grades --why "showed it in class"
      chatkit class report --out grades                    write the reports again
    """


@classroom.command()
@click.argument("submissions", type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Gradebook and reports."
)
@click.option("--lesson", "keys", multiple=True, metavar="LESSON", help="Only this lesson.")
@click.option("--only", "students", multiple=True, metavar="STUDENT", help="Only this student.")
@click.option("--workers", type=click.IntRange(1, 256), help="Default: two for each core.")
@click.option(
    "--cluster", metavar="ADDRESS", help="Use the workers of this dask.distributed scheduler."
)
@click.option("--fresh", is_flag=True, help="Grade all again, also what has not changed.")
@click.option(
    "--isolation",
    "tier",
    type=click.Choice(["namespaces", "processes"]),
    default="namespaces",
    show_default=True,
    help="The best containment to use; a system that cannot do it uses less, and says so.",
)
@click.option(
    "--roster", type=click.Path(path_type=Path), help="A Moodle or Canvas file to fill in."
)
def grade(
    submissions: Path,
    out: Path,
    keys: tuple[str, ...],
    students: tuple[str, ...],
    workers: int | None,
    cluster: str | None,
    fresh: bool,
    tier: str,
    roster: Path | None,
) -> None:
    """Grade SUBMISSIONS and write gradebook and reports into the folder of --out.

    SUBMISSIONS is a folder of student folders, a zip or tar archive, a bulk download of Moodle or
    Canvas, or a folder of GitHub Classroom clones. Nothing is ever written there.

    A run that was broken off goes on where it stopped. A second run grades only what has changed:
    programs, checks or the kit.

    \b
    chatkit class grade hand-ins/ --out grades
    chatkit class grade moodle.zip --out grades --lesson 2 --workers 4
    chatkit class grade hand-ins/ --out grades --only alice --fresh
    chatkit class grade hand-ins/ --out grades --cluster tcp://10.0.0.5:8786
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    trouble: list[str] = []
    with problems_end_it(), tempfile.TemporaryDirectory(prefix="chatkit-class-") as space:
        course = find_course()
        lessons = [course.lesson(key) for key in keys] or list(course.lessons)
        alone = lessons[0] if len(lessons) == 1 else None
        found = find_submissions(submissions, course, Path(space), lesson=alone)
        chosen = pick(found.submissions, students)
        click.echo(f"{found.kind}: {len(chosen)} students")
        for what, why in found.unplaced:
            click.echo(f"  not placed: {what}: {why}")
        make_folder(out)
        keep_rules(submissions, out)
        rules = read_rules(out, course)
        with open_gradebook(out / FILE) as book:
            work = plan(book, course, chosen, lessons, fresh=fresh)
            click.echo(f"{len(work.units)} lessons to grade, {work.done} graded before")
            # A window has to wait for its timers, so two keep a core busier than one.
            count = workers or 2 * (os.cpu_count() or 1)
            graded = carry_out(
                work, book, course, workers=count, cluster=cluster, tier=cast(Tier, tier)
            )
            try:
                with contextlib.closing(graded):
                    for one in progress(graded, work.units):
                        if one.trouble:
                            last = one.trouble.strip().splitlines()[-1]
                            who = one_line(one.unit.student)
                            trouble.append(f"{who}, {one.unit.lesson}: {last}")
            except KeyboardInterrupt:
                click.echo("stopped; what was graded is kept. The same command goes on.", err=True)
                sys.exit(130)
            report_on(book, rules, course, out, roster)
    for line in trouble:
        click.echo(f"could not be graded: {line}", err=True)
    sys.exit(NOT_ALL if trouble else 0)


@classroom.command()
@click.argument("student")
@click.argument("lesson")
@click.argument("points", type=float)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The class's folder.")
@click.option("--why", required=True, help="The reason. It stands in every report.")
def adjust(student: str, lesson: str, points: float, out: Path, why: str) -> None:
    """Add POINTS to a LESSON of a STUDENT, or take some away. It survives every regrade.

    \b
    chatkit class adjust alice 2 5 --out grades --why "showed it in class"
    chatkit class adjust bob 4 --out grades --why "copied from alice" -- -10
    """
    with problems_end_it():
        course = find_course()
        chosen = course.lesson(lesson)
        with open_gradebook(existing(out)) as book:
            book.adjust(student, chosen.name, points, why, datetime.now(UTC), getpass.getuser())
            report_on(book, read_rules(out, course), course, out, None)


@classroom.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The class's folder.")
@click.option(
    "--roster", type=click.Path(path_type=Path), help="A Moodle or Canvas file to fill in."
)
def report(out: Path, roster: Path | None) -> None:
    """Write the reports again, from the gradebook, without grading anything.

    \b
    chatkit class report --out grades
    chatkit class report --out grades --roster moodle-grades.csv
    """
    with problems_end_it():
        course = find_course()
        with open_gradebook(existing(out)) as book:
            report_on(book, read_rules(out, course), course, out, roster)


def pick(submissions: Sequence[Submission], students: Sequence[str]) -> list[Submission]:
    """The submissions of the named students, all without a name. Raises Misuse."""
    known = {one.student for one in submissions}
    if unknown := sorted(set(students) - known):
        raise Misuse(f"there is no student {unknown[0]!r}. There are: {', '.join(sorted(known))}")
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
    book: Gradebook, rules: Rules, course: Course, out: Path, roster: Path | None
) -> None:
    """Write all reports, and print the final table."""
    write_reports(book, rules, course, out)
    grades = grades_of(book, rules, course)
    final_table(statistics_of(grades))
    if roster:
        filled = fill_roster(roster, grades, out / roster.name)
        click.echo(f"{filled.file}: {filled.written} grades filled in for {filled.platform}")
        for line in (*filled.students, *filled.rows, *filled.notes):
            click.echo(f"  {line}")
    click.echo(f"reports: {out / 'grades.csv'}, {out / 'index.html'}")


@contextlib.contextmanager
def problems_end_it() -> Iterator[None]:
    """End the command with one clear line and status 2 instead of a traceback."""
    errors = (
        *(CourseError, ArchiveError, RulesError, GradebookError, ReportError, SubmissionError),
        ClusterError,
    )
    try:
        yield
    except errors as error:
        raise Misuse(str(error)) from None


classroom.add_command(handout)
classroom.add_command(package)
classroom.add_command(one)
classroom.add_command(similar)
