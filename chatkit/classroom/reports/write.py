"""All reports of a class, into one folder."""

from pathlib import Path

from chatkit._files import file_names, write_whole
from chatkit.classroom.gradebook import Gradebook
from chatkit.classroom.grades import ClassGrades, grades_of
from chatkit.classroom.reports.page import class_page, student_page
from chatkit.classroom.reports.results import junit
from chatkit.classroom.reports.table import table
from chatkit.classroom.rules import Rules
from chatkit.course.lessons import Course
from chatkit.grading.verdict import LessonVerdict


def write_reports(gradebook: Gradebook, rules: Rules, course: Course, folder: Path) -> list[Path]:
    """Write `grades.csv`, `junit.xml`, `index.html` and `students/*.html` into `folder`.

    Returns the files. Each is whole or as it was before. Students are read one after the other, so
    memory does not grow with what they sent. Raises WriteError and GradebookError.
    """
    grades = grades_of(gradebook, rules, course)
    people = [(row.student.id, row.student.name) for row in grades.students]
    pages = {id: f"students/{name}" for id, name in file_names(people, ".html").items()}
    lessons = {lesson.name: lesson for lesson in grades.lessons}
    written = [
        write_whole(folder / "grades.csv", table(grades)),
        write_whole(folder / "index.html", class_page(grades, pages)),
        write_whole(folder / "junit.xml", _junit(grades)),
    ]
    for row in grades.students:
        found = _in_full(gradebook, row.student.id, grades)
        page = student_page(row, lessons, found, grades.rules)
        written.append(write_whole(folder / pages[row.student.id], page))
    return written


def _in_full(gradebook: Gradebook, student: str, grades: ClassGrades) -> list[LessonVerdict]:
    found = (gradebook.lesson_verdict(student, lesson.name) for lesson in grades.lessons)
    return [verdict for verdict in found if verdict]


def _junit(grades: ClassGrades) -> str:
    """What was found for each student, without transcripts and output: those are on the pages."""
    names = {row.student.id: f"{row.student.name} ({row.student.id})" for row in grades.students}
    found = [
        (names[row.student.id], [one.verdict for one in row.lessons.values() if one.verdict])
        for row in grades.students
    ]
    notes = {(names[id], lesson): sentence for id, lesson, sentence in grades.standing()}
    return junit(found, notes)
