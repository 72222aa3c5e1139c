"""Grading while somebody waits: a warm process that grades, and a spare for when it is cut short.

A worker has loaded Python and the checks before it is asked. When a
program is saved in the middle of a run, the spare begins at once, and the other ends behind it.
"""

import secrets
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Self

from chatkit.course.checks import Check
from chatkit.course.lessons import Course, Lesson
from chatkit.grading.options import RunOptions
from chatkit.grading.parallel import WorkerLost, worth_sharing
from chatkit.grading.verdict import GradingError, LessonVerdict, Verdict
from chatkit.grading.worker import Job, Worker


@dataclass(frozen=True)
class Heard:
    """A check of run number `run` has its verdict."""

    run: int
    verdict: Verdict


@dataclass(frozen=True)
class Ended:
    """Run number `run` is over: with a verdict, or with what kept the kit from giving one."""

    run: int
    verdict: LessonVerdict | None
    trouble: str = ""


class Grader:
    """Grades one lesson at a time. Use it with `with`, in one thread that lives as long."""

    def __init__(self, course: Course, put: Callable[[Heard | Ended], None]) -> None:
        """`put` hears of every run, in other threads. What is late of a run cut short, too."""
        self.course = course
        self.put = put
        self.run = 0  # the number of the latest run
        self.running: threading.Thread | None = None
        self.worker = Worker(None)
        self.lost = False  # whether the worker has ended by itself
        self.spare: Worker | None = None
        self.ending: list[threading.Thread] = []

    def start(self, lesson: Lesson, first: tuple[str, ...] = ()) -> int:
        """Cut short what runs, and grade `lesson` with the checks in `first` first.

        Returns the number of the run.
        """
        self.cancel()
        self.run += 1
        job = Job(
            self.course.root,
            lesson.name,
            lesson.folder,
            RunOptions(seed=secrets.token_hex(4), first=first, at_once=worth_sharing(lesson)),
        )
        self.running = threading.Thread(
            target=self._grade, args=(self.run, self.worker, job), name="grading", daemon=True
        )
        self.running.start()
        return self.run

    def warm_up(self) -> None:
        """Have a spare. Call it when a run has got going: to start a process takes time from it."""
        if self.spare is None:
            self.spare = Worker(None)

    def cancel(self) -> None:
        """End what runs with every program that it has started; nobody waits for that."""
        if self.lost or (self.running and self.running.is_alive()):
            self._retire(self.worker)
            self.worker, self.spare = self.spare or Worker(None), None
            self.lost = False

    def close(self) -> None:
        """End everything, and wait for it."""
        for worker in (self.worker, self.spare):
            if worker:
                self._retire(worker)
        for thread in self.ending:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _retire(self, worker: Worker) -> None:
        thread = threading.Thread(target=worker.close, name="ending")
        thread.start()
        self.ending = [one for one in self.ending if one.is_alive()] + [thread]

    def _grade(self, run: int, worker: Worker, job: Job) -> None:
        try:
            told = Ended(run, worker.grade(job, lambda verdict: self.put(Heard(run, verdict))))
        except GradingError as error:
            told = Ended(run, None, error.words)
        except WorkerLost as lost:
            self.lost = run == self.run  # else it was cut short
            told = Ended(run, None, GradingError(str(lost)).words)
        self.put(told)


def turns(
    checks: Collection[Check], statuses: Mapping[str, str], changed: Collection[str]
) -> tuple[str, ...]:
    """The order in which checks run after a save of the programs in `changed`.

    First what failed last of a changed program, then the rest of that program, then all others.
    """
    worst = {"failed": 0, "not_reached": 1}

    def turn(check: Check) -> tuple[bool, int]:
        return check.program not in changed, worst.get(statuses.get(check.id, ""), 2)

    return tuple(check.id for check in sorted(checks, key=turn))
