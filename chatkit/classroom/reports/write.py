"""All reports of a class, into one folder."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from chatkit._files import file_names, write_whole
from chatkit.classroom.gradebook import Gradebook
from chatkit.classroom.grades import ClassGrades, StudentGrades
from chatkit.classroom.reports.overtime import overtime_csv, overtime_page
from chatkit.classroom.reports.page import class_page, page_digest, student_page
from chatkit.classroom.reports.results import junit
from chatkit.classroom.reports.table import table
from chatkit.grading.verdict import LessonVerdict


def write_reports(
    gradebook: Gradebook, grades: ClassGrades, folder: Path, separator: str = ","
) -> list[Path]:
    """Write `grades.csv`, `index.html`, `junit.xml`, `overtime.*` and `students/*.html`.

    Returns all files. Each is whole or as it was before; what would say the same again stays
    untouched. Students are read one after the other, so memory does not grow with what
    they sent. `separator` parts the cells of `grades.csv`. Raises WriteError and GradebookError.
    """
    people = [(row.student.id, row.student.name) for row in grades.students]
    pages = {id: f"students/{name}" for id, name in file_names(people, ".html").items()}
    lessons = {lesson.name: lesson for lesson in grades.lessons}
    runs = gradebook.runs()
    written = [
        write_whole(folder / name, content, changed=True)
        for name, content in (
            ("grades.csv", table(grades, separator)),
            ("index.html", class_page(grades, pages)),
            ("junit.xml", _junit(grades)),
            ("overtime.csv", overtime_csv(runs, separator)),
            ("overtime.html", overtime_page(runs)),
        )
    ]
    for row in grades.students:
        file = folder / pages[row.student.id]
        made_of = fingerprint(row, grades)
        if not _says(file, made_of):
            page = student_page(row, lessons, in_full(gradebook, row, grades), grades.rules)
            write_whole(file, f"{page}\n<!-- {made_of} -->\n")
        written.append(file)
    return written


def in_full(gradebook: Gradebook, row: StudentGrades, grades: ClassGrades) -> list[LessonVerdict]:
    """The verdicts on the attempts that count, with transcripts and output where a check failed."""
    found = (
        gradebook.lesson_verdict(
            row.student.id, lesson.name, row.lessons[lesson.name].of.work, in_full="failed"
        )
        for lesson in grades.lessons
        if lesson.name in row.lessons and row.lessons[lesson.name].verdict
    )
    return [verdict for verdict in found if verdict]


def fingerprint(row: StudentGrades, grades: ClassGrades) -> str:
    """What a page is made of, 64 hexadecimal digits: the same makes the same page."""
    digest = hashlib.sha256()
    for part in (page_digest(), repr(row), *grades.rules.words()):
        digest.update(part.encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _says(file: Path, made_of: str) -> bool:
    """Whether the page in `file` was made of just this; it says so in its last line."""
    try:
        with file.open("rb") as page:
            page.seek(0, os.SEEK_END)
            page.seek(max(0, page.tell() - 200))
            return page.read().endswith(f"<!-- {made_of} -->\n".encode())
    except OSError:
        return False


def _junit(grades: ClassGrades) -> Iterator[str]:
    """What was found for each student, without transcripts and output: those are on the pages."""
    names = {row.student.id: f"{row.student.name} ({row.student.id})" for row in grades.students}
    found = (
        (names[row.student.id], [one.verdict for one in row.lessons.values() if one.verdict])
        for row in grades.students
    )
    notes = {(names[id], lesson): sentence for id, lesson, sentence in grades.standing()}
    return junit(found, notes)
