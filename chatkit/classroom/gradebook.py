"""The gradebook: one SQLite file that keeps students, verdicts and manual adjustments.

One process at a time has it open, and holds SQLite's exclusive lock until it closes the file or
dies; the system takes the lock from the dead. So two runs never mix, and no lock file stays behind.

The journal is SQLite's rollback journal, not WAL. WAL lets others read while one writes, which the
exclusive lock forbids anyway. It keeps new verdicts in a second file, so a copy of the gradebook
alone would lack them, and it needs shared memory, which network folders do not have. With
`synchronous = FULL` a commit that has returned survives a power cut. The journal is emptied after
each commit and deleted only by us at the end: in SQLite's usual mode, a forked child that ends
would delete it under the parent, whose next commit could then be torn by a kill.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from chatkit._errors import UserError
from chatkit.grading.verdict import LessonVerdict, check_as_json, lesson_from_json

FILE = "gradebook.sqlite"
VERSION = 2  # of the tables below; it changes when they change
APPLICATION = 0x63686174  # "chat": tells our files from other people's SQLite files
PATIENCE = 1.0  # seconds to wait for somebody who only looks something up

TABLES = """
CREATE TABLE student (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, late INTEGER NOT NULL, source TEXT NOT NULL,
    remarks TEXT NOT NULL, lessons TEXT NOT NULL, number TEXT NOT NULL
);
CREATE TABLE lesson (
    student TEXT NOT NULL REFERENCES student (id), lesson TEXT NOT NULL, key TEXT NOT NULL,
    seed TEXT NOT NULL, title TEXT NOT NULL, seconds REAL NOT NULL, isolation TEXT NOT NULL,
    PRIMARY KEY (student, lesson)
);
CREATE TABLE verdict (
    student TEXT NOT NULL, lesson TEXT NOT NULL, place INTEGER NOT NULL, id TEXT NOT NULL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (student, lesson, id),
    FOREIGN KEY (student, lesson) REFERENCES lesson (student, lesson) ON DELETE CASCADE
);
CREATE TABLE adjustment (
    number INTEGER PRIMARY KEY, student TEXT NOT NULL, lesson TEXT NOT NULL, points REAL NOT NULL,
    why TEXT NOT NULL, moment TEXT NOT NULL, who TEXT NOT NULL
);
"""


class GradebookError(UserError):
    """The gradebook cannot be used so; the message is one line and says what to do."""


@dataclass(frozen=True)
class Student:
    """Who handed something in."""

    id: str
    name: str
    late: bool = False
    source: str = ""  # where the submission came from
    remarks: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()  # the names of the lessons that were handed in
    number: str = ""  # the learning platform's own number for the student


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


class Gradebook:
    """One open gradebook. Every method that writes has committed when it returns.

    Threads may share it. Processes may not: a worker that is forked while the gradebook is open
    must not touch it. Every method raises GradebookError when the file cannot be read or written;
    what was committed before stays.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.RLock()
        self._owner = os.getpid()
        try:
            self._db = sqlite3.connect(
                file, timeout=PATIENCE, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise _told(error, file) from None
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise _told(error, file) from None
        except GradebookError:
            self._db.close()
            raise

    def _prepare(self) -> None:
        """Take the lock, and make sure that the file is ours and can be written."""
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        with self._transaction("EXCLUSIVE"):
            (application,) = self._db.execute("PRAGMA application_id").fetchone()
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if application != APPLICATION and (tables or application or version):
                raise GradebookError(
                    f"{self.file} is a database of another program: choose another folder"
                )
            if tables and version != VERSION:
                raise GradebookError(
                    f"{self.file} was made by another version of chatkit (it has format {version}, "
                    f"this one needs {VERSION}): use that version, or choose another folder"
                )
            if not tables:
                for statement in TABLES.split(";"):
                    self._db.execute(statement)
            # Writes the same numbers again where they stand: a folder that cannot be written shows
            # itself now, and not after the first lesson.
            self._db.execute(f"PRAGMA application_id = {APPLICATION}")
            self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("PRAGMA journal_mode = TRUNCATE")  # not before we know that it is ours

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. Closing twice does no harm."""
        with self._lock:
            if os.getpid() == self._owner:
                with suppress(sqlite3.Error):  # closed before, or the disk is gone
                    self._db.execute("PRAGMA journal_mode = DELETE")
                self._db.close()

    # Students

    def enrol(self, student: Student) -> None:
        """Enter `student`, or write what is known about this id now."""
        row = (
            _text(student.id),
            _text(student.name),
            student.late,
            _text(student.source),
            json.dumps(student.remarks),
            json.dumps(student.lessons),
            _text(student.number),
        )
        with self._writing():
            self._db.execute(
                "INSERT INTO student VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "name = excluded.name, late = excluded.late, source = excluded.source, "
                "remarks = excluded.remarks, lessons = excluded.lessons, number = excluded.number",
                row,
            )

    def students(self) -> tuple[Student, ...]:
        """All students, by name."""
        rows = self._rows("SELECT * FROM student")
        found = [
            Student(id, name, bool(late), source, _names(remarks), _names(lessons), number)
            for id, name, late, source, remarks, lessons, number in rows
        ]
        return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.name, one.id)))

    # Verdicts

    def keep(self, student: str, lesson: str, key: str, seed: str, found: LessonVerdict) -> None:
        """Keep all that was found of `lesson`, in place of what was found before.

        `key` comes from `grade_key`. Raises GradebookError when the student is not enrolled.
        """
        with self._writing():
            self._known(student)
            self._db.execute(
                "DELETE FROM lesson WHERE student = ? AND lesson = ?", (_text(student), lesson)
            )
            self._db.execute(
                "INSERT INTO lesson VALUES (?, ?, ?, ?, ?, ?, ?)",
                (_text(student), lesson, key, seed, found.title, found.seconds, found.isolation),
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

    def lessons(self) -> tuple[str, ...]:
        """The names of all lessons that were graded or adjusted for somebody, in order."""
        rows = self._rows("SELECT lesson FROM lesson UNION SELECT lesson FROM adjustment")
        return tuple(sorted(lesson for (lesson,) in rows))

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

    def adjustments(self, student: str, lesson: str) -> tuple[Adjustment, ...]:
        """All adjustments of one lesson, the oldest first."""
        rows = self._rows(
            "SELECT points, why, moment, who FROM adjustment "
            "WHERE student = ? AND lesson = ? ORDER BY number",
            (_text(student), lesson),
        )
        return tuple(
            Adjustment(points, why, datetime.fromisoformat(moment), who)
            for points, why, moment, who in rows
        )

    # Inside

    def _known(self, student: str) -> None:
        ids = [id for (id,) in self._rows("SELECT id FROM student")]
        if _text(student) not in ids:
            near = get_close_matches(student, ids, n=1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            raise GradebookError(f"the gradebook has no student {student!r}.{guess}")

    def _rows(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        with self._lock:
            try:
                return self._db.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise _told(error, self.file) from None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            try:
                with self._transaction("IMMEDIATE"):
                    yield
            except sqlite3.Error as error:
                raise _told(error, self.file) from None

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[None]:
        """All or nothing, also on Ctrl-C: what fails half-way leaves no trace."""
        try:
            self._db.execute(f"BEGIN {kind}")
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def _names(written: str) -> tuple[str, ...]:
    return tuple(json.loads(written))


def _text(text: str) -> str:
    """`text` without what SQLite cannot keep: half characters, as strange file names have them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


TROUBLE = {
    sqlite3.SQLITE_BUSY: "another run uses {file}: wait until it has ended",
    sqlite3.SQLITE_LOCKED: "another run uses {file}: wait until it has ended",
    sqlite3.SQLITE_NOTADB: "{file} is no gradebook: move it away, or choose another folder",
    sqlite3.SQLITE_CORRUPT: "{file} is damaged: bring back a copy, or move it away and grade again",
    sqlite3.SQLITE_FULL: "the disk is full: make room for {file}, then run the same command again",
    sqlite3.SQLITE_READONLY: "{file} cannot be written: make it and its folder writable",
    sqlite3.SQLITE_PERM: "{file} cannot be written: make it and its folder writable",
    sqlite3.SQLITE_CANTOPEN: "{file} cannot be opened: is its folder there, and writable?",
}


def _told(error: sqlite3.Error, file: Path) -> GradebookError:
    """What SQLite says, in words for an instructor."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest only says it more exactly
    words = TROUBLE.get(code, "{file} cannot be used: {error}")
    return GradebookError(words.format(file=file, error=error))
