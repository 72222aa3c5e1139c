"""Rest: the proof that a program will do nothing more by itself.

"Nothing came" cannot be shown by waiting: a wait of 50 ms misses an answer that is 100 ms late. It
can be shown by looking. When every thread of a program is parked in a system call that has no
time-out, when none of them has run between two looks, and when nothing is on its way to or from
it, then only somebody else can wake it. That is rest, and it takes a few milliseconds to see.

A program that waits with a time-out may still act. It counts as quiet when each of its timed
threads has woken up twice and gone to sleep again, or after `QUIET` seconds asleep. Where the
kernel does not tell (see `kernel.READS_REST`) `QUIET` seconds without anything must do.
"""

import time
from collections.abc import Callable
from typing import Literal

from chatkit.harness import kernel

QUIET = 1.5  # seconds
SPIN = 0.2  # seconds of processor time after which a busy program counts as quiet

# active: something runs. asleep: all threads wait, some with a time-out, and may still act.
State = Literal["rest", "quiet", "asleep", "active"]


class Watch:
    """Looks at some programs again and again, until they are at rest."""

    def __init__(self, pids: Callable[[], list[int]], on_its_way: Callable[[], bool]) -> None:
        """`pids` names the processes; `on_its_way` says whether bytes travel to or from them."""
        self.pids = pids
        self.on_its_way = on_its_way
        self.disturb()

    def disturb(self) -> None:
        """Something came: what was seen before counts no more."""
        self.calm_since = time.monotonic()
        self.burnt = 0.0  # seconds of processor time since then
        self.first: dict[int, kernel.Thread] | None = None
        self.last: dict[int, kernel.Thread] | None = None

    def look(self) -> State:
        """Look once. "rest" and "quiet" need at least two looks that saw the same."""
        calm = time.monotonic() - self.calm_since
        if not kernel.READS_REST:
            return "quiet" if calm > QUIET else "active"
        pids = self.pids()
        threads = kernel.threads(pids)
        same = threads == self.last
        if self.on_its_way() or (pids and not threads):
            self.last = None
            return "active"
        self.last = threads
        if self.first is None or threads.keys() != self.first.keys():
            self.first = threads
        self.burnt = sum(thread.ran - self.first[id].ran for id, thread in threads.items()) / 1e9
        if same and all(thread.waits == "untimed" for thread in threads.values()):
            return "rest"
        if same and all(thread.waits for thread in threads.values()):
            looked_twice = all(
                thread.turns - self.first[id].turns >= 2
                for id, thread in threads.items()
                if thread.waits == "timed"
            )
            return "quiet" if looked_twice or calm > QUIET else "asleep"
        return "quiet" if self.burnt > SPIN else "active"
