"""The gradebook: students, hand-ins and verdicts, in one SQLite file.

`database` says how it is locked, `tables` what its tables are, `records` what people write into it.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from chatkit.classroom.database import GradebookError
from chatkit.classroom.records.history import History
from chatkit.classroom.records.people import Adjustment
from chatkit.classroom.records.people import plain as _text
from chatkit.classroom.tables import TROUBLE
from chatkit.grading.verdict import (
    Cause,
    LessonVerdict,
    Verdict,
    check_as_json,
    check_from_json,
    event_from_json,
)

__all__ = [
    "FILE",
    "Adjustment",
    "Attempt",
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

    late: bool = False  # the platform marks it so
    source: str = ""  # where it came from, for people
    remarks: tuple[str, ...] = ()
    key: str = ""  # of its grade, see gradekey.py; empty when nothing could be graded
    trouble: str = ""  # why nothing could be graded; empty when it could
    # The digest of the programs. Empty: this one takes the place of the one before it.
    work: str = field(default="", compare=False)
    moment: datetime | None = None  # when it was handed in, in UTC; None: nobody knows
    reply: str = ""  # the name under which the platform takes feedback files for it


@dataclass(frozen=True)
class Attempt:
    """A hand-in that was graded."""

    hand_in: HandIn  # its `key` is the one that the verdict was found under
    current: bool  # whether the verdict is on the programs and checks as they were last noted
    verdict: LessonVerdict


@contextmanager
def open_gradebook(file: Path) -> Iterator["Gradebook"]:
    """The gradebook in `file`, made if there is none. Raises GradebookError, changing nothing."""
    with Gradebook(file) as book:
        yield book


class Gradebook(History):
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

        Where there is a verdict on these very programs, they count as handed in now: a program
        that comes again, and late this time, is late. Raises GradebookError when the student is
        not enrolled.
        """
        of = (_text(student), lesson)
        work = what.work or what.key or (TROUBLE if what.trouble else "")
        moment = what.moment.astimezone(UTC).isoformat() if what.moment else ""
        with self._writing():
            self._known(student)
            self._db.execute(  # it comes from a kit that did not tell programs apart, and is this
                "UPDATE handin SET work = ?, apart = 1 WHERE student = ? AND lesson = ? "
                "AND apart = 0 AND key = ? AND key <> '' AND ? <> ''",
                (work, *of, what.key, what.work),
            )
            self._db.execute(
                "DELETE FROM handin WHERE student = ? AND lesson = ? AND work <> ? AND apart = 0 "
                "AND work NOT IN (SELECT work FROM lesson WHERE student = ? AND lesson = ?)",
                (*of, work, *of),
            )
            ((last,),) = self._rows(
                "SELECT coalesce(max(place), 0) FROM handin WHERE student = ? AND lesson = ?", of
            )
            self._db.execute(
                "INSERT INTO handin VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (student, lesson, work) DO UPDATE SET place = excluded.place, "
                "apart = excluded.apart, key = excluded.key, late = excluded.late, "
                "moment = excluded.moment, source = excluded.source, reply = excluded.reply, "
                "remarks = excluded.remarks, trouble = excluded.trouble",
                (
                    *(*of, work, bool(what.work), last + 1, what.key, what.late, moment),
                    *(_text(what.source), _text(what.reply), json.dumps(what.remarks)),
                    _text(what.trouble),
                ),
            )

    def newest(self, student: str, lesson: str) -> HandIn | None:
        """The newest hand-in, graded or not; None when nothing was handed in."""
        rows = self._rows(
            f"SELECT {ABOUT}, key FROM handin WHERE student = ? AND lesson = ? "
            "ORDER BY place DESC LIMIT 1",
            (_text(student), lesson),
        )
        return _hand_in(*rows[0]) if rows else None

    def graded(self, student: str, lesson: str) -> HandIn | None:
        """The newest hand-in with a verdict; None when the lesson is not graded."""
        rows = self._rows(
            f"SELECT {ABOUT}, lesson.key FROM lesson JOIN handin USING (student, lesson, work) "
            "WHERE student = ? AND lesson = ? ORDER BY place DESC LIMIT 1",
            (_text(student), lesson),
        )
        return _hand_in(*rows[0]) if rows else None

    def attempts(self, student: str, lesson: str) -> tuple[Attempt, ...]:
        """All hand-ins with a verdict, the newest last; without transcripts and output."""
        rows = self._rows(
            f"SELECT {ABOUT}, lesson.key, handin.key FROM lesson "
            "JOIN handin USING (student, lesson, work) "
            "WHERE student = ? AND lesson = ? ORDER BY place",
            (_text(student), lesson),
        )
        found = []
        for *about, noted in rows:
            one = _hand_in(*about)
            verdict = self.lesson_verdict(student, lesson, one.work, in_full="none")
            if verdict:
                found.append(Attempt(one, one.key == noted, verdict))
        return tuple(found)

    def attempt(self, student: str, lesson: str, work: str) -> LessonVerdict | None:
        """The verdict on these very programs, without transcripts; None where there is none."""
        return self.lesson_verdict(student, lesson, work, in_full="none")

    def key_of(self, student: str, lesson: str, work: str) -> str:
        """The key under which these programs were graded; empty where they were not."""
        rows = self._rows(
            "SELECT key FROM lesson WHERE student = ? AND lesson = ? AND work = ?",
            (_text(student), lesson, work),
        )
        return str(rows[0][0]) if rows else ""

    # Verdicts

    def keep(
        self,
        student: str,
        lesson: str,
        key: str,
        seed: str,
        found: LessonVerdict,
        work: str | None = None,
    ) -> None:
        """Keep all that was found of `lesson`, in place of what was found before of this work.

        `key` comes from `grade_key`. The verdict is on the hand-in of `work`, or on that which was
        noted last. Raises GradebookError when the student is not enrolled.
        """
        of = (_text(student), lesson)
        with self._writing():
            self._known(student)
            if work is None:
                newest = self.newest(student, lesson)
                if newest is None:
                    newest = HandIn(key=key, work=key)
                    self.hand_in(student, lesson, replace(newest, work=""))
                work = newest.work
            self._db.execute(
                "DELETE FROM lesson WHERE student = ? AND lesson = ? AND work = ?", (*of, work)
            )
            self._db.execute(
                "DELETE FROM handin WHERE student = ? AND lesson = ? AND apart = 0 AND work <> ? "
                "AND place < (SELECT place FROM handin WHERE student = ? AND lesson = ? "
                "AND work = ?)",
                (*of, work, *of, work),
            )
            self._db.execute(
                "INSERT INTO lesson VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*of, work, key, seed, found.title, found.seconds, found.isolation),
            )
            for place, verdict in enumerate(found.checks):
                fields = check_as_json(verdict)
                more = {"transcript": fields.pop("transcript"), "output": verdict.output}
                fields["causes"] = [asdict(cause) for cause in verdict.causes]
                self._db.execute(
                    "INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*of, work, place, verdict.id, json.dumps(fields), json.dumps(more)),
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
        rows = self._rows(
            "SELECT seed FROM lesson JOIN handin USING (student, lesson, work) "
            "WHERE student = ? AND lesson = ? ORDER BY place DESC LIMIT 1",
            (_text(student), lesson),
        )
        return str(rows[0][0]) if rows else None

    def lesson_verdict(
        self, student: str, lesson: str, work: str | None = None, *, in_full: str = "all"
    ) -> LessonVerdict | None:
        """What was given to `keep`, exactly; None when the lesson is not graded.

        Of `work`, or of the newest hand-in with a verdict. `in_full` says which checks come with
        their transcripts and output, which are most of it: "all", "failed" or "none".
        """
        with self._lock:
            if work is None:
                newest = self.graded(student, lesson)
                if newest is None:
                    return None
                work = newest.work
            of = (_text(student), lesson, work)
            where = "WHERE student = ? AND lesson = ? AND work = ?"
            about = self._rows(f"SELECT title, seconds, isolation FROM lesson {where}", of)
            columns = f"verdict, {MORE[in_full]}"
            checks = self._rows(f"SELECT {columns} FROM verdict {where} ORDER BY place", of)
        if not about:
            return None
        title, seconds, isolation = about[0]
        verdicts = tuple(_verdict(*row) for row in checks)
        return LessonVerdict(lesson, title, verdicts, seconds, isolation)


MORE = {
    "all": "more",
    "failed": "CASE json_extract(verdict, '$.status') WHEN 'failed' THEN more ELSE '' END",
    "none": "''",
}
# What a hand-in says about itself, in the order of `_hand_in`.
ABOUT = "work, late, moment, source, reply, remarks, trouble"


def _hand_in(
    work: str,
    late: int,
    moment: str,
    source: str,
    reply: str,
    remarks: str,
    trouble: str,
    key: str,
) -> HandIn:
    when = datetime.fromisoformat(moment) if moment else None
    about = tuple(json.loads(remarks))
    return HandIn(bool(late), source, about, key, trouble, work, when, reply)


def _verdict(text: str, more: str) -> Verdict:
    found = _slim(text)
    if not more:
        return found
    rest = json.loads(more)
    events = tuple(event_from_json(event) for event in rest["transcript"])
    return replace(found, transcript=events, output=rest["output"])


def _shared(fields: dict[str, Any]) -> dict[str, Any]:
    """`fields` whose texts are there once, however many verdicts say the same."""
    return {
        name: sys.intern(value) if type(value) is str else value for name, value in fields.items()
    }


@lru_cache(maxsize=500)
def _slim(text: str) -> Verdict:
    """A verdict without transcript and output. What many students share is there once."""
    fields = json.loads(text)
    causes = tuple(Cause(**_shared(one)) for one in fields.pop("causes", ()))
    fields = _shared(fields)
    return check_from_json({**fields, "transcript": [], "output": "", "causes": causes})
