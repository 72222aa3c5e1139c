"""What goes out of a class: feedback for platforms, letters, grades as data, anonymous pages."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chatkit import __version__
from chatkit._files import WriteError, file_names, write_whole, zip_of
from chatkit._text import one_line, visible
from chatkit.classroom.gradebook import Gradebook, HandIn, Student
from chatkit.classroom.grades import ClassGrades, LessonGrade, StudentGrades
from chatkit.classroom.people.lists import Lists
from chatkit.classroom.reports.page import student_page
from chatkit.classroom.reports.table import defused
from chatkit.classroom.reports.words import feedback_words
from chatkit.classroom.reports.write import in_full
from chatkit.classroom.submissions.submissions import SHARED

SCHEMA = "class.schema.json"
HELD = "held back, as class.toml says"
NO_NAME = "the hand-in has no name that a platform takes back"
IN_A_GROUP = (
    "handed in for a group under another name; in Moodle, the worksheet names all, with --roster"
)
NO_REPLIES: Mapping[str, str] = MappingProxyType({})


def write_feedback_zip(
    book: Gradebook,
    grades: ClassGrades,
    lesson: str | None,
    target: Path,
    replies: Mapping[str, str] = NO_REPLIES,
) -> tuple[int, list[str]]:
    """Write the students' pages to the zip `target`, in the names that the platform takes back.

    Moodle: "Full name_number_assignfeedback_file_/feedback.html", read by
    mod/assign/feedback/file/importziplib.php of Moodle since 3.1. Canvas: "name_user_file_
    feedback.html", read by infer_comment_context_from_filename in app/models/assignment.rb. ILIAS:
    the student's folder in one called "multi_feedback", read by class.ilExAssignment.php of ILIAS 5
    to 9. `replies` are names by student that a worksheet tells; they come before those of the
    hand-ins. Returns how many, and a line for each student left out. Raises WriteError.
    """
    entries: dict[str, bytes] = {}
    left = []
    for row in grades.students:
        chosen = _only(row, lesson)
        own = (one.of.reply for one in chosen.lessons.values() if one.of.reply)
        reply = replies.get(row.student.id) or next(own, "")
        if row.student.id in grades.rules.hold:
            left.append(f"{row.student.id}: {HELD}")
        elif not any(one.grade for one in chosen.lessons.values()):
            left.append(f"{row.student.id}: there is no grade")
        elif not reply:
            shared = any(
                remark.startswith(SHARED)
                for one in chosen.lessons.values()
                for remark in one.of.remarks
            )
            left.append(f"{row.student.id}: {IN_A_GROUP if shared else NO_NAME}")
        else:
            by_name = {one.name: one for one in grades.lessons}
            found = [one for one in in_full(book, chosen, grades) if lesson in (None, one.lesson)]
            page = student_page(chosen, by_name, found, grades.rules)
            entries[_reply(reply)] = page.encode("utf-8", "backslashreplace")
    if not entries:
        raise WriteError(
            f"{target} is not written: no hand-in has a name that Moodle, Canvas or ILIAS takes "
            "back. For groups in Moodle, give the worksheet with --roster"
        )
    write_whole(target, zip_of(entries))
    return len(entries), left


def _reply(name: str) -> str:
    """The name of the page in the zip: a file of Canvas's kind, or in a folder of its own."""
    in_folder = "/" in name or name.endswith("_assignfeedback_file_")
    return f"{name}/feedback.html" if in_folder else f"{name}_feedback.html"


def _only(row: StudentGrades, lesson: str | None) -> StudentGrades:
    """The row with `lesson` alone: neither the other grades nor the total go out with it."""
    if lesson is None:
        return row
    return replace(row, lessons={lesson: row.lessons[lesson]}, total=None, remarks=())


def write_letters(
    grades: ClassGrades, lists: Lists, lesson: str | None, folder: Path
) -> tuple[int, list[str]]:
    """Write one text a student into `folder`, and recipients.csv with address and file of each.

    The addresses are those of people.csv. Returns how many, and a line for each student left out.
    Raises WriteError.
    """
    names = file_names([(row.student.id, row.student.name) for row in grades.students], ".txt")
    rows = []
    left = []
    for row in grades.students:
        person = lists.person(row.student.id)
        words = feedback_words(row, lesson)
        if row.student.id in grades.rules.hold:
            left.append(f"{row.student.id}: {HELD}")
        elif not words:
            left.append(f"{row.student.id}: there is no grade")
        else:
            called = row.student.name or row.student.id
            text = f"Hello {one_line(called)},\n\nthis is what came of your hand-in.\n\n{words}\n"
            write_whole(folder / names[row.student.id], text)
            email = person.email if person else ""
            rows.append([row.student.id, called, email, names[row.student.id]])
            if not email:
                left.append(f"{row.student.id}: people.csv has no e-mail address")
    text_of = io.StringIO()
    writer = csv.writer(text_of, lineterminator="\n")
    writer.writerow(["id", "name", "email", "file"])
    writer.writerows([defused(cell) for cell in row] for row in rows)
    write_whole(folder / "recipients.csv", text_of.getvalue().encode("utf-8-sig"))
    return len(rows), left


