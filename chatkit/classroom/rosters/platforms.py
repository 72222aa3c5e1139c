"""What a Moodle worksheet and a Canvas gradebook look like, and how grades go into them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatkit._files import WriteError, write_whole
from chatkit._text import one_line
from chatkit.classroom.grades import ClassGrades, StudentGrades
from chatkit.classroom.rosters.csvedit import Cell, Sheet, column
from chatkit.classroom.rosters.matching import matches
from chatkit.classroom.rosters.maximum import Most, read_most
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
    notes: tuple[str, ...]  # which columns were filled in, and which grades are too high


@dataclass(frozen=True)
class Filler:
    roster: Path
    sheet: Sheet
    grades: ClassGrades
    lesson: str | None
    platform = ""
    above = ""  # what becomes of a grade above the maximum

    def fill(self, target: Path) -> Filled:
        people = self.people()
        students = [row.student for row in self.grades.students]
        names = {one.id: f"{one.name} ({one.id})" for one in students}
        columns = self.columns()
        found = matches(students, {row: self.signs(row) for row in people})
        cells: dict[tuple[int, int], str] = {}
        left = list(found.nobody.items())
        notes = [f"column {self.title(at)!r}: {key}" for key, at in columns.items()]
        for one in self.grades.students:
            if one.student.id not in found.rows:
                continue
            row = found.rows[one.student.id]
            for key, at in columns.items():
                grade = _grade(one, key)
                most = read_most(self.most(row, at))
                if grade is None:
                    left.append((one.student.id, f"{key}: there is no grade"))
                elif why := self.closed(row, at):
                    left.append((one.student.id, why))
                elif most is None:
                    told = f"row {row + 1} does not say clearly how many points there are at most"
                    left.append((one.student.id, f"{told}: {self.most(row, at)!r}"))
                else:
                    cells[row, at] = self.scaled(grade, most)
                    if grade.share > 1:
                        notes.append(
                            f"{names[one.student.id]}: {cells[row, at]} is above the maximum, "
                            f"{self.most(row, at)}: {self.above}"
                        )
        write_whole(target, self.sheet.filled(cells))
        mine = set(found.rows.values())
        return Filled(
            target,
            self.platform,
            len(cells),
            tuple(one_line(f"{names[id]}: {why}") for id, why in left),
            tuple(one_line(people[row]) for row in people if row not in mine),
            tuple(map(one_line, notes)),
        )

    def people(self) -> dict[int, str]:
        """The numbers of the rows that stand for a person, each with the name."""
        raise NotImplementedError

    def signs(self, row: int) -> Mapping[str, list[str]]:
        """By what the person of `row` may be known: what stands there for `matching.SIGNS`."""
        raise NotImplementedError

    def columns(self) -> dict[str, int]:
        """Which column gets which lesson's points; the key "total" stands for all of them."""
        raise NotImplementedError

    def most(self, row: int, at: int) -> str:
        """What the file says of how many points this cell is; empty where it says nothing."""
        raise NotImplementedError

    def closed(self, row: int, at: int) -> str:
        """Why the platform takes no grade here; empty where it does."""
        return "the row is too short" if at >= len(self.sheet.rows[row]) else ""

    def scaled(self, grade: Grade, most: Most) -> str:
        text = number(grade.share * most.points)
        # The file's own numbers say what parts decimals. Where ; parts the cells, it is a comma.
        comma = most.sign == "," or (not most.sign and self.sheet.delimiter == ";")
        return text.replace(".", ",") if comma else text

    def title(self, at: int) -> str:
        return self.sheet.rows[0][at].value

    def only_one(self, *titles: str) -> None:
        """Raises WriteError where two columns have one of these titles: which one is meant?"""
        there = [cell.value.strip().casefold() for cell in self.sheet.rows[0]]
        for title in titles:
            if there.count(title.casefold()) > 1:
                raise WriteError(f"{self.roster} has two columns {title!r}: take one of them out")

    def of(self, row: int, *names: str) -> str:
        """What stands in `row` under the first of these titles that there is."""
        cells: tuple[Cell, ...] = self.sheet.rows[row]
        at = column(self.sheet.rows[0], *names)
        return cells[at].value.strip() if at is not None and at < len(cells) else ""


