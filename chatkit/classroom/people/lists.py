"""The lists that an instructor keeps beside the submissions: people.csv, groups.csv.

    id,name,email,github,moodle,canvas
    ada,Ada Lovelace,ada@example.org,adalove,1001 1742,2001

    group,student
    team-1,ada

The cells may be parted by commas, semicolons or tabs. Only `id` is needed. In `moodle` several
numbers may stand, with blanks between: Moodle gives new ones in each assignment. The roster that
GitHub Classroom exports, classroom_roster.csv, is read too: its columns are identifier,
github_username, github_id and name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chatkit._errors import UserError
from chatkit.classroom.rosters.csvedit import column, read_sheet
from chatkit.classroom.submissions.layouts import safe_id

PEOPLE, GROUPS, GITHUB = "people.csv", "groups.csv", "classroom_roster.csv"
LISTS = (PEOPLE, GITHUB, GROUPS)  # what an instructor may put beside the submissions
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "identifier"),
    "name": ("name", "full name"),
    "email": ("email", "e-mail", "mail", "email address"),
    "github": ("github", "github_username", "github login"),
    "moodle": ("moodle", "moodle number"),
    "canvas": ("canvas", "canvas id"),
}


class ListError(UserError):
    """A list cannot be used; the message names the file, the row and the cure."""


@dataclass(frozen=True)
class Person:
    """One student, under all the names that platforms have for them."""

    id: str
    name: str = ""
    email: str = ""
    github: str = ""
    moodle: tuple[str, ...] = ()  # numbers of participants
    canvas: str = ""


@dataclass(frozen=True)
class Lists:
    """What an instructor wrote down about the students of a class."""

    people: tuple[Person, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # group -> ids of members

    def person(self, id: str) -> Person | None:
        return next((one for one in self.people if one.id == id), None)


def read_lists(folders: Sequence[Path]) -> Lists:
    """The lists in the first of `folders` that has each. Raises ListError."""
    people = _first(folders, (PEOPLE, GITHUB))
    groups = _first(folders, (GROUPS,))
    known = _people(people) if people else ()
    return Lists(known, _groups(groups, known) if groups else {})


def files_of(folder: Path) -> list[Path]:
    """The lists that lie in `folder`."""
    return [folder / name for name in LISTS if (folder / name).is_file()]


def _first(folders: Sequence[Path], names: Sequence[str]) -> Path | None:
    there = (folder / name for folder in folders for name in names)
    return next((file for file in there if file.is_file()), None)


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows of a list that are not empty, by number, each by the titles of the columns."""
    try:
        sheet = read_sheet(file.read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        raise ListError(f"{file} cannot be read: {error}") from None
    if not sheet.rows:
        raise ListError(f"{file} is empty: its first row names the columns")
    titles = [cell.value.strip().casefold() for cell in sheet.rows[0]]
    found = []
    for number, row in enumerate(sheet.rows[1:], 2):
        cells = [cell.value.strip() for cell in row]
        if any(cells):
            found.append((number, dict(zip(titles, cells, strict=False))))
    return found


def _people(file: Path) -> tuple[Person, ...]:
    rows = _rows(file)
    head = read_sheet(file.read_bytes()).rows[0]
    if column(head, *COLUMNS["id"]) is None:
        raise ListError(f"{file} has no column id: its first row is id,name,email,github,moodle")
    found: dict[str, Person] = {}
    taken: dict[tuple[str, str], str] = {}
    for number, row in rows:
        facts = {
            name: next((row[title] for title in titles if row.get(title)), "")
            for name, titles in COLUMNS.items()
        }
        if not facts["id"]:
            raise ListError(f"{file}, row {number}: there is no id")
        id = safe_id(facts["id"])
        if id in found:
            raise ListError(f"{file}, row {number}: {id} is there twice: keep one of the rows")
        one = Person(
            id,
            facts["name"],
            facts["email"],
            facts["github"],
            tuple(facts["moodle"].split()),
            facts["canvas"],
        )
        signs = [("github", one.github.casefold()), ("canvas", one.canvas)]
        for sign, text in [*signs, *(("moodle", text) for text in one.moodle)]:
            if text and (sign, text) in taken:
                also = taken[sign, text]
                raise ListError(
                    f"{file}, row {number}: {id} and {also} have the same {sign}, {text}"
                )
            taken[sign, text] = id
        found[id] = one
    return tuple(found.values())


def _groups(file: Path, people: Sequence[Person]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    where: dict[str, str] = {}
    ids = {one.id for one in people}
    for number, row in _rows(file):
        group, student = row.get("group", ""), row.get("student", row.get("id", ""))
        if not group or not student:
            raise ListError(f"{file}, row {number}: each row has a group and a student")
        id = safe_id(student)
        if people and id not in ids:
            raise ListError(f"{file}, row {number}: people.csv has no student {student}")
        if id in where and where[id] != group:
            raise ListError(f"{file}, row {number}: {id} is in {where[id]} and in {group}")
        where[id] = group
        members = found.setdefault(group, [])
        if id not in members:
            members.append(id)
    return {group: tuple(members) for group, members in found.items()}
