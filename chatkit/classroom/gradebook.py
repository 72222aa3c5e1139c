"""The gradebook: students, hand-ins, verdicts and manual adjustments, in one SQLite file.

How the file is locked and kept whole says `database`; its tables are in `tables`.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from math import isfinite
from pathlib import Path

from chatkit.classroom.database import Database, GradebookError
from chatkit.grading.verdict import LessonVerdict, check_as_json, lesson_from_json

__all__ = [
    "FILE",
    "Adjustment",
    "Gradebook",
    "GradebookError",
    "HandIn",
    "Student",
    "open_gradebook",
]

FILE = "gradebook.sqlite"


@dataclass(frozen=True)
class Student:
    """Who handed something in."""

    id: str
    name: str
    number: str = ""  # the learning platform's own number for the student


@dataclass(frozen=True)
class HandIn:
    """What a student handed in for one lesson, at one time."""

    late: bool = False
    source: str = ""  # where it came from, for people
    remarks: tuple[str, ...] = ()
    key: str = ""  # of its grade, see gradekey.py; empty when nothing could be graded
    trouble: str = ""  # why nothing could be graded; empty when it could


@dataclass(frozen=True)
class Adjustment:
    """Points that a person adds to a lesson of a student, or takes away."""

    points: float
    why: str
    when: datetime
    who: str


@contextmanager
def open_gradebook(file: Path) -> Iterator["Gradebook"]:
    """The gradebook in `file`, made if there is none. Raises GradebookError, changing nothing."""
    with Gradebook(file) as book:
        yield book


class Gradebook(Database):
    """One open gradebook. Every method that writes has committed when it returns.

    Threads may share it. Processes may not: a worker that is forked while the gradebook is open
    must not touch it. Every method raises GradebookError when the file cannot be read or written;
    what was committed before stays.
    """

    # Students

    def enrol(self, student: Student) -> None:
        """Enter `student`, or write what is known about this id now."""
        row = (_text(student.id), _text(student.name), _text(student.number))
        with self._writing():
            self._db.execute(
                "INSERT INTO student VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "name = excluded.name, number = excluded.number",
                row,
            )

    def students(self) -> tuple[Student, ...]:
        """All students, by name."""
        found = [Student(*row) for row in self._rows("SELECT id, name, number FROM student")]
        return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.name, one.id)))

    # Lessons of the class

    def ask(self, lessons: Iterable[str]) -> None:
        """Let these lessons count for everybody from now on, also for those without one."""
        with self._writing():
            self._db.executemany(
                "INSERT OR IGNORE INTO asked VALUES (?)", [(lesson,) for lesson in lessons]
            )

    def asked(self) -> tuple[str, ...]:
        """The lessons that runs have asked for, in order."""
        return tuple(lesson for (lesson,) in self._rows("SELECT lesson FROM asked ORDER BY lesson"))

    def lessons(self) -> tuple[str, ...]:
        """All lessons of which anything is known: asked for, handed in, graded, adjusted."""
        tables = ("asked", "handin", "lesson", "adjustment")
        rows = self._rows(" UNION ".join(f"SELECT lesson FROM {table}" for table in tables))
        return tuple(sorted(lesson for (lesson,) in rows))

    # Hand-ins

    def hand_in(self, student: str, lesson: str, what: HandIn) -> None:
        """Note the newest hand-in. A verdict on an earlier one stands until `keep` replaces it.

        Where the verdict is on these very programs, they count as handed in now: a program that
        comes again, and late this time, is late. Raises GradebookError when the student is not
        enrolled.
        """
        about = (what.late, _text(what.source), json.dumps(what.remarks))
        with self._writing():
            self._known(student)
            self._db.execute(
                "INSERT OR REPLACE INTO handin VALUES (?, ?, ?, ?, ?, ?, ?)",
                (_text(student), lesson, what.key, *about, _text(what.trouble)),
            )
            self._db.execute(
                "UPDATE lesson SET late = ?, source = ?, remarks = ? "
                "WHERE student = ? AND lesson = ? AND key = ?",
                (*about, _text(student), lesson, what.key),
            )

    def newest(self, student: str, lesson: str) -> HandIn | None:
        """The newest hand-in, graded or not; None when nothing was handed in."""
        rows = self._rows(
            "SELECT late, source, remarks, key, trouble FROM handin "
            "WHERE student = ? AND lesson = ?",
            (_text(student), lesson),
        )
        return _hand_in(*rows[0]) if rows else None

    def graded(self, student: str, lesson: str) -> HandIn | None:
        """The hand-in that the verdict is on; None when the lesson is not graded."""
        rows = self._rows(
            "SELECT late, source, remarks, key, '' FROM lesson WHERE student = ? AND lesson = ?",
            (_text(student), lesson),
        )
        return _hand_in(*rows[0]) if rows else None

    # Verdicts

    def keep(self, student: str, lesson: str, key: str, seed: str, found: LessonVerdict) -> None:
        """Keep all that was found of `lesson`, in place of what was found before.

        `key` comes from `grade_key`. The verdict is on the hand-in that was noted last. Raises
        GradebookError when the student is not enrolled.
        """
        of = self.newest(student, lesson) or HandIn()
        about = (of.late, _text(of.source), json.dumps(of.remarks))
        with self._writing():
            self._known(student)
            self._db.execute(
                "DELETE FROM lesson WHERE student = ? AND lesson = ?", (_text(student), lesson)
            )
            self._db.execute(
                "INSERT INTO lesson VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(_text(student), lesson, key, seed),
                    *(found.title, found.seconds, found.isolation, *about),
                ),
            )
            for place, verdict in enumerate(found.checks):
                fields = {**check_as_json(verdict), "output": verdict.output}
                self._db.execute(
                    "INSERT INTO verdict VALUES (?, ?, ?, ?, ?)",
                    (_text(student), lesson, place, verdict.id, json.dumps(fields)),
                )

    def is_done(self, student: str, lesson: str, key: str) -> bool:
        """Whether the lesson has been graded under this very key."""
        rows = self._rows(
            "SELECT 1 FROM lesson WHERE student = ? AND lesson = ? AND key = ?",
            (_text(student), lesson, key),
        )
        return bool(rows)

    def seed(self, student: str, lesson: str) -> str | None:
        """The seed with which the lesson was graded, None when it was not."""
        found = (_text(student), lesson)
        rows = self._rows("SELECT seed FROM lesson WHERE student = ? AND lesson = ?", found)
        return str(rows[0][0]) if rows else None

    def lesson_verdict(self, student: str, lesson: str) -> LessonVerdict | None:
        """What was given to `keep`, exactly; None when the lesson is not graded."""
        found = (_text(student), lesson)
        with self._lock:
            about = self._rows(
                "SELECT title, seconds, isolation FROM lesson WHERE student = ? AND lesson = ?",
                found,
            )
            checks = self._rows(
                "SELECT verdict FROM verdict WHERE student = ? AND lesson = ? ORDER BY place", found
            )
        if not about:
            return None
        title, seconds, isolation = about[0]
        fields = {"lesson": lesson, "title": title, "seconds": seconds, "isolation": isolation}
        verdicts = [json.loads(check) for (check,) in checks]
        return lesson_from_json({**fields, "output": "", "checks": verdicts})

    # Adjustments

    def adjust(
        self, student: str, lesson: str, points: float, why: str, when: datetime, who: str
    ) -> None:
        """Add `points`, which may be negative, to a lesson. No regrade takes them away.

        Raises GradebookError for an unknown student, no reason, or points that are no number.
        """
        if not why.strip():
            raise GradebookError("an adjustment needs a reason: the student will read it")
        if not isfinite(points):
            raise GradebookError(f"an adjustment needs a number of points, not {points}")
        row = (_text(student), lesson, points, _text(why), when.isoformat(), _text(who))
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
                (_text(student), lesson),
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
            (_text(student), lesson),
        )
        return tuple(_adjustment(*row) for row in rows)

    # Inside

    def _known(self, student: str) -> None:
        ids = [id for (id,) in self._rows("SELECT id FROM student")]
        if _text(student) not in ids:
            near = get_close_matches(student, ids, n=1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            raise GradebookError(f"the gradebook has no student {student!r}.{guess}")


def _hand_in(late: int, source: str, remarks: str, key: str, trouble: str) -> HandIn:
    return HandIn(bool(late), source, tuple(json.loads(remarks)), key, trouble)


def _adjustment(points: float, why: str, moment: str, who: str) -> Adjustment:
    return Adjustment(points, why, datetime.fromisoformat(moment), who)


def _text(text: str) -> str:
    """`text` without what SQLite cannot keep: half characters, as strange file names have them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
