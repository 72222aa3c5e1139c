"""Canvas's gradebook: a column for each assignment."""

import re
from collections.abc import Mapping

from chatkit._files import WriteError
from chatkit.classroom.rosters.maximum import read_most
from chatkit.classroom.rosters.platforms import TOTAL, Filler

CANVAS_PEOPLE = ("student, test", "test student")  # Canvas makes one up in every course


class Canvas(Filler):
    """What an export looks like is in lib/gradebook_exporter.rb of Canvas."""

    platform = "Canvas"
    above = "is that meant?"

    def people(self) -> dict[int, str]:
        found = {}
        for row in range(1, len(self.sheet.rows)):
            name = self.name(row)
            if self.cell(row, self.at("id", "ID")) and name.casefold() not in CANVAS_PEOPLE:
                found[row] = name
        return found

    def signs(self, row: int) -> Mapping[str, list[str]]:
        login = self.of(row, "SIS Login ID")
        return {
            "number": [self.cell(row, self.at("id", "ID"))],
            "id": [self.cell(row, self.at("id", "ID")), self.of(row, "SIS User ID")],
            "email": [login, self.of(row, "Email")],
            "login": [login],
            "name": [self.name(row)],
        }

    def name(self, row: int) -> str:
        parts = (self.of(row, "LastName"), self.of(row, "FirstName"))
        student = self.cell(row, self.at("student", "Student"))
        return student or ", ".join(part for part in parts if part)

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
        found = {
            key: at
            for key, names in wanted.items()
            for name in (key, *sorted(names))
            if name in self.named and (at := self.at(name)) is not None
        }
        if found:
            return self.worth_something(found)
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
        return self.worth_something(found)

    def worth_something(self, found: dict[str, int]) -> dict[str, int]:
        """The columns, when the file says of each how many points it is. Raises WriteError."""
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
            if self.cell(row, self.at("id", "ID")):
                break
            cells = self.sheet.rows[row]
            text = cells[at].value.strip() if at < len(cells) else ""
            if any(letter.isdigit() for letter in text):
                said.add(text)
        return " or ".join(sorted(said))
