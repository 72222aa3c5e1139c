"""The file that a learning platform has exported, filled in: only the cells of grades change.

Two are known: Moodle's grading worksheet, for one assignment, and Canvas's gradebook, with a column
for each assignment. Encoding, order, quotes, line ends and all other cells stay, byte for byte.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatkit._files import ReportError, write_whole
from chatkit._text import one_line
from chatkit.classroom.grades import ClassGrades, StudentGrades
from chatkit.classroom.rosters.csvedit import Cell, Sheet, column, read_sheet
from chatkit.classroom.rosters.matching import matches
from chatkit.classroom.rules import Grade, number

TOTAL = "total"
CANVAS_PEOPLE = ("student, test", "test student")  # Canvas makes one up in every course


@dataclass(frozen=True)
class Filled:
    """What came of it. All texts are for the instructor."""

    file: Path
    platform: str  # "Moodle" or "Canvas"
    written: int  # grades
    students: tuple[str, ...]  # of the gradebook that got no grade, each with the reason
    rows: tuple[str, ...]  # people of the file of whom the gradebook knows nothing
    notes: tuple[str, ...]


def fill_roster(
    roster: Path, grades: ClassGrades, target: Path, lesson: str | None = None
) -> Filled:
    """Write `roster` with grades to `target`.

    In a Moodle worksheet the grades are those of `lesson`, a name such as "02_broadcast", or the
    total without it. In a Canvas gradebook each column that is called after a lesson gets its
    points, and one that is called "total" the total; `lesson` narrows that to one. Where the file
    says how many points there are at most, grades are scaled to it. Nobody's grade is emptied: a
    cell changes only when there is a grade. Raises ReportError.
    """
    try:
        sheet = read_sheet(roster.read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{roster} cannot be read: {error}") from None
    header = sheet.rows[0] if sheet.rows else ()
    if _has(header, "Identifier", "Email address") and _has(header, "Grade"):
        filler: _Filler = _Moodle(roster, sheet, grades, lesson)
    elif _has(header, "Student") and _has(header, "ID"):
        filler = _Canvas(roster, sheet, grades, lesson)
    else:
        raise ReportError(
            f"{roster} is neither a grading worksheet of Moodle (columns Identifier, Full name, "
            "Email address, Grade) nor a gradebook of Canvas (columns Student, ID): export it "
            "again with the platform set to English"
        )
    return filler.fill(target)


@dataclass(frozen=True)
class _Filler:
    roster: Path
    sheet: Sheet
    grades: ClassGrades
    lesson: str | None
    platform = ""

    def fill(self, target: Path) -> Filled:
        people = self.people()
        students = [row.student for row in self.grades.students]
        found = matches(students, {row: self.signs(row) for row in people})
        cells: dict[tuple[int, int], str] = {}
        left = list(found.nobody.items())
        columns = self.columns()
        for one in self.grades.students:
            if one.student.id not in found.rows:
                continue
            row = found.rows[one.student.id]
            for key, at in columns.items():
                grade = _grade(one, key)
                if grade is None:
                    left.append((one.student.id, f"{key}: there is no grade"))
                elif why := self.closed(row, at):
                    left.append((one.student.id, why))
                else:
                    cells[row, at] = self.scaled(grade, row, at)
        write_whole(target, self.sheet.filled(cells))
        names = {one.id: f"{one.name} ({one.id})" for one in students}
        mine = set(found.rows.values())
        return Filled(
            target,
            self.platform,
            len(cells),
            tuple(one_line(f"{names[id]}: {why}") for id, why in left),
            tuple(one_line(people[row]) for row in people if row not in mine),
            tuple(
                one_line(f"column {self.sheet.rows[0][at].value!r}: {key}")
                for key, at in columns.items()
            ),
        )

    def people(self) -> dict[int, str]:
        """The numbers of the rows that stand for a person, each with the name."""
        raise NotImplementedError

    def signs(self, row: int) -> Mapping[str, list[str]]:
        """By what the person of `row` may be known."""
        raise NotImplementedError

    def columns(self) -> dict[str, int]:
        """Which column gets which lesson's points; the key "total" stands for all of them."""
        raise NotImplementedError

    def most(self, row: int, at: int) -> str:
        """How many points the file allows in this cell; empty where it says nothing."""
        raise NotImplementedError

    def closed(self, row: int, at: int) -> str:
        """Why the platform takes no grade here; empty where it does."""
        return "the row is too short" if at >= len(self.sheet.rows[row]) else ""

    def scaled(self, grade: Grade, row: int, at: int) -> str:
        try:
            most = float(self.most(row, at).replace(",", "."))
        except ValueError:
            most = 0.0
        text = number(grade.share * most if most > 0 else grade.points)
        # Where ; parts the cells, a comma is what parts the decimals.
        return text.replace(".", ",") if self.sheet.delimiter == ";" else text

    def of(self, row: int, *names: str) -> str:
        """What stands in `row` under the first of these titles that there is."""
        cells: tuple[Cell, ...] = self.sheet.rows[row]
        at = column(self.sheet.rows[0], *names)
        return cells[at].value.strip() if at is not None and at < len(cells) else ""


