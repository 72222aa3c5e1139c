"""Points and words that a person adds to a lesson of a student. No regrade takes them away."""

from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from math import isfinite

from chatkit.classroom.database import Database, GradebookError


@dataclass(frozen=True)
class Adjustment:
    """Points that a person adds to a lesson of a student, or takes away."""

    points: float
    why: str
    when: datetime
    who: str


@dataclass(frozen=True)
class Note:
    """What a person has to say about a lesson of a student."""

    text: str
    when: datetime
    who: str


class PeoplesEntries(Database):
    """The part of a gradebook that people write themselves. Raises GradebookError."""

    # Adjustments

    def adjust(
        self, student: str, lesson: str, points: float, why: str, when: datetime, who: str
    ) -> None:
        """Add `points`, which may be negative, to a lesson. No regrade takes them away.

        Raises GradebookError for an unknown student, no reason, or points that are not a number.
        """
        if not why.strip():
            raise GradebookError("an adjustment needs a reason: the student will read it")
        if not isfinite(points):
            raise GradebookError(f"an adjustment needs a number of points, not {points}")
        row = (plain(student), lesson, points, plain(why), when.isoformat(), plain(who))
        with self._writing():
            self._known(student)
            self._db.execute(
                "INSERT INTO adjustment (student, lesson, points, why, moment, who) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )

    def take_back(self, student: str, lesson: str, points: float | None = None) -> Adjustment:
        """Remove an adjustment of a lesson, as if it had never been; returns what it was.

        With `points` it is the newest one of so many points. Without, there must be only one.
        Raises GradebookError when there is no such one, or when several may be meant.
        """
        with self._writing():
            self._known(student)
            rows = self._db.execute(
                "SELECT number, points, why, moment, who FROM adjustment "
                "WHERE student = ? AND lesson = ? ORDER BY number",
                (plain(student), lesson),
            ).fetchall()
            fitting = [row for row in rows if points is None or row[1] == points]
            listed = ", ".join(f"{row[1]:+g}" for row in rows)
            if not rows:
                raise GradebookError(f"{student} has no adjustment in {lesson}")
            if not fitting:
                raise GradebookError(
                    f"{student} has no adjustment of {points:+g} in {lesson}. There are: {listed}"
                )
            if points is None and len(rows) > 1:
                raise GradebookError(
                    f"{student} has several adjustments in {lesson}: name the points. "
                    f"There are: {listed}"
                )
            number, *fields = fitting[-1]
            self._db.execute("DELETE FROM adjustment WHERE number = ?", (number,))
            return _adjustment(*fields)

    def adjustments(self, student: str, lesson: str) -> tuple[Adjustment, ...]:
        """All adjustments of one lesson, the oldest first."""
        rows = self._rows(
            "SELECT points, why, moment, who FROM adjustment "
            "WHERE student = ? AND lesson = ? ORDER BY number",
            (plain(student), lesson),
        )
        return tuple(_adjustment(*row) for row in rows)

    # Who is who

    def rename(self, old: str, new: str) -> bool:
        """Give all that is known of `old` to `new`; returns whether there was such a student.

        What both have handed in is kept once, as `new` has it.
        """
        ids = (plain(new), plain(old))
        if old == new or not self._rows("SELECT 1 FROM student WHERE id = ?", ids[1:]):
            return False
        with self._writing():
            self._db.execute(
                "INSERT OR IGNORE INTO student SELECT ?, name, number FROM student WHERE id = ?",
                ids,
            )
            self._db.execute("UPDATE OR IGNORE handin SET student = ? WHERE student = ?", ids)
            self._db.execute("DELETE FROM handin WHERE student = ?", ids[1:])
            for table in ("adjustment", "note", "regrade"):
                self._db.execute(f"UPDATE {table} SET student = ? WHERE student = ?", ids)
            self._db.execute("DELETE FROM student WHERE id = ?", ids[1:])
        return True

    # Notes

    def note(self, student: str, lesson: str, text: str, when: datetime, who: str) -> None:
        """Put words on a lesson of a student. Raises GradebookError for nobody, or no words."""
        if not text.strip():
            raise GradebookError("a note needs words: the student will read them")
        row = (plain(student), lesson, plain(text), when.isoformat(), plain(who))
        with self._writing():
            self._known(student)
            self._db.execute(
                "INSERT INTO note (student, lesson, text, moment, who) VALUES (?, ?, ?, ?, ?)", row
            )

    def notes(self, student: str, lesson: str) -> tuple[Note, ...]:
        """All notes on one lesson, the oldest first."""
        rows = self._rows(
            "SELECT text, moment, who FROM note WHERE student = ? AND lesson = ? ORDER BY number",
            (plain(student), lesson),
        )
        return tuple(Note(text, datetime.fromisoformat(when), who) for text, when, who in rows)

    def remove_note(self, student: str, lesson: str) -> Note:
        """Take the newest note on a lesson away, and return it. Raises GradebookError."""
        there = self.notes(student, lesson)
        with self._writing():
            self._known(student)
            if not there:
                raise GradebookError(f"{student} has no note on {lesson}")
            self._db.execute(
                "DELETE FROM note WHERE number = (SELECT max(number) FROM note "
                "WHERE student = ? AND lesson = ?)",
                (plain(student), lesson),
            )
        return there[-1]

    def _known(self, student: str) -> None:
        ids = [id for (id,) in self._rows("SELECT id FROM student")]
        if plain(student) not in ids:
            low = {id.casefold(): id for id in reversed(ids)}
            near = get_close_matches(student, ids, n=1)
            near = [low[student.casefold()]] if student.casefold() in low else near
            guess = f" Did you mean {near[0]!r}?" if near else ""
            raise GradebookError(f"the gradebook has no student {student!r}.{guess}")


def _adjustment(points: float, why: str, moment: str, who: str) -> Adjustment:
    return Adjustment(points, why, datetime.fromisoformat(moment), who)


def plain(text: str) -> str:
    """`text` without what SQLite cannot keep: half characters, as strange file names have them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
