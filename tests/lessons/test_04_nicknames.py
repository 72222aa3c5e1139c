"""Lesson 4: the room where everybody has a name."""

from collections.abc import Callable

from chatkit.bench import Bench, Failure, NotMet, Peer, Symptom, bare, quoted
from chatkit.course import check, take

from . import any_server, crowd, leaving, names, waiting
from . import nickname_client as client
from . import test_02_broadcast as broadcast
from .leaving import must_hold_no_more, remembers_nothing
from .room import GREETING, Room

ANY = "all-programs"
NAMES = "lesson-4-nicknames"

HANDSHAKE = "The handshake"
WHO = "Who says what"
COMING = "Coming and going"
MANY = "Many at once"


def room(bench: Bench) -> Room:
    return Room(bench, names=True)


test_ready_line = take(any_server.test_ready_line, points=1)
test_handshake = names.test_handshake


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
def test_says_who(room: Room) -> None:
    alice, bob, carol = room.join("alice", "bob", "carol")
    for speaker in (alice, bob, carol):
        room.talk(speaker, room.bench.word())
        speaker.hears_nothing("it is their own line", own=True)
    room.bench.clear()
    broadcast.test_in_order(room.anew())


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
def test_leave_notice(room: Room) -> None:
    says_goodbye_once(room, Peer.leaves)
    room.bench.clear()
    leaving.test_unfinished_line(room.anew())


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
    says_goodbye_once(room, Peer.resets)


def says_goodbye_once(room: Room, way: Callable[[Peer], None]) -> None:
    """The others hear of it exactly once, and the name is free again."""
    alice, bob, carol = room.join("alice", "bob", "carol")
    way(alice)
    room.members.remove(alice)
    for member in (bob, carol):
        member.hears("alice has left the chat.")
    room.nobody_hears("alice has left once")
    (again,) = room.join("alice")
    room.talk(again, room.bench.word())
    room.talk(bob, room.bench.word())


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


test_one_name = names.test_one_name
test_name_rules = names.test_name_rules


@check(
    "slow-to-name",
    "one that never gives a name blocks nobody and hears no chat",
    points=7,
    hint="Which thread waits for the name?",
    read=HANDSHAKE,
    rule=NAMES,
)
def test_slow_to_name(room: Room) -> None:
    """One that never gives a name blocks nobody, and hears no chat."""
    mute = room.bench.connect("mute")
    with room.bench.during("handshake"):
        mute.hears("NICK")
    alice, bob = room.join("alice", "bob", proof=False)
    room.talk(alice, room.bench.word())
    room.talk(bob, room.bench.word())
    mute.hears_nothing("it has not given a name")


@check(
    "leaves-unnamed",
    "without a name one leaves silently, cleanly or not, and leaves nothing behind",
    points=5,
    hint="Whose leaving is worth a notice? And whose threads and socket must be given back?",
    read=HANDSHAKE,
    rule=NAMES,
)
def test_leaves_unnamed(room: Room) -> None:
    room.plays(lets_the_unnamed_go, keeps_nothing_of_the_unnamed)


def lets_the_unnamed_go(room: Room) -> None:
    """Without a name one leaves silently, cleanly or not."""
    alice, _ = room.join("alice", "bob")
    for way in (Peer.leaves, Peer.resets):
        visitor = room.bench.connect("visitor")
        with room.bench.during("handshake"):
            visitor.hears("NICK")
        way(visitor)
        room.nobody_hears("a visitor without a name has left")
    hasty = room.bench.connect("hasty")
    hasty.resets()
    room.nobody_hears("a visitor without a name has left")
    room.join("carol")
    room.talk(alice, room.bench.word())


def keeps_nothing_of_the_unnamed(room: Room, crowd: int = 20) -> None:
    """Forty leave without a name, half of them at once: no thread, no file and no line is left."""
    alice, bob = room.join("alice", "bob")
    held = []
    for round in (1, 2):
        visitors = [room.bench.connect(f"visitor{round}n{number}") for number in range(crowd)]
        with room.bench.during("handshake"):
            for visitor in visitors:
                visitor.hears("NICK")
        with room.bench.frozen():
            for number, visitor in enumerate(visitors):
                (Peer.resets if number % 2 else Peer.leaves)(visitor)
        room.nobody_hears("visitors without a name have left")
        held.append(room.bench.holds())
    must_hold_no_more(*held)
    remembers_nothing(room, alice, bob)


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
def test_line_rules(room: Room) -> None:
    room.plays(broadcast.test_line_rules, reads_any_name)


def reads_any_name(room: Room) -> None:
    """A name that is not UTF-8 ends nothing: it is taken as it comes, or asked for again."""
    alice, bob = room.join("alice", "bob")
    carol = room.bench.connect("carol")
    with room.bench.during("handshake"):
        carol.hears("NICK")
    carol.sends(b"b\xff\xfed\n")
    stop = room.bench.wait(lambda: b"\n" in carol.inbox or carol.ended)
    line = bare(carol.next_line() or b"")
    if not line:
        wanted = f"{GREETING!r}, or b'NICK\\n' again, after a name that is not UTF-8"
        raise room.bench.explained(NotMet(stop, wanted, bytes(carol.inbox), carol))
    taken = line == GREETING.encode()
    room.bench.settle()
    for member in (alice, bob):
        heard = member.next_of_others()
        if bool(heard) != taken:
            told = f"{member.name} was not told the same as the newcomer"
            raise Failure(
                Symptom.UNEXPECTED,
                told,
                f"{member.name} to hear of a newcomer: {taken}",
                quoted(heard or b""),
            )
    room.talk(alice, room.bench.word(), to=[bob])


test_crowd = take(crowd.test_crowd, points=3, read=MANY, rule=NAMES, room=room)
test_churn = take(
    crowd.test_churn,
    title="20 resets while 10 others talk: each notice once, no survivor harmed",
    points=3,
    hint="Which lock is held while a member is taken out?",
    read=MANY,
    rule=NAMES,
    room=room,
)
test_gives_back = take(
    leaving.test_gives_back,
    title="whoever has left hears the end, and keeps no thread, no open file and no memory",
    points=2,
    read=COMING,
    rule=NAMES,
    room=room,
)
test_stuck_reader = take(waiting.test_stuck_reader_goes, points=3, read=MANY, rule=NAMES, room=room)


def arrive(bench: Bench):
    """A newcomer who gives a name, for the checks that need no room."""

    def join(name: str) -> None:
        peer = bench.connect(name)
        peer.says(name)
        bench.settle()

    return join


test_restart = take(any_server.test_restart, points=1, join=arrive)
test_ctrl_c = take(any_server.test_ctrl_c_with_threads, points=1, join=arrive)

test_client_handshake = client.test_client_handshake
test_client_refused = client.test_client_refused
test_client_talks = client.test_client_talks
test_client_endings = client.test_client_endings
