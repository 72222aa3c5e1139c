"""The tap itself, between plain sockets: what it passes on, and each fault.

The test makes the tap's turns, and where a fault takes time the test owns the clock.
"""

import contextlib
import random
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from chatkit.bench.transcript import Event
from chatkit.tools import faults as bounds
from chatkit.tools import tap as tapping
from chatkit.tools.faults import Faults, Name, half_of_a_line, inside_characters
from chatkit.tools.tap import Tap

DEADLINE = 20.0
HOST = "127.0.0.1"
SAME_BYTES: list[Name] = ["bytes", "join", "delay", "split-character"]


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Wire:
    """A tap, the listener behind it, and what the tap has told."""

    tap: Tap
    listener: socket.socket
    events: list[Event]
    clock: Clock | None
    sockets: list[socket.socket] = field(default_factory=list)

    def until(self, condition: Callable[[], object], *, ticks: bool = False) -> None:
        """Let the tap turn until the condition holds. `ticks`: let its clock go on, too."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, self.events
            self.tap.turn(0.01)
            if ticks and self.clock:
                self.clock.now += 0.05

    def pair(self) -> tuple[socket.socket, socket.socket]:
        """A client, and the server's end of its connection."""
        client = socket.create_connection(self.tap.address, timeout=DEADLINE)
        servers: list[socket.socket] = []

        def arrived() -> bool:
            with contextlib.suppress(BlockingIOError):
                servers.append(self.listener.accept()[0])
            return bool(servers)

        self.until(arrived)
        self.sockets += [client, *servers]
        for end in (client, *servers):
            end.setblocking(False)
        return client, servers[0]

    def hears(self, end: socket.socket, count: int = 1 << 30, *, ticks: bool = True) -> list[bytes]:
        """What each recv returns, up to `count` bytes or the end of the stream (b"")."""
        pieces: list[bytes] = []

        def heard() -> bool:
            with contextlib.suppress(BlockingIOError):
                pieces.append(end.recv(1 << 16))
            return sum(map(len, pieces)) >= count or b"" in pieces

        self.until(heard, ticks=ticks)
        return pieces

    def is_reset(self, end: socket.socket) -> bool:
        """Wait for the end of the stream; whether it is a reset."""
        try:
            self.hears(end)
        except ConnectionResetError:
            return True
        return False

    def told(self, kind: str) -> list[str]:
        return [event.bytes or event.text for event in self.events if event.kind == kind]


@contextlib.contextmanager
def wire(*on: Name, clock: Clock | None = None, source: str = "both") -> Iterator[Wire]:
    events: list[Event] = []
    with socket.create_server((HOST, 0)) as listener:
        listener.setblocking(False)
        tap = Tap(
            (HOST, 0),
            (HOST, listener.getsockname()[1]),
            lambda event, data: events.append(event),
            Faults(set(on), source),  # type: ignore[arg-type]
            clock or time.monotonic,
        )
        one = Wire(tap, listener, events, clock)
        with tap:
            yield one
        for end in one.sockets:
            end.close()


def send(end: socket.socket, data: bytes) -> None:
    """Send all of it; it is little enough for the buffers."""
    assert end.send(data) == len(data)


def some_bytes(count: int) -> bytes:
    """Bytes of all values, text with long characters, and line ends."""
    chance = random.Random(count)
    text = "".join(chance.choice("aé€😀 \n") for _ in range(count)).encode()
    return (bytes(range(256)) + text)[:count]


def test_a_packet_passes_and_is_told_with_its_time_and_names() -> None:
    clock = Clock()
    with wire(clock=clock) as one:
        client, server = one.pair()
        clock.now += 1.5
        send(client, b"hello\n")
        assert one.hears(server, 6, ticks=False) == [b"hello\n"]
        send(server, "ä".encode())
        assert one.hears(client, 2, ticks=False) == ["ä".encode()]

        assert one.events == [
            Event(0.0, "client 1", "server", "connect"),
            Event(1.5, "client 1", "server", "data", r"hello\n"),
            Event(1.5, "server", "client 1", "data", r"\xc3\xa4"),
        ]


@pytest.mark.parametrize("name", ["", *SAME_BYTES])
def test_the_stream_of_bytes_stays_the_same(name: Name) -> None:
    clock = Clock()
    with wire(*[name] if name else [], clock=clock) as one:
        client, server = one.pair()
        for here, there in ((client, server), (server, client)):
            data = some_bytes(600)
            send(here, data)
            here.shutdown(socket.SHUT_WR)

            assert b"".join(one.hears(there)) == data
        one.until(lambda: not one.tap.connections, ticks=True)
        assert one.told("end") == ["", ""]
        assert not one.told("reset")


