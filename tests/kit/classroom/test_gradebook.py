"""The gradebook: what lands stays, whatever happens to the process that writes it."""

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
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatkit.bench.transcript import Event
from chatkit.classroom.gradebook import (
    FILE,
    Gradebook,
    GradebookError,
    HandIn,
    Student,
    open_gradebook,
)
from chatkit.classroom.gradekey import grade_key, imported, screen
from chatkit.course.lessons import Lesson, find_course
from chatkit.grading.verdict import LessonVerdict, Verdict, lesson_as_json, lesson_from_json

COURSE = find_course(Path(__file__).parent)
NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)

PASSED = Verdict("ready-line", "prints the ready line", "passed", 4, 4, "server.py")
FAILED = Verdict(
    id="half-line",
    title="half a line waits for its end",
    status="failed",
    score=0,
    max_score=9,
    program="server.py",
    symptom="early-data",
    message="bob got \x1b[2J<script>\udcff",
    notes=("late", "very late"),
    transcript=(
        Event(0.004, "alice", "server", "data", "hel"),
        Event(0.1, "server", "bob", "missing", "", "a line"),
    ),
    output="x" * 10_000,
)
SKIPPED = Verdict("window", "opens a window", "skipped", 0, 0, "client.py", message="no display")
FOUND = LessonVerdict("02_broadcast", "Broadcast", (PASSED, FAILED, SKIPPED), 1.23456789)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / FILE


@pytest.fixture
def book(file: Path) -> Iterator[Gradebook]:
    with open_gradebook(file) as book:
        book.enrol(Student("anna", "Anna Müller"))
        yield book


def graded(book: Gradebook, key: str = "key", found: LessonVerdict = FOUND) -> None:
    book.keep("anna", found.lesson, key, "seed", found)


def test_a_verdict_comes_back_exactly_as_it_went_in(file: Path, book: Gradebook) -> None:
    graded(book)
    book.close()

    with open_gradebook(file) as again:
        assert again.lesson_verdict("anna", "02_broadcast") == FOUND
        assert again.seed("anna", "02_broadcast") == "seed"
        assert again.lessons() == ("02_broadcast",)


def test_json_and_back_is_the_same_json() -> None:
    fields = lesson_as_json(FOUND)

    assert lesson_as_json(lesson_from_json(fields)) == fields
    assert lesson_from_json(fields).output == FOUND.output


def test_a_lesson_is_done_under_its_own_key_only(book: Gradebook) -> None:
    graded(book, "old")
    graded(book, "new")

    assert book.is_done("anna", "02_broadcast", "new")
    assert not book.is_done("anna", "02_broadcast", "old")


def test_a_new_verdict_takes_the_place_of_the_old_one(book: Gradebook) -> None:
    graded(book, found=replace(FOUND, checks=(replace(FAILED, id="gone-in-the-next-run"),)))
    graded(book)

    assert book.lesson_verdict("anna", "02_broadcast") == FOUND


def test_a_verdict_on_a_stranger_is_refused(book: Gradebook) -> None:
    with pytest.raises(GradebookError, match="no student 'bob'"):
        book.keep("bob", "02_broadcast", "key", "seed", FOUND)


def test_adjustments_survive_every_regrade(book: Gradebook) -> None:
    book.adjust("anna", "02_broadcast", 5, "showed it", NOW, "Dr. Who")
    book.adjust("anna", "02_broadcast", -2.5, "copied", NOW, "Dr. Who")
    graded(book)
    graded(book, "other")

    assert [one.points for one in book.adjustments("anna", "02_broadcast")] == [5, -2.5]
    assert book.adjustments("anna", "02_broadcast")[0].when == NOW
    assert book.adjustments("anna", "01_echo") == ()


