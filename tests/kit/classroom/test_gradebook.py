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
    Student,
    open_gradebook,
)
from chatkit.classroom.gradekey import grade_key, imported
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
        book.enrol(Student("anna", "Anna Müller", lessons=("02_broadcast",)))
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
    book.enrol(Student(name, name, True, name, (name,), ("02_broadcast",), name))
    book.keep(name, "02_broadcast", "key", "seed", FOUND)

    assert book.lesson_verdict(name, "02_broadcast") == FOUND
    kept = next(one for one in book.students() if one.id != "anna")
    assert kept.late and kept.remarks == (name,)
    assert book.is_done(kept.id, "02_broadcast", "key")


def test_a_student_who_submits_again_is_still_one_student(book: Gradebook) -> None:
    graded(book)
    book.enrol(Student("anna", "Anna M.", late=True))

    assert [(one.name, one.late) for one in book.students()] == [("Anna M.", True)]
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


def test_a_file_that_is_no_database_is_left_alone(file: Path) -> None:
    file.write_text("grades of 2019\n" * 100)

    with pytest.raises(GradebookError, match="is no gradebook"), open_gradebook(file):
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
    (checks / "test_it.py").write_text("import stories\nfrom deeper import one\n")
    (checks / "stories.py").write_text("import deeper, os\n")
    (checks / "deeper.py").write_text("import stories\none = 1\n")
    (checks / "apart.py").write_text("two = 2\n")
    return replace(COURSE.lesson("2"), checks_file=checks / "test_it.py")


def test_the_checks_are_the_file_and_what_it_imports_beside_itself(tmp_path: Path) -> None:
    found = imported(lesson(tmp_path).checks_file)

    assert [path.name for path in found] == ["deeper.py", "stories.py", "test_it.py"]


def test_the_key_changes_with_what_a_verdict_depends_on_and_nothing_else(tmp_path: Path) -> None:
    programs = tmp_path / "anna"
    programs.mkdir()
    (programs / "server.py").write_text("print(1)\n")
    two = lesson(tmp_path)
    key = grade_key(two, programs, "seed")

    assert len(key) == 64
    assert grade_key(two, programs, "other seed") != key
    assert grade_key(COURSE.lesson("2"), programs, "seed") != key
    (programs / "__pycache__").mkdir()
    (programs / "__pycache__/server.pyc").write_bytes(b"new")
    (programs / ".hidden").write_text("new")
    os.utime(programs / "server.py", (0, 0))
    assert grade_key(two, programs, "seed") == key
    for name, text in (("helper.py", "x = 1"), ("server.py", "print(2)\n"), ("client.py", "")):
        before = grade_key(two, programs, "seed")
        (programs / name).write_text(text)
        assert grade_key(two, programs, "seed") != before


def test_the_key_neither_waits_for_a_pipe_nor_follows_a_link(tmp_path: Path) -> None:
    programs = tmp_path / "anna"
    programs.mkdir()
    os.mkfifo(programs / "server.py")
    (programs / "loop").symlink_to(programs)
    (programs / "gone").symlink_to("nowhere")

    assert len(grade_key(COURSE.lesson("2"), programs, "seed")) == 64
