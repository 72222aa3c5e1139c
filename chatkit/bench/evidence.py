"""Evidence: what was seen of a program in a check that failed, as data.

It is gathered once, when the check has failed, and whoever explains the failure looks at nothing
else: what the program raised and where, where each thread stood, what came over the wire, what it
printed, how it ended. Python's own formats are read here: tracebacks (the traceback module) and the
stacks that faulthandler writes at SIGABRT.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatkit.bench.transcript import Event

FRAME = re.compile(r'^ *File "(?P<file>[^"]+)", line (?P<line>\d+)(?:,? in (?P<function>\S+))?')
_START = re.compile(r"^(?:Exception Group )?Traceback \(most recent call last\)")
ERROR = re.compile(r"^(?P<kind>[A-Za-z_][\w.]*)(?:: (?P<text>.*))?$")
THREAD = re.compile(r"^(?P<current>Current t|T)hread 0x")
_LED_ON = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_GUTTER = re.compile(r"^ *(?:\+-.*|[+|] ?)")  # beside the lines of an exception group


@dataclass(frozen=True)
class Frame:
    """One line of a stack."""

    file: str  # as Python names it
    line: int
    function: str  # "" in a syntax error
    own: bool  # whether it is in the student's own file


@dataclass(frozen=True)
class Raised:
    """One exception that a program told of, with those that led to it."""

    kind: str  # "ValueError"; of another module with its name: "socket.gaierror"
    text: str
    frames: tuple[Frame, ...]  # the outermost first
    in_thread: bool = False  # in a thread that is not the main one
    in_callback: bool = False  # in a callback of Tk, which goes on
    before: "Raised | None" = None  # what was being handled, or caused it

    @property
    def own(self) -> Frame | None:
        """The innermost line of the student's own file."""
        return next((frame for frame in reversed(self.frames) if frame.own), None)

    @property
    def first(self) -> "Raised":
        """The exception with which it began."""
        return self.before.first if self.before else self

    def chain(self) -> Iterator["Raised"]:
        """This exception and what led to it, the first one last."""
        yield self
        if self.before:
            yield from self.before.chain()


@dataclass(frozen=True)
class Stack:
    """Where one thread stood when the program was ended."""

    frames: tuple[Frame, ...]  # the innermost first
    main: bool  # whether it is the main thread

    @property
    def own(self) -> Frame | None:
        """The innermost line of the student's own file."""
        return next((frame for frame in self.frames if frame.own), None)

    @property
    def owns(self) -> tuple[Frame, ...]:
        """The lines of the student's own file: where it stands, who called that, and so on."""
        return tuple(frame for frame in self.frames if frame.own)


@dataclass(frozen=True)
class Evidence:
    """What was seen of one program in one failed check."""

    lesson: int
    check: str  # its id
    program: str  # "server.py", the one that the check judges
    symptom: str
    step: str  # the set-up step that failed, or ""
    message: str
    expected: str
    received: str
    raised: tuple[Raised, ...] = ()  # in the order in which it told of them
    stacks: tuple[Stack, ...] = ()
    status: int | None = None  # its exit status; None while it ran, or was ended by the bench
    ended_for: str = ""  # why the bench ended it, if it took too much
    output: str = ""  # what it printed
    errors: str = ""  # what it wrote to standard error, by itself
    events: tuple[Event, ...] = ()  # the transcript
    waits: tuple[tuple[str, float | None], ...] = ()  # of each thread: the call, and its time-out
    text: str = ""  # the student's file
    beside: tuple[str, ...] = ()  # the names of all files in its folder
    todos: tuple[int, ...] = ()  # of the lesson: those that this check needs


def raised_in(errors: str, program: Path) -> tuple[Raised, ...]:
    """Every exception that a program told of on standard error, in order.

    A chain is one of them: the last exception, which holds those before. A syntax error counts.
    """
    found: list[Raised] = []
    led: Raised | None = None  # what the next one began with
    lines = errors.splitlines()
    at = 0
    while at < len(lines):
        line = bare(lines[at])
        # A syntax error has no head: its frame stands alone.
        if not (_START.match(line) or (FRAME.match(line) and not line.startswith("    "))):
            at += 1
            continue
        head = next((bare(one) for one in reversed(lines[max(0, at - 3) : at]) if one.strip()), "")
        error, at = _one(lines, at, head, led, program)
        if error is None:
            continue
        rest = (bare(one) for one in lines[at : at + 3])
        leads = next((one for one in rest if one.strip()), "").strip() in _LED_ON
        led = error if leads else None
        if not leads:
            found.append(error)
    if led:
        found.append(led)
    return tuple(found)


def bare(line: str) -> str:
    """A line without what Python draws beside the parts of an exception group."""
    return _GUTTER.sub("", line) if line.lstrip().startswith(("|", "+")) else line


def _one(
    lines: Sequence[str], at: int, head: str, led: Raised | None, program: Path
) -> tuple[Raised | None, int]:
    """The exception whose traceback begins at line `at`, and the number of the line behind it."""
    frames: list[Frame] = []
    place = at if not _START.match(bare(lines[at])) else at + 1
    while place < len(lines):
        line = bare(lines[place])
        if frame := FRAME.match(line):
            frames.append(_frame(frame, program))
        elif (error := ERROR.match(line)) and not line.startswith(" "):
            in_thread = head.startswith("Exception in thread")
            in_callback = head.startswith("Exception in Tkinter callback")
            kind, text = error["kind"], error["text"] or ""
            one = Raised(kind, text, tuple(frames), in_thread, in_callback, led)
            return one, place + 1
        elif line and not line.startswith(" "):
            return None, place  # something else: the traceback was cut off
        place += 1
    return None, place


def stacks_in(errors: str, program: Path) -> tuple[Stack, ...]:
    """Where each thread stood, from what Python writes at SIGABRT.

    See https://docs.python.org/3/library/faulthandler.html. Python writes the main thread last,
    unless another one got the signal.
    """
    found: list[list[Frame]] = []
    inside = False
    for line in errors.splitlines():
        if THREAD.match(line):
            found.append([])
            inside = True
        elif inside and (frame := FRAME.match(line)):
            found[-1].append(_frame(frame, program))
        else:
            inside = False
    mains = [at for at, frames in enumerate(found) if frames and frames[-1].function == "<module>"]
    return tuple(Stack(tuple(frames), at in mains) for at, frames in enumerate(found) if frames)


def _frame(match: re.Match[str], program: Path) -> Frame:
    file = match["file"]
    own = Path(file).name == program.name and Path(file).parent.name in ("", program.parent.name)
    return Frame(file, int(match["line"]), match["function"] or "", own)
