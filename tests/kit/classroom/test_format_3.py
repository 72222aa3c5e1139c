"""A gradebook of format 3, which kept one hand-in a lesson, is taken over as it was."""

import json
import sqlite3
from pathlib import Path

import pytest

from chatkit.classroom.database import APPLICATION
from chatkit.classroom.gradebook import FILE, HandIn, open_gradebook
from chatkit.classroom.tables import TABLES_3, make_tables
from chatkit.grading.verdict import Verdict, check_as_json

READY = Verdict("ready-line", "is ready", "passed", 60, 60, "server.py", likely="x")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Ada's lesson 1 is graded as it was handed in; of Bob, something newer cannot be read."""
    file = tmp_path / FILE
    database = sqlite3.connect(file, isolation_level=None)
    make_tables(database, TABLES_3)
    database.execute(f"PRAGMA application_id = {APPLICATION}")
    database.execute("PRAGMA user_version = 3")
    for id in ("ada", "bob"):
        database.execute("INSERT INTO student VALUES (?, ?, '7')", (id, id.title()))
        graded = (id, "01_echo", f"key-{id}", "seed", "Echo", 1.5, "namespaces", 1, "a.zip", "[]")
        database.execute("INSERT INTO lesson VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", graded)
        text = json.dumps({**check_as_json(READY), "output": "printed"})
        database.execute(
            "INSERT INTO verdict VALUES (?, '01_echo', 0, 'ready-line', ?)", (id, text)
        )
    handed_in = [
        ("ada", "01_echo", "key-ada", 1, "a.zip", "[]", ""),
        ("bob", "01_echo", "", 0, "b.rar", "[]", "b.rar is a RAR archive"),
    ]
    database.executemany("INSERT INTO handin VALUES (?, ?, ?, ?, ?, ?, ?)", handed_in)
    database.execute("INSERT INTO asked VALUES ('01_echo')")
    when = "2025-03-01T12:00:00+00:00"
    row = (1, "ada", "01_echo", 5, "why", when, "me")
    database.execute("INSERT INTO adjustment VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    database.close()
    return file


def test_everything_is_there(file: Path) -> None:
    with open_gradebook(file) as book:
        verdict = book.lesson_verdict("ada", "01_echo")
        assert verdict and verdict.checks[0].output == "printed" and verdict.score == 60
        assert book.graded("ada", "01_echo") == HandIn(True, "a.zip", (), "key-ada")
        newest = book.newest("bob", "01_echo")
        assert newest and newest.trouble == "b.rar is a RAR archive"
        assert book.graded("bob", "01_echo") == HandIn(True, "a.zip", (), "key-bob")
        assert book.adjustments("ada", "01_echo")[0].points == 5
        assert book.asked() == ("01_echo",)


def test_the_same_programs_are_known_again_and_others_take_their_place(file: Path) -> None:
    with open_gradebook(file) as book:
        book.hand_in("ada", "01_echo", HandIn(key="key-ada", work="w1"))
        assert [one.hand_in.work for one in book.attempts("ada", "01_echo")] == ["w1"]
        book.hand_in("bob", "01_echo", HandIn(key="other", work="w2"))
        verdict = book.lesson_verdict("bob", "01_echo")
        assert verdict
        book.keep("bob", "01_echo", "other", "seed", verdict, "w2")
        assert [one.hand_in.work for one in book.attempts("bob", "01_echo")] == ["w2"]


def test_a_student_gets_the_id_of_the_list_with_all_that_is_known(file: Path) -> None:
    with open_gradebook(file) as book:
        assert book.rename("ada", "lovelace") and not book.rename("ada", "lovelace")
        assert [one.id for one in book.students()] == ["lovelace", "bob"]
        verdict = book.lesson_verdict("lovelace", "01_echo")
        assert verdict and verdict.score == 60 and book.adjustments("lovelace", "01_echo")
        assert book.rename("bob", "lovelace")  # two of one
        assert [one.id for one in book.students()] == ["lovelace"]
        assert len(book.attempts("lovelace", "01_echo")) == 2
