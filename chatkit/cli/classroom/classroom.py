"""`chatkit class`: for those who grade.

Exit status: 0 all was graded, 1 something could not be graded, 2 wrong use; nothing was changed.
"""

import contextlib
import getpass
import os
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click

from chatkit._text import one_line
from chatkit.classroom.gradebook import FILE, Gradebook, open_gradebook
from chatkit.classroom.grades import ClassGrades, grades_of
from chatkit.classroom.reports.write import write_reports
from chatkit.classroom.rosters.roster import fill_roster, roster_target
from chatkit.classroom.rules import Rules, read_rules, signed
from chatkit.classroom.run import carry_out, doubles, due, plan, rules_of
from chatkit.classroom.statistics import statistics_of
from chatkit.classroom.submissions.submissions import Submission, find_submissions
from chatkit.cli.classroom.files import handout, one, package
from chatkit.cli.classroom.progress import final_table, progress
from chatkit.cli.classroom.similar import similar
from chatkit.cli.groups import CommandGroup, Misuse
from chatkit.cli.stopping import end_on_signals
from chatkit.course.lessons import Course, Lesson, find_course
from chatkit.system.leftovers import OwnFolder
from chatkit.system.sandbox.sandbox import Tier, expected

NOT_ALL = 1
TOLD = 3  # students of whom one line each is printed
NEGATIVE = re.compile(r"-\d*\.?\d+")