def test_an_adjustment_can_be_taken_back(book: Gradebook) -> None:
    for points, why in ((5, "first"), (5, "second"), (-2.5, "copied")):
        book.adjust("anna", "02_broadcast", points, why, NOW, "me")

    with pytest.raises(GradebookError, match=r"several .*name the points.*: \+5, \+5, -2\.5"):
        book.take_back("anna", "02_broadcast")
    with pytest.raises(GradebookError, match=r"no adjustment of \+7 in 02_broadcast. There are"):
        book.take_back("anna", "02_broadcast", 7)
    assert book.take_back("anna", "02_broadcast", 5).why == "second"
    assert book.take_back("anna", "02_broadcast", -2.5).why == "copied"
    assert [one.why for one in book.adjustments("anna", "02_broadcast")] == ["first"]
    assert book.take_back("anna", "02_broadcast").points == 5
    assert book.lessons() == ()
    with pytest.raises(GradebookError, match="anna has no adjustment in 02_broadcast"):
        book.take_back("anna", "02_broadcast")
    with pytest.raises(GradebookError, match="no student 'ana'"):
        book.take_back("ana", "02_broadcast")


def test_a_hand_in_belongs_to_its_lesson(book: Gradebook) -> None:
    one = HandIn(True, "week1.zip", ("Server.py is taken for server.py.",), "k1")
    two = HandIn(False, "week2.zip", (), "k2")
    book.hand_in("anna", "01_echo", one)
    book.hand_in("anna", "02_broadcast", two)
    graded(book, "k2")

    assert book.newest("anna", "01_echo") == one
    assert book.newest("anna", "02_broadcast") == book.graded("anna", "02_broadcast") == two
    assert book.graded("anna", "01_echo") is None
    assert book.newest("anna", "03_threads") is None
    with pytest.raises(GradebookError, match="no student 'bo'"):
        book.hand_in("bo", "01_echo", one)


def test_a_grade_keeps_the_hand_in_that_it_is_of(book: Gradebook) -> None:
    first = HandIn(False, "first.zip", ("a",), "k1")
    book.hand_in("anna", "02_broadcast", first)
    graded(book, "k1")
    unreadable = HandIn(True, "second.rar", (), "", "second.rar is not a zip")
    book.hand_in("anna", "02_broadcast", unreadable)

    assert book.graded("anna", "02_broadcast") == first
    assert book.newest("anna", "02_broadcast") == unreadable
    again = HandIn(True, "third.zip", ("b",), "k1")  # the same programs, and late now
    book.hand_in("anna", "02_broadcast", again)
    assert book.graded("anna", "02_broadcast") == book.newest("anna", "02_broadcast") == again


def test_what_was_asked_for_is_kept_and_nothing_else_counts(file: Path, book: Gradebook) -> None:
    book.ask(["02_broadcast", "01_echo"])
    book.ask(["01_echo"])
    book.adjust("anna", "03_threads", 1, "why", NOW, "me")
    book.hand_in("anna", "04_nicknames", HandIn())
    book.close()

    with open_gradebook(file) as again:
        assert again.asked() == ("01_echo", "02_broadcast")
        assert again.lessons() == ("01_echo", "02_broadcast", "03_threads", "04_nicknames")


def test_an_adjustment_needs_a_student_a_reason_and_a_number(book: Gradebook) -> None:
    with pytest.raises(GradebookError, match=r"no student 'ana'\. Did you mean 'anna'"):
        book.adjust("ana", "02_broadcast", 5, "why", NOW, "me")
    with pytest.raises(GradebookError, match="needs a reason"):
        book.adjust("anna", "02_broadcast", 5, "  ", NOW, "me")
    with pytest.raises(GradebookError, match="number of points"):
        book.adjust("anna", "02_broadcast", float("nan"), "why", NOW, "me")


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "'; DROP TABLE student; --",
        "\x1b[2J",
        "\udcff.zip",
        "x" * 10_000,
    ],
)
def test_hostile_names_are_kept_and_found_again(book: Gradebook, name: str) -> None:
    book.enrol(Student(name, name, name))
    book.hand_in(name, "02_broadcast", HandIn(True, name, (name,), "key", name))
    book.keep(name, "02_broadcast", "key", "seed", FOUND)

    assert book.lesson_verdict(name, "02_broadcast") == FOUND
    kept = next(one for one in book.students() if one.id != "anna")
    of = book.graded(name, "02_broadcast")
    assert of and of.late and of.remarks == (name,)
    assert book.is_done(kept.id, "02_broadcast", "key")


