"""How long a student waits from a save to the first verdict and to the last, in each lesson.

`pytest tests/benchmarks/test_watch_speed.py -s` prints the figures. The ratios are against
`chatkit check`, started anew in the same run; run them on a machine that has nothing else to do.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from queue import SimpleQueue
from statistics import median

import pytest

from chatkit.course.lessons import Lesson, find_course
from chatkit.student.events import Event, Pressed
from chatkit.student.grader import Ended, Grader, Heard
from chatkit.student.progress import load
from chatkit.student.saves import Saves
from chatkit.student.watch import Watch

COURSE = find_course(Path(__file__).parent)
TIMES = 20
ANEW = 5  # runs of `chatkit check`
MOST_FIRST = 0.5  # times `chatkit check`
MOST_WHOLE = 1.1


class Student:
    """Saves as soon as the verdict on the save before is whole, and looks at the clock."""

    def __init__(self, program: Path, put: "SimpleQueue[Event]") -> None:
        self.program = program
        self.put = put
        self.saved = 0.0
        self.waits = False  # for a first verdict
        self.first: list[float] = []
        self.whole: list[float] = []

    def draw(self, watch: Watch, event: Event | None) -> None:
        now = time.perf_counter()
        if isinstance(event, Heard) and self.waits:
            self.first.append(now - self.saved)
            self.waits = False
        if isinstance(event, Ended):
            assert event.verdict and event.verdict.full
            if self.saved:
                self.whole.append(now - self.saved)
            if len(self.whole) == TIMES:
                self.put.put(Pressed("q"))
                return
            with self.program.open("a", encoding="utf-8") as file:
                file.write("# saved\n")
            self.saved, self.waits = time.perf_counter(), True

    def run(self, lesson: Lesson, program: str) -> None:
        raise AssertionError("nobody asks for it")

    def suspend(self) -> None:
        raise AssertionError("nobody asks for it")


@pytest.mark.parametrize("lesson", [lesson.name for lesson in COURSE.lessons])
def test_from_a_save_to_the_verdict(lesson: str, tmp_path: Path) -> None:
    shutil.copytree(COURSE.root / "lessons", tmp_path / "lessons")
    for path in COURSE.lesson(lesson).solutions.glob("*.py"):
        shutil.copy(path, tmp_path / "lessons" / lesson)
    course = find_course(tmp_path)
    chosen = course.lesson(lesson)
    anew = []
    for _ in range(ANEW):
        since = time.perf_counter()
        command = [sys.executable, "-m", "chatkit", "check", lesson]
        subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
        anew.append(time.perf_counter() - since)

    events: SimpleQueue[Event] = SimpleQueue()
    student = Student(chosen.folder / chosen.asked[0], events)
    with Grader(course, events.put) as grader, Saves(tmp_path / "lessons", events.put):
        Watch(course, chosen, load(course), grader).loop(events, student)

    first, whole, check = median(student.first), median(student.whole), median(anew)
    print(
        f"\n{lesson}: first verdict {first:.2f} s, whole {whole:.2f} s, chatkit check {check:.2f} s"
        f"; ratios {first / check:.2f} and {whole / check:.2f}"
    )
    assert first / check <= MOST_FIRST
    assert whole / check <= MOST_WHOLE
