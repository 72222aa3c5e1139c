"""The file that a learning platform has exported, filled in: only the cells of grades change.

Two are known: Moodle's grading worksheet, for one assignment, and Canvas's gradebook, with a column
for each assignment. Encoding, order, quotes, line ends and all other cells stay, byte for byte.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from chatkit._files import WriteError
from chatkit.classroom.gradebook import FILE as GRADEBOOK
from chatkit.classroom.gradebook import Student
from chatkit.classroom.grades import ClassGrades
from chatkit.classroom.people.lists import Lists
from chatkit.classroom.rosters.canvas import Canvas
from chatkit.classroom.rosters.csvedit import Sheet, read_sheet
from chatkit.classroom.rosters.moodle import Moodle, is_worksheet
from chatkit.classroom.rosters.platforms import Filled, Filler, has
from chatkit.classroom.rules import Rules
from chatkit.classroom.rulesfile import FILE as RULES

NO_LISTS = Lists()
NO_COLUMNS: Mapping[str, str] = MappingProxyType({})

# What the kit itself writes into the folder of a class, in small letters.
OWN = frozenset(
    {
        *("grades.csv", "index.html", "junit.xml", "students", "similar", "similar.html"),
        *("class.json", "overtime.csv", "overtime.html", "feedback.zip", "mail", "anonymous"),
        *(GRADEBOOK, f"{GRADEBOOK}-journal", RULES, "people.csv", "groups.csv"),
        "classroom_roster.csv",
    }
)


def roster_target(roster: Path, out: Path, named: Mapping[str, str] = NO_COLUMNS) -> Path:
    """Where the filled copy of `roster` goes in the folder of the class, `out`.

    It is never the file itself nor one that the kit keeps there. Raises WriteError then, and when
    `roster` cannot be read or is no file of a platform: before an hour of grading, not after it.
    """
    platform = _platform(roster, _read(roster), named)
    target = out / roster.name
    if target.name.casefold() in OWN:
        raise WriteError(
            f"{roster} has the name of a file that the kit writes into {out}: give it another name"
        )
    if target.exists():
        if target.samefile(roster):
            raise WriteError(
                f"{roster} lies where the filled copy would go: move it out of {out}, or export "
                "it again"
            )
        if not target.is_file() or _recognised(_read(target), named) is not platform:
            raise WriteError(
                f"{target} is there already and is not an earlier copy for {platform.platform}: "
                f"give {roster} another name"
            )
    return target


def fill_roster(
    roster: Path,
    grades: ClassGrades,
    target: Path,
    lesson: str | None = None,
    named: Mapping[str, str] = NO_COLUMNS,
    comments: bool = False,
    lists: Lists = NO_LISTS,
) -> Filled:
    """Write `roster` with grades to `target`, another file.

    In a Moodle worksheet the grades are those of `lesson`, a name such as "02_broadcast"; without
    it those of the only lesson of the class, or else the total. In a Canvas gradebook each column
    that is called after a lesson gets its points, and one that is called "total" the total;
    `lesson` narrows that to one. Grades are scaled to the points that the file says there are at
    most. Nobody's grade is emptied: a cell changes only when there is a grade. Raises WriteError,
    also when it is not clear which column is meant or of how many points it is.

    `named` says which column is what, where the titles do not: "grade" -> "Note". With `comments`,
    feedback in words goes into Moodle's column for it, where that is empty. `lists` say who is who.
    """
    lessons = [  # a lesson that was asked for is a column, even while nobody has a grade in it
        one.name
        for one in grades.lessons
        if any(row.lessons[one.name].grade is not None for row in grades.students)
    ]
    if not lessons or (lesson and lesson not in lessons):
        raise WriteError(
            f"{roster} is not filled in: nobody has been graded in {lesson or 'any lesson'} yet"
        )
    sheet = _read(roster)
    filler = _platform(roster, sheet, named)
    if filler is Moodle and len(lessons) == 1:
        lesson = lesson or lessons[0]
    return filler(roster, sheet, grades, lesson, named, comments, lists).fill(target)


def times_in(
    roster: Path,
    students: Sequence[Student],
    named: Mapping[str, str] = NO_COLUMNS,
    lists: Lists = NO_LISTS,
) -> Mapping[str, str]:
    """When each of the students handed in, by id, as a worksheet of Moodle says it.

    Nothing for any other file: a gradebook of Canvas has no times. Raises WriteError when the file
    cannot be read.
    """
    worksheet = _worksheet(roster, named, lists)
    return worksheet.submitted(students) if worksheet else {}


def replies_in(
    roster: Path,
    students: Sequence[Student],
    named: Mapping[str, str] = NO_COLUMNS,
    lists: Lists = NO_LISTS,
) -> Mapping[str, str]:
    """Under which name Moodle takes feedback files for each of the students, by id.

    Nothing where `roster` is no worksheet of Moodle. Raises WriteError when it cannot be read.
    """
    worksheet = _worksheet(roster, named, lists)
    return worksheet.replies(students) if worksheet else {}


def _worksheet(roster: Path, named: Mapping[str, str], lists: Lists) -> Moodle | None:
    sheet = _read(roster)
    if _platform(roster, sheet, named) is not Moodle:
        return None
    return Moodle(roster, sheet, ClassGrades((), (), Rules()), None, named, lists=lists)


def _read(roster: Path) -> Sheet:
    try:
        return read_sheet(roster.read_bytes())
    except OSError as error:
        raise WriteError(f"{roster} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise WriteError(f"{roster} cannot be read: {error}") from None


def _platform(roster: Path, sheet: Sheet, named: Mapping[str, str] = NO_COLUMNS) -> type[Filler]:
    """What fills in a file of this form. Raises WriteError for any other."""
    if platform := _recognised(sheet, named):
        return platform
    raise WriteError(
        f"{roster} is neither a grading worksheet of Moodle (columns Identifier, Full name, "
        "Email address, Grade) nor a gradebook of Canvas (columns Student, ID): say which column "
        'is what, such as --column "identifier=ID" --column "grade=Nota", or export it again with '
        "the platform set to English"
    )


def _recognised(sheet: Sheet, named: Mapping[str, str] = NO_COLUMNS) -> type[Filler] | None:
    header = sheet.rows[0] if sheet.rows else ()
    people = has(header, "Student") or (has(header, "LastName") and has(header, "FirstName"))
    if (people and has(header, "ID")) or {"student", "id"} <= set(named):
        return Canvas
    if {"identifier", "grade"} <= set(named) or is_worksheet(header, sheet.rows):
        return Moodle
    return None
