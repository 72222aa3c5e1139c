"""The grades of a class: what the gradebook holds, seen through the rules. Reports read these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from chatkit.classroom.gradebook import Attempt, Gradebook, HandIn, Student
from chatkit.classroom.late.deadlines import Lateness
from chatkit.classroom.late.moments import shown
from chatkit.classroom.records.history import Regrade
from chatkit.classroom.records.people import Note
from chatkit.classroom.rules import BEST, ON_TIME, WHICH, Grade, Rules
from chatkit.course.lessons import Course, Lesson
from chatkit.grading.verdict import LessonVerdict

NO_PART = "it does not count in the total"


@dataclass(frozen=True)
class LessonGrade:
    """What one student has in one lesson.

    Neither `verdict` nor `grade` while a lesson that was handed in is not graded yet, or cannot be.
    """

    verdict: LessonVerdict | None  # without transcripts and output: a class of them fits in memory
    grade: Grade | None
    handed_in: bool
    adjusted: bool
    counts: bool = True  # in the total; the same for everybody
    of: HandIn = field(
        default_factory=HandIn
    )  # what was graded; where nothing was, what was handed in
    trouble: str = ""  # why nothing could be graded, or why the grade is of an earlier hand-in
    late: bool = False  # by the deadline of this class, or else by the platform's mark
    notes: tuple[Note, ...] = ()
    regrades: tuple[Regrade, ...] = ()
    excused: bool = False

    @property
    def cell(self) -> float | None:
        """The points for a table; None for an empty cell: skipped, not graded or not handed in."""
        if self.grade is None or self.grade.empty or not (self.handed_in or self.adjusted):
            return None
        return self.grade.points

    @property
    def stands(self) -> bool:
        """Whether the grade is of something earlier than the newest hand-in."""
        return self.verdict is not None and bool(self.trouble)


@dataclass(frozen=True)
class StudentGrades:
    """One student: a grade for every lesson of the class, and all together."""

    student: Student
    lessons: Mapping[str, LessonGrade]
    total: Grade | None  # None while something that counts is not graded yet
    remarks: tuple[str, ...]

    @property
    def late(self) -> tuple[str, ...]:
        """The lessons that came late."""
        return tuple(name for name, one in self.lessons.items() if one.late)

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the hand-ins came from, each place once."""
        found = (one.of.source for one in self.lessons.values())
        return tuple(dict.fromkeys(source for source in found if source))


@dataclass(frozen=True)
class ClassGrades:
    """The whole class. `lessons` are the columns: those that count, and what else somebody has."""

    lessons: tuple[Lesson, ...]
    students: tuple[StudentGrades, ...]
    rules: Rules  # its `lessons` are those that count

    def graded(self, lesson: str) -> list[LessonVerdict]:
        """The verdicts of all who have one in `lesson`."""
        found = (row.lessons[lesson].verdict for row in self.students)
        return [verdict for verdict in found if verdict]

    def measured(self) -> list[Lesson]:
        """The lessons that count or have a verdict: points that a person gave are no statistics."""
        return [
            one for one in self.lessons if one.name in self.rules.lessons or self.graded(one.name)
        ]

    def standing(self) -> list[tuple[str, str, str]]:
        """Each grade that is not of the newest hand-in: student id, lesson, and why."""
        return [
            (row.student.id, name, lesson.trouble)
            for row in self.students
            for name, lesson in row.lessons.items()
            if lesson.stands
        ]

    def not_graded(self) -> list[tuple[Student, tuple[str, ...], str]]:
        """Students without a grade, as nothing they handed in could be graded: lessons, and why."""
        found: dict[tuple[str, str], tuple[Student, list[str]]] = {}
        for row in self.students:
            for name, lesson in row.lessons.items():
                if lesson.grade is None and lesson.trouble:
                    about = (row.student.id, lesson.trouble)
                    found.setdefault(about, (row.student, []))[1].append(name)
        return [(student, tuple(names), why) for (_, why), (student, names) in found.items()]


def grades_of(gradebook: Gradebook, rules: Rules, course: Course) -> ClassGrades:
    """The grades of everybody in the gradebook, by name. Raises GradebookError.

    The lessons that `rules` name count, or else those that a run has asked for. That one student
    has something in a lesson makes it a column, and no part of anybody's total.
    """
    rules = replace(rules, lessons=rules.lessons or gradebook.asked())
    present = {*gradebook.lessons(), *rules.lessons}
    lessons = tuple(lesson for lesson in course.lessons if lesson.name in present)
    rows = [_student(gradebook, rules, one, lessons) for one in gradebook.students()]
    return ClassGrades(lessons, tuple(rows), rules)


def _student(
    gradebook: Gradebook, rules: Rules, student: Student, lessons: tuple[Lesson, ...]
) -> StudentGrades:
    found: dict[str, LessonGrade] = {}
    free = rules.deadlines.free_days
    for one in lessons:
        found[one.name], spent = _lesson(gradebook, rules, student, one.name, free)
        free -= spent
    grades: dict[str, Grade] = {}
    remarks = _remarks(found)
    for name, lesson in found.items():
        if lesson.excused:
            remarks.append(f"{name}: excused")
        elif lesson.trouble:
            remarks.append(f"{name}: {lesson.trouble}")
        elif lesson.grade is None and lesson.handed_in:
            remarks.append(f"{name}: not graded yet")
        elif not lesson.handed_in and lesson.counts:
            remarks.append(f"{name}: nothing handed in")
        elif lesson.grade and lesson.grade.empty:
            remarks.append(f"{name}: skipped, this machine lacks something")
        if lesson.grade and lesson.counts:
            grades[name] = lesson.grade
        elif lesson.grade:
            remarks.append(f"{name}: {NO_PART}")
    complete = len(grades) == sum(lesson.counts for lesson in found.values())
    return StudentGrades(student, found, rules.total(grades) if complete else None, tuple(remarks))


