"""One run over a class: what is to be graded, what is done already, and what came of it.

The gradebook knows what was graded under which key. So a run that was broken off goes on where it
stopped, and a second run grades only what has changed.
"""

import secrets
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from chatkit._archives.unpacking import readable
from chatkit._files import write_whole
from chatkit.classroom.cluster import grade_on_cluster
from chatkit.classroom.gradebook import Gradebook, HandIn, Student
from chatkit.classroom.gradekey import grade_key, work_digest
from chatkit.classroom.late.moments import read_moment
from chatkit.classroom.people.lists import Lists, files_of, read_lists
from chatkit.classroom.rosters.matching import letters
from chatkit.classroom.rules import Rules
from chatkit.classroom.rulesfile import FILE as RULES
from chatkit.classroom.rulesfile import RulesError, read_rules
from chatkit.classroom.submissions.submissions import ALONE, Found, Submission
from chatkit.course.lessons import Course, Lesson
from chatkit.grading.feedback import STATUS
from chatkit.grading.jobs import Graded, grade_jobs
from chatkit.grading.options import RunOptions
from chatkit.grading.verdict import LessonVerdict
from chatkit.grading.worker import Job
from chatkit.system.sandbox.sandbox import Tier

PLAIN = Rules()
COPY = "# A copy of"  # begins the copy of the rules in the class's folder


@dataclass(frozen=True)
class Plan:
    """What a run has to do."""

    jobs: tuple[Job, ...]
    done: int  # lessons of students that were graded before and have not changed
    empty: tuple[Submission, ...] = ()  # those of which nothing can be graded
    not_all: bool = False  # whether somebody stays without a grade
    # By lesson and key: whose verdict it is. Several in a group that handed in once.
    shared: Mapping[tuple[str, str], Sequence["Share"]] = field(default_factory=dict)


@dataclass(frozen=True)
class Share:
    """A hand-in that a verdict is on."""

    student: str
    work: str


def due(
    found: Sequence[Submission], named: Sequence[Lesson], *, everybody: bool, asked: Sequence[str]
) -> tuple[str, ...]:
    """The lessons that a run asks the whole class for: a student without one has 0 points there.

    `found` is all that was handed in, `named` the lessons that the instructor named, `asked` what
    earlier runs have asked for. Where none is named, those are due that more than half of the
    students with any lesson handed in: one early bird makes no lesson due. Naming a lesson in a run
    that is not for `everybody` makes it due only when nothing is due yet.
    """
    if named and (everybody or not asked):
        return tuple(lesson.name for lesson in named)
    if named:
        return ()
    counts = Counter(lesson for one in found for lesson in one.lessons)
    half = sum(bool(one.lessons) for one in found) / 2
    return tuple(sorted(lesson for lesson, count in counts.items() if count > half))


def doubles(gradebook: Gradebook, found: Sequence[Submission]) -> list[str]:
    """A line for each student whom the gradebook may know under another id or number.

    Moodle gives its participants new numbers in each assignment: `get_uniqueid_for_user_static` in
    its mod/assign/locallib.php. So a second assignment in one gradebook brings everybody again.
    """
    here = {one.student for one in found}
    numbers: dict[str, str] = {}
    others: dict[str, str] = {}
    known = gradebook.students()
    for student in known:
        if student.number and student.id not in here:
            numbers[student.name] = student.id
        if student.id not in here:
            others[letters(student.name)] = student.id
    ids = {student.id for student in known}
    alike = [
        f"{readable(one.name)} is {one.student} here. If this is {others[letters(one.name)]} in "
        "the gradebook, say so in people.csv: until then they are two students"
        for one in found
        if one.student not in ids
        and letters(one.name) in others
        and not (one.number and one.name in numbers)
    ]
    return alike + [
        f"{readable(one.name)} is {one.student} here and {numbers[one.name]} in the gradebook. If "
        "they are one person: Moodle gives new numbers in each assignment, so say who is who in "
        "people.csv, or use a separate --out for each assignment"
        for one in found
        if one.number and one.name in numbers
    ]


def renamed(gradebook: Gradebook, found: Sequence[Submission]) -> list[str]:
    """Give those the ids of people.csv whom the gradebook knows by others; a line for each."""
    return [
        f"{attempt.was} of the gradebook is {attempt.student} now, as people.csv says"
        for one in found
        for attempt in one.attempts
        if attempt.was and gradebook.rename(attempt.was, attempt.student)
    ]


