"""The scheduler: lets threads of the program pause between two lines, at places that a seed fixes.

Python may switch to another thread between any two steps. It seldom does so at the step that
matters, so a program with a race passes a thousand times and fails in the lesson. Here the wrong
moment comes by order. Now and then a line comes into focus: whoever is about to run it has to wait
there until all others have done what they can. Then they go on, and it is the turn of another
line: each line once, and then again.

(The idea is that of PCT, which gives threads priorities and lowers them at a few random places:
Burckhardt and others, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs",
ASPLOS 2010. To toss a coin at each line needs many more runs to find the same.)

It changes nothing else: no line, no traceback, no result. As long as only one thread has run a line
of the program's file nobody pauses. `sitecustomize.py` beside this file lets it begin.
"""

import os
import random
import sys
import time
from _thread import get_ident
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

NAP = 1  # milliseconds: a pause is a number of these, see `kernel.PAUSE`
FIRST = 2  # naps in which another thread must take a step; else all are at rest already
QUIET = 5  # naps in a row without such a step, after there was one: the others are at rest again
ENOUGH = 300  # steps of the others that end a pause as well
LONGEST = 40  # naps of one pause, whatever the others do
TIRED = 10  # steps that a thread takes after a pause before it brings a line into focus
SWITCH = 0.0002  # seconds that a thread runs before another gets its turn; usual are 0.005
MOST = 1500  # pauses: a program that is always busy is not held up for ever
FRUITLESS = 0.15  # how much a focus counts in which nobody else had anything to do
ROUND = 300  # steps in which no line came into focus: now all may have it once more


class Turns:
    """Which line is in focus, and how many steps the threads have taken."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.threads: dict[int, int] = {}  # those that have run a line -> how tired they are
        self.steps = 0  # lines that they have run
        self.left = MOST
        self.had: dict[int, float] = {}  # each line -> how often it has been in focus
        self.may = 1.0  # how often a line may have been in focus
        self.since = 0  # the step at which that changed, or a line came into focus
        self.focus = 0  # the line where threads pause, or 0
        self.inside = 0  # threads that pause

    def step(self, line: int) -> None:
        """A thread is about to run this line."""
        self.steps = steps = self.steps + 1
        me = get_ident()
        tired = self.threads.setdefault(me, 0)
        if len(self.threads) < 2 or not self.left:
            return
        if self.inside:
            if line != self.focus:
                return
        elif tired:
            self.threads[me] = tired - 1
            return
        elif self.often(line) >= self.may:
            if steps - self.since > ROUND:
                self.may, self.since = self.may + 1, steps
            return
        self.focus, self.since = line, steps
        self.left -= 1
        self.pause(line)
        self.threads[me] = TIRED

    def often(self, line: int) -> float:
        """How often this line has been in focus; the seed gives some lines a start over others."""
        had = self.had.get(line)
        if had is None:
            had = self.had[line] = random.Random(f"{self.seed} {line}").random()
        return had

    def pause(self, line: int) -> None:
        """Wait until the others have taken no step for some naps in a row.

        On a busy machine a nap takes longer, for this thread as for the others: so they get their
        turn there, too.
        """
        began = before = self.steps
        still = 0
        self.inside += 1
        try:
            for _ in range(LONGEST):
                nap()
                if self.steps - began > ENOUGH:
                    before = self.steps
                    break
                if self.steps != before:
                    still, before = 0, self.steps
                    continue
                still += 1
                if still >= (FIRST if before == began else QUIET):
                    break
        finally:
            self.inside -= 1
            if self.focus == line:  # the first that goes on: nobody stops there any more
                self.focus = 0
                self.had[line] += FRUITLESS if before == began else 1.0


def pollers() -> Callable[[], object]:
    """What makes one nap. On Linux the bench knows it by its system call: see `kernel.PAUSE`."""
    if sys.platform == "linux":
        import select

        return lambda: select.poll().poll(NAP)  # in a thread, a poll object is its own
    return lambda: time.sleep(NAP / 1000)


nap = pollers()


def begin(seed: str, program: str) -> None:
    """Schedule the threads of the program called `program`, a file name, from its first line on."""
    turns = Turns(seed)
    sys.setswitchinterval(SWITCH)
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
