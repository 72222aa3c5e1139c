"""`chatkit class grade`: from what was handed in to grades and reports."""

import contextlib
import os
import shutil
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click

from chatkit._text import one_line
from chatkit.classroom.gradebook import FILE, Gradebook, Student, open_gradebook
from chatkit.classroom.grades import ClassGrades, grades_of
from chatkit.classroom.late.unfed import unfed
from chatkit.classroom.people.joining import join
from chatkit.classroom.people.lists import Lists
from chatkit.classroom.regrade import changes, plan_checks, regrade
from chatkit.classroom.reports.overtime import failures_of
from chatkit.classroom.rosters.roster import roster_target, times_in
from chatkit.classroom.rules import Rules
from chatkit.classroom.rulesfile import RulesError, read_rules
from chatkit.classroom.run import carry_out, doubles, due, lists_of, plan, renamed, rules_of
from chatkit.classroom.statistics import statistics_of
from chatkit.classroom.submissions.submissions import Submission, find_submissions
from chatkit.classroom.submissions.versions import at_deadlines
from chatkit.cli.classroom.outcome import (
    Outcome,
    column_option,
    comments_option,
    make_folder,
    named_columns,
    pick,
    report_on,
    roster_option,
)
from chatkit.cli.classroom.progress import final_table, progress
from chatkit.cli.groups import Misuse
from chatkit.cli.stopping import end_on_signals, outlive_the_reader
from chatkit.course.lessons import Course, Lesson, find_course
from chatkit.grading.jobs import Graded
from chatkit.grading.worker import Job
from chatkit.system.leftovers import OwnFolder
from chatkit.system.sandbox.sandbox import Tier, expected

NOT_ALL = 1
TOLD = 3  # students of whom one line each is printed
CHANGED = 20  # grades that changed of which one line each is printed


@click.command()
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
    "--check",
    "checks",
    multiple=True,
    metavar="ID",
    help="Grade only this check again, of what was graded before.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing.")
