"""Waiting: the one place where the bench lets time pass, and moves all bytes meanwhile.

Everything happens in one thread. While any step of a script waits, the bytes of all peers are
moved and the output of all programs is read, so a program is never held up by its examiner.

Waiting ends in one of three ways: what was waited for came; the program is at rest (see `idle.py`)
and so will not do it any more; or time is up. Times are in seconds. The contract's times are the
promise to the user; the bench allows ten times as long, and longer on a machine that has no time
for the program (see `deadlines.py`). What is late but right gets a note.
"""

import contextlib
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Self

from chatkit.bench.failure import Failure, NotMet, Stop
from chatkit.bench.idle import AGAIN, GRACE, PROMISE, IdleDetector, Threads
from chatkit.bench.symptoms import Symptom
from chatkit.bench.transcript import Transcript, quoted
from chatkit.bench.waiting.deadlines import Patience
from chatkit.bench.waiting.notes import Notes
from chatkit.bench.waiting.selecting import SelectorLoop
from chatkit.bench.waiting.watched import WatchedConnection, WatchedWindow
from chatkit.system import linux
from chatkit.system.display import Display
from chatkit.system.program import Program
from chatkit.system.programs import timers
from chatkit.system.programs.usage import processor_time
from chatkit.system.sandbox.sandbox import Sandbox

HOPELESS = 3.0  # seconds of processor time without a byte moved, after which waiting is in vain
SPINS = 0.5  # the same, where a program has been seen to spin before: it will do so again
TURN = 0.05  # of that for each of its threads: so long may each wait until the others let it run

SILENCE = 3.5  # seconds that a program is left alone which looks up now and then

NAP = 0.0002  # seconds to the first look at a program that may be at rest; later ones take longer
WINDOW_NAP = 0.003  # with a window, which needs many times as long: see `idle.ROUNDS`


