"""A class on a real cluster: one scheduler, two workers, and one of them is killed."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from chatkit.authoring.samples import found_in, samples
from chatkit.classroom.gradebook import open_gradebook
from chatkit.course.lessons import find_course

ROOT = Path(__file__).parents[3]
COURSE = find_course(ROOT)
ECHO = COURSE.lesson("echo")
STUDENTS = 12


@contextmanager
def running(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A part of the cluster, ended with all that it started."""
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        started = psutil.Process(process.pid).children(recursive=True)
        for one in (psutil.Process(process.pid), *started):
            with suppress(psutil.NoSuchProcess):  # its grading has ended just now
                one.kill()
        process.wait()
        assert not psutil.wait_procs(started, timeout=10)[1]


def until(process: subprocess.Popen[str], pattern: str) -> str:
    """Read what a part says until it says this."""
    assert process.stderr
    for line in process.stderr:
        if found := re.search(pattern, line):
            return found[1]
    raise AssertionError(f"it has ended without saying {pattern}")


@contextmanager
def cluster(workers: int) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """The address of a scheduler, and its workers."""
    with ExitStack() as stack:
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
        scheduler = stack.enter_context(running("dask_scheduler", *options))
        address = until(scheduler, r"Scheduler at:\s+(tcp://\S+)")
        parts = []
        for _ in range(workers):
            options = (address, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
            parts.append(stack.enter_context(running("dask_worker", *options)))
        for part in parts:
            until(part, r"(Starting established connection)")
        yield address, parts


def the_class(folder: Path) -> dict[str, dict[str, str]]:
    """Students whose programs are the samples of lesson 1, and what must be found."""
    chosen = [one for one in samples(COURSE, "mistakes") if one.lesson == ECHO][:STUDENTS]
    wanted = {}
    for number, sample in enumerate(chosen):
        for program in ECHO.asked:
            if program in sample.expected.get("missing", ()):
                continue
            own = sample.folder / program
            text = (own if own.exists() else ECHO.solutions / program).read_bytes()
            target = folder / f"student{number:02}" / "01_echo" / program
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text)
        wanted[f"student{number:02}"] = sample.outcome()
    return wanted


def grade(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "chatkit", "class", "grade", *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def found(out: Path) -> dict[str, dict[str, str]]:
    with open_gradebook(out / "gradebook.sqlite") as book:
        return {
            student.id: found_in(verdict)
            for student in book.students()
            if (verdict := book.lesson_verdict(student.id, ECHO.name))
        }


def test_a_worker_that_is_killed_half_way_changes_no_grade(tmp_path: Path) -> None:
    wanted = the_class(tmp_path / "school")

    with cluster(workers=2) as (address, parts):
        run = grade(tmp_path / "school", "--out", tmp_path / "out", "--cluster", address)
        assert run.stderr
        first = run.stderr.readline()
        end(parts[0])
        _, rest = run.communicate(timeout=240)

    assert run.returncode == 0, first + rest
    assert found(tmp_path / "out") == wanted


@pytest.mark.parametrize(
    ("address", "told"),
    [("tcp://127.0.0.1:9", "no scheduler answers"), ("no address", "is not the address")],
)
def test_a_scheduler_that_is_not_there_is_one_clear_line(
    tmp_path: Path, address: str, told: str
) -> None:
    the_class(tmp_path / "school")

    run = grade(tmp_path / "school", "--out", tmp_path / "out", "--cluster", address)
    _, said = run.communicate(timeout=120)

    assert run.returncode == 2
    assert told in said
    assert "Traceback" not in said
