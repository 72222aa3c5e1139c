"""Many jobs, several at once: each thread of this process has a worker of its own.

Jobs can be done on other machines as well, see `classroom.cluster`.
"""

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from chatkit.grading.parallel import WorkerLost
from chatkit.grading.verdict import GradingError, LessonVerdict
from chatkit.grading.worker import Job, Worker
from chatkit.system.sandbox.sandbox import Tier

TRIES = 2  # a submission that takes its worker down is given one more


@dataclass(frozen=True)
class Graded:
    """What came of a job."""

    job: Job
    verdict: LessonVerdict | None  # None: the kit failed, see `trouble`
    trouble: str = ""


class WorkerPool:
    """The workers of one process: one for each thread that asks."""

    def __init__(self) -> None:
        self.mine = threading.local()
        self.lock = threading.Lock()
        self.open: list[Worker] = []
        self.closed = False

    def grade(self, job: Job, tier: Tier) -> LessonVerdict:
        """Do a job in this thread's worker. Raises GradingError."""
        for _ in range(TRIES):
            try:
                return self._worker(tier).grade(job)
            except WorkerLost:
                self._lose()
        raise GradingError("it ended the process that graded it, twice")

    def close(self) -> None:
        """End all workers, now; what they grade is lost."""
        with self.lock:
            self.closed = True
        for worker in self.open:
            worker.process.terminate()  # all of them, before the first one is waited for
        for worker in self.open:
            worker.close()

    def _worker(self, tier: Tier) -> Worker:
        with self.lock:
            if self.closed:
                raise GradingError("it was not graded: the run has ended")
            if not getattr(self.mine, "worker", None):
                self.mine.worker = Worker(tier)
                self.open.append(self.mine.worker)
        worker: Worker = self.mine.worker
        return worker

    def _lose(self) -> None:
        with self.lock:
            if not self.closed:
                self.mine.worker.close()
                self.open.remove(self.mine.worker)
            self.mine.worker = None


def grade_jobs(
    jobs: Sequence[Job], *, workers: int, tier: Tier = "namespaces"
) -> Generator[Graded, None, None]:
    """Do all jobs on this machine, `workers` at once in isolation `tier`; yield each as it ends."""
    pool = WorkerPool()
    with ThreadPoolExecutor(workers) as threads:
        try:
            yield from as_they_end(
                lambda job: threads.submit(pool.grade, job, tier), jobs, at_once=workers
            )
        finally:
            pool.close()


def as_they_end(
    begin: Callable[[Job], "Future[LessonVerdict]"], jobs: Sequence[Job], *, at_once: int
) -> Generator[Graded, None, None]:
    """Begin every job, never more than `at_once`, and yield each as it ends.

    `begin` submits it to some executor. A future raises GradingError for what could not be graded.
    What has not begun is dropped with the iterator.
    """
    waiting = list(reversed(jobs))
    running: dict[Future[LessonVerdict], Job] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                job = waiting.pop()
                running[begin(job)] = job
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                job = running.pop(future)
                try:
                    yield Graded(job, future.result())
                except GradingError as error:
                    yield Graded(job, None, str(error))
    finally:
        for future in running:
            future.cancel()
