"""How fast a class is graded, against a loop that only starts the same programs.

`pytest tests/benchmarks/test_class_speed.py -s` prints the figures. They are ratios of two runs on
the same machine, one after the other; run them on a machine that has nothing else to do.
"""

import secrets
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from floor import observed, replay
from recorded import record

from chatkit.course.lessons import find_course
from chatkit.grading.jobs import grade_jobs
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson
from chatkit.grading.worker import Job

COURSE = find_course(Path(__file__).parent)
ECHO = COURSE.lesson("echo")
STUDENTS = 30
WORKERS = 2
MOST = 1.6  # times the floor
ROUNDS = 5  # of both, in turns; the quickest of each counts


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    """The solution of lesson 1, handed in by everybody."""
    found = []
    for number in range(STUDENTS):
        folder = tmp_path / f"student{number:02}"
        shutil.copytree(ECHO.solutions, folder)
        options = RunOptions(seed=secrets.token_hex(4))
        found.append(Job(COURSE.root, ECHO.name, folder, options, folder.name))
    return found


def test_thirty_submissions(jobs: list[Job]) -> None:
    with observed() as stories:
        assert grade_lesson(ECHO, ECHO.solutions).full
    starts = sum(len(story.started) for story in stories)

    def bare(job: Job) -> None:
        for story in stories:
            replay(story, job.folder)

    floors, classes = [], []
    for _ in range(ROUNDS):
        since = time.monotonic()
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(bare, jobs))
        floors.append(time.monotonic() - since)
        since = time.monotonic()
        graded = list(grade_jobs(jobs, workers=WORKERS))
        classes.append(time.monotonic() - since)
        assert all(one.verdict and one.verdict.full for one in graded)
        assert {one.verdict.isolation for one in graded if one.verdict} == {"namespaces"}

    ratio = min(classes) / min(floors)
    print(
        f"\n{STUDENTS} submissions, {starts} program starts each, {WORKERS} workers: "
        f"floor {min(floors):.1f} s, graded {min(classes):.1f} s, ratio {ratio:.2f}"
    )
    record("class", {"floor": min(floors), "seconds": min(classes), "starts": starts})
    assert ratio <= MOST
