"""Lesson 1: the echo server and its client. Each check is a short story of what happens."""

from collections.abc import Callable

from chatkit.bench import Bench, Peer
from chatkit.course import check, take

from . import any_client, any_server
from . import echo_client as client
from .plain import COMMANDS

ANY = "all-programs"
ECHO = "lesson-1-echo"


def enter(bench: Bench, name: str, *, slow: bool = False) -> Peer:
    """Connect, and hear one line come back: the set-up step "echo" of all that follows."""
    peer = bench.connect(name, slow=slow)
    with bench.during("echo"):
        line = f"{bench.word()}\n".encode()
        peer.sends(line)
        peer.gets(line)
    return peer


def enter_for_more(bench: Bench, name: str) -> Peer:
    """As `enter`, with small buffers and a second line: for checks that send a lot after it."""
    peer = enter(bench, name, slow=True)
    with bench.during("echo-again"):
        line = f"{bench.word()}\n".encode()
        peer.sends(line)
        peer.gets(line)
    return peer


test_ready_line = any_server.test_ready_line


@check(
    "echoes-a-line",
    "a line comes back",
    points=10,
    hint="What recv() returned goes back with sendall().",
    read="Say it back",
    rule=ECHO,
    owns=("connect", "echo"),
)
def test_echoes_a_line(bench: Bench) -> None:
    bench.start_server()
    enter(bench, "alice")


@check(
    "echoes-many",
    "many lines come back, however they were cut into packets",
    points=10,
    hint="How often does your server call recv() for one client? How often should it?",
    read="Say it back",
    rule=ECHO,
    owns=("echo-again",),
)
def test_echoes_many(bench: Bench) -> None:
    bench.start_server()
    alice = enter(bench, "alice")
    one, two, three = bench.word(), bench.word(), bench.word()
    alice.says(one, two, three)
    alice.gets(f"{one}\n{two}\n{three}\n".encode(), "three lines in one packet")
    for word in (one, two):
        alice.says(word)
        alice.gets(f"{word}\n".encode(), "one line after the other")
    line = f"{three}\n".encode()
    alice.sends(*(bytes([byte]) for byte in line))
    alice.gets(line, "a byte at a time")


@check(
    "whole-megabyte",
    "1 MB comes back whole while the client reads slowly",
    points=8,
    hint="send() may take only a part of the bytes. What does it return?",
    read="A stream of bytes",
    rule=ECHO,
)
def test_whole_megabyte(bench: Bench) -> None:
    bench.start_server()
    alice = enter_for_more(bench, "alice")
    data = b"".join(b"%06d " % number + b"x" * 4088 + b"\n" for number in range(256))
    alice.stops_reading()
    alice.sends(data)
    bench.settle()
    alice.reads_again()
    alice.gets(data)


@check(
    "bytes-unchanged",
    "every byte value comes back, in order",
    points=6,
    hint="Does your server need to know what the bytes mean?",
    read="A stream of bytes",
    rule=ECHO,
)
def test_bytes_unchanged(bench: Bench) -> None:
    bench.start_server()
    enter(bench, "alice")
    bench.clear()
    bench.start_server()
    bob = bench.connect("bob")
    data = b"  " + bytes(range(256)) + b"\r\n" + bench.word().encode() + b" \n"
    bob.sends(data)
    bob.gets(data)


@check(
    "any-line",
    "a line is a line, whatever its words, and also a blank one",
    points=2,
    hint="Does your server look at what a line says? Does it have to?",
    read="A stream of bytes",
    rule=ANY,
)
def test_any_line(bench: Bench) -> None:
    bench.start_server()
    alice = enter_for_more(bench, "alice")
    for line in ("", *COMMANDS, ""):
        alice.says(line)
        alice.gets(f"{line}\n".encode(), "a line is a line")
    alice.says("", "", *COMMANDS, "", bench.word())
    alice.gets(bytes(b"".join(f"{line}\n".encode() for line in ("", "", *COMMANDS, ""))))


@check(
    "half-close",
    "after a half-close the rest comes back, then the end of the stream",
    points=8,
    hint="What does recv() return when the client has said all it will say?",
    read="The end of the stream",
    rule=ECHO,
)
def test_half_close(bench: Bench) -> None:
    bench.start_server()
    alice = enter_for_more(bench, "alice")
    data = f"{bench.word()}\n".encode() * 16_000
    alice.stops_reading()
    alice.sends(data)
    alice.finishes()
    bench.settle()
    alice.reads_again()
    alice.gets(data)
    alice.hears_end()


@check(
    "next-client",
    "after one client leaves, the next is served",
    points=8,
    hint="Where does your program go when a client is done?",
    read="The end of the stream",
    rule=ECHO,
)
def test_next_client(bench: Bench) -> None:
    bench.start_server()
    alice = enter(bench, "alice")
    bob = bench.connect("bob")
    word = bench.word()
    bob.says(word)
    bench.settle(quietly=True)
    alice.leaves()
    bob.gets(f"{word}\n".encode(), "after alice has left")
    bob.leaves()
    carol = bench.connect("carol")
    carol.says(word)
    carol.gets(f"{word}\n".encode(), "after bob has left")


@check(
    "survives-reset",
    "a reset in the middle does not end the server",
    points=8,
    hint="Which exception does recv() raise when the other end is gone without a goodbye?",
    read="When a connection breaks",
    rule=ECHO,
)
def test_survives_reset(bench: Bench) -> None:
    bench.start_server()
    alice = enter(bench, "alice")
    alice.resets()
    bob = bench.connect("bob", slow=True)
    bob.stops_reading()
    bob.sends(b"x" * 4095 + b"\n")
    bench.settle(quietly=True)
    bob.resets()
    carol = bench.connect("carol")
    word = bench.word()
    carol.says(word)
    carol.gets(f"{word}\n".encode(), "although two clients broke off")


@check(
    "idle",
    "idle clients, and clients that have just left, cost no CPU",
    points=4,
    hint="Does any loop of yours go round while nothing happens?",
    read="The end of the stream",
    rule=ECHO,
)
def test_idle(bench: Bench) -> None:
    bench.start_server()
    bench.costs_no_cpu("nobody has connected")
    alice = enter(bench, "alice")
    bench.costs_no_cpu("one client is connected and silent")
    alice.leaves()
    bench.costs_no_cpu("a client has just left")


@check(
    "silence",
    "a client may be silent for a while",
    points=2,
    hint="Have you set a time limit on a socket? What happens when it is over?",
    read="Say it back",
    rule=ANY,
)
def test_silence(bench: Bench) -> None:
    bench.start_server()
    bench.sits_out(at_least=0.0)
    bench.must_run()
    alice = enter_for_more(bench, "alice")
    bench.sits_out()
    word = bench.word()
    alice.says(word)
    alice.gets(f"{word}\n".encode(), "after a silence")


def speak(bench: Bench) -> Callable[[str], None]:
    """Somebody who has said something: only then every server has taken the connection."""

    def join(name: str) -> None:
        alice = bench.connect(name)
        alice.says("hello")
        bench.settle()

    return join


test_restart = take(any_server.test_restart, points=5, join=speak)
test_ctrl_c = any_server.test_ctrl_c

test_client_prints_reply = client.test_client_prints_reply
test_client_any_reply = client.test_client_any_reply
test_client_any_line = client.test_client_any_line
test_client_end_of_input = client.test_client_end_of_input
test_client_no_server = any_client.test_client_no_server
test_client_server_lost = client.test_client_server_lost
test_client_ctrl_c = client.test_client_ctrl_c
