"""Grading a class: what is found is graded once, and nothing is lost, whatever happens."""

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from chatkit.authoring.samples import Sample, found_in
from chatkit.classroom.gradebook import open_gradebook
from chatkit.course.lessons import find_course
from chatkit.grading.options import RunOptions
from chatkit.grading.worker import Job, Worker
from chatkit.system.sandbox.sandbox import what_is_missing

ROOT = Path(__file__).parents[3]
COURSE = find_course(ROOT)
ECHO = COURSE.lesson("echo")


@pytest.fixture(scope="session")
def run(chatkit: Callable) -> Callable:
    """`chatkit class` in a process of its own."""
    return partial(chatkit, "class")


@pytest.fixture
def school(tmp_path: Path) -> Path:
    """Four students: two with the solution, two with a mistake each."""
    school = tmp_path / "school"
    for student in ("alice", "bob"):
        shutil.copytree(ECHO.solutions, school / student / "01_echo")
    mistakes = sorted((ROOT / "tests" / "mistakes" / "01_echo").iterdir())
    wrong = [path for path in mistakes if (path / "server.py").exists()][:2]
    for student, mistake in zip(("carol", "dave"), wrong, strict=True):
        shutil.copytree(ECHO.solutions, school / student / "01_echo")
        shutil.copy(mistake / "server.py", school / student / "01_echo")
        shutil.copy(mistake / "expected.toml", tmp_path / f"{student}.toml")
    return school


def found(out: Path) -> dict[str, dict[str, str]]:
    """Student -> check -> "passed", "not_reached" or the symptom."""
    with open_gradebook(out / "gradebook.sqlite") as book:
        return {
            student.id: found_in(verdict)
            for student in book.students()
            if (verdict := book.lesson_verdict(student.id, ECHO.name))
        }


def expected(school: Path, student: str) -> dict[str, str]:
    file = school.parent / f"{student}.toml"
    facts = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return Sample(ECHO, school / student, facts).outcome()


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_every_grade_is_right_and_the_submissions_stay_as_they_are(
    run: Callable, school: Path, tmp_path: Path, workers: int
) -> None:
    before = content(school)

    done = run("grade", school, "--out", tmp_path / "out", "--workers", workers)

    assert done.returncode == 0, done.stderr
    assert found(tmp_path / "out") == {
        student: expected(school, student) for student in ("alice", "bob", "carol", "dave")
    }
    assert content(school) == before


