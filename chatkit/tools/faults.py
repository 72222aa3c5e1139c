"""Faults: what a tap can do to the bytes of one direction before it passes them on.

TCP promises the bytes and their order, and nothing about pieces or times. So everything here is
what a real network may do, too: only more often. `stall`, `cut` and `reset` end or stop the
stream; whatever else is switched on, the bytes that arrive are those that were sent.
"""

import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from chatkit.bench.transcript import quoted
from chatkit.system import linux

Name = Literal["bytes", "join", "delay", "stall", "cut", "reset", "split-character"]
Side = Literal["client", "server"]
Outcome = Literal["", "end", "reset", "cut", "broken"]  # what becomes of the connection

BITE = 1 << 16  # bytes taken from a socket at once
MOST_WAITING = 1 << 16  # bytes of one direction that wait in the tap; then its sender has to wait
AT_ONCE = 64  # pieces passed on before the others get their turn
MOST_PIECES = 200  # of one packet; what is left goes in one more
MOST_A_SECOND = 500  # pieces, of all connections: what a flood has above that stays whole
LOOK = 0.001  # seconds between two looks whether the reader has taken a piece
PATIENCE = 1.0  # seconds: a reader that takes nothing for so long gets the next piece all the same
PACED = 2.0  # seconds: what is then left of a packet no longer waits for the reader
PAUSE = 0.02  # seconds between two pieces, where the system does not tell what the reader does
MOST_TOLD = 40  # pieces of one packet that are told one by one
SHOWN = 24  # bytes of a packet that a note shows

MEANS: dict[Name, str] = {
    "bytes": "every byte goes alone",
    "join": "what comes within a moment goes as one",
    "delay": "everything goes later",
    "stall": "nothing goes on",
    "cut": "closes in the middle of a line, once",
    "reset": "resets in the middle of a line, once",
    "split-character": "cuts inside characters",
}

Tell = Callable[[str, str, str, bytes, str], None]  # source, target, kind, bytes, text


@dataclass
class Faults:
    """What is switched on; all connections of a tap share it."""

    on: set[Name] = field(default_factory=set)
    source: Literal["both", "client", "server"] = "both"  # whose bytes it touches
    delay: float = 1.0  # seconds, for `delay`
    moment: float = 0.5  # seconds, for `join`
    second: int = 0  # on the tap's clock
    pieces: int = 0  # that were made in it

    def hits(self, name: Name, side: Side) -> bool:
        return name in self.on and self.source in ("both", side)

    def affords(self, pieces: int, now: float) -> bool:
        """Whether so many pieces may be made now; counts them if so."""
        if self.second != int(now):
            self.second, self.pieces = int(now), 0
        if self.pieces + pieces > MOST_A_SECOND:
            return False
        self.pieces += pieces
        return True

    def told(self, name: Name) -> str:
        """What people read about one fault, as it is set now."""
        whose = {"both": "", "client": " (from clients)", "server": " (from the server)"}
        seconds = f" {self.delay:g} s" if name == "delay" else ""
        if name not in self.on:
            return f"{name} off"
        return f"{name}{seconds} on{whose[self.source]}: {MEANS[name]}"


@dataclass
class PacketPiece:
    """What goes out with one send."""

    data: bytes
    told: bytes = b""  # the bytes that its event shows; none: it has no event of its own
    text: str = ""


@dataclass(frozen=True)
class Packet:
    """What one recv returned, or how the stream ended there."""

    when: float  # on the tap's clock
    data: bytes
    end: Literal["", "end", "reset"] = ""


