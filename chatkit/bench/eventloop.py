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
import select
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from typing import IO, Literal, Self

import psutil

from chatkit.bench.deadlines import Patience
from chatkit.bench.failure import Failure
from chatkit.bench.idle import GRACE, PROMISE, Threads, Watch
from chatkit.bench.peer import Peer
from chatkit.bench.transcript import Transcript
from chatkit.bench.window import Window
from chatkit.system import linux
from chatkit.system.display import Display
from chatkit.system.linux import WINDOWS
from chatkit.system.program import Output, Program
from chatkit.system.sandbox.cgroup import MOST_MEMORY, TOO_MUCH
from chatkit.system.sandbox.sandbox import Sandbox

HOPELESS = 3.0  # seconds of processor time without a byte moved, after which waiting is in vain

DELAY = 0.1  # seconds that the bench stands still at random, where that is asked for
DELAYED = 0.02  # of the moments when it might

NAP = 0.0002  # seconds to the first look at a program that may be at rest; later ones take longer
WINDOW_NAP = 0.003  # with a window, which needs many times as long: see `rest.ROUNDS`
LOOK_EVERY = 0.05  # seconds between two looks at what sandboxed programs take
MOST_PROCESSES = 64
MOST_PRINTED = 64 << 20  # bytes
MOST_SECONDS = 120.0

Watched = socket.socket | IO[bytes] | int
Stop = Literal["met", "rest", "late"]


