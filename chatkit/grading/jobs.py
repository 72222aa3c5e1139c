"""A class: many units of work, several at once. A unit is one lesson of one student.

A unit can be graded anywhere, in any order, and again: in a thread of this process, which has a
station of its own, or on another machine (see `cluster.py`).
"""

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from chatkit.grading.options import RunOptions
from chatkit.grading.parallel import WorkerLost
from chatkit.grading.verdict import GradingError, LessonVerdict
from chatkit.grading.worker import Order, Station
from chatkit.system.sandbox.sandbox import Tier

TRIES = 2  # a submission that takes its station down is given one more


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


class Stations:
    """The stations of one process: one for each thread that asks."""

    def __init__(self) -> None:
        self.mine = threading.local()
        self.lock = threading.Lock()
        self.open: list[Station] = []
        self.closed = False

    def grade(self, order: Order, tier: Tier) -> LessonVerdict:
        """Carry out an order in this thread's station. Raises GradingError."""
        for _ in range(TRIES):
            try:
                return self._station(tier).grade(order)
            except WorkerLost:
                self._lose()
        raise GradingError("it ended the process that graded it, twice")

    def close(self) -> None:
        """End all stations, now; what they grade is lost."""
        with self.lock:
            self.closed = True
        for station in self.open:
            station.process.terminate()  # all of them, before the first one is waited for
        for station in self.open:
            station.close()

    def _station(self, tier: Tier) -> Station:
        with self.lock:
            if self.closed:
                raise GradingError("it was not graded: the run has ended")
            if not getattr(self.mine, "station", None):
                self.mine.station = Station(tier)
                self.open.append(self.mine.station)
        station: Station = self.mine.station
        return station

    def _lose(self) -> None:
        with self.lock:
            if not self.closed:
                self.mine.station.close()
                self.open.remove(self.mine.station)
            self.mine.station = None


def grade_units(
    units: Sequence[Unit], root: Path, *, workers: int, tier: Tier = "namespaces"
) -> Generator[Graded, None, None]:
    """Grade all units of the course at `root` on this machine; yield each as it ends."""
    stations = Stations()

    def work(unit: Unit) -> LessonVerdict:
        return stations.grade(
            Order(root, unit.lesson, unit.folder, RunOptions(seed=unit.seed)), tier
        )

    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from as_they_end(lambda unit: pool.submit(work, unit), units, at_once=workers)
        finally:
            stations.close()


def as_they_end(
    begin: Callable[[Unit], "Future[LessonVerdict]"], units: Sequence[Unit], *, at_once: int
) -> Generator[Graded, None, None]:
    """Begin every unit, never more than `at_once`, and yield each as it ends.

    `begin` submits it to some executor. A future raises GradingError for what could not be graded.
    What has not begun is dropped with the iterator.
    """
    waiting = list(reversed(units))
    running: dict[Future[LessonVerdict], Unit] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                unit = waiting.pop()
                running[begin(unit)] = unit
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                unit = running.pop(future)
                try:
                    yield Graded(unit, future.result())
                except GradingError as error:
                    yield Graded(unit, None, str(error))
    finally:
        for future in running:
            future.cancel()