class FaultDirection:
    """One direction of a connection: from the socket `inlet` to the socket `outlet`."""

    def __init__(
        self,
        faults: Faults,
        side: Side,
        names: tuple[str, str],
        sockets: tuple[socket.socket, socket.socket],
        tell: Tell,
    ) -> None:
        """`side` is the one that sends here, `names` are those of sender and receiver."""
        self.faults = faults
        self.side = side
        self.source, self.target = names
        self.inlet, self.outlet = sockets
        self.tell = tell
        self.came: deque[Packet] = deque()
        self.pieces: deque[PacketPiece] = deque()
        self.waiting = 0  # bytes in both
        self.sent = 0  # bytes that the outlet has taken, in all
        self.ended = False  # the sender's last packet has come
        self.done = False  # nothing more is passed on
        self.struck: Literal["", "cut", "reset"] = ""  # what comes after the pieces
        self.paced_until = 0.0  # the pieces of one packet wait for the reader until then
        self.paced_since: float | None = None  # a piece has gone that the reader should take alone
        self.full_since: float | None = None  # the outlet takes nothing
        self.told_full = False

    # ------------------------------------------------------------------------ what comes in

    def wants(self) -> bool:
        """Whether to read. A tap that reads no further makes the sender wait, as a reader does."""
        stalled = self.faults.hits("stall", self.side)
        return not (self.ended or self.done or stalled) and self.waiting < MOST_WAITING

    def take(self, now: float) -> bool:
        """Take what one recv returns. False when there was nothing to take."""
        try:
            data = self.inlet.recv(BITE)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            self.breaks(now)
            return False
        if not data:
            self.ended = True
            self.came.append(Packet(now, b"", "end"))
            return False
        self.waiting += len(data)
        self.came.append(Packet(now, data))
        if self._hold():
            self._note(f"{quoted(data, SHOWN)} came, and the tap holds it")
        return True

    def breaks(self, now: float) -> None:
        """The sender has reset the connection."""
        if self.came and self.came[-1].end:
            self.came.pop()
        self.came.append(Packet(now, b"", "reset"))
        self.ended = True

    def is_broken(self) -> bool:
        """Whether the sender has reset the connection, when nobody reads from it."""
        if self.wants() or self.faults.hits("stall", self.side):
            return False
        return bool(self.inlet.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def read_out(self, now: float) -> None:
        """The sender's side is broken: take what it had sent before that."""
        while not self.ended and self.take(now):
            pass
        self.breaks(now)

    # ------------------------------------------------------------------------ what goes out

    def pass_on(self, now: float) -> Outcome:
        """Pass on what is due, and say what becomes of the connection."""
        if self.done or self.faults.hits("stall", self.side):
            return ""
        for _ in range(AT_ONCE):
            if not self.pieces:
                if self.struck:
                    return self.struck
                if not self.came or now < self.came[0].when + self._hold():
                    return ""
                packet = self.came.popleft()
                if packet.end:
                    return packet.end
                self._cut_up(packet.data, now)
                if not self.pieces:
                    continue
            if self.full_since is not None or not self._was_taken(now):
                return ""
            try:
                self._send(now)
            except (BlockingIOError, InterruptedError):
                if self.came and self.came[-1].end == "reset":
                    return "reset"  # it overtakes what nobody reads
                self.full_since = now
            except OSError:
                return "broken"
        return ""

    def wakes(self, now: float) -> float | None:
        """When to call `pass_on` again though no socket is ready; None: not by itself."""
        if self.done or self.faults.hits("stall", self.side):
            return None
        if self.full_since is not None:
            return None if self.told_full else self.full_since + PATIENCE
        if self.pieces or self.struck:
            return now if self.paced_since is None else now + LOOK
        return self.came[0].when + self._hold() if self.came else None

    def has_room(self) -> None:
        """The outlet takes bytes again."""
        if self.told_full:
            self._note(f"{self.target} reads again")
        self.full_since, self.told_full = None, False

    def look(self, now: float) -> None:
        """Say it when the reader has taken nothing for a while."""
        full = self.full_since is not None and now >= self.full_since + PATIENCE
        if full and not self.told_full:
            self.told_full = True
            self._note(f"{self.target} does not read: what comes for it has to wait")

    def drop(self) -> None:
        """Forget everything: nothing more goes this way."""
        self.came.clear()
        self.pieces.clear()
        self.waiting = 0
        self.done = True

    def _hold(self) -> float:
        """For how many seconds what comes first is held."""
        delay = self.faults.delay if self.faults.hits("delay", self.side) else 0.0
        return delay + (self.faults.moment if self.faults.hits("join", self.side) else 0.0)

    def _cut_up(self, data: bytes, now: float) -> None:
        """Make pieces of a packet, as the faults that are on ask for."""
        if self.faults.hits("join", self.side):
            while self.came and not self.came[0].end:
                data += self.came.popleft().data
        for name in ("cut", "reset"):
            if not self.struck and self.faults.hits(name, self.side):
                self.struck = name
                self.faults.on.discard(name)  # it strikes once
                self._note(f"{quoted(data, SHOWN)} came; the tap passes half and {_DOES[name]}")
                half = data[: half_of_a_line(data)]
                self.waiting -= len(data) - len(half)
                data = half
        parts = self._parts(data, now)
        self.paced_until = now + PACED
        if len(parts) > 1:
            self._note(f"{quoted(data, SHOWN)} came in one piece")
        self.pieces += [PacketPiece(part, part) for part in parts[:MOST_TOLD]]
        if rest := parts[MOST_TOLD:]:
            first = PacketPiece(rest[0], b"".join(rest), f"in {len(rest):,} pieces")
            self.pieces += [first, *map(PacketPiece, rest[1:])]

    def _parts(self, data: bytes, now: float) -> list[bytes]:
        """The pieces of a packet."""
        parts = [data] if data else []
        if self.faults.hits("bytes", self.side):
            parts = [bytes([byte]) for byte in data]
        elif self.faults.hits("split-character", self.side):
            parts = inside_characters(data)
        if rest := b"".join(parts[MOST_PIECES:]):
            parts[MOST_PIECES:] = [rest]
        return parts if len(parts) < 2 or self.faults.affords(len(parts), now) else [data]

    def _send(self, now: float) -> None:
        """Send the first piece, or as much of it as the outlet takes. Raises OSError."""
        piece = self.pieces[0]
        count = self.outlet.send(piece.data)
        if piece.told:
            self.tell(self.source, self.target, "data", piece.told, piece.text)
            piece.told = b""
        self.sent += count
        self.waiting -= count
        if count < len(piece.data):
            piece.data = piece.data[count:]
            return
        self.pieces.popleft()
        splits = any(self.faults.hits(name, self.side) for name in _SPLITS)
        if splits and now < self.paced_until:
            self.paced_since = now

    def _was_taken(self, now: float) -> bool:
        """Whether the reader has taken what went before: else two pieces could become one."""
        if self.paced_since is None:
            return True
        taken = self.taken()
        waited = now - self.paced_since
        if taken or waited >= PATIENCE or (taken is None and waited >= PAUSE):
            self.paced_since = None
        return self.paced_since is None

    def taken(self) -> bool | None:
        """Whether the reader's program has taken all that was passed on; None: nobody tells."""
        try:
            here, there = self.outlet.getsockname()[:2], self.outlet.getpeername()[:2]
        except OSError:
            return True  # it is gone; sending tells
        far = linux.connection(self.outlet.family, there, here)
        if far is None or far.received is None:
            return None
        return far.received >= self.sent and not far.waiting_in

    def _note(self, text: str) -> None:
        self.tell(self.source, self.target, "note", b"", text)


_SPLITS: tuple[Name, ...] = ("bytes", "split-character")
_DOES = {"cut": "closes", "reset": "resets"}


def half_of_a_line(data: bytes) -> int:
    """How many bytes of `data` to pass so that it ends in the middle of its first line."""
    line = data.partition(b"\n")[0]
    return len(line or data) // 2


def inside_characters(data: bytes) -> list[bytes]:
    """`data` cut behind the first byte of each UTF-8 character that has more than one.

    A first byte has two high bits set, a later one only the highest: RFC 3629, section 3.
    """
    cuts = [at + 1 for at, byte in enumerate(data) if byte >= 0xC0 and at + 1 < len(data)]
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
