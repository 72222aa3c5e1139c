"""What went over the wire in the check that failed: questions to the transcript."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from chatkit.bench.evidence import Evidence
from chatkit.bench.transcript import Event

_GAP = re.compile(r" … ([\d,]+) bytes … ")
OTHER = ("different-text", "early-data", "broken-character", "unfinished-line", "other-output")
BROKEN = (
    "ConnectionResetError",
    "BrokenPipeError",
    "ConnectionAbortedError",
)  # the other end is gone
LOST = ("silent", "lost", "no-output", "closed-early", "exited", "no-exit")
CONTRACT = ("NICK", "Connected to the server", " connected to the server!", " has left the chat.")


@dataclass(frozen=True)
class Said:
    """Bytes that somebody sent, as far as the transcript keeps them."""

    who: str
    to: str
    start: bytes  # all of it, unless it is long
    end: bytes
    length: int

    @property
    def whole(self) -> bool:
        return self.length == len(self.start)


def lane(evidence: Evidence) -> str:
    """How the transcript calls the program: "server" for server.py."""
    return evidence.program.removesuffix(".py")


def said(evidence: Evidence) -> Iterator[Said]:
    """All that was sent, in order; for a client, in its last visit."""
    for event in visit(evidence):
        if event.kind == "data" and event.bytes:
            yield _said(event)


def visit(evidence: Evidence) -> tuple[Event, ...]:
    """The events since a client connected for the last time; of a server all of them."""
    accepted = [at for at, event in enumerate(evidence.events) if event.kind == "accept"]
    return evidence.events[accepted[-1] :] if accepted else evidence.events


def told_to(evidence: Evidence) -> list[Said]:
    """What the bench sent to the program."""
    return [one for one in said(evidence) if one.to == lane(evidence)]


def told_by(evidence: Evidence, to: str = "") -> list[Said]:
    """What the program sent; to `to` only, where that is given."""
    own = lane(evidence)
    return [one for one in said(evidence) if one.who == own and (not to or one.to == to)]


def _said(event: Event) -> Said:
    gap = _GAP.search(event.bytes)
    if not gap:
        data = bytes_of(event.bytes)
        return Said(event.source, event.target, data, data, len(data))
    start, end = bytes_of(event.bytes[: gap.start()]), bytes_of(event.bytes[gap.end() :])
    left_out = int(gap[1].replace(",", ""))
    return Said(event.source, event.target, start, end, len(start) + left_out + len(end))


def bytes_of(text: str) -> bytes:
    """The bytes that are written as `text` between the quotes of b'…'; empty when they are cut."""
    for quote in ("'", '"', "'''"):
        try:
            data = ast.literal_eval(f"b{quote}{text}{quote}")
        except (SyntaxError, ValueError):
            continue
        if isinstance(data, bytes):
            return data
    return b""


def quoted_bytes(text: str) -> bytes | None:
    """The first b'…' in a text; None where there is none, or only a shortened one."""
    found = re.search(r"""b('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", text)
    if not found or _GAP.search(found[0]):
        return None
    return bytes_of(found[1][1:-1])


def wanted(evidence: Evidence) -> tuple[str, bytes] | None:
    """Who was to get what, from "bob to get b'…'"; None where it is something else."""
    who, to_get, _ = evidence.expected.partition(" to get b")
    data = quoted_bytes(evidence.expected)
    return (who, data) if to_get and data is not None and " " not in who else None


def asked_for(evidence: Evidence) -> bytes | None:
    """The line that somebody was to get, or that the program was to print; None for all else."""
    if want := wanted(evidence):
        return want[1]
    _, to_print, text = evidence.expected.partition(" to print ")
    try:
        line = ast.literal_eval(text.splitlines()[0]) if to_print else None
    except (SyntaxError, ValueError, IndexError):
        return None  # it is shortened, or says more
    return line.encode(errors="replace") if isinstance(line, str) else None


def came_in_pieces(evidence: Evidence) -> bool:
    """Whether the program was sent half a line, more than one line at once, or a long one."""
    for one in told_to(evidence):
        body = one.start if one.whole else one.start + b"\n"
        if not one.end.endswith(b"\n") or b"\n" in body[:-1] or one.length > 1000:
            return True
    return False


def events_of(evidence: Evidence, *kinds: str) -> list[Event]:
    """The events of these kinds, in order."""
    return [event for event in visit(evidence) if event.kind in kinds]


def somebody_left(evidence: Evidence) -> bool:
    """Whether one of the bench's peers ended its connection, in some way."""
    own = lane(evidence)
    return any(one.source != own for one in events_of(evidence, "end", "half-close", "reset"))


def reset_came(evidence: Evidence) -> bool:
    """Whether one of the bench's peers broke its connection."""
    own = lane(evidence)
    return any(one.source != own for one in events_of(evidence, "reset"))


def other_text(evidence: Evidence) -> bool:
    """Whether somebody got other bytes than those that were right."""
    return evidence.symptom in OTHER


def lines_missing(evidence: Evidence) -> bool:
    """Whether somebody got other bytes, or none at all."""
    return evidence.symptom in OTHER + LOST


def an_end_came(evidence: Evidence) -> bool:
    """Whether a connection ended in this check, on either side."""
    return bool(events_of(evidence, "end", "half-close", "reset"))


def joined(evidence: Evidence) -> set[str]:
    """Who connected to the server."""
    return {event.source for event in evidence.events if event.kind == "connect"}


def came_again(evidence: Evidence) -> bool:
    """Whether the program sent somebody a line more often than anybody had sent it."""
    if evidence.symptom == "duplicate":
        return True
    told = b"".join(one.start for one in told_to(evidence)).split(b"\n")
    for who in {one.to for one in told_by(evidence)}:
        got = [
            line
            for one in told_by(evidence, who)
            if one.whole
            for line in one.start.split(b"\n")
            if line
        ]
        if any(got.count(line) > max(1, told.count(line)) for line in got):
            return True
    printed = [line for line in evidence.output.splitlines() if line.strip()]
    sent = b"\n".join(told).decode(errors="replace")
    return any(printed.count(line) > 1 and sent.count(line) <= 1 for line in printed[:200])