class Stage:
    """The programs and peers of one check, and the clock they share.

    Close it, or use it with `with`, and everything that was started is gone.
    """

    def __init__(self, sandbox: Sandbox | None = None, delays: random.Random | None = None) -> None:
        """`sandbox` contains the programs; None trusts them, as a student does their own.

        `delays` draws the moments at which the bench stands still for `DELAY` seconds, as it does
        on a machine that has no time for it; no verdict may depend on that. None: it never does.
        """
        self.sandbox = sandbox
        self.delays = delays
        self.next_look = 0.0  # at the bounds, on the monotonic clock
        self.transcript = Transcript()
        self.late = 0.0  # seconds that the latest answer took, if one took too long
        self.late_one = ""  # what that answer was: "line 3 for alice"
        self.quiet = 0.0  # seconds of quiet that had to do where rest could not be seen
        self.at_rest: Threads = {}  # how the programs stood when they were last seen at rest
        self.programs: list[Program] = []
        self.peers: list[Peer] = []
        self.windows: list[Window] = []
        self.display: Display | None = None  # where windows open, once there was one
        self.listener: socket.socket | None = None  # where a client under test connects
        self.visitors: list[socket.socket] = []  # who fill the queue of a listener
        self.steps_done: set[str] = set()  # set-up steps that have worked in this check
        self.selector = selectors.DefaultSelector()
        self.strangers = set(linux.children(os.getpid())) if linux.LINUX else set()
        if linux.LINUX:
            linux.adopt_orphans()

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
        return [f"right but late: {self.late_one} came after {self.late:.1f} s"] * bool(self.late)

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
        `seconds` where that is given, or what is left of `patience`.
        `until_asleep` is content when all threads wait, be it with a time-out. A program with a
        window is at rest when it is quiet, unless `patient`: its loop always has a time-out.
        `what` is waited for, for the note that it came late.
        """
        if condition():
            return "met"
        started = time.monotonic()
        promised = patience is None and seconds is None
        patience = patience or self.patience(promise * GRACE if seconds is None else seconds)
        watch = self._watch(patience.excuse)
        self.at_rest = {}
        look_from = self.program.look_from if self.programs else 0.0
        first = nap = WINDOW_NAP if self.windows else NAP
        while True:
            moved = self.pump(max(nap, look_from - time.monotonic()))
            now = time.monotonic()
            if condition():
                if promised and now - started > promise:
                    self.comes_late(what, now - started)
                return "met"
            if moved:
                watch.disturb()
                nap = first
            elif (state := watch.look()) == "rest" or (
                state != "active"
                if until_asleep
                else state == "quiet" and self.windows and not patient
            ):
                self.at_rest = watch.last or {}
                while self.pump(0):
                    pass
                return "met" if condition() else "rest"
            elif state == "spinning" and self.windows:
                return "late"
            else:
                nap = min(nap * 1.5, 0.02)
            if patience.is_over() or watch.burnt > HOPELESS:
                return "late"

    def comes_late(self, what: str, seconds: float) -> None:
        """Remember that `what` took so long, when nothing has taken longer yet."""
        if seconds > self.late:
            self.late, self.late_one = seconds, what

    def settle(self, *, quietly: bool = False) -> None:
        """Wait until the programs are at rest, or quiet where rest cannot be seen.

        At rest means: every thread waits for something that only the bench can bring, so nothing
        more will happen by itself. Quiet, where the system does not show that, is counted, unless
        `quietly`. It waits for at most 10 s, and longer only for want of a processor.
        """
        patience = self.patience(PROMISE * GRACE)
        watch = self._watch(patience.excuse)
        self.at_rest = {}
        first = WINDOW_NAP if self.windows else NAP
        pause = 0.0
        while not patience.is_over():
            if self.pump(pause):
                watch.disturb()
                pause = 0.0
                continue
            state = watch.look()
            if state in ("active", "asleep"):
                pause = min(max(first, pause * 1.5), 0.02)
                continue
            self.at_rest = watch.last or {}
            while self.pump(0):
                pass
            if state == "rest":
                return
            break
        if not quietly:
            self.quiet += patience.passed

    def patience(self, seconds: float) -> Patience:
        """A time to wait for the programs; what draws their windows is part of them."""
        return Patience(seconds, lambda: [*self.pids(), *self._drawn_by()])

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

    def clear(self, visit: str = "") -> None:
        """End everything, as `close` does, and be ready for another story of the same check.

        `visit` names that story, for the report: "Ctrl-C while connecting".
        """
        self.transcript.begins_anew(visit)
        for program in self.programs:
            self._forget(program)
            program.close()
        if linux.LINUX:
            linux.end_orphans(self.strangers)
        for peer in self.peers:
            peer.close()
        for window in self.windows:
            window.forget()
        if self.listener:
            self.watch(self.listener, 0, lambda _: None)
            self.listener.close()
            self.listener = None
        for visitor in self.visitors:
            visitor.close()
        self.programs.clear()
        self.peers.clear()
        self.windows.clear()
        self.visitors.clear()

    # ------------------------------------------------------------------- what one can ask

    @property
    def program(self) -> Program:
        """The program started last."""
        return self.programs[-1]

    def holds(self) -> tuple[int, int]:
        """How many threads and how many open files the program has now, in this order."""
        processes = [psutil.Process(pid) for pid in self.pids()]
        count = "num_handles" if WINDOWS else "num_fds"
        files = sum(getattr(one, count)() for one in processes)
        return sum(one.num_threads() for one in processes), files

    def listeners(self, program: Program) -> list[linux.Socket]:
        """The sockets on which this very program listens now (Linux only)."""
        if not (there := linux.listeners()):
            return []
        inodes = linux.socket_inodes(program.pids_inside())
        return [listener for listener in there if listener.inode in inodes]

    # ---------------------------------------------------------- the bench moves the bytes

    def pump(self, seconds: float) -> bool:
        """Wait for at most `seconds` until bytes can be moved, and move them. True if any moved."""
        moved = False
        self.stumbles()
        if self.sandbox and time.monotonic() >= self.next_look:
            self._keep_bounds()
        for key, events in self._ready(seconds):
            moved |= key.data(events) is not False
        return moved

    def _ready(self, seconds: float) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready within so many seconds, and for what.

        Python's selector counts in whole milliseconds, as epoll_wait(2) does. select(2) counts in
        microseconds, and tells of an epoll as of any other file: see epoll(7).
        """
        if seconds and linux.LINUX:
            with contextlib.suppress(ValueError):  # a number too large for select(2)
                select.select([self.selector], [], [], seconds)
                seconds = 0
        return self.selector.select(seconds)

    def stumbles(self) -> None:
        """Stand still for a moment, at random, where that is asked for: see `delays`."""
        if self.delays and self.delays.random() < DELAYED:
            time.sleep(DELAY)

    def watch(self, what: Watched, events: int, act: Callable[[int], bool | None]) -> None:
        """Call `act` when `what` is ready for `events`; 0 means no more.

        What `act` does counts as bytes moved, unless it returns False.
        """
        with contextlib.suppress(KeyError, ValueError):
            if not events:
                self.selector.unregister(what)
            elif self.selector.get_key(what).events != events:
                self.selector.modify(what, events, act)
            return
        if events:
            self.selector.register(what, events, act)

    def cpu_appetite(self, seconds: float) -> float:
        """How much of a core the programs want in the next `seconds`; 0.0 at once when at rest.

        A program that runs or is ready to run whenever one looks wants all it can get: 1.0 or
        more, also on a busy machine where it gets little. What the display does for a window is
        part of it: a loop that redraws all the time waits for the display every now and then.
        """
        pids = [*self.pids(), *self._drawn_by()]
        started = time.monotonic()
        if not linux.READS_REST:
            used = _processor_time(pids)
            self.wait(lambda: False, seconds=seconds)
            return (_processor_time(pids) - used) / (time.monotonic() - started)
        before = linux.threads(pids)
        watch = self._watch()
        looks = busy = 0
        nap = NAP  # short at first: rest is seen at the second look
        while (elapsed := time.monotonic() - started) < seconds or looks < 20:
            if self.pump(nap):
                watch.disturb()
            elif not self.windows and watch.look() == "rest":
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

    def adopt(self, program: Program) -> Program:
        """Read the program's output from now on, and notice when it ends."""
        self.stumbles()
        self.programs.append(program)
        for stream in (program.output, program.errors):
            self._read_output(stream)
        if linux.LINUX:  # wakes us when the program ends, see pidfd_open(2)
            program.ended = os.pidfd_open(program.pid)
            self.watch(program.ended, selectors.EVENT_READ, lambda _: self._ended(program))
        return program

    def _keep_bounds(self) -> None:
        """End a sandboxed program that takes too much of the machine."""
        self.next_look = time.monotonic() + LOOK_EVERY
        for program in self.programs:
            if program.status is not None:
                continue
            pids = program.pids()
            memory = sum(map(linux.resident, pids)) if linux.LINUX else 0
            printed = max(program.output.dropped, program.errors.dropped)
            if len(pids) > MOST_PROCESSES:
                program.ended_for = f"it started more than {MOST_PROCESSES} processes"
            elif memory > MOST_MEMORY:
                program.ended_for = TOO_MUCH
            elif printed > MOST_PRINTED:
                program.ended_for = f"it printed more than {MOST_PRINTED >> 20} MB"
            elif time.monotonic() - program.began > MOST_SECONDS:
                program.ended_for = f"it ran for more than {MOST_SECONDS:.0f} s"
            if program.ended_for:
                program.kill()

    def _read_output(self, stream: Output) -> None:
        def read(_: int) -> None:
            if not stream.read():
                self.watch(stream.stream, 0, read)

        self.watch(stream.stream, selectors.EVENT_READ, read)

    def _ended(self, program: Program) -> None:
        if program.ended is not None:
            self.watch(program.ended, 0, lambda _: None)
            os.close(program.ended)
            program.ended = None

    def _forget(self, program: Program) -> None:
        self._ended(program)
        for stream in (program.output, program.errors):
            self.watch(stream.stream, 0, lambda _: None)

    def _watch(self, excuse: Callable[[float], None] = lambda seconds: None) -> Watch:
        return Watch(
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

    def pids(self) -> list[int]:
        """Every process of the programs that run."""
        running = [program for program in self.programs if program.status is None]
        return [pid for program in running for pid in program.pids_inside()] + self._daemons()

    def _daemons(self) -> list[int]:
        """What has left its program: see `kernel.adopt_orphans`. Of a sandbox nothing gets out."""
        if not linux.LINUX or (self.sandbox and self.sandbox.isolated):
            return []
        known = self.strangers | {program.pid for program in self.programs}
        left = set(linux.children(os.getpid())) - known
        return [pid for orphan in left for pid in linux.tree(orphan)]


def _processor_time(pids: list[int]) -> float:
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)
