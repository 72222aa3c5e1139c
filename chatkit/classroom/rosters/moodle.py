"""Moodle's grading worksheet, in any language.

The titles of its columns are in the language of whoever exported it. Those below were read in the
sources of Moodle 4 (mod/assign/lang/en/assign.php, lang/en/moodle.php) and in the language packs
de, fr, es as projectestac/moodle-langpacks has them (commit 6340d351); "Estatus" and "puede
cambiarse" are those of es_mx. In other languages the columns are known by what is in them, for
their order is always the same: `assign_grading_table` in mod/assign/gradingtable.php.
"""

import re
from collections.abc import Mapping, Sequence

from chatkit._files import WriteError
from chatkit.classroom.gradebook import Student
from chatkit.classroom.grades import StudentGrades
from chatkit.classroom.reports.words import feedback_words
from chatkit.classroom.rosters.csvedit import Cell, column
from chatkit.classroom.rosters.platforms import TOTAL, Filler

TITLES: Mapping[str, tuple[str, ...]] = {
    "identifier": ("Identifier", "ID", "Identifiant", "Identificador"),
    "name": ("Full name", "Vollständiger Name", "Nom complet", "Nombre completo"),
    "email": (*("Email address", "E-Mail-Adresse", "Adresse de courriel", "Dirección de correo"),),
    "status": ("Status", "Statut", "Estado", "Estatus"),
    "grade": ("Grade", "Bewertung", "Note", "Calificación"),
    "maximum": ("Maximum Grade", "Bestwertung", "Note maximale", "Calificación máxima"),
    "changeable": (
        *("Grade can be changed", "Bewertung kann geändert werden", "La note peut être modifiée"),
        *("La calificación puede ser cambiada", "La calificación puede cambiarse"),
    ),
    "submitted": (
        *("Last modified (submission)", "Zuletzt geändert (Abgabe)"),
        *("Dernière modification (travail remis)", "Última modificación (entrega)"),
    ),
    "feedback": (
        *("Feedback comments", "Feedback als Kommentar", "Feedback par commentaires"),
        "Comentarios de retroalimentación",
    ),
}
FIRST_NAMES = ("First name", "Vorname", "Prénom", "Nombre")
LAST_NAMES = ("Last name", "Surname", "Nachname", "Nom de famille", "Apellido(s)")
ID_NUMBERS = ("ID number", "ID-Nummer", "Numéro d’identification", "Número de ID")
LOGINS = ("Username", "Anmeldename", "Nom d’utilisateur", "Nombre de usuario")
IDENTIFIER = re.compile(r"\D*(\d+)")  # "Participant 1001", "Teilnehmer/in1001"
NOT_CHANGED = ("no", "nein", "non")


def is_worksheet(header: tuple[Cell, ...], rows: tuple[tuple[Cell, ...], ...]) -> bool:
    """Whether a file is a worksheet, by its titles or by its shape."""
    named = {what: column(header, *titles) for what, titles in TITLES.items()}
    known = named["identifier"] is not None or named["email"] is not None
    if known and named["grade"] is not None:
        return True
    return shape(rows) is not None


def shape(rows: tuple[tuple[Cell, ...], ...]) -> dict[str, int] | None:
    """Where the columns are, by what is in them; None where it is no worksheet.

    First the identifiers, one text with a number each; then a column with one "@" in each cell;
    then, after the grades, the maximum, the same number in every row.
    """
    if len(rows) < 2 or len(rows[0]) < 5:
        return None
    columns = [
        [row[at].value.strip() if at < len(row) else "" for row in rows[1:] if len(row) > 1]
        for at in range(len(rows[0]))
    ]
    texts = {re.sub(r"\d+$", "", text) for text in columns[0]}
    numbered = all(IDENTIFIER.fullmatch(text) for text in columns[0]) and len(texts) == 1
    if not numbered or not columns[0] or len(set(columns[0])) < len(columns[0]):
        return None
    email = next((at for at, cells in enumerate(columns) if all("@" in one for one in cells)), None)
    most = next(
        (
            at
            for at, cells in enumerate(columns[:-1])
            if at > 1 and len(set(cells)) == 1 and re.fullmatch(r"\d+([.,]\d+)?", cells[0])
        ),
        None,
    )
    if email is None or most is None or most - 1 <= email:
        return None
    found = {"identifier": 0, "email": email, "grade": most - 1, "maximum": most}
    found |= {"changeable": most + 1}
    if email > 1:
        found["name"] = email - 1
    if len(columns) > most + 2:
        found["submitted"] = most + 2
    return found


