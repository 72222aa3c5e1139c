"""The tables of a gradebook, and how a file with the tables of an earlier version gets these.

What depends on a hand-in stands at the lesson of the student and never at the student: one student
may be late with one lesson and in time with the next, and each comes from another download.
"""

import json
import sqlite3

from chatkit.classroom.submissions.layouts import safe_id

VERSION = 3  # of the tables below; it changes when they change

TABLES = """
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


def make_tables(database: sqlite3.Connection) -> None:
    """Make the tables in an empty database. Raises sqlite3.Error."""
    for statement in TABLES.split(";"):
        database.execute(statement)


def upgrade(database: sqlite3.Connection) -> None:
    """Turn tables of version 2 into these; the caller holds the transaction. Raises sqlite3.Error.

    Version 2 kept lateness, source and remarks for the student. They were those of the newest
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
    make_tables(database)
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
