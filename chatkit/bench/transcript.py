"""The transcript: everything that happened in one check, in order, as data.

Bytes are kept as Python writes them between the quotes of `b'…'`, long ones shortened, so that a
transcript stays small however much was sent.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chatkit._text import visible

LONGEST = 120  # bytes of one event that are kept; the count of the rest is said
MOST = 400  # events that are kept: the first half and the last half

Buffer = bytes | memoryview


@dataclass(frozen=True)
class Event:
    """One thing that happened: `source` did `kind` to `target`, `t` seconds after the start.

    kind is one of connect, accept, data, half-close, end, reset, refused, missing, note, visit.
    A visit begins a new story of the same check, with programs that are started anew.
    """

    t: float
    source: str
    target: str
    kind: str
    bytes: str = ""  # what was sent, or for missing what should have come
    text: str = ""  # a remark, for people


@dataclass
class Transcript:
    """The events of one check."""

    events: list[Event] = field(default_factory=list)
    left_out: int = 0  # events dropped from the middle
    most: float = MOST  # math.inf keeps the whole story
    closed: bool = False  # the story is over: what the bench does now is no part of it
    started: float = field(default_factory=time.monotonic)
    visits: int = 1  # stories of this check that have begun

    def add(self, source: str, target: str, kind: str, data: Buffer = b"", text: str = "") -> None:
        """Record one event, now."""
        if self.closed:
            return
        now = time.monotonic() - self.started
        event = Event(round(now, 6), source, target, kind, written(data), visible(text))
        self.events.append(event)
        if len(self.events) > self.most:
            middle = len(self.events) // 2
            while self.events[middle].kind == "visit":
                middle += 1
            del self.events[middle]
            self.left_out += 1

    def begins_anew(self, visit: str) -> None:
        """A new story of the same check begins: `visit` names it, else its number does."""
        self.visits += 1
        self.add("", "", "visit", text=visit or f"part {self.visits} of this check")

    def remark(self, text: str, target: str) -> None:
        """Put a remark beside the last bytes that `target` got."""
        for place in reversed(range(len(self.events))):
            event = self.events[place]
            if event.kind == "data" and event.target == target:
                self.events[place] = replace(event, text=visible(text))
                return


def last_visit(events: Sequence[Event]) -> tuple[str, Sequence[Event]]:
    """The name of the last story of a check, and what happened in it; no name for the only one."""
    for place in reversed(range(len(events))):
        if events[place].kind == "visit":
            return events[place].text, events[place + 1 :]
    return "", events


def written(data: Buffer, longest: int = LONGEST) -> str:
    """`data` as Python writes it between the quotes of b'…', shortened to `longest` bytes."""
    if len(data) <= longest:
        return repr(bytes(data))[2:-1]
    half = longest // 3
    gap = f" … {len(data) - 2 * half:,} bytes … "
    return repr(bytes(data[:half]))[2:-1] + gap + repr(bytes(data[-half:]))[2:-1]


def quoted(data: bytes, longest: int = LONGEST) -> str:
    """`data` as Python writes it, quotes and all, shortened to `longest` bytes."""
    quote = repr(data)[1]
    return f"b{quote}{written(data, longest)}{quote}"
