"""The tables of a gradebook, and how a file with the tables of an earlier version gets these.

What depends on a hand-in stands at the lesson of the student and never at the student: one student
may be late with one lesson and in time with the next, and each comes from another download.
"""

import json
import sqlite3

from chatkit.classroom.submissions.layouts import safe_id

TROUBLE = "-"  # the work of a hand-in of which nothing could be graded

VERSION = 4  # of the tables below; it changes when they change

# A hand-in is known by its work: the digest of the programs. So the same programs are one attempt,
# however often they come, and other programs are the next one. Where nobody told the work (`apart`
# is 0), a hand-in takes the place of the one before it. `more` is what only a student's page shows.
TABLES = """
CREATE TABLE student (id TEXT PRIMARY KEY, name TEXT NOT NULL, number TEXT NOT NULL);
CREATE TABLE asked (lesson TEXT PRIMARY KEY);
CREATE TABLE handin (
    student TEXT NOT NULL REFERENCES student (id), lesson TEXT NOT NULL, work TEXT NOT NULL,
    apart INTEGER NOT NULL, place INTEGER NOT NULL, key TEXT NOT NULL, late INTEGER NOT NULL,
    moment TEXT NOT NULL, source TEXT NOT NULL, reply TEXT NOT NULL, remarks TEXT NOT NULL,
    trouble TEXT NOT NULL,
    PRIMARY KEY (student, lesson, work)
);
CREATE TABLE lesson (
    student TEXT NOT NULL, lesson TEXT NOT NULL, work TEXT NOT NULL, key TEXT NOT NULL,
    seed TEXT NOT NULL, title TEXT NOT NULL, seconds REAL NOT NULL, isolation TEXT NOT NULL,
    PRIMARY KEY (student, lesson, work),
    FOREIGN KEY (student, lesson, work) REFERENCES handin (student, lesson, work)
        ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE verdict (
    student TEXT NOT NULL, lesson TEXT NOT NULL, work TEXT NOT NULL, place INTEGER NOT NULL,
    id TEXT NOT NULL, verdict TEXT NOT NULL, more TEXT NOT NULL,
    PRIMARY KEY (student, lesson, work, id),
    FOREIGN KEY (student, lesson, work) REFERENCES lesson (student, lesson, work)
        ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE adjustment (
    number INTEGER PRIMARY KEY, student TEXT NOT NULL, lesson TEXT NOT NULL, points REAL NOT NULL,
    why TEXT NOT NULL, moment TEXT NOT NULL, who TEXT NOT NULL
);
CREATE TABLE note (
    number INTEGER PRIMARY KEY, student TEXT NOT NULL, lesson TEXT NOT NULL, text TEXT NOT NULL,
    moment TEXT NOT NULL, who TEXT NOT NULL
);
CREATE TABLE regrade (
    number INTEGER PRIMARY KEY, student TEXT NOT NULL, lesson TEXT NOT NULL, before REAL NOT NULL,
    after REAL NOT NULL, what TEXT NOT NULL, moment TEXT NOT NULL
);
CREATE TABLE run (number INTEGER PRIMARY KEY, moment TEXT NOT NULL);
CREATE TABLE failure (
    run INTEGER NOT NULL REFERENCES run (number), lesson TEXT NOT NULL, id TEXT NOT NULL,
    title TEXT NOT NULL, tried INTEGER NOT NULL, failed INTEGER NOT NULL, cause TEXT NOT NULL,
    named INTEGER NOT NULL, sentence TEXT NOT NULL,
    PRIMARY KEY (run, lesson, id)
);
"""

