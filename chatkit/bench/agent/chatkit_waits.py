"""How long the program's own functions wait in the thread of its window, see `chatkit_agent.py`.

Tk calls a function of the program, a callback, and until that comes back the window does nothing
else. A callback that computes takes as long as the machine needs for it, and one that has no
processor takes longer: neither is its fault. One that sleeps, or waits for a lock or for the
network, freezes the window on every machine. So this counts the time in which the thread was
asleep: what is left of the time on the clock without the time that it ran, and without the time
that it was ready to run and had no processor.

Linux tells both, see `/proc/PID/task/TID/schedstat` in sched-stats in the kernel's documentation.
Other systems tell how long the whole process has run. While it does nothing for long, a callback
that runs is asleep.

A program that sleeps in its callbacks again and again has shown that, and everything else that is
to be tried with it would take for ever. From then on such a sleep is a short one.

A thread that waits for the interpreter's lock wakes up every 5 ms (`sys.setswitchinterval`), so
short sleeps are left out. What happens inside of Tk is left out, too: it may wait for the display.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import Any

LONGEST = 0.5  # seconds that a callback may wait
SHORT = 0.006  # seconds: one such sleep may be a wait for the interpreter's lock
LOOK_AGAIN = 0.05  # seconds until the other threads are looked at once more
PACE = 0.02  # seconds that the pacemaker sleeps
MOMENT = 0.004  # seconds of processor time: with less a process does nothing in a beat
LONG = 0.4  # seconds: a thread that computes may be without a processor for less than that
ENOUGH = 2  # callbacks that have waited too long, after which their sleeps are short
NAP = 0.02  # seconds: so long they are then
AGENT = "agent"  # how the names of the agent's own threads begin

Reading = tuple[float, float, int]  # seconds on the clock, seconds that were no sleep, wake-ups


class Kernel:
    """What Linux tells about the threads of this process. Made in the thread of the window."""

    def __init__(self) -> None:
        """Raises OSError where the system does not tell."""
        self.id = threading.get_native_id()
        self.file = os.open(f"/proc/self/task/{self.id}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        self.read()

    def read(self) -> Reading:
        """Where the window's thread stands now. Raises OSError when it is gone."""
        ran, queued, turns = map(int, os.pread(self.file, 80, 0).split())
        return time.monotonic(), (ran + queued) / 1e9, turns

    def ran(self) -> float:
        """Seconds of processor time that the window's thread has had. Raises OSError."""
        return int(os.pread(self.file, 80, 0).split()[0]) / 1e9

    def sleeps(self) -> bool:
        """Whether the window's thread is asleep: not before that is its time in the queue told."""
        with open(f"/proc/self/task/{self.id}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] == b"S"

    def others(self) -> dict[str, float]:
        """For how many seconds each other thread has waited for a processor."""
        found = {}
        for id in os.listdir("/proc/self/task"):
            if id != str(self.id):
                with (
                    contextlib.suppress(OSError, ValueError),
                    open(f"/proc/self/task/{id}/schedstat", "rb") as file,
                ):
                    found[id] = int(file.read().split()[1]) / 1e9
        return found


class Pacemaker:
    """The same for systems that do not tell: as long as the process does nothing, it waits.

    A thread of its own looks again and again at the processor time of the process. In doubt, such
    as when another thread computes, a callback has not waited.
    """

    def __init__(self) -> None:
        self.idle = 0.0  # seconds of all times in which the process did nothing for long
        self.since = self.beat = time.monotonic()  # it has done nothing since then
        threading.Thread(target=self.goes, daemon=True, name=f"{AGENT} pace").start()

    def goes(self) -> None:
        before = time.process_time()
        while True:
            time.sleep(PACE)
            now, ran = time.monotonic(), time.process_time()
            if ran - before > MOMENT or now - self.beat > 2 * PACE:
                self.idle += self.this_time(self.beat)
                self.since = now
            self.beat, before = now, ran

    def this_time(self, now: float) -> float:
        """For how many seconds it does nothing just now, if that is long."""
        idle = now - self.since
        return idle if idle > LONG else 0.0

    def read(self) -> Reading:
        now = time.monotonic()
        return now, now - self.idle - self.this_time(now), 0

    def ran(self) -> float:
        return 0.0  # nobody tells

    def sleeps(self) -> bool:
        return True

    def others(self) -> dict[str, float]:
        return {}


class Waits:
    """How long the callbacks of one window wait. All but `now` is called in the window's thread."""

    def __init__(self, tell: Callable[[int], object]) -> None:
        """`tell` hears each time that a callback has waited too long, and how often that was."""
        self.tell = tell
        self.thread = threading.get_ident()
        self.clock: Kernel | Pacemaker
        try:
            self.clock = Kernel()
        except (OSError, ValueError):
            self.clock = Pacemaker()
        self.depth = 0  # of callbacks in callbacks
        self.since: Reading | None = None  # since then the program's own code runs
        self.waited = 0.0  # seconds, in this callback before that
        self.name = ""  # of the callback
        self.longest = 0.0  # seconds that a callback has waited
        self.where = ""  # which one
        self.often = 0  # times that a callback has waited too long
        self.noted = False  # that this one has
        self.updates = 0
        self.looked = 0.0  # at the other threads
        self.queues: dict[str, float] = {}

    def counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function; what it waits is counted whenever it is called."""

        def callback(*args: Any) -> Any:
            before = self.since, self.waited, self.name
            self.depth += 1
            self.name = name_of(function)
            self._begins(anew=True)
            try:
                return function(*args)
            finally:
                self._ends()
                self.depth -= 1
                self.since, self.waited, self.name = before

        return callback

    def leaves(self) -> None:
        """The program calls Tk."""
        self._ends()

    def comes_back(self, *, update: bool, loop: bool) -> None:
        """The call has come back. In an `update` or another `loop` the window was alive."""
        self.updates += update
        if self.depth or self.updates > 1:  # a loop of update() is one callback after the other
            self._begins(anew=update or loop)

    def now(self) -> tuple[float, str]:
        """The longest wait so far, in seconds, and where that was. May be called in any thread."""
        longest, where = self.longest, self.where
        since, before = self.since, self.waited
        with contextlib.suppress(OSError, ValueError):
            if since and self.clock.sleeps():
                waited = self._excused(before + waited_since(since, self.clock.read()))
                if self.since is since and waited > longest:
                    return waited, self.name
        return longest, where

    def nap(self, seconds: float) -> float:
        """For how long a sleep of so many seconds lasts, in the thread that asks."""
        if self.often < ENOUGH or not self.since or threading.get_ident() != self.thread:
            return seconds
        return min(seconds, NAP)

    def _begins(self, anew: bool) -> None:
        with contextlib.suppress(OSError, ValueError):
            self.since = self.clock.read()
            if anew:
                self.waited = 0.0
                self.noted = False
                if self.since[0] - self.looked > LOOK_AGAIN:
                    self.looked = self.since[0]
                    self.queues = self.clock.others()

    def _ends(self) -> None:
        if not self.since:
            return
        with contextlib.suppress(OSError, ValueError):
            self.waited += waited_since(self.since, self.clock.read())
            if self.waited > min(LONGEST, self.longest):
                excused = self._excused(self.waited)
                if excused > self.longest:
                    self.longest, self.where = excused, self.name
                if excused > LONGEST and not self.noted:
                    self.noted = True
                    self.often += 1
                    self.tell(self.often)
        self.since = None

    def _excused(self, waited: float) -> float:
        """Without what another thread of the program, for which this one may wait, had to wait."""
        if waited < LOOK_AGAIN:
            return waited
        others = self.clock.others().items()
        return waited - max((now - self.queues.get(id, now) for id, now in others), default=0.0)


def waited_since(before: Reading, now: Reading) -> float:
    clock, busy, turns = (late - early for late, early in zip(now, before, strict=True))
    return min(clock, max(0.0, clock - busy - SHORT * turns))


def name_of(function: Callable[..., Any]) -> str:
    """The name of a callback, as it stands in the program."""
    inner = getattr(getattr(function, "__self__", None), "func", function)  # tkinter.CallWrapper
    name = getattr(inner, "__name__", "")
    return f"{name}()" if name.isidentifier() else "a callback"
