"""Moving bytes: whatever is ready is read or written, with the programs that a check has started.

Nothing here decides how long to wait: see `chatkit.bench.eventloop`.
"""

import contextlib
import os
import random
import select
import selectors
import socket
import time
from collections.abc import Callable
from typing import IO

from chatkit.system import linux
from chatkit.system.program import Program
from chatkit.system.programs.ending import end_orphans
from chatkit.system.programs.output import Output
from chatkit.system.sandbox.cgroup import MOST_MEMORY, TOO_MUCH
from chatkit.system.sandbox.sandbox import Sandbox
from chatkit.system.windows import WINDOWS

DELAY = 0.1  # seconds that the bench stands still at random, where that is asked for
DELAYED = 0.02  # of the moments when it might
LOOK_EVERY = 0.05  # seconds between two looks at what sandboxed programs take
MOST_PROCESSES = 64
MOST_PRINTED = 64 << 20  # bytes
MOST_SECONDS = 120.0

Watched = socket.socket | IO[bytes] | int


class SelectorLoop:
    """Sockets and pipes with what is to be done when they are ready, and running programs."""

    def __init__(self, sandbox: Sandbox | None, delays: random.Random | None) -> None:
        """See `EventLoop`."""
        self.sandbox = sandbox
        self.delays = delays
        self.next_look = 0.0  # at the bounds, on the monotonic clock
        self.programs: list[Program] = []
        self.selector = selectors.DefaultSelector()
        self.strangers = set(linux.children(os.getpid())) if linux.LINUX else set()
        if linux.LINUX:
            linux.adopt_orphans()

    def clear(self) -> None:
        """End every program with all that it started."""
        for program in self.programs:
            self._forget(program)
            program.close()
        if linux.LINUX:
            end_orphans(self.strangers)
        self.programs.clear()

    def pump(self, seconds: float) -> bool:
        """Wait for at most `seconds` until bytes can be moved, and move them. True if any moved."""
        moved = False
        self.may_delay()
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
        if WINDOWS and not self.selector.get_map():  # its select(2) refuses to wait for nothing
            time.sleep(seconds)
            return []
        return self.selector.select(seconds)

    def may_delay(self) -> None:
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

    def adopt(self, program: Program) -> Program:
        """Read the program's output from now on, and notice when it ends."""
        self.may_delay()
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

    def pids(self) -> list[int]:
        """Every process of the programs that run."""
        running = [program for program in self.programs if program.status is None]
        return [pid for program in running for pid in program.pids_inside()] + self._daemons()

    def _daemons(self) -> list[int]:
        """What has left its program: see `linux.adopt_orphans`. Of a sandbox nothing gets out."""
        if not linux.LINUX or (self.sandbox and self.sandbox.isolated):
            return []
        known = self.strangers | {program.pid for program in self.programs}
        left = set(linux.children(os.getpid())) - known
        return [pid for orphan in left for pid in linux.tree(orphan)]