@roster_option
@column_option
@comments_option
def grade(
    submissions: Path,
    out: Path,
    keys: tuple[str, ...],
    students: tuple[str, ...],
    workers: int | None,
    cluster: str | None,
    fresh: bool,
    tier: str,
    checks: tuple[str, ...],
    dry_run: bool,
    roster: Path | None,
    titles: tuple[str, ...],
    comments: bool,
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

    Beside SUBMISSIONS may lie class.toml, the rules of the class, people.csv, who is who, and
    groups.csv, who handed in together. A worksheet of Moodle also says when each hand-in came.

    --check grades one check again, after it was fixed: the others keep their verdicts. With
    --dry-run you read what would change, and nothing is written.

    \b
    chatkit class grade hand-ins/ --out grades
    chatkit class grade moodle.zip --out grades --lesson 2 --workers 4
    chatkit class grade hand-ins/ --out grades --only alice --fresh
    chatkit class grade hand-ins/ --out grades --cluster tcp://10.0.0.5:8786
    """
    end_on_signals()
    outlive_the_reader()
    if cluster and checks:
        raise Misuse("--check runs on this machine: leave --cluster out")
    if fresh and checks:
        raise Misuse("--check grades again what --fresh would grade: take one of them")
    columns = named_columns(titles)
    with OwnFolder("class") as room:
        course = find_course()
        old_rules = Rules()
        lessons = [course.lesson(key) for key in keys] or list(course.lessons)
        alone = lessons[0] if len(lessons) == 1 else None
        if roster:
            roster_target(roster, out, columns)
        found = find_submissions(submissions, course, room.path / "work", lesson=alone, out=out)
        target = rehearsal(out, room.path / "rehearsal") if dry_run else out
        with contextlib.suppress(RulesError):  # of an old copy; the new one counts
            old_rules = read_rules(out, course)
        rules = rules_of(submissions, found, target, course)
        lists = lists_of(submissions, found, target)
        given = join(found.submissions, lists, found.kind)
        came = timed(given.submissions, roster, columns, lists) if roster else given.submissions
        everybody = at_deadlines(came, rules, course, alone, room.path / "commits")
        chosen = pick(everybody, students)
        click.echo(f"{found.kind}: {counted(len(chosen), 'student')}")
        for what, why in found.unplaced:
            click.echo(f"  not placed: {what}: {why}")
        for note in (*found.notes, *given.notes):
            click.echo(f"  {one_line(note)}")
        make_folder(target)
        with open_gradebook(target / FILE) as book:
            before = grades_of(book, old_rules, course)
            for line in renamed(book, everybody):
                click.echo(f"  {one_line(line)}")
            known = [one.id for one in book.students()]
            for line in unfed(
                rules.deadlines, chosen, found.kind, known, rules.attempts, rules.hold
            ):
                click.echo(f"  {one_line(line)}")
            wanted = Outcome(None if dry_run else roster, alone, columns, comments)
            run = ClassRun(book, course, rules, lessons, bool(keys), cast(Tier, tier), workers)
            if checks:
                ended = run.some_checks(chosen, checks)
            else:
                ended = run.everything(everybody, chosen, bool(students), fresh, cluster)
            if not dry_run:
                book.note_run(datetime.now(UTC), failures_of(grades_of(book, rules, course)))
            after = finish(ended, book, rules, course, target, wanted, dry_run)
            tell_changes(before, after, dry_run)
    sys.exit(NOT_ALL if ended.not_all else 0)


@dataclass(frozen=True)
class RunEnd:
    """How a run ended."""

    trouble: Sequence[str] = ()  # hand-ins at which the kit failed
    unnamed: Sequence[Submission] = ()  # nothing of theirs can be graded, and no lesson counts
    incomplete: bool = False  # whether somebody stays without a grade

    @property
    def not_all(self) -> bool:
        return bool(self.trouble or self.unnamed or self.incomplete)


@dataclass(frozen=True)
class ClassRun:
    """One run over a class, with the wishes of the instructor."""

    book: Gradebook
    course: Course
    rules: Rules
    lessons: Sequence[Lesson]
    named: bool  # whether the instructor named the lessons
    tier: Tier
    workers: int | None

    @property
    def count(self) -> int:
        """A window has to wait for its timers, so two keep a core busier than one."""
        return self.workers or 2 * (os.cpu_count() or 1)

    def everything(
        self,
        everybody: Sequence[Submission],
        chosen: Sequence[Submission],
        some: bool,
        fresh: bool,
        cluster: str | None,
    ) -> RunEnd:
        """Grade what has changed, of `chosen`; `some` says that these are not all."""
        book, lessons = self.book, self.lessons
        asked = due(
            everybody, lessons if self.named else (), everybody=not some, asked=book.asked()
        )
        book.ask(asked)
        twice = doubles(book, everybody)
        for line in twice[:TOLD]:
            click.echo(f"  {line}")
        if len(twice) > TOLD:
            click.echo(f"  and {len(twice) - TOLD} more such students")
        there = sorted({lesson for one in everybody for lesson in one.lessons})
        counting = self.rules.lessons or book.asked() or there
        due_here = [lesson.name for lesson in lessons] if self.named else counting
        likely = self.tier if cluster else expected(self.tier)
        work = plan(
            book,
            self.course,
            chosen,
            lessons,
            due_here,
            tier=likely,
            fresh=fresh,
            rules=self.rules,
        )
        for line in without_lesson(chosen, lessons if self.named else ()):
            click.echo(line)
        click.echo(f"{counted(len(work.jobs), 'lesson')} to grade, {work.done} graded before")
        graded = carry_out(
            work, book, self.course, workers=self.count, cluster=cluster, tier=self.tier
        )
        trouble = watched(graded, work.jobs)
        return RunEnd(trouble, () if due_here else work.empty, work.not_all)

    def some_checks(self, chosen: Sequence[Submission], ids: Sequence[str]) -> RunEnd:
        """Grade single checks again."""
        work = plan_checks(self.book, self.course, chosen, self.lessons, ids)
        for line in work.left_out:
            click.echo(f"  {one_line(line)}")
        click.echo(f"{', '.join(ids)}: {counted(len(work.jobs), 'hand-in')} to grade again")
        graded = regrade(work, self.book, workers=self.count, tier=self.tier)
        return RunEnd(watched(graded, work.jobs))


def watched(graded: Generator[Graded, None, None], jobs: Sequence[Job]) -> list[str]:
    """Show how far a run is; returns a line for each hand-in at which the kit failed."""
    trouble = []
    try:
        with contextlib.closing(graded):
            for one in progress(graded, jobs):
                if one.trouble:
                    last = one_line(one.trouble.strip().splitlines()[-1])
                    trouble.append(f"{one_line(one.job.student)}, {one.job.lesson}: {last}")
    except KeyboardInterrupt:
        click.echo("stopped; what was graded is kept. The same command goes on.", err=True)
        sys.exit(130)
    return trouble


def finish(
    ended: RunEnd,
    book: Gradebook,
    rules: Rules,
    course: Course,
    out: Path,
    wanted: Outcome,
    dry_run: bool,
) -> ClassGrades:
    """Write the reports, and name those who have no grade."""
    try:
        if dry_run:  # the reports would lie in a folder that goes away
            grades = grades_of(book, rules, course)
            final_table(statistics_of(grades))
            return grades
        return report_on(book, rules, course, out, wanted)
    finally:  # also when the roster cannot be filled in
        for one in ended.unnamed:
            who = one_line(f"{one.student} ({one.source})")
            click.echo(f"not graded: {who}: {one_line(one.why_not)}", err=True)
        for line in ended.trouble:
            click.echo(f"could not be graded: {line}", err=True)


def tell_changes(before: ClassGrades, after: ClassGrades, dry_run: bool) -> None:
    """Say which grades are other ones than before."""
    lines = list(changes(before, after))
    if lines:
        click.echo(f"{counted(len(lines), 'grade')} changed:")
    for line in lines if dry_run else lines[:CHANGED]:
        click.echo(f"  {line}")
    if not dry_run and len(lines) > CHANGED:
        click.echo(f"  and {len(lines) - CHANGED} more; the pages of the students say them")
    if dry_run:
        click.echo("dry run: nothing was written" + ("" if lines else ", and no grade changes"))


def rehearsal(out: Path, folder: Path) -> Path:
    """A copy of what a class's folder knows, to try something out in."""
    folder.mkdir()
    for name in (FILE, "class.toml", "people.csv", "groups.csv", "classroom_roster.csv"):
        if (out / name).is_file():
            shutil.copy(out / name, folder / name)
    return folder


def timed(
    submissions: Sequence[Submission], roster: Path, columns: Mapping[str, str], lists: Lists
) -> list[Submission]:
    """The hand-ins, with the times that a worksheet of Moodle tells of these students."""
    students = [Student(one.student, one.name, one.number) for one in submissions]
    times = times_in(roster, students, columns, lists)
    return [
        replace(one, came=one.came or times.get(one.student, "")) if not one.clone else one
        for one in submissions
    ]


def counted(count: int, what: str) -> str:
    """ "1 lesson", "2 lessons"."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


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
