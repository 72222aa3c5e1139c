"""The untouched programs: what a lesson's programs were before anybody edited them.

Students edit the programs of `lessons/` in place, so these say nothing about how they began. A
hand-out and an installed kit carry the lessons a second time, for nobody to touch. A clone has the
reference, and what it makes of it for a student is the starter.
"""

from pathlib import Path

from chatkit._errors import UserError
from chatkit.course import regions
from chatkit.course.errors import CourseError
from chatkit.course.lessons import Course, Lesson
from chatkit.course.places import PACKAGE


class StarterError(UserError):
    """There is no untouched program; the message is one line that says what to do."""


def starter(course: Course, lesson: Lesson, program: str) -> bytes:
    """The untouched `program` of `lesson`: one that it asks for, or one that it gives.

    It comes from the folder of the course, and from the kit that runs where that has none. Raises
    StarterError.
    """
    if program not in lesson.programs:
        known = ", ".join(lesson.programs)
        raise StarterError(f"{lesson.name} has no program {program!r}. It has: {known}.")
    for package in (course.root / "chatkit", PACKAGE):
        untouched = package / "_course" / "lessons" / lesson.name / program
        step = lesson.given.get(program, lesson.step)
        reference = package / "reference" / step / program
        try:
            if untouched.is_file():
                return untouched.read_bytes()
            if reference.is_file():
                return _made_from(reference, finished=program in lesson.given)
        except OSError as error:
            raise StarterError(f"{error.filename} cannot be read: {error.strerror}") from None
    raise StarterError(
        f"this copy of the kit has no untouched {lesson.name}/{program}: unpack the hand-out "
        "again, into another folder, and copy it from there"
    )


def _made_from(reference: Path, finished: bool) -> bytes:
    """What a reference program is for the student. Raises StarterError, OSError."""
    make = regions.solution if finished else regions.starter
    try:
        return make(reference.read_text(encoding="utf-8"), reference).encode()
    except (CourseError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise StarterError(f"the starter cannot be made: {first}") from None