class Moodle(Filler):
    platform = "Moodle"
    # mod/assign/feedback/offline/importgradesform.php: "Out of range."
    above = "Moodle leaves it out when you upload"

    def people(self) -> dict[int, str]:
        rows = range(1, len(self.sheet.rows))
        return {row: self.name(row) for row in rows if len(self.sheet.rows[row]) > 1}

    def name(self, row: int) -> str:
        return self.full_name(row) or self.of(row, "Identifier", "Email address")

    def full_name(self, row: int) -> str:
        """Empty where Moodle hides the names from those who grade."""
        parts = f"{self.of(row, 'First name')} {self.of(row, 'Last name', 'Surname')}".strip()
        return self.of(row, "Full name") or parts

    def signs(self, row: int) -> Mapping[str, list[str]]:
        return {
            "number": [self.of(row, "Identifier")],
            "id": [self.of(row, "Identifier"), self.of(row, "ID number")],
            "email": [self.of(row, "Email address")],
            "login": [self.of(row, "Username"), self.of(row, "Email address")],
            "name": [self.full_name(row)],
        }

    def columns(self) -> dict[str, int]:
        self.only_one("Grade", "Maximum Grade", "Identifier", "Email address", "Full name")
        at = column(self.sheet.rows[0], "Grade")
        assert at is not None
        if not has(self.sheet.rows[0], "Maximum Grade"):
            raise WriteError(
                f"{self.roster} has no column 'Maximum Grade', so nobody knows of how many points "
                "a grade is. An assignment that is graded by a scale cannot be filled in: give it "
                "the type 'Point' in Moodle, and export the worksheet again"
            )
        return {self.lesson or TOTAL: at}

    def most(self, row: int, at: int) -> str:
        return self.of(row, "Maximum Grade")

    def closed(self, row: int, at: int) -> str:
        if self.of(row, "Grade can be changed").casefold() == "no":
            return "Moodle says that this grade cannot be changed"
        return super().closed(row, at)


class Canvas(Filler):
    """What an export looks like is in lib/gradebook_exporter.rb of Canvas."""

    platform = "Canvas"
    above = "is that meant?"

    def people(self) -> dict[int, str]:
        found = {}
        for row in range(1, len(self.sheet.rows)):
            name = self.name(row)
            if self.of(row, "ID") and name.casefold() not in CANVAS_PEOPLE:
                found[row] = name
        return found

    def signs(self, row: int) -> Mapping[str, list[str]]:
        login = self.of(row, "SIS Login ID")
        return {
            "number": [self.of(row, "ID")],
            "id": [self.of(row, "ID"), self.of(row, "SIS User ID")],
            "email": [login, self.of(row, "Email")],
            "login": [login],
            "name": [self.name(row)],
        }

    def name(self, row: int) -> str:
        parts = (self.of(row, "LastName"), self.of(row, "FirstName"))
        return self.of(row, "Student") or ", ".join(part for part in parts if part)

    def closed(self, row: int, at: int) -> str:
        there = self.sheet.rows[row][at].value.strip() if at < len(self.sheet.rows[row]) else ""
        if there == "EX":
            return f"Canvas says that this student is excused from {self.title(at)!r}"
        if there == "N/A":
            return f"Canvas says that {self.title(at)!r} is not for this student"
        return super().closed(row, at)

    def columns(self) -> dict[str, int]:
        wanted = {TOTAL: {TOTAL, "chatkit"}}
        for one in self.grades.lessons:
            wanted[one.name] = {
                *(one.name, one.step, one.title.casefold(), f"lesson {one.number}"),
                f"lesson {one.number}: {one.title.casefold()}",
            }
        if self.lesson:
            wanted = {self.lesson: wanted[self.lesson]}
        self.only_one("Student", "ID")
        found: dict[str, int] = {}
        for at, cell in enumerate(self.sheet.rows[0]):
            title = re.sub(r" \(\d+\)$", "", cell.value.strip()).casefold()
            for key, names in wanted.items():
                if title in names and key in found:
                    raise WriteError(
                        f"{self.roster} has two columns for {key}, {self.title(found[key])!r} and "
                        f"{cell.value!r}: give one of the assignments another name in Canvas, "
                        "and export the gradebook again"
                    )
                if title in names:
                    found[key] = at
        if not found:
            called = [repr(one.title) for one in self.grades.lessons if one.name in wanted]
            called += ["'Total'"] if TOTAL in wanted else []
            raise WriteError(
                f"{self.roster} has no column for a lesson: call an assignment in Canvas "
                f"{' or '.join(called)}, and export the gradebook again"
            )
        for at in found.values():
            if read_most(self.points_possible(at)) is None:
                raise WriteError(
                    f"{self.roster} does not say clearly how many points {self.title(at)!r} is "
                    f"worth (it says {self.points_possible(at)!r}): give the assignment points in "
                    "Canvas, and export the gradebook again"
                )
        return found

    def most(self, row: int, at: int) -> str:
        return self.points_possible(at)

    def points_possible(self, at: int) -> str:
        """The points of the assignment in this column; empty where the file does not say them.

        They stand above the first person, in the row "Points Possible", whose name depends on the
        language. No other row there has a number.
        """
        said = set()
        for row in range(1, len(self.sheet.rows)):
            if self.of(row, "ID"):
                break
            cells = self.sheet.rows[row]
            text = cells[at].value.strip() if at < len(cells) else ""
            if any(letter.isdigit() for letter in text):
                said.add(text)
        return " or ".join(sorted(said))


def has(header: Sequence[Cell], *names: str) -> bool:
    return column(header, *names) is not None


def _grade(row: StudentGrades, key: str) -> Grade | None:
    """The grade that goes out under `key`; None when there is nothing to say."""
    if key == TOTAL:
        return None if row.total is None or row.total.empty else row.total
    lesson = row.lessons.get(key)
    return lesson.grade if lesson and lesson.cell is not None else None
