"""A class with all lessons: the minutes it takes, the memory, and how both grow.

`pytest tests/benchmarks/test_class_of_hundred.py -s -k 10-students` prints the figures for 10
students, `-k 100-students` for 100. Run it on a machine that has nothing else to do.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from chatkit.classroom.gradebook import FILE, open_gradebook
from chatkit.course.lessons import find_course

ROOT = Path(__file__).parents[2]
COURSE = find_course(ROOT)
LOOK_EVERY = 0.5  # seconds between two looks at the memory
MEBIBYTE = 1 << 20
MOST_GROWTH = 1.5  # of a worker's memory between the first quarter of a run and the last


@pytest.mark.parametrize("students", [10, 100], ids="{}-students".format)
def test_a_class_with_all_lessons(students: int, tmp_path: Path) -> None:
    school = tmp_path / "school"
    for number in range(students):
        for lesson in COURSE.lessons:
            shutil.copytree(lesson.solutions, school / f"student{number:03}" / lesson.name)
    command = [sys.executable, "-m", "chatkit", "class", "grade", str(school)]
    command += ["--out", str(tmp_path / "out")]
    since = time.monotonic()

    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as grader:
        looks = list(looks_at(grader))
    minutes = (time.monotonic() - since) / 60

    quarter = len(looks) // 4
    early, late = most(looks[:quarter]), most(looks[-quarter:])
    print(
        f"\n{students} students, {len(COURSE.lessons)} lessons, {2 * os.cpu_count()} workers: "
        f"{minutes:.1f} min, {60 * minutes / students:.1f} s a student; "
        f"at the most {max(grader for grader, _ in looks):.0f} MiB for the grader, "
        f"{most(looks):.0f} MiB for a worker (first quarter {early:.0f}, last {late:.0f}); "
        f"gradebook {(tmp_path / 'out' / FILE).stat().st_size / MEBIBYTE:.1f} MiB"
    )
    assert grader.returncode == 0
    with open_gradebook(tmp_path / "out" / FILE) as book:
        for student in book.students():
            for lesson in COURSE.lessons:
                verdict = book.lesson_verdict(student.id, lesson.name)
                assert verdict and verdict.full, (student.id, lesson.name)
    assert late < MOST_GROWTH * early


def looks_at(grader: "subprocess.Popen[bytes]"):
    """Yield the resident memory of the grader and of each of its workers, until it has ended."""
    seen = psutil.Process(grader.pid)
    while grader.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            yield mebibytes(seen), [mebibytes(child) for child in seen.children()]
        with contextlib.suppress(subprocess.TimeoutExpired):
            grader.wait(LOOK_EVERY)


def mebibytes(process: psutil.Process) -> float:
    return process.memory_info().rss / MEBIBYTE


def most(looks: list[tuple[float, list[float]]]) -> float:
    return max((one for _, workers in looks for one in workers), default=0.0)