@dataclass(frozen=True)
class _Candidate:
    """One attempt, with what it would be worth."""

    attempt: Attempt
    lateness: Lateness
    grade: Grade  # without adjustments
    spent: int  # late days
    why: tuple[str, ...]  # how lateness was found out, and what it spends


def _lesson(
    gradebook: Gradebook, rules: Rules, student: Student, lesson: str, free: int
) -> tuple[LessonGrade, int]:
    """The grade of one lesson, and how many of the `free` late days it spends."""
    attempts = gradebook.attempts(student.id, lesson)
    adjustments = gradebook.adjustments(student.id, lesson)
    newest = gradebook.newest(student.id, lesson)
    counts = lesson in rules.lessons
    excused = rules.deadlines.excused(student.id, lesson)
    tried = [_candidate(rules, student, lesson, one, free) for one in attempts]
    chosen = _chosen(rules, tried)
    of = chosen.attempt.hand_in if chosen else newest or HandIn()
    trouble = _trouble(attempts, chosen, newest)
    grade = None
    late = False
    if chosen:
        late = chosen.lateness.late
        percent, _, _ = rules.deadlines.percent(chosen.lateness, free)
        grade = rules.grade(chosen.attempt.verdict, late, adjustments, percent)
        which = _which(rules, tried, chosen)
        grade = replace(grade, how=(*which, *chosen.why, *grade.how))
    elif ((adjustments or counts) and newest is None) or (adjustments and trouble):
        grade = rules.missing(lesson, adjustments, trouble or _nothing(rules, student, lesson))
    if grade and chosen and trouble:
        grade = replace(grade, how=(trouble, *grade.how))
    if excused:
        grade = Grade(0.0, 0.0, ("excused: it does not count for this student",), excused=True)
    if grade and not counts and not excused:
        grade = replace(grade, how=(*grade.how, NO_PART))
    return LessonGrade(
        chosen.attempt.verdict if chosen else None,
        grade,
        handed_in=bool(attempts) or newest is not None,
        adjusted=bool(adjustments),
        counts=counts,
        of=of,
        trouble=trouble,
        late=late or (not chosen and of.late),
        notes=gradebook.notes(student.id, lesson),
        regrades=gradebook.regrades(student.id, lesson),
        excused=excused,
    ), (chosen.spent if chosen and not excused else 0)


def _nothing(rules: Rules, student: Student, lesson: str) -> str:
    extension = rules.deadlines.extended(student.id, lesson)
    also = f"; extension until {shown(extension, rules.deadlines.zone)}" if extension else ""
    return f"nothing handed in{also}"


def _candidate(
    rules: Rules, student: Student, lesson: str, attempt: Attempt, free: int
) -> _Candidate:
    about = attempt.hand_in
    found = rules.deadlines.lateness(student.id, lesson, about.moment, about.late)
    percent, spent, said = rules.deadlines.percent(found, free)
    grade = rules.grade(attempt.verdict, found.late, (), percent)
    return _Candidate(attempt, found, grade, spent, (*found.words, *said))


def _chosen(rules: Rules, tried: Sequence[_Candidate]) -> _Candidate | None:
    """The attempt that counts; None without any."""
    if not tried:
        return None
    if rules.attempts == BEST:  # of equal ones the last, which is what the student has now
        return max(enumerate(tried), key=lambda one: (one[1].grade.share, one[0]))[1]
    if rules.attempts == ON_TIME:
        return next((one for one in reversed(tried) if not one.lateness.late), tried[-1])
    return tried[-1]


def _which(rules: Rules, tried: Sequence[_Candidate], chosen: _Candidate) -> tuple[str, ...]:
    """Which attempt counts, and what the others would be worth."""
    if len(tried) < 2:
        return ()
    worth = ", ".join(
        f"{number} {'late ' if one.lateness.late else ''}{one.grade.points:g}"
        for number, one in enumerate(tried, 1)
    )
    place = tried.index(chosen) + 1
    return (f"{len(tried)} attempts ({worth}): number {place} counts. {WHICH[rules.attempts]}",)


def _trouble(attempts: Sequence[Attempt], chosen: _Candidate | None, newest: HandIn | None) -> str:
    """What is wrong with the newest hand-in; empty where it was graded as it stands."""
    if newest is None:
        return ""
    if not chosen:
        return f"not graded: {newest.trouble}" if newest.trouble else ""
    if any(one.hand_in.key == newest.key and one.current for one in attempts):
        return ""
    last = attempts[-1].hand_in
    if newest.trouble:
        return (
            f"the grade is of an earlier hand-in{_from(last)}; "
            f"the newest one{_from(newest)} could not be graded: {newest.trouble}"
        )
    return (
        f"the grade is of an earlier run{_from(last)}; the programs or the checks have changed "
        "since, and are not graded yet"
    )


def _from(hand_in: HandIn) -> str:
    return f" ({hand_in.source})" if hand_in.source else ""


def _remarks(lessons: Mapping[str, LessonGrade]) -> list[str]:
    """The remarks on all hand-ins, each once, with the lessons that it is about."""
    about: dict[str, list[str]] = {}
    for name, lesson in lessons.items():
        for remark in lesson.of.remarks:
            about.setdefault(remark, []).append(name)
    return [
        remark if len(names) == len(lessons) else f"{', '.join(names)}: {remark}"
        for remark, names in about.items()
    ]
