"""What a tap shows: a row for each event while it runs, and lanes of what was recorded.

Rows are printed by a thread of their own. A terminal that somebody has stopped (Ctrl-S), or a pipe
that nobody reads, must not stop the tap: then rows are left out, and their number is said.
"""

import contextlib
import os
import queue
import shutil
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

from rich.console import Console
from rich.text import Text

from chatkit.bench import sequence
from chatkit.bench.transcript import Event, quoted
from chatkit.cli.printing import Printer, carries
from chatkit.grading.verdict import LessonVerdict
from chatkit.system.ports import joined
from chatkit.system.terminal import jobcontrol
from chatkit.system.terminal.keyboard import Keyboard
from chatkit.tools.faults import MEANS, Faults, Name
from chatkit.tools.recordings import Recording, RecordingError
from chatkit.tools.tap import Tap

MOST_ROWS = 1000  # that wait for the terminal
LAST_WORDS = 2.0  # seconds that the terminal has for what is left at the end
COLOURS = ("cyan", "magenta", "green", "yellow", "blue")
KEYS: dict[str, Name] = {
    "b": "bytes",
    "j": "join",
    "d": "delay",
    "s": "stall",
    "c": "cut",
    "r": "reset",
    "u": "split-character",
}
NEXT = {"both": "client", "client": "server", "server": "both"}


class Keys:
    """The keys of the terminal, where there are any. Use it with `with`.

    In a pipe, or in the background of a shell, there are none: see termios(3).
    """

    def __init__(self) -> None:
        self.typed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.keyboard = Keyboard(self.typed.put)
        self.there = bool(sys.stdin and sys.stdin.isatty()) and self.keyboard.in_foreground()

    def __enter__(self) -> Self:
        if self.there:
            self.keyboard.open()
            jobcontrol.hear(resumed=self._came_back)
        return self

    def __exit__(self, *_: object) -> None:
        self.keyboard.close()

    def pressed(self) -> list[str]:
        """The keys that were pressed since the last call, in order. Never waits."""
        return [self.typed.get() for _ in range(self.typed.qsize())]

    def _came_back(self) -> None:
        """After Ctrl-Z and fg: the shell has set the terminal back."""
        if self.keyboard.in_foreground():
            self.keyboard.take()


