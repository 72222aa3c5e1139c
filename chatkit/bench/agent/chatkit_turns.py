"""The scheduler: lets threads of the program pause between two lines, at places that a seed fixes.

Python may switch to another thread between any two steps. It seldom does so at the step that
matters, so a program with a race passes a thousand times and fails in the lesson. Here the wrong
moment comes by order. The bench's story has many rounds that are alike, and in each round one line
is in focus: every thread that is about to run it has to wait until the others have done all they
can. The lines take turns, in an order that the seed gives.

(The idea is that of PCT, which gives threads priorities and lowers them at a few places: Burckhardt
and others, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010. To
toss a coin at each line needs many more runs to find the same.)

It changes nothing else: no line, no traceback, no result. As long as only one thread has run a line
of the program's file nobody pauses. `sitecustomize.py` beside this file lets it begin.
"""

import mmap
import os
import random
import sys
import time
from _thread import get_ident, get_native_id
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

PARTS = 4  # of a round, see `next_round` of the bench: a line is in focus in each of them
NAP = 1  # milliseconds: a pause is a number of these, see `linux.PAUSE`
QUIET = 5  # naps in a row without a step of a thread that does not pause: the others are at rest
LONGEST = 60  # naps of one pause, whatever the others do
RESTLESS = LONGEST * 3 // 4  # naps with a step of another thread: those never stand still
ENOUGH = 3  # such pauses: then nobody pauses any more, for a pause only costs time there
RECENT = 3  # rounds: a line that nobody has run in the last ones does not come into focus


class Turns:
    """Which line is in focus, and how many steps the threads have taken."""

    def __init__(self, seed: str, rounds: mmap.mmap) -> None:
        """The bench writes into `rounds` which round of the story it is, as one byte.

        A number that 4 divides begins a round, those up to the next one go on with it."""
        self.seed = seed
        self.rounds = rounds
        self.round = 0
        self.threads: set[int] = set()  # those that have run a line
        self.steps = 0  # lines that they have run
        self.had: dict[int, float] = {}  # each line -> how often it has been in focus
        self.last: dict[int, int] = {}  # each line -> the round in which it was last run
        self.turn = 0  # counts rounds; the byte begins again after 255
        self.focus = 0  # the line where threads pause, or 0
        self.chosen = 0  # the line that was in focus first in this round
        self.in_vain = 0  # pauses in which the others never stood still

    def step(self, line: int) -> None:
        """A thread is about to run this line."""
        self.steps += 1
        if self.rounds[0] != self.round:
            before, self.round = self.round, self.rounds[0]
            if self.round // PARTS == before // PARTS:  # the same line once more
                self.focus = self.chosen
            else:
                self.turn += 1
                self.choose()
        self.last[line] = self.turn
        if line == self.focus:
            self.pause(line)
        elif len(self.threads) < 2:
            self.threads.add(get_ident())

    def choose(self) -> None:
        """Bring a line into focus: of those run lately, one that has had it least often.

        Among these the seed decides.
        """
        lately = [
            (self.had.get(line, 0.0), random.Random(f"{self.seed} {line}").random(), line)
            for line, last in tuple(self.last.items())
            if self.turn - last <= RECENT
        ]
        if lately and len(self.threads) > 1 and self.in_vain < ENOUGH:
            self.focus = self.chosen = min(lately)[2]
            self.had[self.focus] = self.had.get(self.focus, 0.0) + 1

    def pause(self, line: int) -> None:
        """Wait until the others have taken no step for some naps in a row, and none could take one.

        On a busy machine a thread may want the processor for longer than some naps, and not get it.
        """
        still, moved, before = 0, 0, self.steps
        for _ in range(LONGEST):
            nap()
            still = still + 1 if self.steps == before else 0
            moved += self.steps != before
            before = self.steps
            if still >= QUIET and not others_run():
                break
        if moved > RESTLESS:
            self.in_vain += 1
        if self.focus == line:  # the first that goes on: nobody stops there any more
            self.focus = 0


def pollers() -> Callable[[], object]:
    """What makes one nap. On Linux the bench knows it by its system call: see `linux.PAUSE`."""
    import select

    if poll := getattr(select, "poll", None):  # Windows has none
        return lambda: poll().poll(NAP)  # in a thread, a poll object is its own
    return lambda: time.sleep(NAP / 1000)


nap = pollers()


def others_run() -> bool:
    """Whether another thread has the processor or waits for it. Where that is not told: no.

    See proc_pid_stat(5): after the name in parentheses comes the state, R for one that can run.
    """
    try:
        others = set(os.listdir("/proc/self/task")) - {str(get_native_id())}
    except OSError:  # there is no /proc
        return False
    return any(state(thread) == b"R" for thread in others)


def state(thread: str) -> bytes:
    """The state of a thread, one letter, or nothing where that is not told."""
    try:
        file = os.open(f"/proc/self/task/{thread}/stat", os.O_RDONLY)
    except OSError:  # it has just ended, or the program has no descriptor left
        return b""
    try:
        return os.read(file, 512).rpartition(b") ")[2][:1]
    except OSError:
        return b""
    finally:
        os.close(file)


def begin(seed: str, rounds: str, program: str) -> None:
    """Schedule the threads of the program called `program`, a file name, from its first line on.

    `rounds` is the file into which the bench writes a byte for each round, see `Turns`.
    """
    with open(rounds, "rb") as file:
        turns = Turns(seed, mmap.mmap(file.fileno(), 1, access=mmap.ACCESS_READ))
    if sys.version_info >= (3, 12):
        by_monitoring(turns, program)
    else:
        by_tracing(turns, program)


def is_program(code: CodeType, program: str) -> bool:
    """Whether this is the program itself, and no module that it imports: nothing runs before it."""
    return code.co_name == "<module>" and os.path.basename(code.co_filename) == program


def by_monitoring(turns: Turns, program: str) -> None:
    """From Python 3.12 on: only the lines of the program's own file are watched.

    See https://docs.python.org/3/library/sys.monitoring.html.
    """
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
    tool, events = 3, monitoring.events  # 3 is for none of the named kinds of tools

    def watch(code: CodeType) -> None:
        monitoring.set_local_events(tool, code, events.LINE)
        for part in code.co_consts:
            if isinstance(part, CodeType):
                watch(part)

    def started(code: CodeType, _: int) -> object:
        if not is_program(code, program):
            return monitoring.DISABLE
        monitoring.set_events(tool, 0)  # whatever it imports runs as it always does
        watch(code)
        return None

    monitoring.use_tool_id(tool, "chatkit")
    monitoring.register_callback(tool, events.PY_START, started)
    monitoring.register_callback(tool, events.LINE, lambda _, line: turns.step(line))
    monitoring.set_events(tool, events.PY_START)


def by_tracing(turns: Turns, program: str) -> None:
    """For Python 3.11: `sys.settrace`, in each thread that begins."""
    import _thread
    import threading

    file = ""

    def line(frame: FrameType, event: str, _: object) -> Any:
        if event == "line":
            turns.step(frame.f_lineno)
        return line

    def call(frame: FrameType, _: str, __: object) -> Any:
        nonlocal file
        if not file and is_program(frame.f_code, program):
            file = frame.f_code.co_filename
        return line if frame.f_code.co_filename == file else None

    real = _thread.start_new_thread

    def start(function: Callable[..., object], *arguments: Any) -> int:
        """A thread that the program begins without `threading` is traced as well."""

        def run(*given: Any, **named: Any) -> None:
            sys.settrace(call)
            function(*given, **named)

        return real(run, *arguments)

    _thread.start_new_thread = start
    threading.settrace(call)
    sys.settrace(call)
