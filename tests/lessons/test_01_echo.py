"""Lesson 1: the echo server and its client. Each check is a short story of what happens."""

from itertools import pairwise

from chatkit.bench import Bench, Peer, Program
from chatkit.course import check

from . import any_client, any_server
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


def meet(bench: Bench, *, pieces: bool = False) -> tuple[Program, Peer]:
    """A client that has connected and printed one reply: the set-up step "reply".

    `pieces`: the reply comes in pieces. It is for checks that send more than one packet holds.
    """
    bench.listen()
    client = bench.start_client()
    server = bench.accept()
    with bench.during("reply"):
        typed, reply = bench.word(), bench.word()
        client.types(f"{typed}\n".encode())
        server.hears(typed)
        server.sends(*((reply[:4], reply[4:] + "\n") if pieces else (reply + "\n",)))
        bench.prints(reply)
    return client, server


def enter_for_more(bench: Bench, name: str) -> Peer:
    """As `enter`, with small buffers and a second line: for checks that send a lot after it."""
    peer = enter(bench, name, slow=True)
    with bench.during("echo-again"):
        line = f"{bench.word()}\n".encode()
        peer.sends(line)
        peer.gets(line)
    return peer


@check(
    "ready-line",
    "prints the ready line with the real host and port",
    points=6,
    hint="Print it after listen(), with the host you were given and the port of getsockname().",
    read="Starting and stopping",
    rule=ANY,
    owns=("start",),
)
def test_ready_line(bench: Bench) -> None:
    any_server.prints_the_ready_line(bench)


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


@check(
    "restart",
    "starts again on the same port at once",
    points=5,
    hint="Which socket option says that a port may be used again at once?",
    read="Starting and stopping",
    rule=ANY,
)
def test_restart(bench: Bench) -> None:
    def join(name: str) -> None:
        alice = bench.connect(name)
        alice.says("hello")
        bench.settle()

    any_server.starts_again_at_once(bench, join)


@check(
    "ctrl-c",
    "ends on Ctrl-C, with and without a client, cleanly",
    points=4,
    hint="Ctrl-C raises KeyboardInterrupt where your main thread waits. Who catches it?",
    read="Starting and stopping",
    rule=ANY,
)
def test_ctrl_c(bench: Bench) -> None:
    any_server.stops_on_ctrl_c(bench, bench.connect)


@check(
    "client-prints-reply",
    "the client prints each reply line, also one that comes in pieces",
    points=4,
    hint="How does your client know that the reply is complete?",
    read="A stream of bytes",
    rule=ECHO,
    program="client.py",
    owns=("start", "connect", "reply"),
)
def test_client_prints_reply(bench: Bench) -> None:
    for host in dict.fromkeys(("127.0.0.1", bench.another_host())):
        bench.listen(host=host)
        client = bench.start_client()
        server = bench.accept()
        for _ in range(2):
            typed, reply = bench.word(), bench.word()  # as long as each other, and not the same
            client.types(f"{typed}\n".encode())
            server.hears(typed)
            server.sends(reply[:2], reply[2:5], reply[5:] + "\n")
            bench.prints(reply)
        bench.clear()


@check(
    "client-any-reply",
    "the client prints a reply as it is, whatever bytes are in it",
    points=2,
    hint="When do you decode a reply, and what do you do with bytes that are not UTF-8?",
    read="A stream of bytes",
    rule=ANY,
    program="client.py",
)
def test_client_any_reply(bench: Bench) -> None:
    client, server = meet(bench, pieces=True)

    def answers(reply: bytes, *cuts: int, ends_with: str = "") -> None:
        """The reply comes in pieces, and is as long as what was typed."""
        typed = bench.word().ljust(len(reply), "x")
        client.types(f"{typed}\n".encode())
        server.hears(typed)
        line = reply + b"\n"
        ends = (0, *cuts, len(line))
        server.sends(*(line[start:end] for start, end in pairwise(ends)))
        bench.prints(ends_with or reply.decode())

    word = bench.word()
    coffee = f"{word} café".encode()
    answers(coffee + b" au lait", len(coffee) - 1, len(coffee), len(coffee) + 1)
    answers(f"{word}  two  blanks \ta tab".encode(), 11, 12, 16, 18, 24, 25, 26)
    answers(f"😀 {word} €".encode(), 1, 2, 3, 16, 17)
    answers(f"{word} one\x0btwo\x0cthree\x85four\u2028five".encode())
    last = bench.word()
    answers(f"{word} ".ljust(4086, "x").encode() + last.encode(), 1000, 2048, ends_with=last)
    answers(b"\xff\xfe\xc3 " + last.encode(), ends_with=last)
    answers(b"\xc3\xa9\xc3 " + word.encode(), 1, 3, ends_with=word)