TABLES_3 = """
CREATE TABLE student (id TEXT PRIMARY KEY, name TEXT NOT NULL, number TEXT NOT NULL);
CREATE TABLE asked (lesson TEXT PRIMARY KEY);
CREATE TABLE handin (
    student TEXT NOT NULL REFERENCES student (id), lesson TEXT NOT NULL, key TEXT NOT NULL,
    late INTEGER NOT NULL, source TEXT NOT NULL, remarks TEXT NOT NULL, trouble TEXT NOT NULL,
    PRIMARY KEY (student, lesson)
);
CREATE TABLE lesson (
    student TEXT NOT NULL REFERENCES student (id), lesson TEXT NOT NULL, key TEXT NOT NULL,
    seed TEXT NOT NULL, title TEXT NOT NULL, seconds REAL NOT NULL, isolation TEXT NOT NULL,
    late INTEGER NOT NULL, source TEXT NOT NULL, remarks TEXT NOT NULL,
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


def make_tables(database: sqlite3.Connection, tables: str = TABLES) -> None:
    """Make the tables in an empty database. Raises sqlite3.Error."""
    for statement in tables.split(";"):
        database.execute(statement)


def upgrade(database: sqlite3.Connection, version: int) -> None:
    """Turn the tables of an earlier `version` into these; the caller holds the transaction.

    Raises sqlite3.Error.
    """
    if version == 2:
        _from_2(database)
    _from_3(database)


def _from_3(database: sqlite3.Connection) -> None:
    """Version 3 kept one hand-in and one verdict of a lesson, each with what it said about itself.

    It did not tell programs apart, so the next hand-in takes the place of what comes from there.
    """
    handed_in = database.execute("SELECT * FROM handin").fetchall()
    graded = database.execute("SELECT * FROM lesson").fetchall()
    verdicts = database.execute("SELECT * FROM verdict").fetchall()
    people = {
        table: database.execute(f"SELECT * FROM {table}").fetchall()
        for table in ("student", "asked", "adjustment")
    }
    for table in ("verdict", "lesson", "handin", "adjustment", "asked", "student"):
        database.execute(f"DROP TABLE {table}")
    make_tables(database)
    for table, rows in people.items():
        for row in rows:
            database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    handin = "INSERT OR IGNORE INTO handin VALUES (?, ?, ?, 0, ?, ?, ?, '', ?, '', ?, ?)"
    for student, lesson, key, late, source, remarks, trouble in handed_in:
        work = key or (TROUBLE if trouble else "")
        row = (student, lesson, work, 2, key, late, source, remarks, trouble)
        database.execute(handin, row)
    for student, lesson, key, seed, title, seconds, isolation, late, source, remarks in graded:
        database.execute(handin, (student, lesson, key, 1, key, late, source, remarks, ""))
        row = (student, lesson, key, key, seed, title, seconds, isolation)
        database.execute("INSERT INTO lesson VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    works = {(student, lesson): key for student, lesson, key, *_ in graded}
    for student, lesson, place, id, verdict in verdicts:
        fields = json.loads(verdict)
        more = {"transcript": fields.pop("transcript"), "output": fields.pop("output", "")}
        texts = (json.dumps(fields), json.dumps(more))
        row = (student, lesson, works[student, lesson], place, id, *texts)
        database.execute("INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def _from_2(database: sqlite3.Connection) -> None:
    """Version 2 kept lateness, source and remarks for the student. They were those of the newest
    hand-in, so they go to the lessons that were in it. Which lessons a run had asked for was not
    kept: those that somebody was graded in count, as they did.
    """
    students = database.execute(
        "SELECT id, name, late, source, remarks, lessons, number FROM student"
    ).fetchall()
    graded = database.execute(
        "SELECT student, lesson, key, seed, title, seconds, isolation FROM lesson"
    ).fetchall()
    verdicts = database.execute("SELECT * FROM verdict").fetchall()
    adjustments = database.execute("SELECT * FROM adjustment").fetchall()
    for table in ("verdict", "lesson", "adjustment", "student"):
        database.execute(f"DROP TABLE {table}")
    make_tables(database, TABLES_3)
    ids = _new_ids(students)
    asked = sorted({lesson for _, lesson, *_ in graded})
    keys = {(student, lesson): key for student, lesson, key, *_ in graded}
    newest = {}
    for id, name, late, source, remarks, lessons, number in students:
        database.execute("INSERT INTO student VALUES (?, ?, ?)", (ids[id], name, number))
        handed_in = json.loads(lessons)
        newest[id] = (handed_in, (late, source, remarks))
        # Without a lesson nothing of it could be graded, and the remarks say why.
        trouble = "" if handed_in else " ".join(json.loads(remarks))
        for lesson in handed_in or (asked if trouble else ()):
            key = keys.get((id, lesson), "") if handed_in else ""
            row = (ids[id], lesson, key, late, source, remarks if handed_in else "[]", trouble)
            database.execute("INSERT INTO handin VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    for student, lesson, *rest in graded:
        handed_in, about = newest[student]
        known = about if lesson in handed_in else (0, "", "[]")
        database.execute(
            "INSERT INTO lesson VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (ids[student], lesson, *rest, *known),
        )
    for student, *rest in verdicts:
        database.execute("INSERT INTO verdict VALUES (?, ?, ?, ?, ?)", (ids[student], *rest))
    for number, student, *rest in adjustments:
        row = (number, ids[student], *rest)
        database.execute("INSERT INTO adjustment VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    database.executemany("INSERT INTO asked VALUES (?)", [(lesson,) for lesson in asked])


def _new_ids(students: list[tuple[str, str, int, str, str, str, str]]) -> dict[str, str]:
    """The ids of version 3 by those of version 2.

    A clone of GitHub Classroom, "hw1-ada", was known as "ada", by what the clones shared. Now it
    keeps its name. Only a clone came from a place that ends in a dash and the student's name.
    """
    ids = {id: id for id, *_ in students}
    for id, name, _, source, _, _, number in students:
        new = safe_id(source)
        a_clone = id == safe_id(name) and source.endswith(f"-{name}") and not number
        if a_clone and new not in ids and new not in ids.values():
            ids[id] = new
    return ids