def plan(
    gradebook: Gradebook,
    course: Course,
    submissions: Sequence[Submission],
    lessons: Sequence[Lesson],
    expected: Sequence[str],
    *,
    tier: Tier,
    fresh: bool = False,
    rules: Rules = PLAIN,
) -> Plan:
    """Enrol everybody, note what they handed in, and find out what has to be graded.

    `lessons` are those to grade. `expected` are those that a submission is for when nothing in it
    can be graded. `tier` is the isolation that the programs will have: what was graded in another
    one, with another Python or where no window could open is graded again. Raises GradebookError.
    """
    jobs: list[Job] = []
    shared: dict[tuple[str, str], list[Share]] = {}
    seeds: dict[tuple[str, str, str], str] = {}
    mine: dict[tuple[str, str], str] = {}
    done = 0
    not_all = False
    with gradebook.together():
        for one in submissions:
            gradebook.enrol(Student(one.student, one.name, one.number))
            for attempt in one.attempts:
                counts = attempt is one or not rules.last_counts
                for lesson in lessons:
                    folder = attempt.lessons.get(lesson.name)
                    if folder is None or not (counts or lesson.name not in one.lessons):
                        continue
                    own = mine.setdefault(
                        (one.student, lesson.name),
                        gradebook.seed(one.student, lesson.name) or secrets.token_hex(4),
                    )
                    work = work_digest(lesson, folder)
                    whose = one.group or one.student  # the members of a group share a verdict
                    seed = seeds.setdefault((whose, lesson.name, work), own)
                    key = grade_key(lesson, folder, seed, tier)
                    about = _about(attempt, lesson, key, work, rules)
                    gradebook.hand_in(one.student, lesson.name, about)
                    if not fresh and gradebook.is_done(one.student, lesson.name, about.key):
                        done += 1
                        continue
                    share = Share(one.student, about.work)
                    if (lesson.name, about.key) in shared:  # the hand-in of a group: graded once
                        shared[lesson.name, about.key].append(share)
                        continue
                    shared[lesson.name, about.key] = [share]
                    options = RunOptions(seed=seed)
                    job = Job(course.root, lesson.name, folder, options, one.student, about.key)
                    jobs.append(job)
            for name, trouble in _not_graded(gradebook, one, lessons, expected).items():
                moment = read_moment(one.when(name), rules.deadlines.zone)
                about = HandIn(one.late, one.source, trouble=trouble, moment=moment)
                gradebook.hand_in(one.student, name, about)
                known = gradebook.graded(one.student, name)
                not_all = not_all or not (known or gradebook.adjustments(one.student, name))
    empty = tuple(one for one in submissions if not one.lessons)
    return Plan(tuple(jobs), done, empty, not_all, shared)


def _about(one: Submission, lesson: Lesson, key: str, work: str, rules: Rules) -> HandIn:
    """What is noted of one attempt of one lesson."""
    return HandIn(
        late=lesson.name in one.late_lessons,
        source=one.source,
        remarks=one.remarks_on[lesson.name],
        key=key,
        work=work,
        moment=read_moment(one.when(lesson.name), rules.deadlines.zone),
        reply=one.reply,
    )


def _not_graded(
    gradebook: Gradebook, one: Submission, lessons: Sequence[Lesson], expected: Sequence[str]
) -> dict[str, str]:
    """The lessons of which the submission holds nothing that can be graded, each with the reason.

    Where one lesson of it can be graded, another was not handed in, unless the submission names it
    or holds something that could not be read.
    """
    names = [lesson.name for lesson in lessons]
    missing = [name for name in names if name not in one.lessons]
    may_be = [name for name in missing if name in expected or gradebook.graded(one.student, name)]
    if not one.lessons:
        return dict.fromkeys(may_be, one.why_not)
    named = {
        name: one.why_not or f"there is no program in what is called like {name}"
        for name in missing
        if name in one.without
    }
    return named | (dict.fromkeys(may_be, one.why_not) if one.why_not else {})


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
        everything = grade_on_cluster(plan.jobs, course, cluster, tier=tier)
    else:
        everything = grade_jobs(plan.jobs, workers=workers, tier=tier)
    with closing(everything):
        for graded in everything:
            job = graded.job
            if graded.verdict:  # until now the verdicts of an earlier run stand
                seed = job.options.seed or ""
                for share in plan.shared[job.lesson, job.key]:
                    of = (share.student, job.lesson)
                    before = gradebook.attempt(*of, share.work)
                    gradebook.keep(*of, job.key, seed, graded.verdict, share.work)
                    if before and (what := differences(before, graded.verdict)):
                        scores = (before.score, graded.verdict.score)
                        gradebook.regraded(*of, *scores, what, datetime.now(UTC))
            yield graded


def lists_of(submissions: Path, found: Found, out: Path) -> Lists:
    """What the instructor wrote down about the students, and a copy of it in `out`.

    The files lie where class.toml lies: in the folder of the submissions, beside their archive, or
    else in `out`. Raises ListError.
    """
    folder = submissions if submissions.is_dir() else submissions.parent
    if found.kind == ALONE:
        return read_lists([out])
    lists = read_lists([folder, out])
    for file in files_of(folder):
        write_whole(out / file.name, file.read_bytes())
    return lists


def differences(before: LessonVerdict, after: LessonVerdict) -> str:
    """Which checks of the same programs were found otherwise, for people; empty where none was."""
    old = {check.id: check.status for check in before.checks}
    new = {check.id: check.status for check in after.checks}
    return ", ".join(
        f"{id} {STATUS.get(old.get(id, ''), 'new')} → {STATUS.get(new.get(id, ''), 'gone')}"
        for id in dict.fromkeys([*old, *new])
        if old.get(id) != new.get(id)
    )


def rules_of(submissions: Path, found: Found, out: Path, course: Course) -> Rules:
    """The rules of the class, and a copy of them in `out`, where later commands find them.

    They lie in the folder of the submissions, or beside their archive. Without any there, those in
    `out` stand. Beside or inside the work of one student lies nothing of the class. Raises
    RulesError, with `out` as it was, when they cannot be used, or when `out` has rules of its own.
    """
    folder = submissions if submissions.is_dir() else submissions.parent
    copy = out / RULES
    if found.kind == ALONE or not (folder / RULES).is_file():
        return read_rules(out, course)
    rules = read_rules(folder, course)
    text = (folder / RULES).read_text(encoding="utf-8-sig")
    before = copy.read_text(encoding="utf-8-sig") if copy.is_file() else ""
    if before and before != text and not before.startswith(COPY):
        raise RulesError(
            f"{copy} and {folder / RULES} differ, and the first is not a copy of the second: "
            "take one of them away"
        )
    write_whole(
        copy, f"{COPY} {readable(str(folder / RULES))}. Change that one, and grade again.\n{text}"
    )
    return rules
