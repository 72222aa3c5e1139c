"""A student's program in the foreground, and what to say about it before and afterwards.

The program has the terminal for itself: its keys, its screen, its Ctrl-C. Only what it writes to
standard error passes through here, to be printed at once and looked at when the program has ended.
"""

import errno
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from chatkit.course.lessons import Lesson
from chatkit.course.todo import named_in, reached
from chatkit.system.ports import holder
from chatkit.system.signals import ENDING
from chatkit.system.terminal.jobcontrol import all_hear_ctrl_c

PORT = 5501  # what every program takes when it is told no other; see the contract
KEPT = 16 * 1024  # bytes of standard error to look at afterwards
PATIENCE = 2.0  # seconds; for the rest of standard error, when the program has ended
TAKEN = re.compile(
    rf"\[Errno {errno.EADDRINUSE}\]|\[WinError 10048\]|{re.escape(os.strerror(errno.EADDRINUSE))}"
)


@dataclass(frozen=True)
class Finished:
    """How a program has ended."""

    status: int  # as a shell counts: 130 after signal 2
    errors: str  # the last that it wrote to standard error


def run(program: Path, arguments: Sequence[str]) -> Finished:
    """Run `program` in its folder until it ends, with this Python and this terminal.

    Signals reach the program, and end this process only through it. Raises OSError when it cannot
    be started.
    """
    with _signals_passed_on() as receivers:
        process = subprocess.Popen(
            [sys.executable, str(program), *arguments],
            cwd=program.parent,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        receivers.append(process)
        kept = bytearray()
        assert process.stderr
        relay = threading.Thread(target=_relay, args=(process.stderr, kept), daemon=True)
        relay.start()
        status = process.wait()
        relay.join(PATIENCE)  # a process that it left behind may hold the pipe for ever
    errors = bytes(kept).decode(errors="replace")
    return Finished(status if status >= 0 else 128 - status, errors)


def before(lesson: Lesson, program: str, arguments: Sequence[str]) -> str:
    """What runs now, and what to type in a second terminal."""
    port = _port_in(arguments)
    option = f" -- --port {port or 'PORT'}" if port not in (None, PORT) else ""
    first = f"chatkit: lessons/{lesson.name}/{program} runs. Ctrl-C ends it."
    them = f"chatkit run {lesson.number}"
    if program == "server.py":
        raw = PORT if port is None else port or "PORT"  # port 0: it will say which one it got
        return f"{first}\nIn a second terminal: {them} client{option}, or chatkit raw {raw}"
    host = _value_of("--host", arguments)
    if host and not _is_here(host):
        return f"{first}\nIt looks for a server at {host}, port {port or PORT}."
    return f"{first}\nIt needs a server, in another terminal: {them} server{option}"


def after(lesson: Lesson, program: str, arguments: Sequence[str], ended: Finished) -> str:
    """One line that helps on, from how the program has ended; empty when there is none."""
    if number := named_in(reached(ended.errors)):
        return (
            f"TODO {number} in {program} is not written yet: "
            f"chatkit hint {lesson.number} --todo {number}"
        )
    if program == "server.py" and (found := TAKEN.search(ended.errors)):
        line = ended.errors[: found.start()].rpartition("\n")[2]
        named = re.search(r":(\d+)\b", line)
        port = int(named[1]) if named else _port_in(arguments) or PORT
        free = f"chatkit run {lesson.number} server -- --port {port + 1}"
        pid, who = holder(port)
        return f"Port {port} is taken{f' by {who}' * bool(pid)}. End that, or take another: {free}"
    return ""


def _port_in(arguments: Sequence[str]) -> int | None:
    """The port that the arguments name; None when they name none."""
    text = _value_of("--port", arguments)
    return int(text) if text.isdecimal() else None


def _value_of(option: str, arguments: Sequence[str]) -> str:
    """What the arguments say for an option; "" when it is not there."""
    for place, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name == option:
            return value if equals else "".join(arguments[place + 1 : place + 2])
    return ""


def _is_here(host: str) -> bool:
    """Whether a host, as one types it, is this machine itself as far as its name tells."""
    return host in ("localhost", "::1", "0.0.0.0") or host.startswith("127.")


def _relay(pipe: IO[bytes], kept: bytearray) -> None:
    """Print what comes through the pipe as it comes, and keep the last of it."""
    while data := pipe.read(4096):
        kept += data
        del kept[:-KEPT]
        with suppress(OSError, ValueError):  # nobody reads our errors: the program may go on
            sys.stderr.buffer.write(data)
            sys.stderr.buffer.flush()


@contextmanager
def _signals_passed_on() -> "Iterator[list[subprocess.Popen[bytes]]]":
    """Give signals to the processes in the list, and do nothing else about them.

    A handler of ours goes back to the default in a new program, where an ignored signal would stay
    ignored: so the program gets its own Ctrl-C.
    """
    receivers: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT or not all_hear_ctrl_c():
            for process in receivers:
                process.send_signal(number)

    earlier = {number: signal.signal(number, pass_on) for number in ENDING}
    try:
        yield receivers
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
