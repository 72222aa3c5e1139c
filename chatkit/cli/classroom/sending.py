"""What goes out besides reports: feedback for platforms, e-mails, the class as data."""

from collections.abc import Iterator
from pathlib import Path

from chatkit._text import one_line
from chatkit.classroom.exports.sendout import (
    write_anonymous,
    write_class_json,
    write_feedback_zip,
    write_letters,
)
from chatkit.classroom.gradebook import Gradebook
from chatkit.classroom.grades import ClassGrades
from chatkit.classroom.people.lists import Lists
from chatkit.course.lessons import Lesson


def send_out(
    book: Gradebook,
    grades: ClassGrades,
    lists: Lists,
    lesson: Lesson | None,
    *,
    feedback: Path | None,
    mail: Path | None,
    data: Path | None,
    anonymous: Path | None,
) -> Iterator[str]:
    """Write what was asked for; yields a line for each, and for each student left out."""
    name = lesson.name if lesson else None
    if feedback:
        sent, left = write_feedback_zip(book, grades, name, feedback)
        yield f"{feedback}: {sent} pages of feedback"
        yield from (f"  {one_line(line)}" for line in left)
    if mail:
        sent, left = write_letters(grades, lists, name, mail)
        yield f"{mail}: {sent} letters, and recipients.csv for a mail merge"
        yield from (f"  {one_line(line)}" for line in left)
    if data:
        write_class_json(grades, data)
        yield f"{data}: the class as JSON; class.schema.json, beside it, says what is in it"
    if anonymous:
        sent = write_anonymous(book, grades, anonymous)
        yield f"{anonymous}: {sent} pages without names; key.csv, beside it, says whose they are"
