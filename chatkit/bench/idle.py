"""Rest: the proof that a program will do nothing more by itself.

"Nothing came" cannot be shown by waiting: a wait of 50 ms misses an answer that is 100 ms late. It
can be shown by looking. When every thread of a program is parked in a system call that has no
time-out, when none of them has run between two looks, and when nothing is on its way to or from
it, then only somebody else can wake it. That is rest, and it takes a few milliseconds to see.

A program that waits with a time-out may still act (see `timers.py`). It counts as quiet when each
of its timed threads has woken up twice and gone to sleep again at the same place, or after `QUIET`
seconds of next to nothing. So does one that may have set a timer that nobody can read; after the
first time in a check `AGAIN` seconds are enough for it. A time-out of `LONG` seconds or more
is not waited for here: a check about silence does that, once, with `EventLoop.sits_out`. Where the
kernel does not tell (see `linux.READS_REST`) `QUIET` seconds without anything must do.

A window is never at rest: its loop always has a timer, at the least the one of the agent. It is
calm, and the program at rest, when all its timers have gone off `ROUNDS` times while the program's
other threads waited and nothing was done to a widget (see `Pulse`).

A window that does not answer may hang, or wait for its display. Of the bench's own display one sees
whether it is at work. On the user's, a window counts as hanging when nothing in it has moved for
`DISPLAY` seconds.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from chatkit.system import linux
from chatkit.system.programs import timers

PROMISE = 1.0  # seconds: later than this is late, where the contract names no time
GRACE = 10  # the bench waits this many times as long as promised
QUIET = 1.5  # seconds
AGAIN = 0.5  # seconds, once `QUIET` was sat out for a timer: longer than a pause that people notice
LONG = 2.5  # seconds: a time-out from that on will hardly end while one looks
ENDED = 0.2  # seconds after which nothing more comes of programs that have ended, as far as we know
DUE = 0.05  # seconds: so late may a timer go off, see `timers.may_be_due`
IDLE = 20_000_000  # nanoseconds of processor time: a program that waits may use that in between
ROUNDS = 3  # times that all timers of a window go off while nothing changes
ANSWER = 0.1  # seconds in which a window that has nothing to do answers
DISPLAY = 5.0  # seconds: so long may a display of which nothing is known take for one answer
SPIN = 0.2  # seconds of processor time after which a busy program counts as spinning

# active: something runs. asleep: all threads wait, some with a time-out, and may still act.
# spinning: something runs all the time and nothing comes of it.
State = Literal["rest", "quiet", "asleep", "active", "spinning"]
Threads = dict[int, linux.Thread]


@dataclass(frozen=True)
class Pulse:
    """What a window did until now, and what it is going to do."""

    number: int  # a later pulse has a higher one
    acts: int  # how often the program has called Tk to change something
    timers: frozenset[str]  # its timers that have not gone off
    others: frozenset[int]  # its threads besides the window's, as the kernel counts them


class Pulsing(Protocol):
    """A window, as far as rest is concerned."""

    @property
    def pulse(self) -> Pulse | None:
        """The latest one; None when there is no window."""

    @property
    def pid(self) -> int:
        """The process that it belongs to."""

    @property
    def asked(self) -> int:
        """The number of the latest pulse that was asked for."""

    def feel(self) -> None:
        """Ask for another pulse, unless one is on its way."""

    def on_its_way(self) -> bool:
        """Whether something that was asked, or the answer, is between the two programs."""


class IdleDetector:
    """Looks at some programs again and again, until they are at rest."""

    def __init__(
        self,
        pids: Callable[[], list[int]],
        on_its_way: Callable[[], bool],
        windows: Sequence[Pulsing] = (),
        display: int | None = None,
        unread: Callable[[], object] = tuple,
        excuse: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """`pids` names the processes; `on_its_way` says whether bytes travel to or from them.

        `display` is the process that draws the windows, if it is known: a window that waits for it
        is not frozen. Where it is not known, nobody can tell what a frozen window waits for.
        `unread` says how much they have not read yet: a window that polls its connection reads a
        part at each of its timers, so a change means that it is at work. `excuse` hears for how
        many seconds a window waited for a display of which nothing is known, as far as one can see.
        """
        self.pids = pids
        self.on_its_way = on_its_way
        self.windows = windows
        self.display = display
        self.unread = unread
        self.excuse = excuse
        self.looked = 0.0  # when it last looked
        self.timeouts = timers.Timeouts()
        self.ticked = 0.0  # when a timer was last seen that is set
        self.heeds_alarms = True  # a timer that nobody can read may go off at any time
        self.alarm = QUIET  # seconds in which it would have gone off
        self.disturb()

    def disturb(self) -> None:
        """Something came: what was seen before counts no more."""
        self.idle_since = self.still_since = self.silent_since = time.monotonic()
        self.still: Threads = {}  # those without a time-out, as they have stood since then
        self.idle_from: int | None = None  # nanoseconds that all threads had run by then
        self.burnt = 0.0  # seconds of processor time since then
        self.first: Threads | None = None
        # As each one was when it came where it waits, or when an untimed one last moved.
        self.slept: dict[int, linux.Thread] = {}
        self.last: Threads | None = None
        self.went_round = False  # quiet because each timed thread has been round twice
        self.asked = [window.asked for window in self.windows]
        self.pulses: dict[int, Pulse] = {}  # of each window since then, one for each round
        self.rounds = dict.fromkeys(range(len(self.windows)), 0)  # all its timers have gone off

    def look(self) -> State:
        """Look once. "rest" and "quiet" need at least two looks that saw the same."""
        if not linux.READS_REST:
            passed = time.monotonic() - self.idle_since
            if passed > ENDED and not self.pids():
                return "rest"
            return "quiet" if passed > QUIET else "active"
        windows = [self._is_calm(place) for place in range(len(self.windows))]  # asks each
        calm = all(windows)
        pids = self.pids()
        everything = linux.threads(pids + self._drawn_by())
        threads = self._that_count(everything)
        threads = self.timeouts.judged(threads, all(one.waits for one in threads.values()))
        same = threads == self.last
        if self.on_its_way() or (pids and not threads and not self.pulses):
            self.last = None
            return "active"
        self.last = threads
        self._remember(threads)
        # A window that has a lot to show answers late: what it and its display do counts here.
        idle = self._idle(everything)
        frozen = not self.pulses  # as far as one can tell: the window does not answer
        if self._has_moved(threads):
            calm = not self.windows
        if pids and self.windows and frozen and not self.display:
            return self._waits_for_a_display(threads)
        untimed = all(thread.waits == "untimed" for thread in threads.values())
        if same and untimed and (calm or frozen):
            return self._nobody_acts(pids, everything, threads, idle)
        if same and all(thread.waits for thread in threads.values()):
            return self._some_may_act(everything, threads, idle, calm)
        drawing = self.windows and frozen  # it may just have a lot to draw
        return "spinning" if self.burnt > SPIN and not drawing else "active"

    def _remember(self, threads: Threads) -> None:
        """Keep where each thread came to wait, and how long all have run since the start."""
        if self.first is None or threads.keys() != self.first.keys():
            self.first = threads
        for id, thread in threads.items():
            if id not in self.slept or self.slept[id].place != thread.place:
                self.slept[id] = thread
        self.burnt = sum(thread.ran - self.first[id].ran for id, thread in threads.items()) / 1e9

    def _nobody_acts(
        self, pids: list[int], everything: Threads, threads: Threads, idle: float
    ) -> State:
        """The state of threads that wait without a time-out, as they did at the last look."""
        if not linux.asleep(threads):
            return "active"  # it is about to end
        if timers.may_ring(pids, self.heeds_alarms):
            self.ticked = time.monotonic()
            return "quiet" if idle > self.alarm else "asleep"
        since = time.monotonic() - max(self.still_since, self.ticked)
        if since < DUE and timers.may_be_due(pids):
            return "asleep"
        # A timer may have gone off just before we looked for it: then somebody has woken up.
        now = linux.threads(pids + self._drawn_by())
        stirred = any(now.get(id) != everything[id] for id in threads)
        # One that hangs is still asked how it is, and a thread of its own answers.
        asked = not self.pulses and any(window.on_its_way() for window in self.windows)
        return "active" if stirred or asked else "rest"

    def _some_may_act(
        self, everything: Threads, threads: Threads, idle: float, calm: bool
    ) -> State:
        """The state of threads that all wait, as at the last look, and some with a time-out.

        `calm`: so are all windows.
        """
        timed = {id: one for id, one in threads.items() if one.waits == "timed"}
        round_again = {id for id, one in timed.items() if one.turns - self.slept[id].turns >= 2}
        looked_twice = all(
            # One of a window will not act sooner than a program that has been idle so long.
            id in round_again
            or (timers.seconds_left(one) or 0.0) >= (QUIET if self.windows else LONG)
            for id, one in timed.items()
        )
        # While the window's own thread runs, another one may wait for the interpreter's lock.
        awake = any(not everything[id].waits for id in everything.keys() - threads.keys())
        self.went_round = calm and not awake and round_again == timed.keys()
        if (calm and not awake and looked_twice) or idle > QUIET:
            return "quiet"
        return "asleep" if calm or not self.pulses else "active"

    def _has_moved(self, threads: Threads) -> bool:
        """Whether a thread without a time-out has moved since the last look.

        It may have taken bytes long ago, and handed over only now what a window has to show, or a
        thread that looks into an inbox now and then. So all of these have to look again.
        """
        still = {id: thread for id, thread in threads.items() if thread.waits == "untimed"}
        if still == self.still:
            return False
        self.still, self.still_since = still, time.monotonic()
        self.slept = dict(threads)
        for place in self.pulses:
            self.pulses[place] = self.windows[place].pulse or self.pulses[place]
            self.rounds[place] = 0
        return True

    def _waits_for_a_display(self, threads: Threads) -> State:
        """The state of a window that does not answer, on a display that may be slow.

        While it gets answers from there, its thread wakes up now and then.
        """
        now = time.monotonic()
        if not all(thread.waits for thread in threads.values()):
            self.still_since = now
        if now - self.still_since > DISPLAY:
            return "quiet"
        if self.looked - self.silent_since > ANSWER:
            self.excuse(now - self.looked)
        self.looked = now
        return "active"

    def _idle(self, threads: Threads) -> float:
        """For how many seconds the threads have done next to nothing."""
        ran = sum(thread.ran for thread in threads.values())
        if self.idle_from is None or not 0 <= ran - self.idle_from < IDLE:
            self.idle_from = ran
            self.idle_since = time.monotonic()
        return time.monotonic() - self.idle_since

    def _is_calm(self, place: int) -> bool:
        window = self.windows[place]
        pulse = window.pulse
        window.feel()
        if pulse is None:
            if place in self.pulses:  # the window has gone: now all threads count again
                self.disturb()
            return not window.asked
        if pulse.number <= self.asked[place]:
            return False  # asked for before the disturbance
        if place not in self.pulses:
            self.pulses[place] = pulse
            self.left = self.unread()
            self.first = None  # what was burnt before, it may have needed to come so far
        last = self.pulses[place]
        if (pulse.acts, pulse.others) != (last.acts, last.others) or self.unread() != self.left:
            self.disturb()
            return False
        if pulse.number > last.number and not pulse.timers & last.timers:
            self.pulses[place] = pulse
            self.rounds[place] += 1
        return self.rounds[place] >= ROUNDS

    def _that_count(self, everything: Threads) -> Threads:
        """Which threads must be idle: for a window that answers, all but its own and the display's.

        The thread of a window always has a timer, and its answers tell more than that.
        """
        if not self.pulses:
            return everything
        left_out = {id for pid in self._drawn_by() for id in linux.tasks(pid)}
        for place, pulse in self.pulses.items():
            left_out |= linux.tasks(self.windows[place].pid) - pulse.others
        return {id: thread for id, thread in everything.items() if id not in left_out}

    def _drawn_by(self) -> list[int]:
        return [self.display] if self.display and self.windows else []


class Reachable(Protocol):
    """A bench, as far as its clock is concerned."""

    def pids(self) -> list[int]:
        """The processes of the programs under test."""


class IdleClock:
    """For how long the programs of a bench have done nothing, even if they wait with a time-out."""

    def __init__(self, bench: Reachable) -> None:
        self.bench = bench
        self.since, self.ran = time.monotonic(), -1

    def seconds(self) -> float:
        """Seconds since one last ran for a moment, or waited for a processor; 0.0: nobody tells."""
        if not linux.READS_REST:
            return 0.0
        threads = linux.threads(self.bench.pids()).values()
        ran = sum(thread.ran + thread.queued for thread in threads)
        if not 0 <= ran - self.ran < IDLE or not all(thread.waits for thread in threads):
            self.since, self.ran = time.monotonic(), ran
        return time.monotonic() - self.since
