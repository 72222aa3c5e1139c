"""The grades of a class: what the gradebook holds, seen through the rules. Reports read these."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chatkit.classroom.gradebook import Gradebook, HandIn, Student
from chatkit.classroom.rules import Grade, Rules
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
        return tuple(name for name, one in self.lessons.items() if one.of.late)

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
    found = {one.name: _lesson(gradebook, rules, student, one.name) for one in lessons}
    grades: dict[str, Grade] = {}
    remarks = _remarks(found)
    for name, lesson in found.items():
        if lesson.trouble:
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


def _lesson(gradebook: Gradebook, rules: Rules, student: Student, lesson: str) -> LessonGrade:
    verdict = gradebook.lesson_verdict(student.id, lesson)
    adjustments = gradebook.adjustments(student.id, lesson)
    newest = gradebook.newest(student.id, lesson)
    of = gradebook.graded(student.id, lesson) or newest or HandIn()
    counts = lesson in rules.lessons
    trouble = _trouble(of, newest, verdict is not None)
    grade = None
    if verdict:
        grade = rules.grade(verdict, of.late, adjustments)
    elif ((adjustments or counts) and newest is None) or (adjustments and trouble):
        grade = rules.missing(lesson, adjustments, trouble or "nothing handed in")
    if grade and verdict and trouble:
        grade = replace(grade, how=(trouble, *grade.how))
    if grade and not counts:
        grade = replace(grade, how=(*grade.how, NO_PART))
    return LessonGrade(
        verdict and _slim(verdict),
        grade,
        handed_in=verdict is not None or newest is not None,
        adjusted=bool(adjustments),
        counts=counts,
        of=of,
        trouble=trouble,
    )


def _trouble(of: HandIn, newest: HandIn | None, graded: bool) -> str:
    """What is wrong with the newest hand-in; empty where it is the one that was graded."""
    if newest is None or (graded and newest.key == of.key):
        return ""
    if not graded:
        return f"not graded: {newest.trouble}" if newest.trouble else ""
    if newest.trouble:
        return (
            f"the grade is of an earlier hand-in{_from(of)}; "
            f"the newest one{_from(newest)} could not be graded: {newest.trouble}"
        )
    return (
        f"the grade is of an earlier run{_from(of)}; the programs or the checks have changed "
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


def _slim(found: LessonVerdict) -> LessonVerdict:
    checks = tuple(replace(check, transcript=(), output="") for check in found.checks)
    return replace(found, checks=checks)
