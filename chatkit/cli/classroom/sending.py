"""What goes out besides reports: feedback for platforms, e-mails, the class as data."""

from collections.abc import Iterable, Iterator, Mapping
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
    replies: Mapping[str, str],
) -> Iterator[str]:
    """Write what was asked for; yields a line for each, and for each student left out."""
    name = lesson.name if lesson else None
    if feedback:
        sent, left = write_feedback_zip(book, grades, name, feedback, replies)
        yield f"{feedback}: {sent} pages of feedback"
        yield from told(left)
    if mail:
        sent, left = write_letters(grades, lists, name, mail)
        yield f"{mail}: {sent} letters, and recipients.csv for a mail merge"
        yield from told(left)
    if data:
        write_class_json(grades, data)
        yield f"{data}: the class as JSON; class.schema.json, beside it, says what is in it"
    if anonymous:
        sent = write_anonymous(book, grades, anonymous)
        key = f"{anonymous.name}-key.csv"
        yield f"{anonymous}: {sent} pages without names; {key}, beside it, says whose they are"


def told(left: Iterable[str]) -> Iterator[str]:
    """A line for each reason why students are left out, with their ids: "bob, cy: held back"."""
    by_reason: dict[str, list[str]] = {}
    for line in left:
        id, _, why = line.partition(": ")
        by_reason.setdefault(why, []).append(id)
    for why, ids in by_reason.items():
        yield f"  {one_line(', '.join(ids))}: {one_line(why)}"