def test_a_student_who_submits_again_is_still_one_student(book: Gradebook) -> None:
    graded(book)
    book.enrol(Student("anna", "Anna M."))

    assert [one.name for one in book.students()] == ["Anna M."]
    assert book.lesson_verdict("anna", "02_broadcast") == FOUND


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


def lesson(tmp_path: Path) -> Lesson:
    """Lesson 2 with checks of its own in `tmp_path`, which a test may change."""
    checks = tmp_path / "checks"
    checks.mkdir()
    (checks / "test_it.py").write_text("from . import stories\nfrom .deeper import one\n")
    (checks / "stories.py").write_text("import os\nfrom . import deeper\n")
    (checks / "deeper.py").write_text("from . import stories\none = 1\n")
    (checks / "__init__.py").touch()
    (checks / "apart.py").write_text("two = 2\n")
    return replace(COURSE.lesson("2"), checks_file=checks / "test_it.py")


def test_the_checks_are_the_file_and_what_it_imports_beside_itself(tmp_path: Path) -> None:
    found = imported(lesson(tmp_path).checks_file)

    names = ["__init__.py", "deeper.py", "stories.py", "test_it.py"]
    assert [path.name for path in found] == names


def test_the_key_changes_with_what_a_verdict_depends_on_and_nothing_else(tmp_path: Path) -> None:
    programs = tmp_path / "anna"
    programs.mkdir()
    (programs / "server.py").write_text("print(1)\n")
    two = lesson(tmp_path)
    key = grade_key(two, programs, "seed", "namespaces")

    assert len(key) == 64
    assert grade_key(two, programs, "other seed", "namespaces") != key
    assert grade_key(COURSE.lesson("2"), programs, "seed", "namespaces") != key
    (programs / "__pycache__").mkdir()
    (programs / "__pycache__/server.pyc").write_bytes(b"new")
    (programs / ".hidden").write_text("new")
    os.utime(programs / "server.py", (0, 0))
    assert grade_key(two, programs, "seed", "namespaces") == key
    for name, text in (("helper.py", "x = 1"), ("server.py", "print(2)\n"), ("client.py", "")):
        before = grade_key(two, programs, "seed", "namespaces")
        (programs / name).write_text(text)
        assert grade_key(two, programs, "seed", "namespaces") != before


def test_another_python_isolation_or_screen_is_another_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = COURSE.lesson("2")
    key = grade_key(two, tmp_path, "seed", "namespaces")

    assert grade_key(two, tmp_path, "seed", "processes") != key
    for name, value in (
        ("platform.python_version_tuple", ("3", "99", "0")),
        ("platform.python_implementation", "PyPy"),
        ("chatkit.classroom.gradekey.screen", "Linux and half a window"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(name, lambda value=value: value)
            assert grade_key(two, tmp_path, "seed", "namespaces") != key, name
    assert grade_key(two, tmp_path, "seed", "namespaces") == key


def test_a_screen_that_was_installed_makes_another_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    without = screen()
    (tmp_path / "Xvfb").write_text("#!/bin/sh\n")
    (tmp_path / "Xvfb").chmod(0o755)

    assert screen() == f"{without} Xvfb"


def test_the_key_neither_waits_for_a_pipe_nor_follows_a_link(tmp_path: Path) -> None:
    programs = tmp_path / "anna"
    programs.mkdir()
    os.mkfifo(programs / "server.py")
    (programs / "loop").symlink_to(programs)
    (programs / "gone").symlink_to("nowhere")

    assert len(grade_key(COURSE.lesson("2"), programs, "seed", "namespaces")) == 64