def test_a_second_run_grades_only_what_has_changed(
    run: Callable, school: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run("grade", school, "--out", out, "--workers", 2)

    again = run("grade", school, "--out", out)
    program = school / "alice" / "01_echo" / "server.py"
    program.write_text(program.read_text(encoding="utf-8") + "\n# better\n", encoding="utf-8")
    changed = run("grade", school, "--out", out)
    fresh = run("grade", school, "--out", out, "--only", "bob", "--fresh")

    assert "0 lessons to grade, 4 graded before" in again.stdout
    assert "1 lesson to grade, 3 graded before" in changed.stdout
    assert "1 lesson to grade, 0 graded before" in fresh.stdout


@pytest.mark.skipif(bool(what_is_missing()), reason="needs bubblewrap")
def test_what_was_graded_in_another_isolation_is_graded_again(
    run: Callable, school: Path, tmp_path: Path
) -> None:
    words = ("grade", school, "--out", tmp_path / "out", "--only", "alice")
    weak = run(*words, "--isolation", "processes")
    strong = run(*words)
    again = run(*words)

    assert "1 lesson to grade, 0 graded before" in weak.stdout
    assert "1 lesson to grade, 0 graded before" in strong.stdout
    assert "0 lessons to grade, 1 graded before" in again.stdout
    with open_gradebook(tmp_path / "out" / "gradebook.sqlite") as book:
        verdict = book.lesson_verdict("alice", ECHO.name)
        assert verdict and verdict.isolation == "namespaces"


def test_a_run_that_was_killed_goes_on_and_finds_the_same(
    run: Callable, school: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "chatkit", "class", "grade", school, "--out", out]
    broken = subprocess.Popen(
        [*map(str, command), "--workers", "1"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert broken.stderr
    broken.stderr.readline()  # one lesson is graded
    started = psutil.Process(broken.pid).children(recursive=True)
    broken.kill()
    broken.wait()
    broken.stderr.close()
    assert not psutil.wait_procs(started, timeout=10)[1]  # nothing outlives it

    done = run("grade", school, "--out", out, "--workers", 2)

    assert "0 graded before" not in done.stdout
    assert set(found(out)) == {"alice", "bob", "carol", "dave"}
    assert all(found(out)[student] == expected(school, student) for student in found(out))


NO_ROOM = """#!/bin/sh
case "$*" in *--block-fd*) echo "bwrap: no room" >&2; exit 1;; esac
exec {bwrap} "$@"
"""


@pytest.mark.skipif(bool(what_is_missing()), reason="needs bubblewrap")
def test_a_sandbox_that_breaks_costs_nobody_a_point(
    run: Callable, school: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It worked when the worker began, and does not work when a program is to start."""
    broken = tmp_path / "bin" / "bwrap"
    broken.parent.mkdir()
    broken.write_text(NO_ROOM.format(bwrap=shutil.which("bwrap")), encoding="utf-8")
    broken.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{broken.parent}:{os.environ['PATH']}")
        lost = run("grade", school, "--out", tmp_path / "out", "--only", "alice")
        twice = tmp_path / "gradebook.csv"
        twice.write_text("Student,ID,Echo (1),Echo (2)\n,,10,10\nalice,7,,\n", encoding="utf-8")
        words = ("--only", "alice", "--roster", twice)
        no_roster = run("grade", school, "--out", tmp_path / "out", *words)
    done = run("grade", school, "--out", tmp_path / "out", "--only", "alice")

    assert lost.returncode == 1
    assert "could not be graded: alice, 01_echo: " in lost.stderr
    assert lost.stderr.rstrip().endswith("SandboxError: bwrap: no room")
    assert no_roster.returncode == 2
    assert "could not be graded: alice, 01_echo: " in no_roster.stderr
    assert "nobody has been graded in any lesson yet" in no_roster.stderr
    assert "1 lesson to grade, 0 graded before" in done.stdout
    assert found(tmp_path / "out") == {"alice": expected(school, "alice")}


KILLS = int(os.environ.get("CHATKIT_KILLS", "4"))  # 50 is the long form


def test_kills_at_random_moments_change_nothing(
    run: Callable, school: Path, tmp_path: Path
) -> None:
    lesson_of = {"alice": 2, "bob": 2, "carol": 3, "dave": 3}  # more to do, more to lose
    for student, number in lesson_of.items():
        lesson = COURSE.lesson(str(number))
        shutil.copytree(lesson.solutions, school / student / lesson.name)
    command = [*(sys.executable, "-m", "chatkit", "class", "grade"), str(school), "--workers", "2"]
    once, killed = tmp_path / "once", tmp_path / "killed"
    subprocess.run([*command, "--out", str(once)], cwd=ROOT, capture_output=True, check=True)
    chance = random.Random(KILLS)
    kills, fresh = 0, []
    while kills < KILLS:
        run = subprocess.Popen(
            [*command, "--out", str(killed), *fresh],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.wait(timeout=chance.uniform(0.2, 6))
        if run.poll() is not None:  # it was done before it could be killed
            fresh = ["--fresh"]
            continue
        started = psutil.Process(run.pid).children(recursive=True)
        run.kill()
        run.wait()
        assert not psutil.wait_procs(started, timeout=10)[1]
        kills, fresh = kills + 1, []

    done = run_to_the_end([*command, "--out", str(killed)])

    assert done.returncode == 0, done.stderr
    assert everything(killed) == everything(once)


def run_to_the_end(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)


def everything(out: Path) -> dict[tuple[str, str, str], tuple[str, float, str]]:
    """Student, lesson, check -> status, score and symptom."""
    with open_gradebook(out / "gradebook.sqlite") as book:
        return {
            (student.id, lesson, check.id): (check.status, check.score, check.symptom)
            for student in book.students()
            for lesson in book.lessons()
            if (verdict := book.lesson_verdict(student.id, lesson))
            for check in verdict.checks
        }


STOPPED_TWICE = """
import os, signal
from chatkit.grading.worker import stop_once

def told(): os.kill(os.getpid(), signal.SIGTERM)

signal.signal(signal.SIGTERM, stop_once())
try:
    told()
except KeyboardInterrupt:
    told()
    print("cleaned up")
"""


def test_a_worker_that_is_stopped_twice_still_ends_in_order() -> None:
    """Whoever ends a run tells all workers at once, and then each of them as it is closed."""
    done = subprocess.run([sys.executable, "-c", STOPPED_TWICE], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("cleaned up\n", "")


def test_what_fails_in_the_hearer_is_not_taken_for_a_lost_worker() -> None:
    def deaf(_: object) -> None:
        raise BrokenPipeError("nobody reads")

    with Worker("namespaces") as worker, pytest.raises(BrokenPipeError, match="nobody reads"):
        worker.grade(
            Job(
                ROOT,
                ECHO.name,
                ECHO.solutions,
                RunOptions(seed="seed", only=("ready-line",)),
            ),
            deaf,
        )


def test_ctrl_c_keeps_what_was_graded(school: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "chatkit", "class", "grade", school, "--out", out]
    stopped = subprocess.Popen(
        [*map(str, command), "--workers", "1"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert stopped.stderr
    stopped.stderr.readline()
    started = psutil.Process(stopped.pid).children(recursive=True)

    os.killpg(stopped.pid, signal.SIGINT)

    assert "what was graded is kept" in stopped.communicate(timeout=30)[1]
    assert stopped.returncode == 130
    assert not psutil.wait_procs(started, timeout=10)[1]
    assert found(out)


def test_an_adjustment_survives_a_regrade_and_stands_in_the_report(
    run: Callable, school: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run("grade", school, "--out", out, "--only", "carol")
    run("adjust", "carol", "1", "3", "--out", out, "--why", "showed it in class")

    run("grade", school, "--out", out, "--only", "carol", "--fresh")

    (page,) = (out / "students").glob("carol*.html")
    assert "showed it in class" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["grade", "nowhere", "--out", "out"], "nowhere"),
        (["adjust", "alice", "1", "5", "--out", "nowhere", "--why", "x"], "no gradebook"),
    ],
)
def test_bad_input_is_one_clear_line(
    run: Callable, tmp_path: Path, arguments: list[str], told: str
) -> None:
    done = run(*(str(tmp_path / one) if one in ("nowhere", "out") else one for one in arguments))

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_gradebook_that_is_none_is_left_alone(
    run: Callable, school: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with sqlite3.connect(out / "gradebook.sqlite") as other:
        other.execute("CREATE TABLE mine (x)")
    before = (out / "gradebook.sqlite").read_bytes()

    done = run("grade", school, "--out", out)

    assert done.returncode == 2
    assert "another program" in done.stderr
    assert (out / "gradebook.sqlite").read_bytes() == before