class Moodle(Filler):
    platform = "Moodle"
    # mod/assign/feedback/offline/importgradesform.php: "Out of range."
    above = "Moodle leaves it out when you upload"

    def place(self, what: str) -> int | None:
        """The number of a column of `TITLES`; None where there is none."""
        found = self.at(what, *TITLES[what])
        if found is None and column(self.sheet.rows[0], *TITLES["grade"]) is None:
            found = (shape(self.sheet.rows) or {}).get(what)
        return found

    def people(self) -> dict[int, str]:
        rows = range(1, len(self.sheet.rows))
        return {row: self.name(row) for row in rows if len(self.sheet.rows[row]) > 1}

    def name(self, row: int) -> str:
        return self.full_name(row) or self.cell(row, self.place("identifier"))

    def full_name(self, row: int) -> str:
        """Empty where Moodle hides the names from those who grade."""
        parts = f"{self.of(row, *FIRST_NAMES)} {self.of(row, *LAST_NAMES)}".strip()
        return self.cell(row, self.place("name")) or parts

    def number(self, row: int) -> str:
        """The number of the participant, without the word before it."""
        said = IDENTIFIER.fullmatch(self.cell(row, self.place("identifier")))
        return said[1] if said else ""

    def signs(self, row: int) -> Mapping[str, list[str]]:
        email = self.cell(row, self.place("email"))
        return {
            "number": [self.number(row)],
            "id": [self.number(row), self.of(row, *ID_NUMBERS)],
            "email": [email],
            "login": [self.of(row, *LOGINS), email],
            "name": [self.full_name(row)],
        }

    def columns(self) -> dict[str, int]:
        for what in ("grade", "maximum", "identifier", "email", "name"):
            if what not in self.named:
                self.only_one(*TITLES[what])
        at = self.place("grade")
        if at is None:
            raise WriteError(
                f"{self.roster}: nobody knows which column takes the grade. Say it with "
                '--column "grade=TITLE"'
            )
        if self.place("maximum") is None:
            raise WriteError(
                f"{self.roster} has no column 'Maximum Grade', so nobody knows of how many points "
                "a grade is. An assignment that is graded by a scale cannot be filled in: give it "
                "the type 'Point' in Moodle, and export the worksheet again"
            )
        return {self.lesson or TOTAL: at}

    def most(self, row: int, at: int) -> str:
        return self.cell(row, self.place("maximum"))

    def closed(self, row: int, at: int) -> str:
        if self.cell(row, self.place("changeable")).casefold() in NOT_CHANGED:
            return "Moodle says that this grade cannot be changed"
        return super().closed(row, at)

    def comment(self, row: int, one: StudentGrades, key: str) -> dict[tuple[int, int], str]:
        at = self.place("feedback")
        if not self.comments or at is None or at >= len(self.sheet.rows[row]):
            return {}
        if self.cell(row, at):
            return {}  # what a person wrote there stays
        return {(row, at): feedback_words(one, None if key == TOTAL else key)}

    def submitted(self, students: Sequence[Student]) -> dict[str, str]:
        """When each of the students handed in, as the worksheet says it, by id."""
        at = self.place("submitted")
        told = {id: self.cell(row, at) for id, row in self.matched(students).rows.items()}
        return {id: came for id, came in told.items() if came}

    def replies(self, students: Sequence[Student]) -> dict[str, str]:
        """The folder in which Moodle takes feedback files for each of the students, by id.

        Also for the members of a group, whose hand-in has the name and number of the group.
        """
        rows = self.matched(students).rows
        return {
            id: f"{self.name(row)}_{self.number(row)}_assignfeedback_file_"
            for id, row in rows.items()
            if self.number(row)
        }
