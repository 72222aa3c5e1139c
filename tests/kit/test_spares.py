"""Spares: a program that one of them begins finds the world as any other, and nobody is left."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chatkit.course import find_course
from chatkit.grading.run import grade_lesson
from chatkit.harness.bench import Bench
from chatkit.harness.kernel import LINUX, WINDOWS
from chatkit.harness.program import Program
from chatkit.harness.spares import Spares

pytestmark = pytest.mark.skipif(WINDOWS, reason="on Windows every program starts anew")

# What a program could see of how it was begun.
TELL = """
import os
import sys
modules = sorted(sys.modules)
import json
import signal
print(json.dumps({
    "modules": modules,
    "globals": sorted(globals()),
    "arguments": sys.argv,
    "command": sys.orig_argv,
    "path": sys.path,
    "flags": str(sys.flags),
    "environment": dict(os.environ),
    "folder": os.getcwd(),
    "files": sorted(os.listdir("/dev/fd")),
    "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
    "blocked": str(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "leads": os.getsid(0) == os.getpid() == os.getpgrp(),
    "streams": [str((one, one.write_through)) for one in (sys.stdin, sys.stdout, sys.stderr)],
}))
"""
ARGUMENTS = ["--host", "127.0.0.1", "--name", "Zoë \udc80", ""]


@pytest.fixture
def spares() -> Iterator[Spares]:
    spares = Spares()
    yield spares
    spares.close()
    assert not spares.waiting


def begun(path: Path, spares: Spares | None) -> tuple[int, bytes, dict[str, str]]:
    """The process id of a program, what it prints until it ends, and the environment it got."""
    program = Program(path, ARGUMENTS, spares=spares)
    try:
        out, errors = program.process.communicate(timeout=30)
        assert not errors
        return program.pid, out, program.environment
    finally:
        program.close()


def test_a_program_finds_the_same_world(tmp_path: Path, spares: Spares) -> None:
    path = tmp_path / "server.py"
    path.write_text(TELL, encoding="utf-8")
    _, anew, environment = begun(path, None)
    spare = spares.prepare(path, environment)

    pid, told, _ = begun(path, spares)

    assert pid == spare
    assert json.loads(told) == json.loads(anew)
    assert json.loads(told)["arguments"] == [str(path), *ARGUMENTS]


def test_it_runs_what_was_saved_last(tmp_path: Path, spares: Spares) -> None:
    path = tmp_path / "server.py"
    path.write_text("print('old')", encoding="utf-8")
    _, _, environment = begun(path, None)
    spare = spares.prepare(path, environment)
    path.write_text("print('new')", encoding="utf-8")

    assert begun(path, spares)[:2] == (spare, b"new\n")


@pytest.mark.parametrize("how", ["another environment", "another program", "it has ended"])
def test_without_a_fitting_one_the_program_starts_anew(
    tmp_path: Path, spares: Spares, how: str
) -> None:
    path, other = tmp_path / "server.py", tmp_path / "client.py"
    for file in (path, other):
        file.write_text("print('here')", encoding="utf-8")
    _, _, environment = begun(path, None)
    if how == "another environment":
        environment["LANG"] = "C.UTF-8.another"
    spare = spares.prepare(other if how == "another program" else path, environment)
    if how == "it has ended":
        os.kill(spare, signal.SIGKILL)
        os.waitid(os.P_PID, spare, os.WEXITED | os.WNOWAIT)

    pid, told, _ = begun(path, spares)

    assert pid != spare
    assert told == b"here\n"


@pytest.mark.skipif(not LINUX, reason="only Linux tells of what has left its program")
def test_a_check_does_not_take_the_spare_for_a_daemon(tmp_path: Path, spares: Spares) -> None:
    (tmp_path / "client.py").write_text("input()", encoding="utf-8")
    with Bench(lambda name: tmp_path / name, spares=spares) as bench:
        bench.nobody_listens()
        first = bench.start_client()
        spare = spares.waiting[first.path].process.pid
        assert bench.pids() == [first.pid]
        bench.clear()  # ends all that the check has started
        second = bench.start_client()

    assert second.pid == spare


def test_nobody_is_left_after_a_lesson() -> None:
    echo = find_course(Path(__file__).parent).lesson("echo")
    before = psutil.Process().children()

    assert grade_lesson(echo, echo.solutions).full

    assert [one for one in psutil.Process().children() if one not in before] == []


def test_a_spare_ends_when_the_bench_is_gone(tmp_path: Path, spares: Spares) -> None:
    """Also where the system does not end it with its parent: the gate closes."""
    path = tmp_path / "server.py"
    path.write_text("print('begun')", encoding="utf-8")
    spares.prepare(path, dict(os.environ))
    spare = spares.waiting.pop(path)

    os.close(spare.gate)

    assert spare.process.communicate(timeout=30) == (b"", b"")
    assert spare.process.returncode == 0
