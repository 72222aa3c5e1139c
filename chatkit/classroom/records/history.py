"""What changed over time: regrades of students, and how many failed which check in each run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chatkit.classroom.records.people import PeoplesEntries, plain


@dataclass(frozen=True)
class Regrade:
    """The score of one lesson of one student before and after it was graded again."""

    before: float
    after: float
    what: str  # the checks that changed, for people
    when: datetime


@dataclass(frozen=True)
class FailedCheck:
    """How many of those for whom a check was run failed it, in one run."""

    lesson: str
    id: str
    title: str
    tried: int  # students
    failed: int  # students
    cause: str  # the name of the misconception behind most of them; empty: none is known
    named: int  # students whose program shows this misconception
    sentence: str  # what was said to one of them


@dataclass(frozen=True)
class Run:
    """What one run found of the whole class."""

    number: int
    when: datetime
    failures: tuple[FailedCheck, ...]


class History(PeoplesEntries):
    """The part of a gradebook that says how it came to be so. Raises GradebookError."""

    def regraded(
        self, student: str, lesson: str, before: float, after: float, what: str, when: datetime
    ) -> None:
        """Note that the same programs were graded again, and found otherwise."""
        row = (plain(student), lesson, before, after, plain(what), when.isoformat())
        with self._writing():
            self._db.execute(
                "INSERT INTO regrade (student, lesson, before, after, what, moment) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )

    def regrades(self, student: str, lesson: str) -> tuple[Regrade, ...]:
        """All regrades of one lesson that changed something, the oldest first."""
        rows = self._rows(
            "SELECT before, after, what, moment FROM regrade "
            "WHERE student = ? AND lesson = ? ORDER BY number",
            (plain(student), lesson),
        )
        return tuple(
            Regrade(before, after, what, datetime.fromisoformat(moment))
            for before, after, what, moment in rows
        )

    def note_run(self, when: datetime, failures: Sequence[FailedCheck]) -> None:
        """Keep what a run found, unless it is what the run before it found."""
        before = self.runs()
        if not failures or (before and before[-1].failures == tuple(failures)):
            return
        with self._writing():
            self._db.execute("INSERT INTO run (moment) VALUES (?)", (when.isoformat(),))
            ((number,),) = self._rows("SELECT max(number) FROM run")
            self._db.executemany(
                "INSERT INTO failure VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        *(number, one.lesson, one.id, plain(one.title), one.tried, one.failed),
                        *(plain(one.cause), one.named, plain(one.sentence)),
                    )
                    for one in failures
                ],
            )

    def runs(self) -> tuple[Run, ...]:
        """What all runs found, the oldest first."""
        found: dict[int, list[FailedCheck]] = {}
        for number, *fields in self._rows("SELECT * FROM failure ORDER BY run, rowid"):
            found.setdefault(number, []).append(FailedCheck(*fields))
        rows = self._rows("SELECT number, moment FROM run ORDER BY number")
        return tuple(
            Run(number, datetime.fromisoformat(moment), tuple(found.get(number, ())))
            for number, moment in rows
        )
