"""How grades go into the file of a platform; what the file looks like say `moodle`, `canvas`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chatkit._files import WriteError, write_whole
from chatkit._text import one_line
from chatkit.classroom.gradebook import Student
from chatkit.classroom.grades import ClassGrades, StudentGrades
from chatkit.classroom.people.lists import Lists
from chatkit.classroom.rosters.csvedit import Cell, Sheet, column
from chatkit.classroom.rosters.matching import Matches, matches
from chatkit.classroom.rosters.maximum import Most, read_most
from chatkit.classroom.rules import Grade, number

TOTAL = "total"


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
    named: Mapping[str, str] = field(default_factory=dict)  # what -> the title of its column
    comments: bool = False  # whether feedback goes into an empty column for it
    lists: Lists = field(default_factory=Lists)
    platform = ""
    above = ""  # what becomes of a grade above the maximum

    def fill(self, target: Path) -> Filled:
        people = self.people()
        students = [row.student for row in self.grades.students]
        names = {one.id: f"{one.name} ({one.id})" for one in students}
        columns = self.columns()
        found = self.matched(students)
        cells: dict[tuple[int, int], str] = {}
        left = list(found.nobody.items())
        notes = [f"column {self.title(at)!r}: {key}" for key, at in columns.items()]
        for one in self.grades.students:
            if one.student.id not in found.rows:
                continue
            if one.student.id in self.grades.rules.hold:
                left.append((one.student.id, "held back, as class.toml says"))
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
                    cells |= self.comment(row, one, key)
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

    def matched(self, students: Sequence[Student]) -> Matches:
        """Which row is whose."""
        return matches(students, {row: self.signs(row) for row in self.people()}, self.lists)

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

    def comment(self, row: int, one: StudentGrades, key: str) -> dict[tuple[int, int], str]:
        """The cell for a comment, where the platform has one and it is asked for."""
        return {}

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

    def at(self, what: str, *titles: str) -> int | None:
        """The number of a column: as the instructor named it, or by one of its titles."""
        if what in self.named:
            found = column(self.sheet.rows[0], self.named[what])
            if found is None:
                titled = ", ".join(cell.value for cell in self.sheet.rows[0])
                raise WriteError(
                    f"{self.roster} has no column {self.named[what]!r} for {what}. "
                    f"There are: {titled}"
                )
            return found
        return column(self.sheet.rows[0], *titles)

    def cell(self, row: int, at: int | None) -> str:
        """What stands in a cell; empty where there is none."""
        cells: tuple[Cell, ...] = self.sheet.rows[row]
        return cells[at].value.strip() if at is not None and at < len(cells) else ""

    def of(self, row: int, *names: str) -> str:
        """What stands in `row` under the first of these titles that there is."""
        return self.cell(row, column(self.sheet.rows[0], *names))


def has(header: Sequence[Cell], *names: str) -> bool:
    return column(header, *names) is not None


def _grade(row: StudentGrades, key: str) -> Grade | None:
    """The grade that goes out under `key`; None when there is nothing to say."""
    if key == TOTAL:
        return None if row.total is None or row.total.empty else row.total
    lesson = row.lessons.get(key)
    return lesson.grade if lesson and lesson.cell is not None else None