class EventLoop(SelectorLoop):
    """The programs of one check, and the clock they share with whoever is connected to them.

    Close it, or use it with `with`, and everything that was started is gone.
    """

    def __init__(self, sandbox: Sandbox | None = None, delays: random.Random | None = None) -> None:
        """`sandbox` contains the programs; None trusts them, as a student does their own.

        `delays` draws the moments at which the bench stands still for `DELAY` seconds, as it does
        on a machine that has no time for it; no verdict may depend on that. None: it never does.
        """
        super().__init__(sandbox, delays)
        self.transcript = Transcript()
        self.spins = False  # a program has been seen to spin, in this check or one before
        self.sat_out = False  # an alarm that may be set: once in this check for as long as it takes
        self.restless = 0  # how often it was given up to wait for rest, for the same reason
        self.noted = Notes()
        self.at_rest: Threads = {}  # how the programs stood when they were last seen at rest
        self.peers: Sequence[WatchedConnection] = ()
        self.windows: Sequence[WatchedWindow] = ()
        self.display: Display | None = None  # where windows open, once there was one
        self.steps_done: set[str] = set()  # set-up steps that have worked in this check

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every program with all it started, and give back every socket."""
        self.clear()
        self.selector.close()

    @property
    def notes(self) -> list[str]:
        """What is worth saying about a check that may well have passed."""
        return self.noted.told

    # ------------------------------------------------------------------ steps and waiting

    @contextlib.contextmanager
    def during(self, step: str) -> Iterator[None]:
        """A failure in here is one of the set-up step `step`, unless that has worked before.

        What has worked once in a check is set up; if it fails later, that is the check's own story.
        """
        try:
            yield
        except Failure as failure:
            if not failure.step and step not in self.steps_done:
                failure.step = step
            raise
        self.steps_done.add(step)

    def wait(
        self,
        condition: Callable[[], object],
        *,
        promise: float = PROMISE,
        seconds: float | None = None,
        until_asleep: bool = False,
        patient: bool = False,
        patience: Patience | None = None,
        what: str = "the answer",
    ) -> Stop:
        """Move bytes until `condition()` is true, the programs are at rest, or time is up.

        `promise` is the time the contract gives, in seconds; the wait lasts ten times as long, or
        `seconds` where that is given, or what is left of `patience`. After the promised time it is
        enough to see a program that waits with time-outs wake up twice and do nothing.
        `until_asleep` is content when all threads wait, be it with a time-out. A program with a
        window is at rest when it is quiet, unless `patient`: its loop always has a time-out.
        `what` is waited for, for the note that it came late.
        """
        if condition():
            return "met"
        started = time.monotonic()
        worked = self.worked() if self.windows else 0.0
        promised = patience is None and seconds is None
        patience = patience or self.patience(promise * GRACE if seconds is None else seconds)
        detector = self._detector(patience.excuse)
        self.at_rest = {}
        look_from = self.program.look_from if self.programs else 0.0
        first = nap = WINDOW_NAP if self.windows else NAP
        broken = False  # the promise
        while True:
            moved = self.pump(max(nap, look_from - time.monotonic()))
            passed = time.monotonic() - started
            if condition():
                if promised:
                    self._note_lateness(passed, promise, worked, what)
                return "met"
            if promised and not broken and passed > promise:
                broken = moved = True
            if moved:
                detector.disturb()
                nap = first
            elif stop := self._ends(detector, broken, until_asleep, patient):
                return "met" if stop == "rest" and condition() else stop
            else:
                nap = min(nap * 1.5, 0.02)
            if patience.is_over() or self._in_vain(detector, 2 * SPINS, HOPELESS):
                return "late"

    def _ends(
        self, detector: IdleDetector, broken: bool, until_asleep: bool, patient: bool
    ) -> Stop | None:
        """How a wait ends because of what the programs do now; None: it goes on.

        The arguments are those of `wait`; `broken` says that the promised time is over.
        """
        state = detector.look()
        if until_asleep:
            idle = state != "active"
        else:
            idle = state == "quiet" and bool(self.windows) and not patient
        if state == "rest" or idle:
            self._are_idle(detector)
            return "rest"
        if self.windows:
            return "late" if state == "spinning" else None
        return "late" if broken and state == "quiet" and detector.went_round else None

    def _are_idle(self, detector: IdleDetector) -> None:
        """Keep how the programs stand, and take what has still come of them."""
        self.at_rest = detector.last or {}
        while self.pump(0):
            pass

    def _note_lateness(self, passed: float, promise: float, worked: float, what: str) -> None:
        """Keep how late an answer was. The work that a window costs does not count."""
        idle = passed
        if self.windows and idle > promise:
            idle -= self.worked() - worked
        if idle > promise:
            self.noted.comes_late(what, passed)

    def settle(self, *, quietly: bool = False, proof: bool = False) -> None:
        """Wait until the programs are at rest, or quiet where rest cannot be seen.

        At rest means: every thread waits for something that only the bench can bring, so nothing
        more will happen by itself. It waits for at most 10 s, and longer only for want of a
        processor. `quietly`: whatever its windows do. `proof`: it is to be proved that nothing more
        comes, so a timer counts that nobody can read.
        """
        patience = self.patience(PROMISE * GRACE)
        detector = self._detector(patience.excuse)
        detector.heeds_alarms = proof
        if self.sat_out:
            detector.alarm = AGAIN
        self.at_rest = {}
        first = WINDOW_NAP if self.windows else NAP
        pause = 0.0
        while not patience.is_over():
            for window in () if quietly else self.windows:
                window.must_not_wait_always()
            if self.pump(pause):
                detector.disturb()
                pause = 0.0
                continue
            state = detector.look()
            if self._in_vain(detector, 0.0, SPINS):
                self.restless += 1
                break
            if state in ("active", "asleep"):
                pause = min(max(first, pause * 1.5), 0.02)
                continue
            self.restless += state == "spinning"
            self._are_idle(detector)
            self.sat_out |= proof and state == "quiet"
            if state == "rest":
                return
            break

    def _in_vain(self, detector: IdleDetector, least: float, most: float) -> bool:
        """Whether the programs have been busy for so long that nothing will come of it any more.

        What has lasted its full time once is not tried again: then `least` to `most` seconds of
        processor time are enough, the more threads there are the more.
        """
        enough = HOPELESS
        if self.spins:
            enough = max(least, min(most, TURN * len(detector.first or ())))
        if detector.burnt <= enough:
            return False
        self.spins = True
        return True

    def sits_out(self, at_least: float = SILENCE, at_most: float = timers.LONGEST) -> None:
        """Leave the programs alone for as long as a time-out of theirs lasts, in seconds.

        A program at rest has none, and takes no time. One that looks up now and then, or has set
        a timer that nobody can read, is left alone for `at_least` so many seconds.
        """
        self.settle(quietly=True)
        if not linux.READS_REST:
            self.wait(lambda: False, seconds=at_least)
            return
        timeouts = timers.Timeouts()
        threads = timeouts.judged(linux.threads(self.pids()), look=True).values()
        timed = [thread for thread in threads if thread.waits == "timed"]
        if timed or timers.may_ring(self.pids()):
            shown = [timers.seconds_left(thread) or 0.0 for thread in timed]
            longest = max([at_least, *(seconds + 0.5 for seconds in shown)])
            self.wait(lambda: False, seconds=min(longest, at_most))
        self.settle(quietly=True)

    def patience(self, seconds: float) -> Patience:
        """A time to wait for the programs; what draws their windows is part of them."""
        return Patience(seconds, lambda: [*self.pids(), *self._drawn_by()])

    def worked(self) -> float:
        """For how many seconds the programs, what draws them and the bench have run until now.

        The time in which they were ready to run counts, too. Where nobody tells it is 0.0.
        """
        if not linux.READS_REST:
            return 0.0
        threads = linux.threads([*self.pids(), *self._drawn_by(), os.getpid()])
        return sum(thread.ran + thread.queued for thread in threads.values()) / 1e9

    def dozes(self) -> None:
        """Wait until all threads of the programs wait, be it with a time-out."""
        self.wait(lambda: False, until_asleep=True)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the program while other things happen, so that it finds all of them at once."""
        self.program.freeze()
        try:
            deadline = time.monotonic() + PROMISE * GRACE
            while not self.program.frozen and time.monotonic() < deadline:
                self.pump(0.001)
            yield
        finally:
            self.program.thaw()

    # ------------------------------------------------------------------- what you can ask

    @property
    def program(self) -> Program:
        """The program started last."""
        return self.programs[-1]

    def explained(self, missed: NotMet) -> Failure:
        """`missed` as a failure that says why. `Bench` asks the diagnosis; here nobody knows."""
        got = quoted(missed.received) if missed.received else ""
        return Failure(missed.silence, "it did not come", missed.expected, got)

    def ended_early(self, program: Program) -> Failure:
        """The failure of a program that is not there any more. `Bench` asks the diagnosis."""
        return Failure(Symptom.EXITED, f"{program.name} ended before it should")

    def cpu_appetite(self, seconds: float) -> float:
        """How much of a core the programs want in the next `seconds`; 0.0 at once when at rest.

        A program that runs or is ready to run whenever one looks wants all it can get: 1.0 or
        more, also on a busy machine where it gets little. What the display does for a window is
        part of it: a loop that redraws all the time waits for the display every now and then.
        """
        pids = [*self.pids(), *self._drawn_by()]
        started = time.monotonic()
        if not linux.READS_REST:
            if linux.NO_PROC:
                self.noted.remark("without /proc nobody can see how busy a program is")
            used = processor_time(pids)
            self.wait(lambda: False, seconds=seconds)
            return (processor_time(pids) - used) / (time.monotonic() - started)
        before = linux.threads(pids)
        detector = self._detector()
        looks = busy = 0
        nap = NAP  # short at first: rest is seen at the second look
        while (elapsed := time.monotonic() - started) < seconds or looks < 20:
            if self.pump(nap):
                detector.disturb()
            elif not self.windows and detector.look() == "rest":
                return 0.0
            nap = min(nap * 1.5, 0.01)
            looks += 1
            busy += any(not thread.waits for thread in linux.threads(pids).values())
        ran = sum(
            thread.ran - before[id].ran
            for id, thread in linux.threads(pids).items()
            if id in before
        )
        used = ran / 1e9 / elapsed
        return max(used, 1.0) if busy > 0.8 * looks and used > 0.03 else used

    # ----------------------------------------------------------------------------- inside

    def _detector(self, excuse: Callable[[float], None] = lambda seconds: None) -> IdleDetector:
        return IdleDetector(
            self.pids,
            lambda: any(peer.on_its_way() for peer in self.peers),
            self.windows,
            self.display.pid if self.display else None,
            lambda: [peer.unread() for peer in self.peers],
            excuse,
        )

    def _drawn_by(self) -> list[int]:
        """The display, if there is a window to draw and it is known."""
        return [self.display.pid] if self.windows and self.display and self.display.pid else []
