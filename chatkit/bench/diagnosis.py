"""From a program that did not do what it should to one symptom that says why.

The order matters: a crash explains a reset connection, a reset connection does not explain a crash.
So the same mistake gets the same symptom, however the packets fell.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from chatkit.bench.eventloop import EventLoop
from chatkit.bench.evidence import ERROR, FRAME, THREAD
from chatkit.bench.failure import Connected, Failure, Stop
from chatkit.bench.symptoms import Symptom
from chatkit.bench.transcript import quoted
from chatkit.course.todo import reached
from chatkit.system import linux
from chatkit.system.program import Program
from chatkit.system.sandbox.cgroup import TOO_MUCH

# What Python says of a file in another encoding: of the program, of a module that it imports.
_NO_UTF8 = re.compile(
    r"^SyntaxError: (Non-UTF-8 code .* in file (?P<file>.+?) on line "
    r"|\(unicode error\) 'utf-8' codec can't decode )"
)
# Errors that come of something which is a check of its own: the set-up step that they belong to.
_FOREIGN = {"RuntimeError: main thread is not in main loop": "threads"}


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
        or (FRAME.match(line) and (at == 0 or not _inside(lines[at - 1])))
    ]
    if not starts:  # a file in another encoding: Python names no line then
        last = lines[-1] if lines else ""
        unread = last.startswith("SyntaxError: ")
        return Traceback(last, "", (last,), in_thread=False) if unread else None
    block = lines[starts[-1] :]
    place, error, end = "", "", len(block)
    for at, line in enumerate(block):
        if frame := FRAME.match(line):
            if Path(frame["file"]).name == program.name:
                place = f"{program.name}, line {frame['line']}"
        elif at and not line.startswith((" ", "Traceback")) and ERROR.match(line):
            error, end = line, at + 1
            break
    if not error:
        return None
    before = lines[starts[-1] - 1] if starts[-1] else ""
    return Traceback(error, place, tuple(block[:end]), before.startswith("Exception in thread"))


def _last_file(trace: Traceback) -> str:
    """The file that the last frame of a traceback names."""
    files = [frame["file"] for line in trace.lines if (frame := FRAME.match(line))]
    return files[-1] if files else ""


def _inside(line: str) -> bool:
    return line.startswith((" ", "Traceback", "Thread", "Current thread"))


def crash(program: Program) -> Failure | None:
    """What a program's own error output says, or None when it says nothing."""
    trace = last_traceback(program.errors.text, program.path)
    if trace is None or trace.error == "KeyboardInterrupt":
        return None
    if todo := reached(program.errors.text):
        return Failure(Symptom.TODO, f"{todo}: this part is not written yet")
    where = f" ({trace.place})" if trace.place else ""
    shown = "\n".join(trace.lines)
    if wrong := _NO_UTF8.search(trace.error):
        name = Path(wrong["file"] or _last_file(trace) or program.name).name
        told = f"{name} is not saved as UTF-8"
        return Failure(Symptom.ENCODING, told, "a file in UTF-8", shown, step="start")
    if trace.error.startswith(("SyntaxError", "IndentationError", "TabError")):
        told = f"Python cannot read {program.name}{where}: {trace.error}"
        wanted = "a program that Python can read"
        return Failure(Symptom.SYNTAX_ERROR, told, wanted, shown, step="start")
    who = f"a thread of {program.name}" if trace.in_thread else program.name
    told = f"{who} crashed{where}: {trace.error}"
    return Failure(Symptom.CRASHED, told, received=shown, step=_FOREIGN.get(trace.error, ""))


