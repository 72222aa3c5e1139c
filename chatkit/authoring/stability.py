"""Steady: the same verdicts on the same programs, again and again, on a machine that is busy.

Every sample is graded once a round, several at the same time, while other processes take all the
processor time that they can get. Each verdict is compared with the one that the sample must have.
"""

import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatkit.authoring.samples import Outcome, Sample, differences, found_in
from chatkit.system import linux


@dataclass(frozen=True)
class Grading:
    """One sample, graded once."""

    sample: str
    round: int
    found: Outcome
    expected: Outcome
    seconds: float
    told: dict[str, str]  # what the checks said that did not pass
    causes: tuple[str, ...] = ()  # names of what it was told to be the cause

    @property
    def differences(self) -> list[str]:
        """The checks whose verdict is another one than it must be, told one a line."""
        return [
            f"{self.sample}: {check} is {found}, not {self.expected[check]}"
            + (f": {self.told[check]}" if check in self.told else "")
            for check, found in differences(self.found, self.expected).items()
        ]


def rounds(
    samples: Sequence[Sample], count: int, *, workers: int, busy: int, delays: bool
) -> Iterator[Grading]:
    """Grade all samples `count` times, `workers` at once, beside `busy` busy processes.

    With `delays` the bench stands still at random moments, as if nobody had time for it either.
    Gradings come in the order in which they end. What was started ends with the iterator.
    """
    spawn = multiprocessing.get_context("spawn")
    waiting = [(sample, number) for number in range(count) for sample in samples]
    waiting.reverse()
    begin = linux.die_with_parent if linux.LINUX else None  # a killed command leaves nothing
    with _kept_busy(spawn, busy), ProcessPoolExecutor(workers, spawn, initializer=begin) as pool:
        try:
            running: set[Future[Grading]] = set()
            while waiting or running:
                while waiting and len(running) < workers:
                    running.add(pool.submit(_grade, *waiting.pop(), delays))
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for one in done:
                    yield one.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _grade(sample: Sample, number: int, delays: bool) -> Grading:
    with tempfile.TemporaryDirectory(prefix="chatkit-") as folder:
        verdict = sample.grade(Path(folder), delays=delays)
    told = {
        check.id: f"{check.message}; expected {check.expected}; received {check.received}"
        for check in verdict.checks
        if check.message
    }
    causes = tuple(one.cause.name for one in verdict.explanations if not one.cause.todo)
    found = found_in(verdict)
    return Grading(sample.name, number, found, sample.outcome(), verdict.seconds, told, causes)


@contextmanager
def _kept_busy(context: multiprocessing.context.SpawnContext, count: int) -> Iterator[None]:
    burners = [context.Process(target=_burn, daemon=True) for _ in range(count)]
    for burner in burners:
        burner.start()
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.join()


def _burn() -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        sum(range(10_000))
