"""From a program that did not do what it should to one symptom that says why.

The order matters: a crash explains a reset connection, a reset connection does not explain a crash.
So the same mistake gets the same symptom, however the packets fell.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatkit.bench.failure import Failure
from chatkit.bench.transcript import quoted
from chatkit.course.todo import reached
from chatkit.system import linux
from chatkit.system.program import Program
from chatkit.system.sandbox.cgroup import TOO_MUCH

if TYPE_CHECKING:
    from chatkit.bench.eventloop import Stage, Stop
    from chatkit.bench.peer import Peer

_FRAME = re.compile(r'^ *File "(?P<file>[^"]+)", line (?P<line>\d+)(?:,? in (?P<name>\S+))?')
_THREAD = re.compile(r"^(?:Current t|T)hread 0x")
_LAST = re.compile(r"^(?P<kind>[A-Za-z_][\w.]*)(?:: (?P<text>.*))?$")


@dataclass(frozen=True)
class Traceback:
    """The last traceback that a program wrote."""

    error: str  # "ValueError: not a port"
    place: str  # "server.py, line 12", the innermost line of the student's own file, or ""
    lines: tuple[str, ...]  # as written
    in_thread: bool


def last_traceback(text: str, program: Path) -> Traceback | None:
    """The last traceback or syntax error in what a program wrote, or None."""
    lines = text.splitlines()
    starts = [
        at
        for at, line in enumerate(lines)
        if line.startswith("Traceback (most recent call last)")
        or (_FRAME.match(line) and (at == 0 or not _inside(lines[at - 1])))
    ]
    if not starts:  # a file in another encoding: Python names no line then
        last = lines[-1] if lines else ""
        unread = last.startswith("SyntaxError: ")
        return Traceback(last, "", (last,), in_thread=False) if unread else None
    block = lines[starts[-1] :]
    place, error, end = "", "", len(block)
    for at, line in enumerate(block):
        if frame := _FRAME.match(line):
            if Path(frame["file"]).name == program.name:
                place = f"{program.name}, line {frame['line']}"
        elif at and not line.startswith((" ", "Traceback")) and _LAST.match(line):
            error, end = line, at + 1
            break
    if not error:
        return None
    before = lines[starts[-1] - 1] if starts[-1] else ""
    return Traceback(error, place, tuple(block[:end]), before.startswith("Exception in thread"))


def _inside(line: str) -> bool:
    return line.startswith((" ", "Traceback", "Thread", "Current thread"))


def crash(program: Program) -> Failure | None:
    """What a program's own error output says, or None when it says nothing."""
    trace = last_traceback(program.errors.text, program.path)
    if trace is None or trace.error == "KeyboardInterrupt":
        return None
    if todo := reached(program.errors.text):
        return Failure("todo", f"{todo}: this part is not written yet")
    where = f" ({trace.place})" if trace.place else ""
    shown = "\n".join(trace.lines)
    if "Non-UTF-8" in trace.error:
        told = f"{program.name} is not saved as UTF-8"
        return Failure("encoding", told, "a file in UTF-8", shown, step="start")
    if trace.error.startswith(("SyntaxError", "IndentationError", "TabError")):
        told = f"Python cannot read {program.name}{where}: {trace.error}"
        wanted = "a program that Python can read"
        return Failure("syntax-error", told, wanted, shown, step="start")
    who = f"a thread of {program.name}" if trace.in_thread else program.name
    told = f"{who} crashed{where}: {trace.error}"
    return Failure("crashed", told, received=shown)


def exited(program: Program) -> Failure:
    """The failure of a program that is not there any more."""
    if not program.ended_for and program.out_of_memory:
        program.ended_for = TOO_MUCH
    if program.ended_for:
        told = f"{program.name} was ended by the bench: {program.ended_for}"
        return Failure("over-the-bounds", told)
    if found := crash(program):
        return found
    status = program.status
    how = f"with status {status}" if status is None or status >= 0 else f"by signal {-status}"
    said = last_words(program)
    return Failure("exited", f"{program.name} ended {how} before it should", received=said)


def last_words(program: Program, most: int = 5) -> str:
    """The last lines that a program wrote, errors first, or an empty text."""
    lines = (program.errors.text or program.output.text).rstrip().splitlines()
    return "\n".join(lines[-most:])


def stacks(text: str, program: Path, file: Path | None = None) -> list[str]:
    """Where each thread stands, from what Python writes at SIGABRT: "server.py:17 data = …"

    See https://docs.python.org/3/library/faulthandler.html. The innermost line of the student's
    own file is named, with the source of that line. `program` is the path that Python names, and
    `file` (default: the same) where its text is.
    """
    try:
        source = (file or program).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        source = []
    found: list[str] = []
    waiting = False
    for line in text.splitlines():
        if _THREAD.match(line):
            waiting = True
        elif waiting and (frame := _FRAME.match(line)) and Path(frame["file"]) == program:
            number = int(frame["line"])
            code = source[number - 1].strip() if number <= len(source) else ""
            place = f"{program.name}:{number} stands at: {code}"
            if place not in found:
                found.append(place)
            waiting = False
    return found


def explain(
    stage: "Stage",
    stop: "Stop",
    expected: str,
    came: bytes,
    peer: "Peer | None" = None,
    silence: str = "silent",
) -> Failure:
    """Why something did not come: one symptom, the same for the same mistake.

    `stop` is what the wait returned, `expected` is for the report, `came` is what came instead
    and `peer` the one who waited for it. `silence` is the symptom of a program that is there, is
    fine, and does nothing. The program is ended by it: to say where its threads stand.
    """
    # A full connection may take a little more now and then, and who waited to send goes on for a
    # moment: so it also counts how the threads stood when they were seen at rest.
    seen = [stage.at_rest]
    stage.settle(quietly=True)
    seen += [stage.at_rest, linux.threads(stage.pids()) if linux.READS_REST else {}]
    sends = any(thread.sending for threads in seen for thread in threads.values())
    program = stage.program
    got = quoted(came) if came else ""
    found = None
    if program.status is not None and (program.ended_for or not program.stopping):
        found = exited(program)
    elif crashed := crash(program):
        found = crashed
    if found:
        found.expected = found.expected or expected
        found.received = found.received or got
        return found
    if peer and peer.ended:
        told = f"{program.name} closed {peer.name}'s connection too early"
        return Failure("closed-early", told, expected, got or "the end of the connection")
    if peer and came and not sends:
        told = f"{peer.name} got a line without its end"
        return Failure("unfinished-line", told, expected, got)
    # A window that does not react is frozen, whether its thread computes or waits.
    hungry = stop != "rest" and silence != "frozen" and stage.cpu_appetite(0.5) > 0.9
    received = "\n".join(filter(None, [got, _where_it_stands(stage)]))
    if hungry:
        told = f"{program.name} is busy all the time and does not get on"
        return Failure("spinning", told, expected, received)
    if sends:
        told = f"{program.name} is stuck: it waits until somebody reads"
        return Failure("stuck", told, expected, received)
    waits = "is at rest and will not do it any more" if stop == "rest" else "did not do it in time"
    return Failure(silence, f"{program.name} {waits}", expected, received)


def _where_it_stands(stage: "Stage") -> str:
    """Where each thread of the program stands, a line each. This ends the program."""
    program = stage.program
    stage.transcript.closed = True
    program.says_where_it_stands()
    stage.wait(lambda: program.status is not None, seconds=5)
    while stage.pump(0):
        pass
    return "\n".join(stacks(program.errors.text, program.path, program.source))
