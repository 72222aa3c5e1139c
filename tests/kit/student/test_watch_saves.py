"""What the watch notices of the disk, and how it grades meanwhile: both for real."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil
import pytest
import watchfiles

from chatkit.course.lessons import find_course
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson
from chatkit.student.grader import Ended, Grader, Heard
from chatkit.student.saves import Saved, Saves

ROOT = find_course(Path(__file__).parent).root
COURSE = find_course(ROOT)
ECHO = COURSE.lesson("echo")
SECONDS = 60  # that anything may take on a busy machine


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    for name in ("01_echo", "02_broadcast"):
        (tmp_path / "lessons" / name).mkdir(parents=True)
        (tmp_path / "lessons" / name / "server.py").write_text("old\n")
    return tmp_path / "lessons"


@contextlib.contextmanager
def watched(lessons: Path, *, poll: bool = False) -> Iterator["SimpleQueue[Saved]"]:
    told: SimpleQueue[Saved] = SimpleQueue()
    with Saves(lessons, told.put, poll=poll):
        yield told


@pytest.mark.parametrize("poll", [False, True])
def test_every_way_of_saving_is_seen(lessons: Path, poll: bool) -> None:
    path = lessons / "01_echo/server.py"
    with watched(lessons, poll=poll) as told:
        path.write_text("written in place\n")
        assert told.get(timeout=SECONDS) == Saved()

        beside = path.with_name("server.py.tmp")
        beside.write_text("renamed over it\n")
        beside.replace(path)
        assert told.get(timeout=SECONDS) == Saved()

        path.unlink()
        assert told.get(timeout=SECONDS) == Saved()


def test_what_is_no_program_is_no_save(lessons: Path) -> None:
    path = lessons / "01_echo/server.py"
    with watched(lessons) as told:
        (lessons / "01_echo/.server.py.swp").write_text("an editor's own\n")
        (lessons / "01_echo/__pycache__").mkdir()
        (lessons / "01_echo/__pycache__/server.pyc").write_text("Python's own\n")
        path.chmod(0o600)
        (lessons / "new").write_text("now\n")
        (lessons / "new").replace(path)
        told.get(timeout=SECONDS)

    assert told.empty()


def test_a_folder_that_was_away_is_watched_again(lessons: Path) -> None:
    with watched(lessons) as told:
        lessons.rename(lessons.with_name("away"))
        told.get(timeout=SECONDS)
        lessons.with_name("away").rename(lessons)
        told.get(timeout=SECONDS)

        (lessons / "02_broadcast/server.py").write_text("new\n")
        told.get(timeout=SECONDS)


def test_a_drive_without_events_is_looked_at_and_then_polled(
    lessons: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = watchfiles.watch
    asked: SimpleQueue[object] = SimpleQueue()

    def deaf(*folders: Any, force_polling: bool | None, **options: Any) -> Iterator[set[Any]]:
        """As on a network drive: only polling finds anything."""
        asked.put(force_polling)
        for changes in watch(*folders, force_polling=force_polling, **options):
            yield changes if force_polling else set()

    monkeypatch.setattr(watchfiles, "watch", deaf)
    with watched(lessons) as told:
        assert asked.get(timeout=SECONDS) is None
        (lessons / "01_echo/server.py").write_text("new\n")
        told.get(timeout=SECONDS)

        assert asked.get(timeout=SECONDS) is True
        (lessons / "01_echo/server.py").write_text("newer\n")
        told.get(timeout=SECONDS)


# ------------------------------------------------------------------------------------ grading


def test_chosen_checks_run_first_and_the_verdict_keeps_the_order_of_the_file() -> None:
    heard: list[str] = []
    first = ("client-no-server", "restart")

    verdict = grade_lesson(
        ECHO, ECHO.solutions, RunOptions(first=first), on_verdict=lambda one: heard.append(one.id)
    )

    written = [check.id for check in ECHO.checks()]
    assert heard == [*first, *(id for id in written if id not in first)]
    assert [one.id for one in verdict.checks] == written


def test_a_run_cut_short_ends_its_programs_and_the_next_one_begins(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "lessons", tmp_path / "lessons")
    course = find_course(tmp_path)
    lesson = course.lesson("echo")
    pipe = tmp_path / "pid"
    os.mkfifo(pipe)
    (lesson.folder / "server.py").write_text(
        f"import os, threading\nopen({str(pipe)!r}, 'w').write(str(os.getpid()))\n"
        "while True:\n    threading.Event().wait(0.05)\n"  # never at rest: it is waited for
    )
    told: SimpleQueue[Heard | Ended] = SimpleQueue()
    others = psutil.Process().children(recursive=True)  # of the tests before this one
    with Grader(course, told.put) as grader:
        first = grader.start(lesson)
        old = psutil.Process(int(pipe.read_text()))
        for program in lesson.asked:
            shutil.copy(ECHO.solutions / program, lesson.folder)
        second = grader.start(lesson, ("client-ctrl-c",))

        found = []
        while not (found and found[-1].run == second and isinstance(found[-1], Ended)):
            found.append(told.get(timeout=SECONDS))

        assert second > first
        assert not psutil.wait_procs([old], timeout=SECONDS)[1]
        heard = [one.verdict.id for one in found if isinstance(one, Heard) and one.run == second]
        assert heard[0] == "client-ctrl-c" and len(heard) == len(ECHO.checks())
        assert isinstance(found[-1], Ended) and found[-1].verdict and found[-1].verdict.full
        assert found[-1].verdict.isolation == "processes"
        started = set(psutil.Process().children(recursive=True)) - set(others)
    assert not psutil.wait_procs(started, timeout=SECONDS)[1]


def test_a_process_that_was_lost_is_told_and_replaced() -> None:
    told: SimpleQueue[Heard | Ended] = SimpleQueue()
    with Grader(COURSE, told.put) as grader:
        grader.worker.process.kill()
        grader.start(ECHO)
        lost = told.get(timeout=SECONDS)
        assert isinstance(lost, Ended) and lost.verdict is None and "has ended" in lost.trouble

        again = grader.start(ECHO)
        assert told.get(timeout=SECONDS).run == again
