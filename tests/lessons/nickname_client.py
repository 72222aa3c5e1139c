"""The client of lesson 4: it gives its name, and talks and listens at once."""

from chatkit.bench import Bench, Symptom
from chatkit.course import check

from . import any_client
from .room import GREETING

ANY = "all-programs"
NAMES = "lesson-4-nicknames"

CLIENT = "The client"


@check(
    "client-handshake",
    "the client answers NICK, only until it is connected, and typed lines wait for that",
    points=4,
    hint="After which line is NICK just a word?",
    read=CLIENT,
    rule=NAMES,
    program="client.py",
    owns=("start", "connect", "handshake"),
)
def test_client_handshake(bench: Bench) -> None:
    bench.listen()
    client = bench.start_client("--name", "alice")
    server = bench.accept()
    word, later = bench.word(), bench.word()
    client.types(f"{word}\n".encode())
    server.hears_nothing("the server has not said NICK", Symptom.EARLY_DATA)
    server.sends("NI", "CK\n")
    server.hears("alice")
    server.hears_nothing("the server has not said Connected to the server", Symptom.EARLY_DATA)
    server.says(GREETING)
    bench.prints(GREETING)
    with bench.during("sending"):
        server.hears(word, because="now that it is connected")
    server.says("NICK")
    bench.prints("NICK")
    server.hears_nothing("NICK is chat now")
    server.says(later)
    bench.prints(later)


@check(
    "client-refused",
    "a refused --name ends the client with one line; at the terminal it asks again",
    points=2,
    hint="What does a second NICK mean?",
    read=CLIENT,
    rule=NAMES,
    program="client.py",
)
def test_client_refused(bench: Bench) -> None:
    bench.listen()
    bench.start_client("--name", "alice")
    server = bench.accept()
    with bench.during("handshake"):
        server.says("NICK")
        server.hears("alice")
    server.says("Another has this name.", "NICK")
    bench.exits(None)
    any_client.says_why(bench)
    if server.inbox:
        server.hears_nothing("the name has been refused")
    bench.clear()

    bench.listen()
    client = bench.start_client()
    server = bench.accept()
    server.says("NICK")
    client.types(b"alice\n")
    server.hears("alice")
    for reason in ("Another has this name.", "This name is taken."):
        server.says(reason)
        bench.settle(quietly=True)
        client.types(b"carol\n")
        server.hears_nothing("the server has not said NICK again", Symptom.EARLY_DATA)
        server.says("NICK")
        bench.settle(quietly=True)
        client.types(b"carol\n")  # the one before may be the answer, or wait to be said
        server.hears("carol", because="typed at a terminal that asks again")
    server.says(GREETING)
    bench.prints(GREETING)


@check(
    "client-talks",
    "the client prints while nothing is typed and sends while nothing arrives",
    points=1,
    hint="Two things can happen at any time. How many threads wait for them?",
    read=CLIENT,
    rule=NAMES,
    program="client.py",
    owns=("listening", "sending"),
)
def test_client_talks(bench: Bench) -> None:
    bench.listen()
    client = bench.start_client("--name", "alice")
    server = bench.accept()
    any_client.welcomes(server, "alice")
    for line in (f"bob: {bench.word()}", f"bob: {bench.word()} ".ljust(4096, "x")):
        server.says(line)
        bench.prints(line)
    for word in (bench.word(), bench.word()):
        client.types(f"{word}\n".encode())
        server.hears(word)
    any_client.sends_what_looks_like_a_command(client, server)
    any_client.hears_anything_at_any_time(bench, server)
    any_client.prints_into_a_pipe(bench, "alice")


@check(
    "client-endings",
    "no server, server lost, end of input, Ctrl-C: the client ends as it should",
    points=2,
    hint="Try every way in which a client can end, even while it asks for the name.",
    read=CLIENT,
    rule=ANY,
    program="client.py",
)
def test_client_endings(bench: Bench) -> None:
    any_client.says_that_nobody_is_there(bench, "--name", "alice")
    bench.clear()
    # The server is lost in the room, cleanly or not, and while it waits for a name.
    for name, way in (("alice", "leaves"), ("alice", "resets"), ("", "leaves")):
        bench.listen()
        bench.start_client(*(["--name", name] if name else []))
        server = bench.accept()
        if name:
            any_client.welcomes(server, name)
        else:
            server.says("NICK")
            bench.settle(quietly=True)
        getattr(server, way)()
        bench.exits(None)
        any_client.says_why(bench)
        bench.clear()
    any_client.drains_at_the_end_of_input(bench, "alice")
    bench.clear()
    bench.listen()  # end of input while it asks for a name
    client = bench.start_client()
    server = bench.accept()
    server.says("NICK")
    bench.settle(quietly=True)
    client.ends_input()
    bench.exits(0)
    bench.clear()
    bench.listen()
    bench.start_client("--name", "alice")
    server = bench.accept()
    any_client.welcomes(server, "alice")
    any_client.stops_on_ctrl_c(bench)
    any_client.stops_while_it_connects(bench, "--name", "alice")
