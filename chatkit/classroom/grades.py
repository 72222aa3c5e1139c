"""The grades of a class: what the gradebook holds, seen through the rules. Reports read these."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chatkit.classroom.gradebook import Gradebook, Student
from chatkit.classroom.rules import Grade, Rules
from chatkit.course.lessons import Course, Lesson
from chatkit.grading.verdict import LessonVerdict


@dataclass(frozen=True)
class LessonGrade:
    """What one student has in one lesson.

    Neither `verdict` nor `grade` while a lesson that was handed in is not graded yet.
    """

    verdict: LessonVerdict | None  # without transcripts and output: a class of them fits in memory
    grade: Grade | None
    handed_in: bool
    adjusted: bool

    @property
    def cell(self) -> float | None:
        """The points for a table; None for an empty cell: skipped, not graded or not handed in."""
        if self.grade is None or self.grade.empty or not (self.handed_in or self.adjusted):
            return None
        return self.grade.points


@dataclass(frozen=True)
class StudentGrades:
    """One student: a grade for every lesson of the class, and all together."""

    student: Student
    lessons: Mapping[str, LessonGrade]
    total: Grade | None  # None while something is not graded yet
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class ClassGrades:
    """The whole class. `lessons` are the columns: all graded or adjusted for somebody."""

    lessons: tuple[Lesson, ...]
    students: tuple[StudentGrades, ...]
    rules: Rules

    def graded(self, lesson: str) -> list[LessonVerdict]:
        """The verdicts of all who have one in `lesson`."""
        found = (row.lessons[lesson].verdict for row in self.students)
        return [verdict for verdict in found if verdict]


def grades_of(gradebook: Gradebook, rules: Rules, course: Course) -> ClassGrades:
    """The grades of everybody in the gradebook, by name. Raises GradebookError."""
    present = set(gradebook.lessons())
    lessons = tuple(lesson for lesson in course.lessons if lesson.name in present)
    rows = [_student(gradebook, rules, one, lessons) for one in gradebook.students()]
    return ClassGrades(lessons, tuple(rows), rules)


def _student(
    gradebook: Gradebook, rules: Rules, student: Student, lessons: tuple[Lesson, ...]
) -> StudentGrades:
    found = {one.name: _lesson(gradebook, rules, student, one.name) for one in lessons}
    remarks = list(student.remarks)
    grades: dict[str, Grade] = {}
    for name, lesson in found.items():
        if lesson.grade is None:
            remarks.append(f"{name}: not graded yet")
            continue
        grades[name] = lesson.grade
        if not lesson.handed_in:
            remarks.append(f"{name}: nothing handed in")
        elif lesson.grade.empty:
            remarks.append(f"{name}: skipped, this machine lacks something")
    total = rules.total(grades) if len(grades) == len(found) else None
    return StudentGrades(student, found, total, tuple(remarks))


def _lesson(gradebook: Gradebook, rules: Rules, student: Student, lesson: str) -> LessonGrade:
    verdict = gradebook.lesson_verdict(student.id, lesson)
    adjustments = gradebook.adjustments(student.id, lesson)
    handed_in = verdict is not None or lesson in student.lessons
    grade = None
    if verdict:
        grade = rules.grade(verdict, student.late, adjustments)
    elif not handed_in:
        grade = rules.missing(lesson, adjustments)
    return LessonGrade(verdict and _slim(verdict), grade, handed_in, bool(adjustments))


def _slim(found: LessonVerdict) -> LessonVerdict:
    checks = tuple(replace(check, transcript=(), output="") for check in found.checks)
    return replace(found, checks=checks)
