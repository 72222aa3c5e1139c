"""A peer: one scripted end of a connection, with a small language to say what it does and hears.

A peer never blocks. What it sends waits in its outbox until the socket takes it, and what arrives
is kept until the script asks for it. `Bench` moves the bytes of all peers while any of them waits,
so the bench itself is never the one that has stopped reading.
"""

import contextlib
import errno
import selectors
import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from chatkit.bench.diagnosis import explain
from chatkit.bench.failure import Failure
from chatkit.bench.transcript import quoted
from chatkit.system import linux

if TYPE_CHECKING:
    from chatkit.bench.eventloop import Stage, Stop

Text = str | bytes
BITE = 1 << 18  # bytes taken from a socket, or given to it, at once
SMALL = 4096  # bytes of receive buffer of a peer that is going to stop reading
SHORT = 1000  # bytes of its segments: the smaller they are, the less the system keeps for it
REPLACED = "\ufffd".encode()  # what decode(errors="replace") makes of half a character
MOST = 64 << 20  # bytes kept for the script; a peer that is flooded reads no further

# Where bytes arrive, of all peers. New memory for each time would take longer than to fill it.
_TAKEN = bytearray(BITE)


class Peer:
    """One end of one connection. Made by `Bench.connect` and `Bench.accept`."""

    def __init__(
        self,
        bench: "Stage",
        name: str,
        connection: socket.socket,
        there: linux.Address,
        far: str,
    ) -> None:
        self.bench = bench
        self.name = name
        self.far = far  # the lane at the other end: "server" or "client"
        self.socket = connection
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.here: linux.Address = connection.getsockname()[:2]
        self.there = there  # not from getpeername(): the connection may be gone already
        self.outbox = bytearray()
        self.sent = 0  # bytes that the socket has taken
        self.finished = False  # we have half-closed
        self.half_close_waits = False  # … or will, once the outbox is empty
        self.reading = True
        self.inbox = bytearray()  # arrived, and not yet asked for
        self.heard: list[bytes] = []  # lines that the script has asked for and got
        self.own: set[bytes] = set()  # what it has said, also as it comes back with its name
        self.half_said = b""
        self.ended: Literal["", "end", "reset"] = ""  # how the other end has ended it

    # ------------------------------------------------------------------------ what it does

    def sends(self, *pieces: Text) -> None:
        """Send bytes, or text as UTF-8, just as they are.

        With several pieces, each goes once the program has read the one before it.
        """
        for number, piece in enumerate(map(as_bytes, pieces)):
            if number:
                self.bench.wait(self._was_read)
            self.bench.stumbles()
            self.bench.transcript.add(self.name, self.far, "data", piece)
            self.outbox += piece
            self._remember(piece)
            self._flush()

    def says(self, *lines: Text) -> None:
        """Send whole lines in one packet: each gets its b"\\n" here."""
        self.sends(b"".join(as_line(line) for line in lines))

    def finishes(self) -> None:
        """Half-close: send nothing more, go on listening."""
        self.bench.stumbles()
        self.bench.transcript.add(self.name, self.far, "half-close")
        self.half_close_waits = True
        self._flush()

    def leaves(self) -> None:
        """Close the connection cleanly (FIN)."""
        self.bench.wait(lambda: not self.outbox)
        self.bench.stumbles()
        self.bench.transcript.add(self.name, self.far, "end")
        self.finished = True
        self._hang_up()

    def resets(self) -> None:
        """End the connection with a reset (RST), as a crash or a pulled cable does."""
        self.bench.stumbles()
        self.bench.transcript.add(self.name, self.far, "reset")
        # An abortive close: SO_LINGER with time-out 0, see socket(7) and RFC 9293, 3.10.5.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._hang_up()

    def stops_reading(self) -> None:
        """Read nothing until `reads_again`: its buffers, and then the program's, fill up."""
        self.bench.transcript.add(self.name, self.far, "note", text="stops reading")
        self.reading = False
        self.watch()

    def reads_again(self) -> None:
        """Go on reading after `stops_reading`."""
        self.bench.transcript.add(self.name, self.far, "note", text="reads again")
        self.reading = True
        self.watch()

    # ---------------------------------------------------------------------- what it expects

    def hears(self, *lines: Text, because: str = "") -> None:
        """The next lines that arrive are these, in this order.

        Space at the ends of a line and a `\\r` before its `\\n` do not count. `because` is for the
        report. Raises Failure.
        """
        for line in map(as_bytes, lines):
            self._hears_line(line, because)

    def waits_for_line(self, wanted: Callable[[bytes], bool]) -> "tuple[Stop, bytes | None]":
        """The next line, once it is whole; None when none comes.

        Its own lines are passed over, unless `wanted`, which is asked about the bare line: that
        they come back is one check's business and should cost no other its points.
        """
        while True:
            stop: Stop = "met"
            if (line := self.next_line()) is None:
                stop = self.bench.wait(
                    lambda: b"\n" in self.inbox or self.ended,
                    what=f"line {len(self.heard) + 1} for {self.name}",
                )
                line = self.next_line()
            if line is None or wanted(text := bare(line)) or text not in self.own:
                return stop, line

    def next_line(self) -> bytes | None:
        """The next line that has arrived, taken out of the inbox; None when it is not whole."""
        end = self.inbox.find(b"\n")  # partition() would copy all that comes after it, too
        if end < 0:
            return None
        line = bytes(self.inbox[:end])
        del self.inbox[: end + 1]
        self.heard.append(line)
        return line

    def next_of_others(self) -> bytes | None:
        """The next line that has arrived and is not its own; None when there is none."""
        line = self.next_line()
        while line is not None and bare(line) in self.own:
            line = self.next_line()
        return line

    def _hears_line(self, expected: bytes, because: str) -> None:
        before = len(self.heard)
        text = bare(expected)
        stop, line = self.waits_for_line(lambda line: line == text)
        if line is not None and bare(line) == text:
            return
        wanted = f"{self.name} to get {quoted(as_line(expected))}" + (because and f", {because}")
        if line is None:
            rest = bytes(self.inbox)
            self.bench.transcript.add(self.far, self.name, "missing", expected + b"\n")
            raise explain(self.bench, stop, wanted, rest, self)
        self.bench.settle(quietly=True)
        later = [bare(item) for item in bytes(self.inbox).split(b"\n")]
        if not bare(line):
            symptom, told = "blank-line", f"{self.name} got a blank line"
        elif bare(line) in map(bare, self.heard[:before]):
            symptom, told = "duplicate", f"{self.name} got the same line twice"
        elif text in later:
            symptom, told = "wrong-order", f"{self.name} got another line first"
        elif REPLACED in line and REPLACED not in expected:
            symptom, told = "broken-character", f"{self.name} got a character that is broken"
        else:
            symptom, told = "different-text", f"{self.name} got something else"
        raise Failure(symptom, told, wanted, quoted(line + b"\n"))

    def gets(self, data: bytes, because: str = "") -> None:
        """The next bytes that arrive are exactly these, in however many pieces. Raises Failure."""
        stop = self.bench.wait(
            lambda: (
                len(self.inbox) >= len(data) or not data.startswith(self.inbox) or bool(self.ended)
            ),
            what=f"the data for {self.name}",
        )
        got = bytes(self.inbox[: len(data)])
        del self.inbox[: len(data)]
        if got == data:
            return
        wanted = f"{self.name} to get {quoted(data)}" + (because and f", {because}")
        if data.startswith(got):
            self.bench.transcript.add(self.far, self.name, "missing", data[len(got) :])
            raise explain(self.bench, stop, wanted, got, self)
        place = next(i for i, (a, b) in enumerate(zip(got, data, strict=False)) if a != b)
        told = f"{self.name} got other bytes, from byte {place + 1:,} on"
        around = slice(max(0, place - 20), place + 20)
        if len(data) > 100:
            wanted = f"{self.name} to get, around there, {quoted(data[around])}"
            got = got[around]
        raise Failure("different-text", told, wanted, quoted(got))

    def hears_nothing(
        self, because: str, symptom: str = "unexpected", *, own: bool = False
    ) -> None:
        """Nothing is there, and the program is at rest, so nothing will come by itself.

        `because` says why nothing should come, `symptom` is the one of what does. Its own lines do
        not count, unless `own`: see `waits_for_line`. Raises Failure.
        """
        self.bench.settle()
        self.has_nothing(because, symptom, own=own)

    def has_nothing(self, because: str, symptom: str = "unexpected", *, own: bool = False) -> None:
        """As `hears_nothing`, when the script has just seen the program at rest."""
        while not own and b"\n" in self.inbox:
            line, _, rest = self.inbox.partition(b"\n")
            if bare(bytes(line)) not in self.own:
                break
            self.inbox = rest
        if not self.inbox:
            return
        got = bytes(self.inbox)
        if symptom == "unexpected" and bare(got) in map(bare, self.heard):
            symptom = "duplicate"
        early = "too early: " if symptom == "early-data" else ""
        self.bench.transcript.remark(early + because, self.name)
        raise Failure(
            symptom,
            f"{self.name} got something that should not come",
            f"nothing for {self.name}: {because}",
            quoted(got),
        )

    def hears_end(self) -> None:
        """The other end closes the connection cleanly, and sends nothing before. Raises Failure."""
        stop = self.bench.wait(
            lambda: bool(self.ended or self.inbox), what=f"the end of {self.name}'s connection"
        )
        if self.inbox:
            got = bytes(self.inbox)
            wanted = f"the end of {self.name}'s connection"
            told = f"{self.name} got something more"
            raise Failure("unexpected", told, wanted, quoted(got))
        if not self.ended:
            self.bench.transcript.add(self.far, self.name, "missing", text="end")
            raise explain(
                self.bench,
                stop,
                f"the end of {self.name}'s connection",
                b"",
                self,
                silence="no-end",
            )
        if self.ended == "reset":
            raise Failure(
                "reset", "the connection was reset", f"{self.name} to see a clean end", "a reset"
            )

    # ------------------------------------------------------------- the bench moves the bytes

    def watch(self) -> None:
        """Tell the bench what this peer waits for now."""
        events = 0
        if self.reading and not self.ended:
            events |= selectors.EVENT_READ
        if self.outbox:
            events |= selectors.EVENT_WRITE
        self.bench.watch(self.socket, events, self.move)

    def move(self, events: int) -> None:
        """Called by the bench when the socket is ready."""
        if events & selectors.EVENT_WRITE:
            self._flush()
        if events & selectors.EVENT_READ and self.reading:
            self._take()

    def on_its_way(self) -> bool:
        """Whether bytes of this connection are between the two programs (Linux only)."""
        far = linux.connection(self.socket.family, self.there, self.here)
        if far is None or far.received is None:
            return False
        here = self.socket.fileno() >= 0
        if far.waiting_out and here and self.reading and not self.ended:
            return True  # also from a program that has closed: its last bytes are still to come
        if not far.inode and far.state not in (linux.ESTABLISHED, linux.CLOSE_WAIT):
            return False  # closed by the program; what we send wakes nobody any more
        if not here:
            return far.state == linux.ESTABLISHED and not far.waiting_in
        # Once something waits to be read, more of it wakes nobody who is not awake already.
        if far.waiting_in:
            return False
        return far.received < self.sent or (self.finished and far.state == linux.ESTABLISHED)

    def waiting_for_it(self) -> int:
        """How many bytes the program has sent that this peer's system has not taken."""
        far = linux.connection(self.socket.family, self.there, self.here)
        return far.waiting_out if far else 0

    def unread(self) -> int:
        """How many bytes the program has got and not read."""
        far = linux.connection(self.socket.family, self.there, self.here)
        return far.waiting_in if far else 0

    def close(self) -> None:
        """Give back the socket at the end of a check."""
        self.bench.watch(self.socket, 0, self.move)
        self.socket.close()

    def _remember(self, piece: bytes) -> None:
        *lines, self.half_said = (self.half_said + piece).split(b"\n")
        for line in map(bare, set(lines)):  # one line may be sent thousands of times
            forms = [line]
            if not line.isascii():
                forms.append(line.decode("utf-8", "replace").encode())
            for form in forms:
                self.own |= {form, self.name.encode() + b": " + form}

    def _was_read(self) -> bool:
        if self.outbox:
            return False
        far = linux.connection(self.socket.family, self.there, self.here)
        if far is None or far.received is None:
            return True
        return far.received >= self.sent and not far.waiting_in

    def _flush(self) -> None:
        try:
            while self.outbox and self.socket.fileno() >= 0:
                count = self.socket.send(self.outbox[:BITE])
                self.sent += count
                del self.outbox[:count]
        except BlockingIOError:
            pass
        except OSError:
            self.outbox.clear()  # reading tells how the connection ended
        if self.half_close_waits and not self.outbox and not self.finished:
            self.finished = True
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
        self.watch()

    def _take(self) -> None:
        try:
            count = self.socket.recv_into(_TAKEN)
        except BlockingIOError:
            return
        except OSError as error:
            self._end("end" if error.errno == errno.ENOTCONN else "reset")
            return
        if not count:
            self._end("end")
            return
        data = memoryview(_TAKEN)[:count]
        self.inbox += data
        self.bench.transcript.add(self.far, self.name, "data", data)
        if linux.LINUX:  # acknowledge at once, so that nothing seems to be on its way: tcp(7)
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        if len(self.inbox) > MOST:
            self.stops_reading()

    def _end(self, how: Literal["end", "reset"]) -> None:
        self.ended = how
        self.bench.transcript.add(self.far, self.name, how)
        self.watch()

    def _hang_up(self) -> None:
        self.bench.watch(self.socket, 0, self.move)
        self.socket.close()


def as_bytes(text: Text) -> bytes:
    return text.encode() if isinstance(text, str) else text


def as_line(text: Text) -> bytes:
    return as_bytes(text) + b"\n"


def bare(line: bytes) -> bytes:
    """A line without what is never graded: space at its ends, `\\r` before its `\\n`."""
    return line.strip(b" \t\r\n")
