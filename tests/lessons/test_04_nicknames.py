"""Lesson 4: the room where everybody has a name."""

from chatkit.bench import Bench, Symptom
from chatkit.course import check

from . import any_client, any_server, names, turns
from . import room as stories
from .room import GREETING, Room

ANY = "all-programs"
NAMES = "lesson-4-nicknames"

START = "Starting and stopping"
HANDSHAKE = "The handshake"
RULES = "The rules for a name"
WHO = "Who says what"
COMING = "Coming and going"
MANY = "Many at once"
CLIENT = "The client"


def room(bench: Bench) -> Room:
    return Room(bench, names=True)


@check(
    "ready-line",
    "prints the ready line with the real host and port",
    points=1,
    hint="Print it after listen(), with the host you were given and the port of getsockname().",
    read=START,
    rule=ANY,
    owns=("start",),
)
def test_ready_line(bench: Bench) -> None:
    any_server.prints_the_ready_line(bench)


@check(
    "handshake",
    "asks NICK, reads the name, says Connected to the server, in that order",
    points=8,
    hint="What does each side say first, and what comes only after the name?",
    read=HANDSHAKE,
    rule=NAMES,
    owns=("connect", "handshake", "greeting"),
)
def test_handshake(bench: Bench) -> None:
    names.shakes_hands_in_order(Room(bench, names=True))
    bench.clear()
    for seed in bench.orders(1):
        turns.greets_before_chat(Room(bench, names=True, turns=seed))


@check(
    "join-notice",
    "everyone else hears of a newcomer, once",
    points=6,
    hint="Who gets the greeting, and who gets the notice?",
    read=COMING,
    rule=NAMES,
    owns=("join",),
)
def test_join_notice(room: Room) -> None:
    room.join("alice", "bob", "carol", proof=False)
    room.nobody_hears("everybody has heard of everybody else once", own=True)


@check(
    "says-who",
    "a line reaches everyone else with the name of its sender",
    points=8,
    hint="Who knows for certain which client sent a line?",
    read=WHO,
    rule=NAMES,
    owns=("delivery",),
)
def test_says_who(bench: Bench) -> None:
    room = Room(bench, names=True)
    alice, bob, carol = room.join("alice", "bob", "carol")
    for speaker in (alice, bob, carol):
        room.talk(speaker, bench.word())
        speaker.hears_nothing("it is their own line", own=True)
    bench.clear()
    stories.keeps_order(Room(bench, names=True))


@check(
    "no-impostors",
    "nobody can speak for someone else, and NICK said as chat is chat",
    points=5,
    hint="Does your server believe what the line says?",
    read=WHO,
    rule=NAMES,
)
def test_no_impostors(room: Room) -> None:
    alice, bob, carol = room.join("alice", "bob", "carol")
    for text in ("bob: hi", "NICK", f"bob: {room.bench.word()}", "carol has left the chat."):
        alice.says(text)
        carol.hears(f"alice: {text}")
        bob.hears(f"alice: {text}")


@check(
    "leave-notice",
    "a clean leave is told exactly once, and leaves no name and no half line behind",
    points=7,
    hint="recv() returned b''. What must the others know, and what must your server forget?",
    read=COMING,
    rule=NAMES,
)
def test_leave_notice(bench: Bench) -> None:
    names.says_goodbye_once(Room(bench, names=True), "leaves")
    bench.clear()
    stories.forgets_half_a_line(Room(bench, names=True))


@check(
    "reset-notice",
    "a reset is told exactly once, and frees the name",
    points=6,
    hint="recv() raised. Is that another end than recv() returning b''?",
    read=COMING,
    rule=NAMES,
    owns=("goodbye",),
)
def test_reset_notice(room: Room) -> None:
    names.says_goodbye_once(room, "resets")


@check(
    "name-in-pieces",
    "the name may come a byte at a time",
    points=4,
    hint="Does the handshake read a line, or one recv()?",
    read=HANDSHAKE,
    rule=NAMES,
)
def test_name_in_pieces(room: Room) -> None:
    alice, _ = room.join("alice", "carol")
    bob = room.bench.connect("bob")
    with room.bench.during("handshake"):
        bob.hears("NICK")
    bob.sends(b"b", b"o", b"b", b"\n")
    room.welcome(bob, "bob")
    room.talk(alice, room.bench.word())


@check(
    "name-and-chat",
    "name and first messages may come in one packet",
    points=6,
    hint="What happens to the bytes after the name?",
    read=HANDSHAKE,
    rule=NAMES,
)
def test_name_and_chat(room: Room) -> None:
    alice, carol = room.join("alice", "carol")
    bob = room.bench.connect("bob")
    with room.bench.during("handshake"):
        bob.hears("NICK")
    one, two = room.bench.word(), room.bench.word()
    bob.says("bob", one, two)
    room.welcome(bob, "bob")
    for member in (alice, carol):
        member.hears(f"bob: {one}", f"bob: {two}", because="in the packet with the name")


