"""A crowd: many clients of one server in one process. It loads the server, and believes nothing.

All that is ever said is one log: numbered lines of one length, one after the other. So everybody
knows what comes next, and each byte that a client receives is compared with the byte that it must
be. A line that is lost, doubled, torn, or comes back to its sender ends the measurement.
"""

import selectors
import socket
import time
from collections import defaultdict
from collections.abc import Iterator

HOST = "127.0.0.1"
LINE = 64  # bytes, the end included: a usual line of a chat
DIGITS = 7
LINES = 1 << 18  # more than these are never said in one run
BLOCK = 32  # lines that are said at once
AHEAD = 2  # blocks that a talker may be ahead of the slowest listener: far less than 1 MB waits
NEWCOMERS = 100  # that connect at once: fewer than wait at a listener's door (its backlog, 128)
CHUNK = 1 << 16
PATIENCE = 30.0  # seconds without a byte after which the room counts as stuck
KNOCK = 0.1  # seconds after which newcomers who have heard nothing get another line, at first


def written() -> bytes:
    """The whole log: numbered lines of one length."""
    rest = b" " + b"." * (LINE - DIGITS - 2) + b"\n"
    return b"".join(b"%0*d%b" % (DIGITS, number, rest) for number in range(LINES))


class Refused(Exception):
    """What was measured is worth nothing: a line went wrong, or something was missing."""


class Client:
    """One client, and how far in the log it has come."""

    def __init__(self, number: int, port: int) -> None:
        self.number = number
        self.sock = socket.create_connection((HOST, port), timeout=PATIENCE)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a line goes out at once
        self.place = -1  # bytes of the log that lie behind it; -1: it has heard nothing yet


class Crowd:
    """Clients of the server on `port`. The first one talks, the others listen."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.log = written()
        self.said = 0  # bytes of the log
        self.clients: list[Client] = []
        self.selector = selectors.DefaultSelector()

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *_: object) -> None:
        self.selector.close()
        for client in self.clients:
            client.sock.close()

    @property
    def listeners(self) -> int:
        return len(self.clients) - 1

    def join(self, clients: int) -> None:
        """Connect so many clients. Each of them has heard a line then: it is in the room."""
        self._connect()
        self.clients[0].place = 0
        while len(self.clients) < clients:
            newcomers = [
                self._connect() for _ in range(min(NEWCOMERS, clients - len(self.clients)))
            ]
            patience = KNOCK
            while any(client.place < 0 for client in newcomers):
                if patience > PATIENCE:
                    raise Refused("newcomers hear nothing, however long they wait")
                self.say(1)
                deadline = time.monotonic() + patience
                while (left := deadline - time.monotonic()) > 0 and self._behind():
                    list(self.heard(left))
                patience *= 2  # a slow server must not be asked faster than it can answer
        self.settle()

    def say(self, lines: int, speaker: int = 0) -> None:
        """Say the next lines of the log. The speaker must not hear them."""
        client = self.clients[speaker]
        now = self.said + lines * LINE
        data = self.log[self.said : now]
        try:
            sent = client.sock.send(data)
        except OSError as error:
            raise Refused(f"client {speaker} could not speak: {error}") from None
        if sent < lines * LINE or len(data) < lines * LINE:
            raise Refused("a talker could not say its lines in one go")
        self.said = client.place = now

    def heard(self, patience: float) -> Iterator[tuple[int, int, int]]:
        """What arrives next, once for each client that something has come for.

        Yields where in the log the client was, where it is now, and when that was, in nanoseconds.
        Yields nothing when nothing comes for so many seconds. Raises Refused for a wrong byte.
        """
        for key, _ in self.selector.select(patience):
            client: Client = key.data
            try:
                data = client.sock.recv(CHUNK)
            except OSError as error:
                raise Refused(f"client {client.number} lost its connection: {error}") from None
            now = time.perf_counter_ns()
            if not data:
                raise Refused(f"the server hung up on client {client.number}")
            if client.place < 0 and data[:DIGITS].isdigit():
                client.place = LINE * int(data[:DIGITS])  # the first line that it hears
            before = client.place
            after = before + len(data)
            if before < 0 or after > self.said or data != self.log[before:after]:
                wanted = self.log[max(0, before) : self.said][:LINE]
                raise Refused(
                    f"client {client.number} of {len(self.clients)} must hear {wanted!r} next,"
                    f" or nothing if that is empty, and heard {data[:LINE]!r}"
                )
            client.place = after
            yield before, after, now

    def talk(self, seconds: float) -> tuple[int, float]:
        """Talk so long, as fast as the room takes it. Nobody is ever far behind.

        Returns how many lines were said, and the seconds until everybody had all of them.
        """
        start, size = self.said, BLOCK * LINE
        most = start + 3 * len(self.log) // 8  # there are two talks in a run, and some single lines
        received: defaultdict[int, int] = defaultdict(int)  # block -> how many have all of it
        said = complete = 0  # blocks
        began = time.perf_counter()
        while True:
            late = time.perf_counter() - began > seconds or self.said > most
            while said - complete < AHEAD and not (late and said):
                self.say(BLOCK)
                said += 1
            if said == complete:
                return said * BLOCK, time.perf_counter() - began
            silent = True
            for before, after, _ in self.heard(PATIENCE):
                silent = False
                for block in range((before - start) // size, (after - start) // size):
                    received[block] += 1
            if silent:
                self._stuck()
            while received[complete] == self.listeners:
                complete += 1

    def pace(self, rate: float, lines: int) -> list[int]:
        """Say so many lines, `rate` a second. Returns the delays of all listeners, nanoseconds."""
        start = self.said
        spoken: list[int] = []  # when
        delays: list[int] = []
        began = time.perf_counter()
        while len(delays) < lines * self.listeners:
            patience = PATIENCE
            if len(spoken) < lines:
                patience = began + len(spoken) / rate - time.perf_counter()
                if patience <= 0:
                    spoken.append(time.perf_counter_ns())
                    self.say(1)
                    patience = 0
            silent = True
            for before, after, now in self.heard(patience):
                silent = False
                for line in range((before - start) // LINE, (after - start) // LINE):
                    delays.append(now - spoken[line])
            if silent and patience == PATIENCE:
                self._stuck()
        return delays

    def settle(self) -> None:
        """Wait until everybody has heard everything."""
        while self._behind():
            if not list(self.heard(PATIENCE)):
                self._stuck()

    def farewell(self) -> None:
        """Two others than the usual speak: nothing was on its way to anybody before that."""
        for speaker in (-1, 0):
            self.say(1, speaker)
            self.settle()

    def _connect(self) -> Client:
        try:
            client = Client(len(self.clients), self.port)
        except OSError as error:
            raise Refused(f"client {len(self.clients)} cannot connect: {error}") from None
        self.clients.append(client)
        self.selector.register(client.sock, selectors.EVENT_READ, client)
        return client

    def _behind(self) -> int:
        return sum(client.place != self.said for client in self.clients)

    def _stuck(self) -> None:
        raise Refused(
            f"nothing came for {PATIENCE:.0f} seconds, and {self._behind()} of"
            f" {len(self.clients)} clients still lack a line"
        )