@click.group("class", cls=CommandGroup)
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
@click.option(
    "--lesson", "keys", multiple=True, metavar="LESSON",
    help="Only this lesson; from now on it counts for everybody.",
)  # fmt: skip
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

    A student without a lesson has no points there if the lesson counts: named by --lesson, by
    class.toml, or, where neither names any, handed in by more than half of the class.

    A run that was broken off goes on where it stopped. A second run grades only what has changed:
    programs, checks, the kit, Python's version or the isolation.

    --roster writes a filled copy of the file into the folder of --out. A worksheet of Moodle has
    one column for grades: with one --lesson it gets that lesson's, else the total.

    \b
    chatkit class grade hand-ins/ --out grades
    chatkit class grade moodle.zip --out grades --lesson 2 --workers 4
    chatkit class grade hand-ins/ --out grades --only alice --fresh
    chatkit class grade hand-ins/ --out grades --cluster tcp://10.0.0.5:8786
    """
    end_on_signals()
    trouble: list[str] = []
    with OwnFolder("class") as room:
        course = find_course()
        lessons = [course.lesson(key) for key in keys] or list(course.lessons)
        alone = lessons[0] if len(lessons) == 1 else None
        if roster:
            roster_target(roster, out)
        found = find_submissions(submissions, course, room.path, lesson=alone, out=out)
        chosen = pick(found.submissions, students)
        click.echo(f"{found.kind}: {len(chosen)} students")
        for what, why in found.unplaced:
            click.echo(f"  not placed: {what}: {why}")
        for note in found.notes:
            click.echo(f"  {note}")
        rules = rules_of(submissions, found, out, course)
        make_folder(out)
        with open_gradebook(out / FILE) as book:
            asked = due(
                found.submissions,
                lessons if keys else (),
                everybody=not students,
                asked=book.asked(),
            )
            book.ask(asked)
            twice = doubles(book, found.submissions)
            for line in twice[:TOLD]:
                click.echo(f"  {line}")
            if len(twice) > TOLD:
                click.echo(f"  and {len(twice) - TOLD} more such students")
            some = sorted({lesson for one in found.submissions for lesson in one.lessons})
            counting = rules.lessons or book.asked() or some
            due_here = [lesson.name for lesson in lessons] if keys else counting
            wanted = cast(Tier, tier)
            likely = wanted if cluster else expected(wanted)
            work = plan(book, course, chosen, lessons, due_here, tier=likely, fresh=fresh)
            for line in without_lesson(chosen, lessons if keys else ()):
                click.echo(line)
            click.echo(f"{len(work.jobs)} lessons to grade, {work.done} graded before")
            # A window has to wait for its timers, so two keep a core busier than one.
            count = workers or 2 * (os.cpu_count() or 1)
            graded = carry_out(work, book, course, workers=count, cluster=cluster, tier=wanted)
            try:
                with contextlib.closing(graded):
                    for one in progress(graded, work.jobs):
                        if one.trouble:
                            last = one_line(one.trouble.strip().splitlines()[-1])
                            who = one_line(one.job.student)
                            trouble.append(f"{who}, {one.job.lesson}: {last}")
            except KeyboardInterrupt:
                click.echo("stopped; what was graded is kept. The same command goes on.", err=True)
                sys.exit(130)
            unasked = () if due_here else work.empty  # no lesson counts in which to name them
            try:
                report_on(book, rules, course, out, roster, alone)
            finally:  # also when the roster cannot be filled in
                for one_left in unasked:
                    who = one_line(f"{one_left.student} ({one_left.source})")
                    click.echo(f"not graded: {who}: {one_line(one_left.why_not)}", err=True)
                for line in trouble:
                    click.echo(f"could not be graded: {line}", err=True)
    sys.exit(NOT_ALL if trouble or work.not_all or unasked else 0)


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
@click.option("--why", help="The reason. It stands in every report. Needed without --remove.")
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
        report_on(book, rules, course, out, None)


@classroom.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The class's folder.")
@click.option(
    "--roster", type=click.Path(path_type=Path), help="A Moodle or Canvas file to fill in."
)
@click.option("--lesson", "key", metavar="LESSON", help="Fill in the grades of this lesson only.")
def report(out: Path, roster: Path | None, key: str | None) -> None:
    """Write the reports again, from the gradebook, without grading anything.

    A worksheet of Moodle has one column for grades: with --lesson it gets that lesson's, without
    it the total of all lessons.

    \b
    chatkit class report --out grades
    chatkit class report --out grades --roster worksheet.csv --lesson 1
    """
    if key and not roster:
        raise Misuse("--lesson says what goes into a roster: give --roster, too")
    course = find_course()
    lesson = course.lesson(key) if key else None
    if roster:
        roster_target(roster, out)
    with open_gradebook(existing(out)) as book:
        report_on(book, read_rules(out, course), course, out, roster, lesson)


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
    book: Gradebook,
    rules: Rules,
    course: Course,
    out: Path,
    roster: Path | None,
    lesson: Lesson | None = None,
) -> None:
    """Write all reports, and print the final table. `lesson` alone goes into the roster."""
    write_reports(book, rules, course, out)
    grades = grades_of(book, rules, course)
    final_table(statistics_of(grades))
    for line in what_counts(grades, given=bool(rules.lessons)):
        click.echo(line)
    if roster:
        target = roster_target(roster, out)
        filled = fill_roster(roster, grades, target, lesson.name if lesson else None)
        click.echo(f"{filled.file}: {filled.written} grades filled in for {filled.platform}")
        for line in (*filled.students, *filled.rows, *filled.notes):
            click.echo(f"  {line}")
    click.echo(f"reports: {out / 'grades.csv'}, {out / 'index.html'}")
    for line in without_grade(grades, out):
        click.echo(line, err=True)


def without_lesson(chosen: Sequence[Submission], named: Sequence[Lesson]) -> Iterator[str]:
    """Students who handed in other lessons, and none of a lesson that the instructor named."""
    for lesson in named:
        others = [
            f"{one.student} ({', '.join(one.lessons)})"
            for one in chosen
            if one.lessons and lesson.name not in {*one.lessons, *one.without} and not one.why_not
        ]
        if others:
            yield one_line(f"  no {lesson.name}, but other lessons: {'; '.join(others)}")


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


classroom.add_command(handout)
classroom.add_command(package)
classroom.add_command(one)
classroom.add_command(similar)