def class_json(grades: ClassGrades) -> dict[str, Any]:
    """The whole class as data; `class.schema.json` says what is in it."""
    return {
        "schema": 1,
        "kit": __version__,
        "lessons": [
            {"lesson": one.name, "title": one.title, "counts": one.name in grades.rules.lessons}
            for one in grades.lessons
        ],
        "rules": list(grades.rules.words()),
        "students": [_student(row, grades) for row in grades.students],
    }


def _student(row: StudentGrades, grades: ClassGrades) -> dict[str, Any]:
    total = row.total if row.total and not row.total.empty else None
    return {
        "id": row.student.id,
        "name": visible(row.student.name),
        "held": row.student.id in grades.rules.hold,
        "total": total.points if total else None,
        "of": total.max if total else None,
        "how": [visible(one) for one in total.how] if total else [],
        "lessons": {name: _lesson(one) for name, one in row.lessons.items()},
    }


def _lesson(one: LessonGrade) -> dict[str, Any]:
    grade = one.grade if one.grade and not one.grade.empty else None
    return {
        "points": grade.points if grade else None,
        "of": grade.max if grade else None,
        "how": [visible(line) for line in (one.grade.how if one.grade else ())],
        "handed_in": one.handed_in,
        "moment": one.of.moment.isoformat() if one.of.moment else None,
        "late": one.late,
        "excused": one.excused,
        "notes": [visible(note.text) for note in one.notes],
        "checks": {check.id: check.status for check in one.verdict.checks} if one.verdict else {},
    }


def write_class_json(grades: ClassGrades, target: Path) -> None:
    """Write the class as JSON, and its schema beside it. Raises WriteError."""
    schema = (files("chatkit.classroom.exports") / SCHEMA).read_text(encoding="utf-8")
    write_whole(target, json.dumps(class_json(grades), indent=1, ensure_ascii=False) + "\n")
    write_whole(target.with_name(SCHEMA), schema)


def write_anonymous(book: Gradebook, grades: ClassGrades, folder: Path) -> int:
    """Write the students' pages without names into `folder`, and whose they are beside it.

    Names, ids, remarks and where a hand-in came from are left out. What a program printed stays: a
    student may have written a name there. So do other names in a reason or a note. Returns how
    many. Raises WriteError.
    """
    order = sorted(
        grades.students,
        key=lambda row: hashlib.sha256(row.student.id.encode("utf-8", "replace")).digest(),
    )
    rows = [["page", "id", "name"]]
    lessons = {one.name: one for one in grades.lessons}
    for number, row in enumerate(order, 1):
        label = f"hand-in {number}"
        nobody = replace(
            row,
            student=Student(label, label),
            remarks=(),
            lessons={name: _nobody(one, row) for name, one in row.lessons.items()},
        )
        page = student_page(nobody, lessons, in_full(book, row, grades), grades.rules)
        write_whole(folder / f"{number:03}.html", page)
        rows.append([f"{number:03}.html", defused(row.student.id), defused(row.student.name)])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    key = folder.with_name(f"{folder.name}-key.csv")
    write_whole(key, text.getvalue().encode("utf-8-sig", "backslashreplace"))
    return len(order)


def _nobody(one: LessonGrade, row: StudentGrades) -> LessonGrade:
    """The grade without where it came from, and with no name of the student in what is said."""
    names = sorted({row.student.id, row.student.name, *row.sources} - {""}, key=len, reverse=True)

    def hidden(text: str) -> str:
        for name in names:
            text = text.replace(name, "…")
        return text

    grade = one.grade
    return replace(
        one,
        of=HandIn(late=one.of.late, moment=one.of.moment),
        trouble=hidden(one.trouble),
        grade=replace(grade, how=tuple(map(hidden, grade.how))) if grade else None,
        notes=tuple(replace(note, text=hidden(note.text)) for note in one.notes),
    )