@check(
    "client-any-line",
    "the client sends every line that is typed, whatever its words",
    points=2,
    hint="Which lines does your client keep to itself?",
    read="Put the client together",
    rule=ANY,
    program="client.py",
)
def test_client_any_line(bench: Bench) -> None:
    client, server = meet(bench, pieces=True)
    one, two = bench.word(), bench.word()
    lines = [one, two, "", f"{one} café 😀", *COMMANDS, "", two]
    client.types("".join(f"{line}\n" for line in lines).encode())
    for line in lines:
        server.hears(line, because="it was typed")
        server.says(line)
        bench.prints(line)


@check(
    "client-end-of-input",
    "at the end of input the client sends the rest, half-closes, prints what comes, and exits 0",
    points=4,
    hint="shutdown(SHUT_WR) says: I have finished. Who reads what still arrives?",
    read="The end of the stream",
    rule=ANY,
    program="client.py",
)
def test_client_end_of_input(bench: Bench) -> None:
    client, server = meet(bench)
    typed, reply, rest, last = (bench.word() for _ in range(4))
    client.types(f"{typed}\n".encode())
    client.ends_input()
    server.hears(typed)
    bench.settle(quietly=True)  # one that does not wait for its reply has ended by now
    server.says(reply)
    bench.prints(reply)
    server.hears_end()
    server.sends(rest[:4], rest[4:] + "\n" + last[:4], last[4:] + "\n")
    server.leaves()
    bench.prints(rest)
    bench.prints(last)
    bench.exits(0)
    bench.clear()
    sends_the_last_line(bench)


def sends_the_last_line(bench: Bench) -> None:
    """The line that is typed last has no end, and counts."""
    client, server = meet(bench)
    one = bench.word()
    client.types(one.encode())
    client.ends_input()
    server.gets(one.encode(), "it was typed last, without an end")
    bench.settle(quietly=True)
    end = bytes(server.inbox)
    server.inbox.clear()
    server.sends(one.encode() + end)
    if server.ended:
        server.leaves()
    bench.prints(one)
    bench.exits(0)


@check(
    "client-no-server",
    "without a server the client says so in one line",
    points=3,
    hint="Which exception does connect() raise? What does a user want to read?",
    read="When a connection breaks",
    rule=ANY,
    program="client.py",
)
def test_client_no_server(bench: Bench) -> None:
    any_client.says_that_nobody_is_there(bench)


@check(
    "client-server-lost",
    "the client says that the server is gone",
    points=2,
    hint="What does recv() return when the server has closed the connection?",
    read="When a connection breaks",
    rule=ANY,
    program="client.py",
)
def test_client_server_lost(bench: Bench) -> None:
    client, server = meet(bench)
    client.types(b"hello\n")
    server.hears("hello")
    server.leaves()  # while the client waits for a reply
    bench.exits(None)
    any_client.says_why(bench)
    bench.clear()

    client, server = meet(bench)
    server.leaves()  # while the client waits for the keyboard
    bench.settle(quietly=True)
    client.types(b"again\n")
    bench.exits(None)
    any_client.says_why(bench)


@check(
    "client-ctrl-c",
    "Ctrl-C ends the client cleanly",
    points=2,
    hint="Where does the client wait when you press Ctrl-C? Who catches KeyboardInterrupt?",
    read="Starting and stopping",
    rule=ANY,
    program="client.py",
)
def test_client_ctrl_c(bench: Bench) -> None:
    meet(bench)
    any_client.stops_on_ctrl_c(bench)
    any_client.stops_while_it_connects(bench)
