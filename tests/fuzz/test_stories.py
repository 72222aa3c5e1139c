"""Random stories at the reference servers, against a model of who must have received what.

A story is a row of acts: somebody joins, says something in pieces cut anywhere, leaves or is torn
away. The model keeps, for each person in the room, the lines that must come from each other one.
Lines of one sender keep their order; lines of different senders may come in any order, so they are
compared sender by sender. An observer is there all the time: once she has all that is due, the
server has dealt with it, and the next person can come or go.

The short form runs with the suite. The long one:

    pytest tests/fuzz --hypothesis-profile=long
"""

import contextlib
import itertools
import socket
import struct
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.course.lessons import find_course

COURSE = find_course()
DEADLINE = 20.0  # seconds
NAMES = ("Ann", "ben", "Zoë.x")
OBSERVER = "olga"


# ------------------------------------------------------------------------------ the story


@dataclass(frozen=True)
class Join:
    slot: int
    refused: tuple[bytes, ...]  # names that are tried first, in a room that asks for one
    cuts: tuple[int, ...]


@dataclass(frozen=True)
class Say:
    slot: int
    lines: tuple[bytes, ...]  # with their ends; the last one may have none
    cuts: tuple[int, ...]


@dataclass(frozen=True)
class Leave:
    slot: int
    how: Literal["close", "half-close", "reset"]


Act = Join | Say | Leave

slots = st.integers(0, len(NAMES) - 1)
cuts = st.lists(st.integers(1, 60), max_size=6).map(tuple)
payloads = st.one_of(
    st.binary(max_size=24),
    st.text(max_size=12).map(str.encode),
    st.sampled_from((b"NICK", b"olga: hello", b"ann has left the chat.", b"\x85\x0b", b"x" * 4000)),
).map(lambda data: data.replace(b"\n", b""))
ends = st.sampled_from((b"\n", b"\n", b"\r\n"))
blanks = st.sampled_from((b"\n", b"\r\n", b"  \n", b"\t\r\n"))
lines = st.one_of(st.tuples(st.just(b"> "), payloads, ends).map(b"".join), blanks)
tails = st.one_of(st.just(b""), st.just(b""), payloads.map(lambda data: b"> " + data))
speeches = st.tuples(st.lists(lines, max_size=5), tails).map(lambda both: (*both[0], both[1]))
bad_names = st.sampled_from(
    (b"", b"   ", b"two words", b"x" * 21, b"a:b", b"OLGA", b" olga ", b"tab\tbed", b"\x07bell")
)
acts = st.one_of(
    st.builds(Join, slots, st.lists(bad_names, max_size=2).map(tuple), cuts),
    st.builds(Say, slots, speeches, cuts),
    st.builds(Say, slots, speeches, cuts),
    st.builds(Leave, slots, st.sampled_from(("close", "half-close", "reset"))),
)


def pieces(data: bytes, sizes: tuple[int, ...]) -> Iterator[bytes]:
    """`data`, cut into pieces of these sizes in turn."""
    for size in itertools.cycle(sizes or (len(data) or 1,)):
        if not data:
            return
        yield data[:size]
        data = data[size:]


def seen(line: bytes) -> str:
    """What two lines that may count as the same have in common."""
    return line.decode("utf-8", "replace").rstrip()


# ------------------------------------------------------------------------------ the model


@dataclass
class Person:
    """Somebody in the room, and what must come to them."""

    name: str
    socket: socket.socket
    inbox: bytearray = field(default_factory=bytearray)
    due: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # by sender
    came: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    perhaps: dict[str, str] = field(default_factory=dict)  # the unfinished line of one who left
    said: bytearray = field(default_factory=bytearray)  # a line that is not finished

    def send(self, data: bytes, sizes: tuple[int, ...] = ()) -> None:
        for piece in pieces(data, sizes):
            self.socket.sendall(piece)

    def line(self) -> bytes:
        """The next line, without its end; b"" at the end of the stream."""
        while b"\n" not in self.inbox:
            data = self.socket.recv(65536)
            if not data:
                assert not self.inbox, f"{self.name} got half a line: {bytes(self.inbox)!r}"
                return b""
            self.inbox += data
        line, _, self.inbox = self.inbox.partition(b"\n")
        assert line.strip(), f"{self.name} got a blank line"
        return bytes(line)

    def has_all(self) -> bool:
        return all(self.came[sender] == len(lines) for sender, lines in self.due.items())

    def takes(self, line: bytes) -> None:
        """A line has come: it must be the next one of its sender."""
        text = seen(line)
        sender = text.partition(":")[0] if ":" in text else text.partition(" ")[0]
        due = self.due[sender]
        place = self.came[sender]
        # A notice of the leaving may already be due; the unfinished line comes before it.
        if text != "".join(due[place : place + 1]) and text == self.perhaps.get(sender):
            del self.perhaps[sender]
            return
        assert place < len(due), f"{self.name} got one more of {sender}: {text!r}"
        assert text == due[place], f"{self.name} got {text!r}, not {due[place]!r}"
        self.came[sender] += 1

    def catches_up(self) -> None:
        while not self.has_all():
            line = self.line()
            assert line, f"{self.name}'s connection ended before all had come"
            self.takes(line)


