"""Lesson 2: the broadcast server. Every line goes to everybody else."""

from chatkit.bench import Bench
from chatkit.course import check

from . import any_server
from . import room as stories
from .room import Room

ANY = "all-programs"
BROADCAST = "lesson-2-broadcast"

STREAM = "Lines from a stream"
OTHERS = "To everyone else"
LEAVING = "Somebody leaves"
NOBODY_WAITS = "Nobody waits for anybody"
START = "Starting and stopping"


def room(bench: Bench) -> Room:
    return Room(bench)


@check(
    "ready-line",
    "prints the ready line with the real host and port",
    points=4,
    hint="Print it after listen(), with the host you were given and the port of getsockname().",
    read=START,
    rule=ANY,
    owns=("start",),
)
def test_ready_line(bench: Bench) -> None:
    any_server.prints_the_ready_line(bench)


@check(
    "reaches-others",
    "a line reaches both others, once each",
    points=10,
    hint="Who is in your collection of clients at the moment when you send?",
    read=OTHERS,
    rule=BROADCAST,
    owns=("connect", "delivery"),
)
def test_reaches_others(room: Room) -> None:
    for speaker in room.join("alice", "bob", "carol"):
        room.talk(speaker, room.bench.word())
    room.nobody_hears("each line goes to everybody once")


@check(
    "not-to-sender",
    "the sender does not get it back",
    points=8,
    hint="Compare the receiver with the sender before you send.",
    read=OTHERS,
    rule=BROADCAST,
)
def test_not_to_sender(room: Room) -> None:
    alice, bob, _ = room.join("alice", "bob", "carol")
    for speaker, hearer in ((alice, bob), (bob, alice)):
        word = room.bench.word()
        speaker.says(word)
        speaker.hears_nothing(f"it is {speaker.name}'s own line", own=True)
        hearer.hears(room.line(speaker, word))


@check(
    "half-line",
    "half a line waits for its end",
    points=9,
    hint="Which bytes do you keep for the next recv()?",
    read=STREAM,
    rule=BROADCAST,
)
def test_half_line(room: Room) -> None:
    stories.keeps_half_a_line(room)


@check(
    "two-in-one",
    "two lines in one packet are two lines to everyone",
    points=8,
    hint="How many b'\\n' can be in what one recv() returned?",
    read=STREAM,
    rule=BROADCAST,
)
def test_two_in_one(room: Room) -> None:
    stories.cuts_two_lines_apart(room)


@check(
    "no-mixing",
    "two half lines of two clients never mix",
    points=5,
    owns=("mixing",),
    hint="Whose bytes are in your buffer?",
    read=STREAM,
    rule=BROADCAST,
)
def test_no_mixing(room: Room) -> None:
    stories.mixes_nobody(room)


@check(
    "unfinished-line",
    "half a line of somebody who left comes before nobody else's",
    points=1,
    hint="When somebody leaves, where are the bytes that you have kept for them?",
    read=LEAVING,
    rule=ANY,
)
def test_unfinished_line(room: Room) -> None:
    stories.forgets_half_a_line(room)


@check(
    "split-character",
    "a character split across packets arrives whole",
    points=6,
    hint="Decode what: the piece that arrived, or the whole line?",
    read=STREAM,
    rule=BROADCAST,
)
def test_split_character(room: Room) -> None:
    stories.keeps_characters_whole(room)


@check(
    "line-rules",
    "long lines pass, blank ones do not, only \\n ends a line",
    points=5,
    hint="Read the rules for lines in the contract, one by one.",
    read=STREAM,
    rule=ANY,
)
def test_line_rules(room: Room) -> None:
    stories.knows_what_a_line_is(room)


@check(
    "in-order",
    "1,000 lines of one sender arrive complete and in order",
    points=6,
    hint="What happens to the bytes after the last b'\\n' of a recv()?",
    read=STREAM,
    rule=BROADCAST,
)
def test_in_order(room: Room) -> None:
    stories.keeps_order(room)


@check(
    "late-joiner",
    "someone who joins later gets nothing old",
    points=3,
    hint="Who was in the room when the line was said?",
    read=OTHERS,
    rule=BROADCAST,
)
def test_late_joiner(room: Room) -> None:
    alice, *_ = room.join("alice", "bob", "carol")
    room.talk(alice, room.bench.word())
    (dave,) = room.join("dave", old=True)
    dave.hears_nothing("he was not there when it was said")
    room.nobody_hears("nobody has said anything since dave came")
    room.talk(alice, room.bench.word())


@check(
    "leave",
    "after a clean leave the others go on",
    points=7,
    owns=("leaving",),
    hint="What must be undone when recv() returns b''? In which order?",
    read=LEAVING,
    rule=ANY,
)
def test_leave(room: Room) -> None:
    stories.goes_on_after_a_leave(room)


@check(
    "reset",
    "after a reset the others go on, even in the middle of a broadcast",
    points=7,
    hint="recv() can raise, and send() can raise. What then?",
    read=LEAVING,
    rule=ANY,
)
def test_reset(room: Room) -> None:
    stories.goes_on_after_a_reset(room)


@check(
    "half-close",
    "who half-closes has left, and hears the end of the stream",
    points=2,
    hint="Somebody will say nothing more. What does your server do with that socket?",
    read=LEAVING,
    rule=ANY,
)
def test_half_close(room: Room) -> None:
    stories.ends_its_own_side(room)


@check(
    "silent-clients",
    "clients that never say a word block nobody",
    points=6,
    hint="In which call does your server wait, and for whom?",
    read=NOBODY_WAITS,
    rule=BROADCAST,
)
def test_silent_clients(bench: Bench) -> None:
    stories.delivers_to_talkers(Room(bench))
    bench.clear()
    stories.lets_silent_clients_be(Room(bench))


@check(
    "stuck-reader",
    "one that never reads does not freeze the room",
    points=6,
    hint="What does sendall() do when the other end does not read?",
    read=NOBODY_WAITS,
    rule=BROADCAST,
)
def test_stuck_reader(room: Room) -> None:
    stories.survives_a_stuck_reader(room)


@check(
    "idle",
    "an idle room costs no CPU",
    points=3,
    hint="Sockets are nearly always ready to be written. When do you ask for it?",
    read=NOBODY_WAITS,
    rule=BROADCAST,
)
def test_idle(room: Room) -> None:
    stories.rests(room)


@check(
    "restart",
    "starts again on the same port at once",
    points=2,
    hint="Which socket option says that a port may be used again at once?",
    read=START,
    rule=ANY,
)
def test_restart(bench: Bench) -> None:
    any_server.starts_again_at_once(bench, bench.connect)


@check(
    "ctrl-c",
    "ends on Ctrl-C, with and without a client, cleanly",
    points=2,
    hint="Ctrl-C raises KeyboardInterrupt where your main thread waits. Who catches it?",
    read=START,
    rule=ANY,
)
def test_ctrl_c(bench: Bench) -> None:
    any_server.stops_on_ctrl_c(bench, bench.connect)
