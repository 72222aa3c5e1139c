"""How fast a class is graded, against a loop that only starts the same programs.

`pytest tests/benchmarks/test_class_speed.py -s` prints the figures. They are ratios of two runs on
the same machine, one after the other; run them on a machine that has nothing else to do.
"""

import contextlib
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatkit.course import find_course
from chatkit.grading.classroom import Unit, grade_units
from chatkit.grading.run import grade_lesson
from chatkit.harness.bench import Bench

COURSE = find_course(Path(__file__).parent)
ECHO = COURSE.lesson("echo")
STUDENTS = 30
WORKERS = 2
MOST = 1.6  # times the floor
ROUNDS = 3  # of both, in turns; the quickest of each counts


@pytest.fixture
def units(tmp_path: Path) -> list[Unit]:
    """The solution of lesson 1, handed in by everybody."""
    found = []
    for number in range(STUDENTS):
        folder = tmp_path / f"student{number:02}"
        shutil.copytree(ECHO.solutions, folder)
        found.append(Unit(folder.name, ECHO.name, folder, secrets.token_hex(4), ""))
    return found


def starts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs that grading lesson 1 starts, in order."""
    started: list[str] = []
    start = Bench._start

    def counted(bench: Bench, name: str, *args: object, **named: object) -> object:
        started.append(name)
        return start(bench, name, *args, **named)

    monkeypatch.setattr(Bench, "_start", counted)
    assert grade_lesson(ECHO, ECHO.solutions).full
    monkeypatch.undo()
    return started


def bare(folder: Path, programs: list[str]) -> None:
    """Start each program, connect once, and kill it."""
    for name in programs:
        command = [sys.executable, str(folder / name)]
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = str(listener.getsockname()[1])
            if name == "client.py":
                program = begin([*command, "--port", port])
                listener.accept()[0].close()
        if name == "server.py":
            program = begin([*command, "--port", port])
            connect(int(port))
        program.kill()
        program.wait()


def begin(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def connect(port: int) -> None:
    deadline = time.monotonic() + 10
    again = threading.Event()
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        again.wait(0.001)
    raise AssertionError("the server does not listen")


def test_thirty_submissions(units: list[Unit], monkeypatch: pytest.MonkeyPatch) -> None:
    programs = starts(monkeypatch)
    floors, classes = [], []
    for _ in range(ROUNDS):
        since = time.monotonic()
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda unit: bare(unit.folder, programs), units))
        floors.append(time.monotonic() - since)
        since = time.monotonic()
        graded = list(grade_units(units, COURSE.root, workers=WORKERS))
        classes.append(time.monotonic() - since)
        assert all(one.verdict and one.verdict.full for one in graded)
        assert {one.verdict.isolation for one in graded if one.verdict} == {"namespaces"}

    ratio = min(classes) / min(floors)
    print(
        f"\n{STUDENTS} submissions, {len(programs)} program starts each, {WORKERS} workers: "
        f"floor {min(floors):.1f} s, graded {min(classes):.1f} s, ratio {ratio:.2f}"
    )
    assert ratio <= MOST