@check(
    "one-name",
    "of many who ask for one name at once, one gets it; it is free again once that is told",
    points=3,
    hint="Between your look at the names and the taking: who else may look?",
    read=RULES,
    rule=NAMES,
    owns=("taking",),
)
def test_one_name(bench: Bench) -> None:
    for seed in bench.orders(1):
        turns.gives_a_name_to_one(Room(bench, names=True, turns=seed))
        bench.clear()
        turns.greets_before_chat(Room(bench, names=True, turns=seed), whole=False)


@check(
    "name-rules",
    "bad names are asked for again, and nobody hears of it",
    points=5,
    hint="Which names does the contract allow? In which order does your server test them?",
    read=RULES,
    rule=NAMES,
    owns=("names",),
)
def test_name_rules(room: Room) -> None:
    names.follows_the_rules_for_names(room)


@check(
    "slow-to-name",
    "one that never gives a name blocks nobody and hears no chat",
    points=7,
    hint="Which thread waits for the name?",
    read=HANDSHAKE,
    rule=NAMES,
)
def test_slow_to_name(room: Room) -> None:
    names.waits_for_nobody(room)


@check(
    "leaves-unnamed",
    "without a name one leaves silently, cleanly or not, and leaves nothing behind",
    points=5,
    hint="Whose leaving is worth a notice? And whose threads and socket must be given back?",
    read=HANDSHAKE,
    rule=NAMES,
)
def test_leaves_unnamed(bench: Bench) -> None:
    for story in (names.lets_the_unnamed_go, turns.keeps_nothing_of_the_unnamed):
        story(Room(bench, names=True))
        bench.clear()


@check(
    "telnet",
    "lines that end with \\r\\n are understood, in the name and in chat",
    points=3,
    hint="What does telnet send when you press Enter?",
    read=HANDSHAKE,
    rule=ANY,
)
def test_telnet(room: Room) -> None:
    alice, carol = room.join("alice", "carol")
    bob = room.bench.connect("bob")
    with room.bench.during("handshake"):
        bob.hears("NICK")
    bob.sends(b"bob\r\n")
    room.welcome(bob, "bob")
    word = room.bench.word()
    bob.sends(f"{word}\r\n")
    for member in (alice, carol):
        member.hears(f"bob: {word}")


@check(
    "line-rules",
    "long lines pass, blank ones do not, bad bytes end nothing, also in a name",
    points=4,
    hint="Read the rules for lines in the contract, one by one.",
    read=WHO,
    rule=ANY,
)
def test_line_rules(bench: Bench) -> None:
    for story in (stories.knows_what_a_line_is, names.reads_any_name):
        story(Room(bench, names=True))
        bench.clear()


@check(
    "crowd",
    "30 clients send 20 long lines at once: nothing lost, torn or out of order",
    points=3,
    hint="How many threads write to one socket at the same time?",
    read=MANY,
    rule=NAMES,
)
def test_crowd(room: Room) -> None:
    stories.carries_a_crowd(room)


@check(
    "churn",
    "20 resets while 10 others talk: each notice once, no survivor harmed",
    points=3,
    hint="Which lock is held while a member is taken out?",
    read=MANY,
    rule=NAMES,
    owns=("turns",),
)
def test_churn(bench: Bench) -> None:
    stories.survives_churn(Room(bench, names=True))
    bench.clear()
    for seed in bench.orders(1, 2):
        turns.comes_and_goes_at_once(Room(bench, names=True, turns=seed))


@check(
    "gives-back",
    "whoever has left hears the end, and keeps no thread, no open file and no memory",
    points=2,
    hint="When a client goes: which threads must end, and who closes the socket?",
    read=COMING,
    rule=NAMES,
)
def test_gives_back(bench: Bench) -> None:
    for story in (
        stories.gives_everything_back,
        stories.ends_its_own_side,
        turns.forgets_who_has_left,
    ):
        story(Room(bench, names=True))
        bench.clear()


@check(
    "stuck-reader",
    "one that never reads does not freeze the room",
    points=3,
    hint="Which thread waits in sendall(), and who waits for that thread?",
    read=MANY,
    rule=NAMES,
)
def test_stuck_reader(bench: Bench) -> None:
    for story in (stories.survives_a_stuck_reader, turns.lets_a_stuck_reader_go):
        story(Room(bench, names=True))
        bench.clear()


def arrive(bench: Bench):
    """A newcomer who gives a name, for the checks that need no room."""

    def join(name: str) -> None:
        peer = bench.connect(name)
        peer.says(name)
        bench.settle()

    return join


@check(
    "restart",
    "starts again on the same port at once",
    points=1,
    hint="Which socket option says that a port may be used again at once?",
    read=START,
    rule=ANY,
)
def test_restart(bench: Bench) -> None:
    any_server.starts_again_at_once(bench, arrive(bench))


@check(
    "ctrl-c",
    "ends on Ctrl-C with clients connected, cleanly",
    points=1,
    hint="Which threads still wait when the main thread has ended?",
    read=START,
    rule=ANY,
)
def test_ctrl_c(bench: Bench) -> None:
    with turns.leaving_races_to_churn():
        any_server.stops_on_ctrl_c(bench, arrive(bench))


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