class _Moodle(_Filler):
    platform = "Moodle"

    def people(self) -> dict[int, str]:
        rows = range(1, len(self.sheet.rows))
        return {row: self.name(row) for row in rows if len(self.sheet.rows[row]) > 1}

    def name(self, row: int) -> str:
        parts = f"{self.of(row, 'First name')} {self.of(row, 'Last name', 'Surname')}".strip()
        return self.of(row, "Full name") or parts or self.of(row, "Identifier", "Email address")

    def signs(self, row: int) -> Mapping[str, list[str]]:
        return {
            "id": [self.of(row, "Identifier"), self.of(row, "ID number")],
            "email": [self.of(row, "Email address")],
            "login": [self.of(row, "Username"), self.of(row, "Email address")],
            "name": [self.name(row)],
        }

    def columns(self) -> dict[str, int]:
        at = column(self.sheet.rows[0], "Grade")
        assert at is not None
        return {self.lesson or TOTAL: at}

    def most(self, row: int, at: int) -> str:
        return self.of(row, "Maximum Grade")

    def closed(self, row: int, at: int) -> str:
        if self.of(row, "Grade can be changed").casefold() == "no":
            return "Moodle says that this grade cannot be changed"
        return super().closed(row, at)


class _Canvas(_Filler):
    platform = "Canvas"

    def people(self) -> dict[int, str]:
        found = {}
        for row in range(1, len(self.sheet.rows)):
            name = self.of(row, "Student")
            if self.of(row, "ID") and name.casefold() not in CANVAS_PEOPLE:
                found[row] = name
        return found

    def signs(self, row: int) -> Mapping[str, list[str]]:
        login = self.of(row, "SIS Login ID")
        return {
            "id": [self.of(row, "ID"), self.of(row, "SIS User ID")],
            "email": [login, self.of(row, "Email")],
            "login": [login],
            "name": [self.of(row, "Student")],
        }

    def columns(self) -> dict[str, int]:
        wanted = {TOTAL: {TOTAL, "chatkit"}}
        for one in self.grades.lessons:
            wanted[one.name] = {
                *(one.name, one.step, one.title.casefold(), f"lesson {one.number}"),
                f"lesson {one.number}: {one.title.casefold()}",
            }
        if self.lesson:
            wanted = {self.lesson: wanted.get(self.lesson, {self.lesson})}
        found: dict[str, int] = {}
        for at, cell in enumerate(self.sheet.rows[0]):
            title = re.sub(r" \(\d+\)$", "", cell.value.strip()).casefold()
            for key, names in wanted.items():
                if title in names:
                    found.setdefault(key, at)
        if not found:
            lessons = ", ".join(f"{one.title!r}" for one in self.grades.lessons)
            raise ReportError(
                f"{self.roster} has no column for a lesson: call an assignment in Canvas {lessons} "
                "or 'Total', and export the gradebook again"
            )
        return found

    def most(self, row: int, at: int) -> str:
        for cells in self.sheet.rows[1:4]:
            if cells[0].value.strip().casefold() == "points possible" and at < len(cells):
                return cells[at].value.strip()
        return ""


def _has(header: Sequence[Cell], *names: str) -> bool:
    return column(header, *names) is not None


def _grade(row: StudentGrades, key: str) -> Grade | None:
    """The grade that goes out under `key`; None when there is nothing to say."""
    if key == TOTAL:
        return None if row.total is None or row.total.empty else row.total
    lesson = row.lessons.get(key)
    return lesson.grade if lesson and lesson.cell is not None else None