class TapView:
    """Prints, records, and obeys keys."""

    def __init__(self, recording: Recording | None) -> None:
        self.recording = recording
        if reconfigure := getattr(sys.stdout, "reconfigure", None):
            reconfigure(errors="replace")  # an old console must not stop the tap
        self.console = Console(highlight=False, soft_wrap=True)
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 500
        self.width = max(40, width)
        self.arrows = ("──▶", "◀──") if carries("──▶ ◀── │") else ("-->", "<--")
        self.rows: queue.Queue[Text | None] = queue.Queue(MOST_ROWS)
        self.left_out = 0
        self.packets = 0
        self.failed: OSError | None = None  # why rows are printed no more
        self.printer = threading.Thread(target=self._print, daemon=True)
        self.printer.start()

    def begin(self, tap: Tap, keys: bool) -> None:
        """Say what the tap is, and how to use it."""
        here = joined(*tap.address)
        to_server, to_client = self.arrows
        self.say(f"Let clients connect to {here}. The server is at {tap.server}.")
        self.say(
            f"{to_server} to the server, {to_client} to the client, and what one recv() returned."
        )
        self.say(
            "Ctrl-C ends the tap." + " These keys change what passes; ? shows them again:" * keys
        )
        if keys:
            self.help(tap.faults)
        self.say("")
        for name in KEYS.values():
            if name in tap.faults.on:
                tap.note(tap.faults.told(name))

    def help(self, faults: Faults) -> None:
        """Say what each key does."""
        for key, name in KEYS.items():
            mark = "on" if name in faults.on else "off"
            self.say(f"  {key}  {mark:<4} {name}: {MEANS[name]}")
        self.say(f"  f       which direction these keys change: {faults.source}")
        self.say("  q       end the tap")

    def obey(self, tap: Tap, keys: list[str]) -> bool:
        """Do what was typed. False when that was to end. Raises OSError if nothing can be shown."""
        if self.failed:
            raise self.failed
        for key in keys:
            if key == "q":
                return False
            if key == "f":
                tap.faults.source = NEXT[tap.faults.source]  # type: ignore[assignment]
                tap.note(f"changes now the bytes from: {tap.faults.source}")
            elif key in KEYS:
                tap.switch(KEYS[key])
            elif key != "gone":
                self.help(tap.faults)
        return True

    def hear(self, event: Event, data: bytes) -> None:
        """Show and record one event."""
        self.packets += event.kind == "data"
        if self.recording:
            self.recording.add(event)
        self._put(self.row(event, data))

    def row(self, event: Event, data: bytes) -> Text:
        """An event as one row: time, client, arrow, what passes."""
        clock = f"{event.t:8.3f}  "
        if not event.source:
            return Text(f"{clock}* {event.text}", style="bold yellow")
        to_server = event.target == "server"
        client = event.source if to_server else event.target
        start = f"{clock}{client:<10}{self.arrows[not to_server]} "
        style = COLOURS[(int(client.split()[1]) - 1) % len(COLOURS)]
        if event.kind == "data":
            told = fitting(data, self.width - len(start) - len(event.text) - 3)
            told += f" ({event.text})" * bool(event.text)
        elif event.kind == "note":
            told, style = event.text, "dim"
        else:
            told = {"end": "end of stream"}.get(event.kind, event.kind)
            told += f": {event.text}" * bool(event.text)
        return Text(start + told, style=style)

    def say(self, text: str, seconds: float = 0.0) -> None:
        """Print a line; the terminal has `seconds` to make room for it."""
        self._put(Text(text), seconds)

    def end(self) -> None:
        """Print what is left, and say where the recording lies."""
        if self.recording:
            self.recording.close()
            self.say(f"{self.recording.path} holds {self.recording.count:,} events.", LAST_WORDS)
            if self.recording.trouble:
                self.say(f"It is not whole: {self.recording.trouble}.", LAST_WORDS)
            self.say(f"Draw it: chatkit show {self.recording.path}", LAST_WORDS)
        else:
            self.say(f"The tap has ended. Packets: {self.packets:,}", LAST_WORDS)
        with contextlib.suppress(queue.Full):
            self.rows.put(None, timeout=LAST_WORDS)
        self.printer.join(LAST_WORDS)
        if self.printer.is_alive():  # it waits for a terminal that takes nothing: go without it
            os._exit(0)

    def _put(self, row: Text, seconds: float = 0.0) -> None:
        try:
            if self.left_out:
                missing = Text(f"          … {self.left_out:,} rows are not shown")
                self.rows.put(missing, timeout=seconds)
                self.left_out = 0
            self.rows.put(row, timeout=seconds)
        except queue.Full:
            self.left_out += 1

    def _print(self) -> None:
        try:
            while (row := self.rows.get()) is not None:
                self.console.print(row)
        except OSError as error:  # nobody reads it any more, or the disk is full
            self.failed = error


def fitting(data: bytes, room: int) -> str:
    """`data` as Python writes it, shortened until it fits."""
    for longest in (120, 90, 60, 40, 30, 20, 12):
        if len(told := quoted(data, longest)) <= room:
            break
    return told


def show_recording(events: list[Event], only: Sequence[str]) -> None:
    """Draw a recording as lanes, or the part of some clients. Raises RecordingError."""
    clients = list(dict.fromkeys(who for one in events for who in (one.source, one.target) if who))
    clients = [who for who in clients if who != "server"]
    chosen = {f"client {one.removeprefix('client').strip()}" for one in only}
    for client in sorted(chosen):
        if client not in clients:
            raise RecordingError(f"there is no {client!r} in it; there are: {', '.join(clients)}")
    if only:
        events = [one for one in events if {one.source, one.target} & chosen or not one.source]
    drawing = sequence.draw(events, "server", whole=True)
    Printer(show=True).console.print(Text("\n".join(drawing)))


def show_verdicts(lessons: list[LessonVerdict], only: Sequence[str]) -> None:
    """Print verdicts as `chatkit check` does; a single one is drawn. Raises RecordingError."""
    checks = [check for lesson in lessons for check in lesson.checks]
    ids = dict.fromkeys(check.id for check in checks)
    for id in only:
        if id not in ids:
            raise RecordingError(f"there is no check {id!r} in it; there are: {', '.join(ids)}")
    chosen = [check.id for check in checks if not only or check.id in only]
    printer = Printer(whole=True, show=len(chosen) == 1)
    for lesson in lessons:
        kept = tuple(check for check in lesson.checks if check.id in chosen)
        printer.details(replace(lesson, checks=kept))
