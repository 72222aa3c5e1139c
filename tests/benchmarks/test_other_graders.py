"""The same three checks of an echo server, written for check50, for plain pytest and for this kit.

`pytest tests/benchmarks/test_other_graders.py -s` prints how long each of them takes for one
submission and for thirty. Run it on a machine that has nothing else to do. It installs
check50 from the package index into a virtual environment that is gone afterwards. With
`CHATKIT_RECORD=FILE` the figures go into FILE as well.

Each grader is used as its manual says. check50 runs the checks of a folder (`check50 --dev`), once
for each submission, and so does pytest: thirty of them are a loop. It is also measured what they
take when somebody writes a script that keeps two of them running. The kit grades all submissions in
one go, two at once (`chatkit class grade`): that is the difference which is measured. The kit
isolates the programs and writes a gradebook and the reports, which the others do not do; its time
includes that.

What the figures do not say: how good the checks are, for here they are as simple as the simplest of
the three graders allows; how long check50 takes as its makers run it for their courses, on servers
of their own, each submission in a container; what a teacher's own loop around pytest might save by
grading many submissions in one process, where one submission can disturb the next.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from recorded import record

from chatkit.classroom.gradebook import open_gradebook
from chatkit.course.lessons import find_course

COURSE = find_course(Path(__file__).parent)
ECHO = COURSE.lesson("echo")
CHECKS = Path(__file__).parent / "graders"
CHECK50 = "check50==3.5.0"
MISTAKE = COURSE.root / "tests" / "mistakes" / ECHO.name / "accepts_once"
CLASSES = (1, 30)
WORKERS = 2
ROUNDS = 3  # of all, in turns; the quickest of each counts
LEAST = 5.0  # times as fast as check50, with thirty submissions
DEADLINE = 120  # seconds for one command

Found = dict[str, bool]  # check -> whether it passed
GradeOne = Callable[[Path], Found]  # what grades one submission
ALL_RIGHT = {"echoes_a_line": True, "next_client": True, "half_close": True}

# The course that the kit grades: one lesson with the three checks.
LESSON = """
title = "Echo"
summary = "Three checks."
minutes = 1
goals = []
asked = ["server.py"]
"""


@dataclass(frozen=True)
class Grader:
    """One way to grade the submissions in a folder, which holds one folder for each student."""

    name: str
    grade: Callable[[Path], list[Found]]


@pytest.fixture(scope="module")
def graders(tmp_path_factory: pytest.TempPathFactory) -> list[Grader]:
    space = tmp_path_factory.mktemp("graders")
    ones = {"check50": check50(space / "check50"), "pytest": plain_pytest(space / "pytest")}
    loops = [Grader(name, partial(in_turns, one, 1)) for name, one in ones.items()]
    scripts = [Grader(f"{name}, two", partial(in_turns, one, 2)) for name, one in ones.items()]
    return [*loops, *scripts, kit(space / "kit")]


def check50(space: Path) -> GradeOne:
    """check50 in a virtual environment of its own, and its folder with the checks."""
    venv.create(space / "venv", with_pip=True)
    programs = space / "venv" / "bin"
    install = [programs / "python", "-m", "pip", "install", "--quiet", CHECK50]
    subprocess.run(install, check=True, timeout=600)
    (space / "echo").mkdir()
    (space / "echo" / ".cs50.yaml").write_text("check50: true\n")
    shutil.copy(CHECKS / "for_check50.py", space / "echo" / "__init__.py")
    path = os.pathsep.join((str(programs), os.environ["PATH"]))

    def one(folder: Path) -> Found:
        result = space / f"{folder.parent.name}.json"
        command = [programs / "check50", "--dev", space / "echo", "-o", "json"]
        run([*command, "--output-file", result], folder, {**os.environ, "PATH": path})
        told = json.loads(result.read_text())
        assert "error" not in told, told["error"]
        result.unlink()
        return {one["name"]: bool(one["passed"]) for one in told["results"]}

    return one


def plain_pytest(space: Path) -> GradeOne:
    """pytest, without the plugins that happen to be installed here."""
    space.mkdir()
    checks = shutil.copy(CHECKS / "for_pytest.py", space)
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    def one(folder: Path) -> Found:
        command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", checks]
        told = run(command, folder, environment)
        results = re.findall(r"^(PASSED|FAILED) \S+::test_(\w+)", told, re.MULTILINE)
        return {name: outcome == "PASSED" for outcome, name in results}

    return one


def kit(space: Path) -> Grader:
    """This kit, isolation on, with a course of one lesson."""
    lesson = space / "lessons" / ECHO.name / "lesson.toml"
    checks = space / "tests" / "lessons" / f"test_{ECHO.name}.py"
    for file in (lesson, checks):
        file.parent.mkdir(parents=True)
    lesson.write_text(LESSON)
    shutil.copy(CHECKS / "for_chatkit.py", checks)

    def grade(submissions: Path) -> list[Found]:
        out = space / "grades"
        command = [sys.executable, "-m", "chatkit", "class", "grade", submissions, "--out", out]
        run([*command, "--workers", WORKERS], space, {**os.environ})
        with open_gradebook(out / "gradebook.sqlite") as book:
            verdicts = [book.lesson_verdict(one.id, ECHO.name) for one in book.students()]
        shutil.rmtree(out)
        assert {verdict and verdict.isolation for verdict in verdicts} == {"namespaces"}
        return [
            {one.id: one.status == "passed" for one in verdict.checks}
            for verdict in verdicts
            if verdict
        ]

    return Grader("chatkit", grade)


def in_turns(one: GradeOne, at_once: int, submissions: Path) -> list[Found]:
    """Grade each submission with a command of its own, so many at once."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, sorted(submissions.glob(f"*/{ECHO.name}"))))


def run(command: Sequence[object], folder: Path, environment: dict[str, str]) -> str:
    """What the command prints. Its exit status says what we read from its result anyway."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def hand_in(where: Path, program: Path, students: int) -> Path:
    for number in range(students):
        folder = where / f"student{number:02}" / ECHO.name
        folder.mkdir(parents=True)
        shutil.copy(program, folder)
    return where


def test_all_find_the_same_mistake(graders: list[Grader], tmp_path: Path) -> None:
    """They measure the same thing only if they do."""
    submissions = hand_in(tmp_path / "hand-ins", MISTAKE / "server.py", 1)
    for grader in graders:
        assert grader.grade(submissions) == [ALL_RIGHT | {"next_client": False}], grader.name


def test_three_checks(graders: list[Grader], tmp_path: Path) -> None:
    names = [grader.name for grader in graders]
    print("\nsubmissions" + "".join(f"{name:>14}" for name in names) + "   times chatkit")
    for students in CLASSES:
        submissions = hand_in(tmp_path / str(students), ECHO.solutions / "server.py", students)
        times: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(ROUNDS):
            for grader in graders:
                since = time.perf_counter()
                found = grader.grade(submissions)
                times[grader.name].append(time.perf_counter() - since)
                assert found == [ALL_RIGHT] * students, grader.name
        best = {name: min(taken) for name, taken in times.items()}
        ratios = {name: best[name] / best["chatkit"] for name in names}
        print(
            f"{students:11}"
            + "".join(f"{best[name]:12.2f} s" for name in names)
            + "".join(f"   {name} {ratios[name]:.1f}" for name in names[:-1])
        )
        record(f"three checks, {students} submissions", {"seconds": best, "workers": WORKERS})
    assert ratios["check50"] >= LEAST
