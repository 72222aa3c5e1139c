"""The gradebook as a file: who uses it, what is none, and what happens when all goes wrong."""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from gradebook_entries import FAILED, FOUND, NOW, PASSED, graded

from chatkit.classroom.gradebook import (
    FILE,
    Gradebook,
    GradebookError,
    HandIn,
    Student,
    open_gradebook,
)


@pytest.fixture
def book(book: Gradebook) -> Gradebook:
    """A gradebook that knows Anna."""
    book.enrol(Student("anna", "Anna Müller"))
    return book


def test_threads_may_share_a_gradebook(book: Gradebook) -> None:
    threads = [
        threading.Thread(target=book.enrol, args=(Student(f"s{number}", "S"),))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(book.students()) == 9


def test_a_second_run_is_told_that_the_gradebook_is_in_use(file: Path, book: Gradebook) -> None:
    with pytest.raises(GradebookError, match="another run uses") as told, open_gradebook(file):
        pass

    assert "\n" not in str(told.value)
    graded(book)


def test_a_gradebook_of_another_version_is_left_alone(file: Path, book: Gradebook) -> None:
    book.close()
    database = sqlite3.connect(file)
    database.execute("PRAGMA user_version = 99")
    database.close()
    before = file.read_bytes()

    with pytest.raises(GradebookError, match="another version of chatkit"), open_gradebook(file):
        pass
    assert file.read_bytes() == before


def test_a_gradebook_of_format_2_opens_with_all_that_was_in_it(file: Path) -> None:
    database = sqlite3.connect(file)
    database.executescript((Path(__file__).parent / "gradebook_format_2.sql").read_text())
    (before,) = database.execute("SELECT count(*) FROM verdict").fetchone()
    database.close()

    for _ in range(2):  # the second time it is as if it had never been another
        with open_gradebook(file) as book:
            assert [(one.id, one.name, one.number) for one in book.students()] == [
                *(("hw1-ben", "ben", ""), ("cy", "Cy", ""), ("dee", "Dee", "")),
                ("lovelaceada_2001", "lovelaceada", "2001"),
            ]
            assert book.asked() == ("01_echo", "02_broadcast")
            late = HandIn(
                True,
                "lovelaceada_LATE_2001_9_server.py",
                ("server-1.py counts: the newest of 2 versions.",),
                "k2",
            )
            assert book.graded("lovelaceada_2001", "02_broadcast") == late
            assert book.graded("lovelaceada_2001", "01_echo") == HandIn(key="k1")
            found = book.lesson_verdict("lovelaceada_2001", "02_broadcast")
            assert found and [one.status for one in found.checks] == ["passed", "failed"]
            assert book.is_done("hw1-ben", "01_echo", "k3")
            assert book.seed("hw1-ben", "01_echo") == "s3"
            assert book.graded("hw1-ben", "01_echo") == HandIn(False, "hw1-ben", (), "k3")
            for lesson, points in (("01_echo", 5), ("03_threads", 2)):
                (kept,) = book.adjustments("hw1-ben", lesson)
                assert (kept.points, kept.when, kept.who) == (points, NOW, "Dr. Who")
            broken = HandIn(False, "cy.zip", (), "", "cy.zip is broken.")
            assert book.newest("cy", "01_echo") == book.newest("cy", "02_broadcast") == broken
            assert book.graded("cy", "01_echo") == HandIn(key="k4")
            assert book.newest("dee", "02_broadcast") == HandIn(False, "dee")
            assert len(book._rows("SELECT * FROM verdict")) == before


def test_a_file_that_is_no_database_is_left_alone(file: Path) -> None:
    file.write_text("grades of 2019\n" * 100)

    with pytest.raises(GradebookError, match="is not a gradebook"), open_gradebook(file):
        pass
    assert file.read_text() == "grades of 2019\n" * 100


def test_a_database_of_another_program_is_left_alone(file: Path) -> None:
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE bookmarks (address TEXT)")
    database.close()
    before = file.read_bytes()

    with pytest.raises(GradebookError, match="of another program"), open_gradebook(file):
        pass
    assert file.read_bytes() == before


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(GradebookError, match="cannot be opened"),
        open_gradebook(tmp_path / "nowhere" / FILE),
    ):
        pass


