"""A peer: one scripted end of a connection, with a small language to say what it does and hears.

A peer never blocks. What it sends waits in its outbox until the socket takes it, and what arrives
is kept until the script asks for it. `Bench` moves the bytes of all peers while any of them waits,
so the bench itself is never the one that has stopped reading.
"""

import socket
import struct
from collections.abc import Callable

from chatkit.bench.failure import Failure, NotMet, Stop, explained
from chatkit.bench.peersocket import PeerSocket
from chatkit.bench.symptoms import Symptom
from chatkit.bench.transcript import quoted

Text = str | bytes
REPLACED = "\ufffd".encode()  # what decode(errors="replace") makes of half a character


class Peer(PeerSocket):
    """One end of one connection. Made by `Bench.connect` and `Bench.accept`."""

    # ------------------------------------------------------------------------ what it does

    def sends(self, *pieces: Text) -> None:
        """Send bytes, or text as UTF-8, just as they are.

        With several pieces, each goes once the program has read the one before it.
        """
        for number, piece in enumerate(map(as_bytes, pieces)):
            if number:
                self.bench.wait(self._was_read)
            self.bench.may_delay()
            self.bench.transcript.add(self.name, self.far, "data", piece)
            self.outbox += piece
            self._remember(piece)
            self._flush()

    def says(self, *lines: Text) -> None:
        """Send whole lines in one packet: each gets its b"\\n" here."""
        self.sends(b"".join(as_line(line) for line in lines))

    def finishes(self) -> None:
        """Half-close: send nothing more, go on listening."""
        self.bench.may_delay()
        self.bench.transcript.add(self.name, self.far, "half-close")
        self.half_close_waits = True
        self._flush()

    def leaves(self) -> None:
        """Close the connection cleanly (FIN)."""
        self.bench.wait(lambda: not self.outbox)
        self.bench.may_delay()
        self.bench.transcript.add(self.name, self.far, "end")
        self.finished = True
        self._hang_up()

    def parts(self) -> None:
        """Half-close once the other end has: it may be waiting for that. May be called again."""
        if self.ended == "end" and not self.finished and not self.half_close_waits:
            self.finishes()

    def resets(self) -> None:
        """End the connection with a reset (RST), as a crash or a pulled cable does."""
        self.bench.may_delay()
        self.bench.transcript.add(self.name, self.far, "reset")
        # An abortive close: SO_LINGER with time-out 0, see socket(7) and RFC 9293, 3.10.5.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._hang_up()

    def stops_reading(self) -> None:
        """Read nothing until `reads_again`: its buffers, and then the program's, fill up."""
        self._stop_reading()

    def reads_again(self) -> None:
        """Go on reading after `stops_reading`."""
        self.bench.transcript.add(self.name, self.far, "note", text="reads again")
        self.reading = True
        self.watch()

    # ---------------------------------------------------------------------- what it expects

    @explained
    def hears(self, *lines: Text, because: str = "") -> None:
        """The next lines that arrive are these, in this order.

        Space at the ends of a line and a `\\r` before its `\\n` do not count. `because` is for the
        report. Raises Failure.
        """
        for line in map(as_bytes, lines):
            self._hears_line(line, because)

    def waits_for_line(self, wanted: Callable[[bytes], bool]) -> tuple[Stop, bytes | None]:
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
            raise NotMet(stop, wanted, rest, self)
        self.bench.settle(quietly=True)
        later = [bare(item) for item in bytes(self.inbox).split(b"\n")[:-1]]
        if not bare(line):
            symptom, told = Symptom.BLANK_LINE, f"{self.name} got a blank line"
        elif bare(line) in map(bare, self.heard[:before]):
            symptom, told = Symptom.DUPLICATE, f"{self.name} got the same line twice"
        elif text in later:
            symptom, told = Symptom.WRONG_ORDER, f"{self.name} got another line first"
        elif REPLACED in line and REPLACED not in expected:
            symptom, told = Symptom.BROKEN_CHARACTER, f"{self.name} got a character that is broken"
        else:
            symptom, told = Symptom.DIFFERENT_TEXT, f"{self.name} got something else"
        raise Failure(symptom, told, wanted, quoted(line + b"\n"))

    @explained
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
            raise NotMet(stop, wanted, got, self)
        place = next(i for i, (a, b) in enumerate(zip(got, data, strict=False)) if a != b)
        told = f"{self.name} got other bytes, from byte {place + 1:,} on"
        around = slice(max(0, place - 20), place + 20)
        if len(data) > 100:
            wanted = f"{self.name} to get, around there, {quoted(data[around])}"
            got = got[around]
        raise Failure(Symptom.DIFFERENT_TEXT, told, wanted, quoted(got))

    def hears_nothing(
        self, because: str, symptom: Symptom = Symptom.UNEXPECTED, *, own: bool = False
    ) -> None:
        """Nothing is there, and the program is at rest, so nothing will come by itself.

        `because` says why nothing should come, `symptom` is the one of what does. Its own lines do
        not count, unless `own`: see `waits_for_line`. Raises Failure.
        """
        self.bench.settle(proof=True)
        self.has_nothing(because, symptom, own=own)

    def has_nothing(
        self, because: str, symptom: Symptom = Symptom.UNEXPECTED, *, own: bool = False
    ) -> None:
        """As `hears_nothing`, when the script has just seen the program at rest."""
        while not own and b"\n" in self.inbox:
            line, _, rest = self.inbox.partition(b"\n")
            if bare(bytes(line)) not in self.own:
                break
            self.inbox = rest
        if not self.inbox:
            return
        got = bytes(self.inbox)
        if symptom == Symptom.UNEXPECTED and bare(got) in map(bare, self.heard):
            symptom = Symptom.DUPLICATE
        early = "too early: " if symptom == Symptom.EARLY_DATA else ""
        self.bench.transcript.remark(early + because, self.name)
        raise Failure(
            symptom,
            f"{self.name} got something that should not come",
            f"nothing for {self.name}: {because}",
            quoted(got),
        )

    @explained
    def hears_end(self) -> None:
        """The other end closes the connection cleanly, and sends nothing before. Raises Failure."""
        stop = self.bench.wait(
            lambda: bool(self.ended or self.inbox), what=f"the end of {self.name}'s connection"
        )
        if self.inbox:
            got = bytes(self.inbox)
            wanted = f"the end of {self.name}'s connection"
            told = f"{self.name} got something more"
            raise Failure(Symptom.UNEXPECTED, told, wanted, quoted(got))
        if not self.ended:
            self.bench.transcript.add(self.far, self.name, "missing", text="end")
            wanted = f"the end of {self.name}'s connection"
            raise NotMet(stop, wanted, b"", self, silence=Symptom.NO_END)
        if self.ended == "reset":
            raise Failure(
                Symptom.RESET,
                "the connection was reset",
                f"{self.name} to see a clean end",
                "a reset",
            )

    def _remember(self, piece: bytes) -> None:
        *lines, self.half_said = (self.half_said + piece).split(b"\n")
        for line in map(bare, set(lines)):  # one line may be sent thousands of times
            forms = [line]
            if not line.isascii():
                forms.append(line.decode("utf-8", "replace").encode())
            for form in forms:
                self.own |= {form, self.name.encode() + b": " + form}


def as_bytes(text: Text) -> bytes:
    return text.encode() if isinstance(text, str) else text


def as_line(text: Text) -> bytes:
    return as_bytes(text) + b"\n"


def bare(line: bytes) -> bytes:
    """A line without what is never graded: space at its ends, `\\r` before its `\\n`."""
    return line.strip(b" \t\r\n")