def exited(program: Program) -> Failure:
    """The failure of a program that is not there any more."""
    if not program.ended_for and program.out_of_memory:
        program.ended_for = TOO_MUCH
    if program.ended_for:
        told = f"{program.name} was ended by the bench: {program.ended_for}"
        return Failure(Symptom.OVER_THE_BOUNDS, told)
    if found := crash(program):
        return found
    status = program.status
    how = f"with status {status}" if status is None or status >= 0 else f"by signal {-status}"
    said = last_words(program)
    return Failure(Symptom.EXITED, f"{program.name} ended {how} before it should", received=said)


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
        if THREAD.match(line):
            waiting = True
        elif waiting and (frame := FRAME.match(line)) and Path(frame["file"]) == program:
            number = int(frame["line"])
            code = source[number - 1].strip() if number <= len(source) else ""
            place = f"{program.name}:{number} stands at: {code}"
            if place not in found:
                found.append(place)
            waiting = False
    return found


def explain(
    loop: EventLoop,
    stop: Stop,
    expected: str,
    received: bytes,
    peer: Connected | None = None,
    silence: Symptom = Symptom.SILENT,
) -> Failure:
    """Why something did not come: one symptom, the same for the same mistake.

    `stop` is what the wait returned, `expected` is for the report, `came` is what came instead
    and `peer` the one who waited for it. `silence` is the symptom of a program that is there, is
    fine, and does nothing. The program is ended by it: to say where its threads stand.
    """
    sends = _is_sending(loop)
    got = quoted(received) if received else ""
    if found := _ended_or_crashed(loop.program):
        found.expected = found.expected or expected
        found.received = found.received or got
        return found
    name = loop.program.name
    if peer and peer.ended:
        told = f"{name} closed {peer.name}'s connection too early"
        return Failure(Symptom.CLOSED_EARLY, told, expected, got or "the end of the connection")
    if peer and received and not sends:
        told = f"{peer.name} got a line without its end"
        return Failure(Symptom.UNFINISHED_LINE, told, expected, got)
    return _of_one_that_goes_on(loop, stop, expected, got, sends, silence)


def _is_sending(loop: EventLoop) -> bool:
    """Whether a thread of the program waits in a send, now that nothing more happens.

    A full connection may take a little more now and then, and who waited to send goes on for a
    moment: so it also counts how the threads stood when they were seen at rest.
    """
    seen = [loop.at_rest]
    loop.settle(quietly=True)
    seen += [loop.at_rest, linux.threads(loop.pids()) if linux.READS_REST else {}]
    return any(thread.sending for threads in seen for thread in threads.values())


def _ended_or_crashed(program: Program) -> Failure | None:
    """The failure of a program that has ended by itself, or of which a part has crashed."""
    if program.status is not None and (program.ended_for or not program.stopping):
        return exited(program)
    return crash(program)


def _of_one_that_goes_on(
    loop: EventLoop, stop: Stop, expected: str, got: str, sends: bool, silence: Symptom
) -> Failure:
    """What a program that has not ended does in place of what it should. This ends it."""
    name = loop.program.name
    # A window that does not react is frozen, whether its thread computes or waits.
    may_spin = stop != "rest" and silence != Symptom.FROZEN
    hungry = may_spin and loop.cpu_appetite(0.5) > 0.9
    came = "\n".join(filter(None, [got, _where_it_stands(loop)]))
    if hungry:
        told = f"{name} is busy all the time and makes no progress"
        return Failure(Symptom.SPINNING, told, expected, came)
    if sends:
        told = f"{name} is stuck: it waits until somebody reads"
        return Failure(Symptom.STUCK, told, expected, came)
    waits = (
        "is idle: it is waiting, and nothing will wake it"
        if stop == "rest"
        else "did not do it in time"
    )
    return Failure(silence, f"{name} {waits}", expected, came)


def ask_where_it_stands(loop: EventLoop, program: Program) -> None:
    """Let a program that still runs write the stacks of its threads, once. This ends it."""
    if program.status is not None or program.said is not None:
        return
    loop.transcript.closed = True
    program.says_where_it_stands()
    loop.wait(lambda: program.status is not None, seconds=5)
    while loop.pump(0):
        pass


def _where_it_stands(loop: EventLoop) -> str:
    """Where each thread of the program stands, a line each. This ends the program."""
    program = loop.program
    ask_where_it_stands(loop, program)
    return "\n".join(stacks(program.errors.text, program.path, program.source))
