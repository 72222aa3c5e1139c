"""Patience: how long the bench waits for a program before it says that time is up.

A program that has much to do needs the processor. When others have it, the clock on the wall tells
more about the machine than about the program. So the time that a thread was ready to run and had no
processor does not count: the second number in `/proc/PID/task/TID/schedstat`, see sched-stats in
the kernel's documentation.
"""

import time
from collections.abc import Callable

from chatkit.system import linux

LOOKS_AFTER = 0.1  # of the time: most waits are over by then, and looking costs something
EXCUSED = 9  # times as long may be excused
STARVED = 6  # times as long is waited at most, whatever the machine does meanwhile


class Patience:
    """A time that the bench waits, from now on."""

    def __init__(self, seconds: float, pids: Callable[[], list[int]]) -> None:
        """`pids` names the processes whose waiting for a processor does not count."""
        self.seconds = seconds
        self.pids = pids
        self.started = time.monotonic()
        self.excused = 0.0  # seconds that do not count
        self.before: dict[int, int] | None = None  # nanoseconds in the queue, of each thread

    @property
    def passed(self) -> float:
        """Seconds on the clock since it began."""
        return time.monotonic() - self.started

    @property
    def counted(self) -> float:
        """Those of them that count, once `is_over` has been asked."""
        return self.passed - self.excused - self._queued()

    def excuse(self, seconds: float) -> None:
        """Do not count so many of the seconds that have passed; there is a bound."""
        self.excused = min(self.excused + seconds, EXCUSED * self.seconds)

    def is_over(self) -> bool:
        """Whether time is up."""
        passed = self.passed - self.excused
        if linux.READS_REST and self.before is None and passed > LOOKS_AFTER * self.seconds:
            threads = linux.threads(self.pids())
            self.before = {id: thread.queued for id, thread in threads.items()}
        if passed <= self.seconds:
            return False
        return passed > STARVED * self.seconds or passed > self.seconds + self._queued()

    def _queued(self) -> float:
        """Seconds without a processor, of the thread that had the most of them."""
        if self.before is None:
            return 0.0  # nobody tells
        threads = linux.threads(self.pids()).items()
        queued = (thread.queued - self.before.get(id, 0) for id, thread in threads)
        return max(queued, default=0) / 1e9
