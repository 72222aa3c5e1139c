"""The client of lesson 1: it sends what is typed, and prints the reply."""

from itertools import pairwise

from chatkit.bench import Bench, Failure, Peer, Program
from chatkit.course import check

from . import any_client
from .plain import COMMANDS

ANY = "all-programs"
ECHO = "lesson-1-echo"


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
    late = bench.word()
    if says_that_it_is_done(bench, client, server):  # many programs print the rest in another place
        server.sends(b"\xff\xfe\xc3 " + late.encode() + b"\n")
        bench.prints(late)


def says_that_it_is_done(bench: Bench, client: Program, server: Peer) -> bool:
    """Whether it half-closes and prints what comes then; if not, another check says so."""
    try:
        client.ends_input()
        server.hears_end()
        for word in (bench.word(), bench.word()):
            server.says(word)
            bench.prints(word)
    except Failure:
        return False
    return True


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