@contextmanager
def without_the_powers_of_root() -> Iterator[None]:
    """Root may write everywhere: be somebody else for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_folder_is_said_at_once() -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / FILE
        with open_gradebook(file) as book:
            book.enrol(Student("anna", "Anna"))
            graded(book)
        file.parent.chmod(0o555)
        try:
            with (
                without_the_powers_of_root(),
                pytest.raises(GradebookError, match=r"writ"),
                open_gradebook(file),
            ):
                pass
        finally:
            file.parent.chmod(0o700)
        with open_gradebook(file) as again:
            assert again.lesson_verdict("anna", "02_broadcast") == FOUND


def test_a_file_that_cannot_be_written_is_said_in_one_line(book: Gradebook) -> None:
    graded(book)
    book._db.execute("PRAGMA query_only = ON")  # SQLite then fails as on a read-only disk

    with pytest.raises(GradebookError, match="make it and its folder writable"):
        graded(book, "other")
    assert book.lesson_verdict("anna", "02_broadcast") == FOUND


def test_a_full_disk_ends_with_a_clear_line_and_loses_nothing(file: Path, book: Gradebook) -> None:
    graded(book)
    (pages,) = book._db.execute("PRAGMA page_count").fetchone()
    book._db.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then fails as on a full disk

    with pytest.raises(GradebookError, match="the disk is full: make room"):
        for number in range(100):
            book.enrol(Student(f"{number}", "x" * 4096))
    book.close()
    with open_gradebook(file) as again:
        assert again.lesson_verdict("anna", "02_broadcast") == FOUND
        again.enrol(Student("bo", "Bo"))


def test_what_fails_half_way_leaves_no_trace(book: Gradebook) -> None:
    graded(book)
    broken = replace(FOUND, checks=(PASSED, replace(FAILED, notes=(object(),))))  # type: ignore[arg-type]

    with pytest.raises(TypeError):
        graded(book, "other", broken)
    assert book.lesson_verdict("anna", "02_broadcast") == FOUND


def test_what_is_written_together_is_kept_together_or_not_at_all(book: Gradebook) -> None:
    with pytest.raises(GradebookError, match="no student 'bo'"), book.together():
        book.hand_in("anna", "01_echo", HandIn(key="k"))
        book.hand_in("bo", "01_echo", HandIn(key="k"))
    assert book.newest("anna", "01_echo") is None

    with book.together():
        book.enrol(Student("bo", "Bo"))
        book.hand_in("bo", "01_echo", HandIn(key="k"))
    assert book.newest("bo", "01_echo") == HandIn(key="k")


WRITER = """
    import sys
    from pathlib import Path
    from chatkit.classroom.gradebook import Student, open_gradebook
    from chatkit.grading.verdict import LessonVerdict, Verdict

    checks = tuple(
        Verdict(f"check-{n}", "t", "passed", 1, 1, "server.py", output="x" * 3000) for n in range(5)
    )
    with open_gradebook(Path(sys.argv[1])) as book:
        for number in range(1_000_000):
            id = f"s{number:06}"
            book.enrol(Student(id, id))
            print(id, "enrolled", flush=True)
            found = LessonVerdict("01_echo", "Echo", checks, 1.0)
            book.keep(id, "01_echo", "key", "seed", found)
            print(id, "done", flush=True)
"""


@pytest.mark.parametrize("lines", [0, 1, 7, 23, 60])
def test_kill_9_at_any_moment_keeps_all_that_was_committed(file: Path, lines: int) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(file)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout
    said = [writer.stdout.readline().split() for _ in range(lines)]
    writer.send_signal(signal.SIGKILL)
    said += [line.split() for line in writer.stdout.read().splitlines() if line.count(" ") == 1]
    writer.wait()

    with open_gradebook(file) as book:
        for id, what in said:
            if what == "done":
                assert book.is_done(id, "01_echo", "key")
                found = book.lesson_verdict(id, "01_echo")
                assert found and found.score == 5
            else:
                assert id in [one.id for one in book.students()]
        assert book._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        book.enrol(Student("after", "After"))


FORKING = """
    import os, sys
    from pathlib import Path
    from chatkit.classroom.gradebook import Student, open_gradebook

    file = Path(sys.argv[1])
    with open_gradebook(file) as book:
        if child := os.fork():
            os.waitpid(child, 0)
            book.enrol(Student("anna", "Anna"))
            print([one.name for one in file.parent.iterdir()])
        else:
            sys.exit()
"""


def test_a_forked_child_that_ends_takes_nothing_away(file: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(FORKING), str(file)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    assert f"{FILE}-journal" in said
    assert [path.name for path in file.parent.iterdir()] == [FILE]
    with open_gradebook(file) as book:
        assert [one.id for one in book.students()] == ["anna"]
