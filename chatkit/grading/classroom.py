"""A class: many submissions graded by several workers, each in a sandbox of its own.

One warm process a worker grades one unit after the other, so Python and pytest start once. A unit
is one lesson of one student. It can be graded anywhere, in any order, and again.
"""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from chatkit.course import find_course
from chatkit.grading.run import GradingError, grade_lesson
from chatkit.grading.verdict import LessonVerdict
from chatkit.harness import kernel
from chatkit.harness.sandbox import PROCESSES, Sandbox, Tier, enter

UNIT_SECONDS = 600.0  # of wall clock for one lesson of one student; what is left is not tried


@dataclass(frozen=True)
class Unit:
    """One lesson of one student."""

    student: str
    lesson: str  # "02_broadcast"
    folder: Path  # with the student's programs
    seed: str  # fixes the random words, so that the run can be repeated
    key: str  # of its grade, see gradekey.py


@dataclass(frozen=True)
class Graded:
    """What came of a unit."""

    unit: Unit
    verdict: LessonVerdict | None  # None: the kit failed, see `trouble`
    trouble: str = ""


def grade_units(
    units: Sequence[Unit], root: Path, *, workers: int, tier: Tier = "namespaces"
) -> Iterator[Graded]:
    """Grade all units of the course at `root`; yield each as it ends.

    A unit that takes its worker down is graded once more, alone: so it hurts nobody but itself.
    """
    waiting = list(reversed(units))
    suspects: list[Unit] = []
    while waiting:
        running: dict[Future[LessonVerdict], Unit] = {}
        pool = _pool(workers, tier)
        try:
            while waiting or running:
                while waiting and len(running) < workers:
                    unit = waiting.pop()
                    running[pool.submit(_grade, unit, root)] = unit
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    graded = _result(future, running[future])
                    del running[future]
                    yield graded
        except BrokenProcessPool:
            suspects += running.values()
        finally:
            _end(pool)
    for unit in suspects:
        pool = _pool(1, tier)
        try:
            yield _result(pool.submit(_grade, unit, root), unit)
        except BrokenProcessPool:
            yield Graded(unit, None, "it ended the process that graded it, twice")
        finally:
            _end(pool)


def _result(future: Future[LessonVerdict], unit: Unit) -> Graded:
    try:
        return Graded(unit, future.result())
    except GradingError as error:
        return Graded(unit, None, str(error))


def _pool(workers: int, tier: Tier) -> ProcessPoolExecutor:
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, spawn, initializer=begin, initargs=(tier, os.getpid()))


def _end(pool: ProcessPoolExecutor) -> None:
    """Stop now: a worker ends what it has started when it ends itself."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


sandbox: Sandbox = PROCESSES  # of this worker


def begin(tier: Tier, parent: int) -> None:
    global sandbox
    if kernel.LINUX:
        kernel.die_with_parent()
        if os.getppid() != parent:
            os._exit(1)  # it died before we asked to die with it
    sandbox = enter(tier)


def _grade(unit: Unit, root: Path) -> LessonVerdict:
    lesson = find_course(root).lesson(unit.lesson)
    return grade_lesson(lesson, unit.folder, seed=unit.seed, sandbox=sandbox, seconds=UNIT_SECONDS)
