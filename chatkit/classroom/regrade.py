"""Grade one check of a class again, after it was fixed, and say what changed.

Only that check is run. The other verdicts of the same programs stay as they are, and so does the
key of the grade: the next full run finds that the checks have changed, and grades all of them.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from chatkit._errors import UserError
from chatkit._text import one_line
from chatkit.classroom.gradebook import Gradebook
from chatkit.classroom.gradekey import work_digest
from chatkit.classroom.grades import ClassGrades
from chatkit.classroom.rules import number
from chatkit.classroom.run import differences
from chatkit.classroom.submissions.submissions import Submission
from chatkit.course.lessons import Course, Lesson
from chatkit.grading.jobs import Graded, grade_jobs
from chatkit.grading.options import RunOptions
from chatkit.grading.verdict import LessonVerdict
from chatkit.grading.worker import Job
from chatkit.system.sandbox.sandbox import Tier


class RegradeError(UserError):
    """The check cannot be graded again; the message says why, and which checks there are."""


@dataclass(frozen=True)
class CheckPlan:
    """What a run of single checks has to do."""

    jobs: tuple[Job, ...]  # the key of each is the work that it is on
    left_out: tuple[str, ...]  # a line for each hand-in that cannot be graded so


def plan_checks(
    book: Gradebook,
    course: Course,
    submissions: Sequence[Submission],
    lessons: Sequence[Lesson],
    ids: Sequence[str],
) -> CheckPlan:
    """The jobs for the checks `ids`, on programs that have verdicts. Raises RegradeError."""
    having = {
        lesson.name: tuple(check.id for check in lesson.checks() if check.id in ids)
        for lesson in lessons
    }
    known = {id for those in having.values() for id in those}
    if unknown := sorted(set(ids) - known):
        every = sorted({check.id for lesson in lessons for check in lesson.checks()})
        raise RegradeError(f"there is no check {unknown[0]!r}. There are: {', '.join(every)}")
    jobs: list[Job] = []
    left_out: list[str] = []
    for one in submissions:
        for attempt in one.attempts:
            for lesson in lessons:
                folder = attempt.lessons.get(lesson.name)
                if folder is None or not having[lesson.name]:
                    continue
                work = work_digest(lesson, folder)
                if book.attempt(one.student, lesson.name, work) is None:
                    if attempt is one:
                        left_out.append(
                            f"{one.student}, {lesson.name}: these programs were not graded yet"
                        )
                    continue
                seed = book.seed(one.student, lesson.name)
                options = RunOptions(only=having[lesson.name], seed=seed)
                jobs.append(Job(course.root, lesson.name, folder, options, one.student, work))
    return CheckPlan(tuple(jobs), tuple(left_out))


def regrade(
    work: CheckPlan, book: Gradebook, *, workers: int, tier: Tier
) -> Generator[Graded, None, None]:
    """Run the checks, and put each verdict in the place of the one before it."""
    with closing(grade_jobs(work.jobs, workers=workers, tier=tier)) as everything:
        for graded in everything:
            job = graded.job
            before = book.lesson_verdict(job.student, job.lesson, job.key)
            key = book.key_of(job.student, job.lesson, job.key)
            if graded.verdict and before and key:
                after = merged(before, graded.verdict)
                with book.together():
                    book.keep(job.student, job.lesson, key, job.options.seed or "", after, job.key)
                    if what := differences(before, after):
                        scores = (before.score, after.score)
                        now = datetime.now(UTC)
                        book.regraded(job.student, job.lesson, *scores, what, now)
            yield graded


def merged(before: LessonVerdict, found: LessonVerdict) -> LessonVerdict:
    """What was found before, with the verdicts that were found now in their places."""
    new = {check.id: check for check in found.checks}
    kept = tuple(new.pop(check.id, check) for check in before.checks)
    return replace(before, checks=(*kept, *new.values()))


def changes(before: ClassGrades, after: ClassGrades) -> Iterator[str]:
    """A line for each grade that is another one now."""
    old = {row.student.id: row for row in before.students}
    for row in after.students:
        for name, lesson in row.lessons.items():
            was = old[row.student.id].lessons.get(name) if row.student.id in old else None
            first = was.cell if was else None
            if was is None or was.grade is None or first == lesson.cell:
                continue
            texts = ["none" if one is None else number(one) for one in (first, lesson.cell)]
            what = ""
            if was.verdict and lesson.verdict:
                what = differences(was.verdict, lesson.verdict)
            told = f"{row.student.id}, {name}: {texts[0]} → {texts[1]}"
            yield one_line(f"{told} ({what})" if what else told)