class Room:
    """A server that runs, the people in it, and an observer who stays."""

    def __init__(self, step: str) -> None:
        self.named = step == "nicknames"
        lesson = COURSE.lesson(step)
        self.server = subprocess.Popen(
            [sys.executable, "-u", str(lesson.solutions / "server.py"), "--port", "0"],
            stdout=subprocess.PIPE,
        )
        assert self.server.stdout
        self.port = int(self.server.stdout.readline().rsplit(b":")[1])
        threading.Thread(target=self.server.stdout.read, daemon=True).start()
        self.people: dict[int, Person] = {}
        self.number = 0
        self.observer = self.enters(OBSERVER, ())

    def everybody(self) -> list[Person]:
        return [self.observer, *self.people.values()]

    def plays(self, act: Act) -> None:
        person = self.people.get(act.slot)
        match act:
            case Join() if person is None:
                self.observer.catches_up()
                person = self.enters(NAMES[act.slot], act.refused, act.cuts)
                if self.named:
                    self.is_due(person, f"{person.name} connected to the server!")
                self.people[act.slot] = person
                self.says(person, b"> here\n", ())
                self.observer.catches_up()
            case Say() if person is not None:
                self.says(person, b"".join(act.lines), act.cuts)
            case Leave() if person is not None:
                del self.people[act.slot]
                self.observer.catches_up()
                person.catches_up()  # or the system makes a reset of the close
                self.leaves(person, act.how)

    def enters(self, name: str, refused: tuple[bytes, ...], sizes: tuple[int, ...] = ()) -> Person:
        person = Person(name, socket.create_connection(("127.0.0.1", self.port), DEADLINE))
        person.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.named:
            assert person.line() == b"NICK"
            for bad in refused:
                person.send(bad + b"\n", sizes)
                if (line := person.line()) != b"NICK":  # it may say why
                    line = person.line()
                assert line == b"NICK", f"{bad!r} was answered by {line!r}"
            person.send(f"{name}\r\n".encode(), sizes)
            assert person.line() == b"Connected to the server"
        return person

    def says(self, person: Person, data: bytes, sizes: tuple[int, ...]) -> None:
        """The person sends these bytes; what they finish is due to all others."""
        if not self.named:  # then who speaks must stand in the line itself
            data = data.replace(b"> ", f"{person.name}: ".encode())
        person.said += data
        *whole, rest = bytes(person.said).split(b"\n")
        person.said = bytearray(rest)
        for line in whole:
            if text := seen(line):
                self.is_due(person, f"{person.name}: {text}" if self.named else text)
        person.send(data, sizes)

    def is_due(self, sender: Person, text: str) -> None:
        for other in self.everybody():
            if other is not sender:
                other.due[sender.name].append(text)

    def leaves(self, person: Person, how: str) -> None:
        if rest := seen(bytes(person.said)):
            for other in self.everybody():
                other.perhaps[person.name] = f"{person.name}: {rest}" if self.named else rest
        if self.named:
            self.is_due(person, f"{person.name} has left the chat.")
        if how == "reset":
            person.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif how == "half-close":
            person.socket.shutdown(socket.SHUT_WR)
            assert not person.line(), f"{person.name} got something more"
        person.socket.close()
        self.observer.catches_up()

    def ends(self) -> None:
        """Everybody has all that is due and nothing else, and leaves."""
        for person in self.everybody():
            person.catches_up()
        if self.people:  # else nobody could say that it has come
            self.number += 1
            self.says(self.observer, f"> the end {self.number}\n".encode(), ())
        for slot, person in list(self.people.items()):
            person.catches_up()
            del self.people[slot]
            self.leaves(person, "close")

    def close(self) -> None:
        for person in self.everybody():
            person.socket.close()
        self.server.kill()
        self.server.wait()


class Rooms:
    """The room of one step: one server for all stories, and a new one after a story that failed."""

    def __init__(self, step: str) -> None:
        self.step = step
        self.room: Room | None = None

    @contextlib.contextmanager
    def story(self) -> Iterator[Room]:
        self.room = room = self.room or Room(self.step)
        try:
            yield room
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self.room:
            self.room.close()
        self.room = None


@pytest.fixture(scope="module", params=("broadcast", "threads", "nicknames"))
def rooms(request: pytest.FixtureRequest) -> Iterator[Rooms]:
    rooms = Rooms(request.param)
    yield rooms
    rooms.close()


@given(story=st.lists(acts, max_size=14))
def test_everybody_gets_what_they_must_and_nothing_else(rooms: Rooms, story: list[Act]) -> None:
    with rooms.story() as room:
        for act in story:
            room.plays(act)
        room.ends()


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    """The port of an echo server."""
    path = COURSE.lesson("echo").solutions / "server.py"
    command = [sys.executable, "-u", str(path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout
        port = int(server.stdout.readline().rsplit(b":")[1])
        # It says who comes. Were nobody to read that, it would stop once the pipe is full.
        threading.Thread(target=server.stdout.read, daemon=True).start()
        yield port
        server.kill()


@given(
    data=st.binary(max_size=20_000),
    sizes=st.lists(st.integers(1, 5000), max_size=6).map(tuple),
    torn=st.booleans(),
)
def test_an_echo_gives_every_byte_back_however_it_came(
    echo: int, data: bytes, sizes: tuple[int, ...], torn: bool
) -> None:
    person = Person("ann", socket.create_connection(("127.0.0.1", echo), DEADLINE))
    with person.socket as connection:
        person.send(data, sizes)
        if torn:  # the next story sees whether the server has survived that
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        connection.shutdown(socket.SHUT_WR)
        back = bytearray()
        while more := connection.recv(65536):
            back += more
    assert bytes(back) == data