def test_all_faults_at_once_that_keep_the_bytes_keep_them() -> None:
    with wire(*SAME_BYTES, clock=Clock()) as one:
        client, server = one.pair()
        data = some_bytes(600)
        send(client, data)
        client.shutdown(socket.SHUT_WR)

        assert b"".join(one.hears(server)) == data


def test_a_half_close_stays_a_half_close() -> None:
    with wire() as one:
        client, server = one.pair()
        client.shutdown(socket.SHUT_WR)
        assert one.hears(server) == [b""]
        send(server, b"I am still listening, and talking\n")

        assert one.hears(client, 30) == [b"I am still listening, and talking\n"]
        assert one.tap.connections


@pytest.mark.parametrize("who", ["client", "server"])
@pytest.mark.parametrize("half_closed", [False, True])
def test_a_reset_stays_a_reset(who: str, half_closed: bool) -> None:
    with wire() as one:
        ends = one.pair()
        here, there = ends if who == "client" else ends[::-1]
        if half_closed:  # then the tap does not read there any more, and sees it all the same
            here.shutdown(socket.SHUT_WR)
            one.until(lambda: one.told("end"))
            one.hears(there)
        tapping.linger_not(here)
        here.close()

        assert half_closed or one.is_reset(there)
        one.until(lambda: not one.tap.connections)
        assert one.told("reset") == [""]
        with pytest.raises(OSError):
            there.send(b"x")
            there.send(b"x")


def test_what_was_said_before_a_reset_comes_first() -> None:
    with wire() as one:
        client, server = one.pair()
        send(server, b"goodbye\n")
        tapping.linger_not(server)
        server.close()

        assert one.hears(client, 8) == [b"goodbye\n"]
        assert one.is_reset(client)


def test_without_a_server_a_client_is_reset_and_the_tap_goes_on() -> None:
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    events: list[Event] = []
    with Tap((HOST, 0), (HOST, port), lambda event, data: events.append(event)) as tap:
        with socket.create_connection(tap.address, timeout=DEADLINE) as client:
            while not any(event.kind == "reset" for event in events):
                tap.turn(0.1)
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        assert f"no server at {HOST}:{port}" in [event.text for event in events]

        with socket.create_server((HOST, port)) as listener:
            listener.settimeout(DEADLINE)
            with socket.create_connection(tap.address, timeout=DEADLINE) as client:
                tap.turn(0.1)
                listener.accept()[0].close()
                client.setblocking(False)


def test_a_reader_that_stops_makes_its_writer_wait_and_nobody_else() -> None:
    with wire(clock=Clock()) as one:
        client, server = one.pair()
        bob, bobs = one.pair()
        data = bytes(range(256)) * 32_000
        sent = 0
        still = 0
        while still < 20:  # until the buffers on the way are full
            with contextlib.suppress(BlockingIOError):
                sent += client.send(data[sent : sent + 65536])
                still = -1
            still += 1
            one.tap.turn(0)
        assert sent < len(data)
        ways = [way for connection in one.tap.connections for way in connection.ways]
        assert max(way.waiting for way in ways) <= bounds.MOST_WAITING + bounds.BITE

        send(bob, b"hello\n")
        assert one.hears(bobs, 6) == [b"hello\n"]
        one.until(lambda: any("does not read" in text for text in one.told("note")), ticks=True)

        assert b"".join(one.hears(server, sent)) == data[:sent]
        one.until(lambda: any("reads again" in text for text in one.told("note")))


def test_bytes_come_one_at_a_time() -> None:
    with wire("bytes", clock=Clock()) as one:  # time stands still: no piece goes for lack of it
        client, server = one.pair()
        send(client, b"hello\n")

        heard = one.hears(server, 6, ticks=False)

        assert heard == [b"h", b"e", b"l", b"l", b"o", b"\n"]
        assert one.told("note") == [r"b'hello\n' came in one piece"]
        assert one.told("data") == ["h", "e", "l", "l", "o", r"\n"]


def test_many_single_bytes_are_told_in_few_events() -> None:
    with wire("bytes", clock=Clock()) as one:
        client, server = one.pair()
        send(client, b"x" * 5000)
        one.hears(server, 5000)

        assert len(one.told("data")) == bounds.MOST_TOLD + 1
        assert one.events[-1].text == "in 161 pieces"


