"""Lesson 1: the echo server and its client. Each check is a short story of what happens."""

import any_client
import any_server

from chatkit.course.checks import check
from chatkit.bench.bench import Bench
from chatkit.bench.peer import Peer

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


@check(
    "ready-line",
    6,
    "prints the ready line with the real host and port",
    hint="Print it after listen(), with the host you were given and the port of getsockname().",
    read="Starting and stopping",
    rule=ANY,
    owns=("start",),
)
def test_ready_line(bench: Bench) -> None:
    any_server.prints_the_ready_line(bench)


@check(
    "echoes-a-line",
    10,
    "a line comes back",
    hint="What recv() returned goes back with sendall().",
    read="Say it back",
    rule=ECHO,
    owns=("connect", "echo"),
    likely={
        "silent": "nothing was sent back: print() shows the bytes on your own screen, and sendall() "
        "sends them. Or the program waits for something else, where it stands.",
    },
)
def test_echoes_a_line(bench: Bench) -> None:
    bench.start_server()
    enter(bench, "alice")


@check(
    "echoes-many",
    12,
    "many lines come back, however they were cut into packets",
    hint="How often does your server call recv() for one client? How often should it?",
    read="Say it back",
    rule=ECHO,
    owns=("echo-again",),
    likely={
        "closed-early": "the server answers once and closes. One client may have more to say: "
        "go on until recv() returns b''.",
        "silent": "the server answers once and then waits for another client. Go on with this one "
        "until recv() returns b''.",
    },
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
    8,
    "1 MB comes back whole while the client reads slowly",
    hint="send() may take only a part of the bytes. What does it return?",
    read="A stream of bytes",
    rule=ECHO,
    likely={
        **dict.fromkeys(
            ("different-text", "unfinished-line"),
            "bytes were lost on the way. send() may take only a part and returns how much it took; "
            "sendall() goes on until all is sent.",
        ),
        "closed-early": "the server gave up on a client that reads slowly. A send that cannot go "
        "on waits; it is no error.",
    },
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
    6,
    "every byte value comes back, in order",
    hint="Does your server need to know what the bytes mean?",
    read="A stream of bytes",
    rule=ECHO,
    likely={
        "crashed": "the bytes were decoded, and not every byte is text. An echo needs no text: "
        "send back the bytes themselves.",
        "different-text": "the bytes were treated as text: decoded, read through a text file, or "
        "stripped. Send back exactly what came.",
    },
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
    "half-close",
    8,
    "after a half-close the rest comes back, then the end of the stream",
    hint="What does recv() return when the client has said all it will say?",
    read="The end of the stream",
    rule=ECHO,
    likely={
        "closed-early": "the connection was closed before all had been sent back: before the empty "
        "recv, or by a close() that throws away what still waits, in a buffer of yours or because "
        "SO_LINGER is 0.",
        "no-end": "the empty recv is not seen. recv() returns b'' once the client has finished: "
        "leave the loop and close the connection.",
        "spinning": "the empty recv is not seen. recv() returns b'' once the client has finished: "
        "leave the loop and close the connection.",
    },
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
    10,
    "after one client leaves, the next is served",
    hint="Where does your program go when a client is done?",
    read="The end of the stream",
    rule=ECHO,
    likely={
        "exited": "the server serves one client and ends. accept() belongs into a loop.",
        "silent": "the server never comes back to accept(). It is called only once, or the loop of "
        "the client goes on after recv() has returned b''.",
        "refused": "the server closed its listening socket. Keep it open: one accept() for each "
        "client.",
    },
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
    8,
    "a reset in the middle does not end the server",
    hint="Which exception does recv() raise when the other end is gone without a goodbye?",
    read="When a connection breaks",
    rule=ECHO,
    likely={
        "crashed": "a reset makes recv() and send() raise ConnectionResetError or BrokenPipeError. "
        "Catch OSError around one client, and go on with the next.",
        "silent": "after the reset nobody is served. accept() is called only once, or the loop of "
        "the client that broke off goes on.",
    },
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
    4,
    "idle clients, and clients that have just left, cost no CPU",
    hint="Does any loop of yours go round while nothing happens?",
    read="The end of the stream",
    rule=ECHO,
    likely={
        "spinning": "a loop runs without waiting. It asks sockets that do not block again and "
        "again, or it goes on after recv() has returned b''.",
    },
)
def test_idle(bench: Bench) -> None:
    bench.start_server()
    bench.costs_no_cpu("nobody has connected")
    alice = enter(bench, "alice")
    bench.costs_no_cpu("one client is connected and silent")
    alice.leaves()
    bench.costs_no_cpu("a client has just left")


