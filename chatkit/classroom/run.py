"""One run over a class: what is to be graded, what is done already, and what came of it.

The gradebook knows what was graded under which key. So a run that was broken off goes on where it
stopped, and a second run grades only what has changed.
"""

import secrets
import shutil
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from chatkit.classroom.cluster import grade_on_cluster
from chatkit.classroom.gradebook import Gradebook, Student
from chatkit.classroom.gradekey import grade_key
from chatkit.classroom.rules import FILE as RULES
from chatkit.classroom.submissions.submissions import Submission
from chatkit.course.lessons import Course, Lesson
from chatkit.grading.jobs import Graded, Unit, grade_units
from chatkit.system.sandbox.sandbox import Tier


@dataclass(frozen=True)
class Plan:
    """What a run has to do."""

    units: tuple[Unit, ...]
    done: int  # lessons of students that were graded before and have not changed


def plan(
    gradebook: Gradebook,
    course: Course,
    submissions: Sequence[Submission],
    lessons: Sequence[Lesson],
    *,
    fresh: bool = False,
) -> Plan:
    """Enrol everybody, and find out what has to be graded. Raises GradebookError."""
    units: list[Unit] = []
    done = 0
    for one in submissions:
        gradebook.enrol(
            Student(
                id=one.student,
                name=one.name,
                late=one.late,
                source=one.source,
                remarks=one.remarks,
                lessons=tuple(one.lessons),
                number=one.number,
            )
        )
        for lesson in lessons:
            folder = one.lessons.get(lesson.name)
            if folder is None:
                continue
            seed = gradebook.seed(one.student, lesson.name) or secrets.token_hex(4)
            key = grade_key(lesson, folder, seed)
            if not fresh and gradebook.is_done(one.student, lesson.name, key):
                done += 1
                continue
            units.append(Unit(one.student, lesson.name, folder, seed, key))
    return Plan(tuple(units), done)


def carry_out(
    plan: Plan,
    gradebook: Gradebook,
    course: Course,
    *,
    workers: int,
    cluster: str | None = None,
    tier: Tier = "namespaces",
) -> Generator[Graded, None, None]:
    """Grade what the plan says; each lesson is committed when it is yielded.

    `workers` are those of this machine; `cluster` is the address of a scheduler, whose workers are
    used instead. Raises GradebookError, ClusterError, KeyboardInterrupt; what was yielded before is
    kept.
    """
    if cluster:
        everything = grade_on_cluster(plan.units, course, cluster, tier=tier)
    else:
        everything = grade_units(plan.units, course.root, workers=workers, tier=tier)
    with closing(everything):
        for graded in everything:
            unit = graded.unit
            if graded.verdict:  # until now the verdicts of an earlier run stand
                gradebook.keep(unit.student, unit.lesson, unit.key, unit.seed, graded.verdict)
            yield graded


def keep_rules(submissions: Path, out: Path) -> None:
    """Copy `class.toml` from the submissions, or from beside their archive, into `out`.

    There the later commands find it. Without one in the submissions the one in `out` stands.
    """
    folder = submissions if submissions.is_dir() else submissions.parent
    if (folder / RULES).is_file():
        shutil.copyfile(folder / RULES, out / RULES)