def test_a_flood_is_not_split() -> None:
    with wire("bytes", clock=Clock()) as one:
        client, server = one.pair()
        for _ in range(30):  # within one second
            send(client, b"x" * 99 + b"\n")
            count = len(one.told("data"))
            one.until(lambda: len(one.told("data")) > count)  # noqa: B023
            one.hears(server, 100, ticks=False)

        assert one.told("data")[-1] == "x" * 99 + r"\n"


def test_join_makes_one_piece_of_what_comes_within_a_moment() -> None:
    clock = Clock()
    with wire("join", clock=clock) as one:
        client, server = one.pair()
        for line in (b"one\n", b"two\n", b"three\n"):
            send(client, line)
            count = len(one.told("note"))
            one.until(lambda: len(one.told("note")) > count)  # noqa: B023
        assert one.told("data") == []
        clock.now += 0.6

        assert one.hears(server, 14, ticks=False) == [b"one\ntwo\nthree\n"]


def test_delay_passes_everything_on_later_also_the_end() -> None:
    clock = Clock()
    with wire("delay", clock=clock) as one:
        client, server = one.pair()
        send(client, b"hello\n")
        client.shutdown(socket.SHUT_WR)
        (connection,) = one.tap.connections
        one.until(lambda: connection.ways[0].ended)
        clock.now += 0.9
        one.tap.turn(0)
        assert one.told("data") == one.told("end") == []
        clock.now += 0.2

        assert one.hears(server, ticks=False) == [b"hello\n", b""]


def test_stall_passes_nothing_on_until_it_is_switched_off() -> None:
    clock = Clock()
    with wire("stall", clock=clock, source="client") as one:
        client, server = one.pair()
        send(client, b"hello\n")
        send(server, b"hi\n")
        assert one.hears(client, 3) == [b"hi\n"]  # the other direction is open
        clock.now += 3600
        one.tap.turn(0)
        with pytest.raises(BlockingIOError):
            server.recv(1)
        one.tap.switch("stall")

        assert one.hears(server, 6) == [b"hello\n"]


@pytest.mark.parametrize("name", ["cut", "reset"])
def test_cut_and_reset_end_a_connection_in_the_middle_of_a_line_and_only_one(name: Name) -> None:
    with wire(name) as one:
        alice, at_alice = one.pair()
        bob, at_bob = one.pair()
        send(alice, b"hello\nworld\n")
        one.until(lambda: one.told("reset" if name == "reset" else "end"))

        assert one.told("data") == ["he"]
        for end in (alice, at_alice):
            assert one.is_reset(end) == (name == "reset")
        send(bob, b"hello\n")
        assert one.hears(at_bob, 6) == [b"hello\n"]
        assert not one.tap.faults.on


def test_a_character_is_split_and_a_line_without_one_is_not() -> None:
    with wire("split-character", clock=Clock()) as one:
        client, server = one.pair()
        send(client, b"plain\n")
        assert one.hears(server, 6, ticks=False) == [b"plain\n"]
        send(client, "café €\n".encode())

        heard = one.hears(server, 10, ticks=False)
        assert heard == [b"caf\xc3", b"\xa9 \xe2", b"\x82\xac\n"]


def test_a_fault_is_switched_on_and_off_while_it_runs_and_noted() -> None:
    with wire(clock=Clock()) as one:
        client, server = one.pair()
        one.tap.switch("bytes")
        send(client, b"ab")
        assert one.hears(server, 2, ticks=False) == [b"a", b"b"]
        one.tap.switch("bytes")
        send(client, b"cd")
        assert one.hears(server, 2) == [b"cd"]

        switched = [event.text for event in one.events if not event.source]
        assert switched == ["bytes on: every byte goes alone", "bytes off"]


def test_more_clients_than_it_can_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tapping, "MOST_CONNECTIONS", 1)
    with wire() as one:
        alice, at_alice = one.pair()
        with socket.create_connection(one.tap.address, timeout=DEADLINE) as bob:
            bob.setblocking(False)
            assert one.is_reset(bob)
        send(alice, b"hello\n")

        assert one.hears(at_alice, 6) == [b"hello\n"]


@pytest.mark.parametrize(
    ("data", "half"),
    [(b"hello\n", 2), (b"ab\ncd\n", 1), (b"\n", 0), (b"\n\n", 1), (b"x", 0), (b"abcd", 2)],
)
def test_half_of_a_line_never_holds_a_whole_line_with_text(data: bytes, half: int) -> None:
    assert half_of_a_line(data) == half


def test_pieces_inside_characters_make_the_same_bytes() -> None:
    for data in (b"", b"\xff", b"\xc3", "é".encode(), "aé€😀".encode(), some_bytes(500)):
        assert b"".join(inside_characters(data)) == data