@check(
    "restart",
    5,
    "starts again on the same port at once",
    hint="Which socket option says that a port may be used again at once?",
    read="Starting and stopping",
    rule=ANY,
    likely={
        "crashed": "the port is still kept for the old connection (TIME_WAIT). Set SO_REUSEADDR "
        "on the listening socket before bind().",
        "exited": "the port is still kept for the old connection (TIME_WAIT). Set SO_REUSEADDR "
        "on the listening socket before bind().",
    },
)
def test_restart(bench: Bench) -> None:
    def join(name: str) -> None:
        alice = bench.connect(name)
        alice.says("hello")
        bench.settle()

    any_server.starts_again_at_once(bench, join)


@check(
    "ctrl-c",
    4,
    "ends on Ctrl-C, with and without a client, cleanly",
    hint="Ctrl-C raises KeyboardInterrupt where your main thread waits. Who catches it?",
    read="Starting and stopping",
    rule=ANY,
)
def test_ctrl_c(bench: Bench) -> None:
    any_server.stops_on_ctrl_c(bench, bench.connect)


@check(
    "client-prints-reply",
    8,
    "the client prints each reply line, also one that comes in pieces",
    hint="How does your client know that the reply is complete?",
    read="A stream of bytes",
    rule=ECHO,
    program="client.py",
    owns=("start", "connect", "reply"),
    likely={
        "no-output": "the reply was not printed as one line: one recv() returns what is there, "
        "which can be a part. Go on until b'\\n'.",
        "other-output": "the reply was not printed as one line: one recv() returns what is there, "
        "which can be a part. Go on until b'\\n'.",
    },
)
def test_client_prints_reply(bench: Bench) -> None:
    bench.listen()
    client = bench.start_client()
    server = bench.accept()
    for word in (bench.word(), bench.word()):
        client.types(f"{word}\n".encode())
        server.hears(word)
        server.sends(word[:2], word[2:5], word[5:] + "\n")
        bench.prints(word)


@check(
    "client-end-of-input",
    4,
    "at the end of input the client half-closes, prints the rest and exits 0",
    hint="shutdown(SHUT_WR) says: I have finished. Who reads what still arrives?",
    read="The end of the stream",
    rule=ANY,
    program="client.py",
    likely={
        "closed-early": "the client closed the connection before the last reply had come. "
        "Half-close, then read until b''.",
        "no-end": "the client does not say that it has finished: shutdown(SHUT_WR) does.",
        "exited": "the client ended before the last reply had come. Half-close, then read until "
        "b''.",
    },
)
def test_client_end_of_input(bench: Bench) -> None:
    bench.listen()
    client = bench.start_client()
    server = bench.accept()
    word, rest = bench.word(), bench.word()
    client.types(f"{word}\n".encode())
    client.ends_input()
    server.hears(word)
    server.says(word)
    with bench.during("reply"):
        bench.prints(word)
    server.hears_end()
    server.says(rest)
    server.leaves()
    bench.prints(rest)
    bench.exits(0)


@check(
    "client-no-server",
    3,
    "without a server the client says so in one line",
    hint="Which exception does connect() raise? What does a user want to read?",
    read="When a connection breaks",
    rule=ANY,
    program="client.py",
    likely={
        "no-exit": "the client waits for something else before it connects, or tries again for "
        "ever. Connect first.",
    },
)
def test_client_no_server(bench: Bench) -> None:
    any_client.says_that_nobody_is_there(bench)


@check(
    "client-server-lost",
    2,
    "the client says that the server is gone",
    hint="What does recv() return when the server has closed the connection?",
    read="When a connection breaks",
    rule=ANY,
    program="client.py",
    likely={
        "no-exit": "the client goes on although the connection has ended. recv() returned b'': "
        "no reply will come any more.",
        "spinning": "the client goes on although the connection has ended. recv() returned b'': "
        "no reply will come any more.",
    },
)
def test_client_server_lost(bench: Bench) -> None:
    bench.listen()
    client = bench.start_client()
    server = bench.accept()
    client.types(b"hello\n")
    server.hears("hello")
    server.leaves()  # while the client waits for a reply
    bench.exits(None)
    any_client.says_why(bench)

    client = bench.start_client()
    server = bench.accept()
    client.types(b"hello\n")
    server.hears("hello")
    server.says("hello")
    with bench.during("reply"):
        bench.prints("hello")
    server.leaves()  # while the client waits for the keyboard
    bench.settle(quietly=True)
    client.types(b"again\n")
    bench.exits(None)
    any_client.says_why(bench)


@check(
    "client-ctrl-c",
    2,
    "Ctrl-C ends the client cleanly",
    hint="Where does the client wait when you press Ctrl-C? Who catches KeyboardInterrupt?",
    read="Starting and stopping",
    rule=ANY,
    program="client.py",
)
def test_client_ctrl_c(bench: Bench) -> None:
    bench.listen()
    client = bench.start_client()
    server = bench.accept()
    client.types(b"hello\n")
    server.hears("hello")
    server.says("hello")
    with bench.during("reply"):
        bench.prints("hello")
    any_client.stops_on_ctrl_c(bench)
    any_client.stops_while_it_connects(bench)
