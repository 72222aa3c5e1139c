"""Lesson 2: the broadcast server. Every line goes to everybody else."""

import any_server
import room as stories
from room import Room

from chatkit.course.checks import check
from chatkit.bench.symptoms import Symptom
from chatkit.bench.bench import Bench

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
    4,
    "prints the ready line with the real host and port",
    hint="Print it after listen(), with the host you were given and the port of getsockname().",
    read=START,
    rule=ANY,
    owns=("start",),
)
def test_ready_line(bench: Bench) -> None:
    any_server.prints_the_ready_line(bench)


@check(
    "reaches-others",
    10,
    "a line reaches both others, once each",
    hint="Who is in your collection of clients at the moment when you send?",
    read=OTHERS,
    rule=BROADCAST,
    owns=("connect", "delivery"),
    likely={
        Symptom.SILENT: "the line went to nobody, or not to all. A client is missing in your collection, "
        "or the loop does not send to each.",
        Symptom.CRASHED: "sending failed. Read the traceback: which socket, which type?",
    },
)
def test_reaches_others(room: Room) -> None:
    for speaker in room.join("alice", "bob", "carol"):
        room.talk(speaker, room.bench.word())
    room.nobody_hears("each line goes to everybody once")


@check(
    "not-to-sender",
    8,
    "the sender does not get it back",
    hint="Compare the receiver with the sender before you send.",
    read=OTHERS,
    rule=BROADCAST,
    likely={
        Symptom.UNEXPECTED: "the line went to everybody, its sender among them.",
        Symptom.DUPLICATE: "the line went to everybody, its sender among them.",
    },
)
def test_not_to_sender(room: Room) -> None:
    stories.spares_the_sender(room)


@check(
    "half-line",
    9,
    "half a line waits for its end",
    hint="Which bytes do you keep for the next recv()?",
    read=STREAM,
    rule=BROADCAST,
    likely={
        Symptom.EARLY_DATA: "your server passes on whatever one recv() returned. TCP is a stream of "
        "bytes: one send can arrive as several pieces, and several sends as one. Keep each "
        "client's bytes until b'\\n'.",
        Symptom.SILENT: "the server waits for the rest of one client's line, and everybody waits with "
        "it. Keep what has come, and go back to select().",
        Symptom.DIFFERENT_TEXT: "the first half of the line was lost, or joined to the bytes of another "
        "client. Keep each client's bytes until b'\\n', in a buffer of its own.",
    },
)
def test_half_line(room: Room) -> None:
    stories.keeps_half_a_line(room)


@check(
    "two-in-one",
    8,
    "two lines in one packet are two lines to everyone",
    hint="How many b'\\n' can be in what one recv() returned?",
    read=STREAM,
    rule=BROADCAST,
    likely={
        Symptom.SILENT: "only the first line of a packet was passed on. Take lines out of the buffer "
        "until none is complete.",
        Symptom.DIFFERENT_TEXT: "two lines were stuck together, or one was lost. Take lines out of the "
        "buffer one by one, until none is complete.",
        Symptom.UNFINISHED_LINE: "two lines were stuck together. Each line needs its own b'\\n'.",
    },
)
def test_two_in_one(room: Room) -> None:
    stories.cuts_two_lines_apart(room)


@check(
    "no-mixing",
    5,
    "two half lines of two clients never mix",
    owns=("mixing",),
    hint="Whose bytes are in your buffer?",
    read=STREAM,
    rule=BROADCAST,
    likely={
        Symptom.DIFFERENT_TEXT: "half lines were passed on before their end had come, or one buffer "
        "serves all clients, so their bytes mix. Each client needs a buffer of its own.",
        Symptom.SILENT: "the server waits for the rest of one client's line, and everybody waits with "
        "it. Keep what has come, and go back to select().",
    },
)
def test_no_mixing(room: Room) -> None:
    stories.mixes_nobody(room)


@check(
    "unfinished-line",
    1,
    "half a line of somebody who left comes before nobody else's",
    hint="When somebody leaves, where are the bytes that you have kept for them?",
    read=LEAVING,
    rule=ANY,
    likely={
        Symptom.DIFFERENT_TEXT: "the buffer of the one who left was still there, and somebody else got "
        "it. The system gives a new socket the number (fileno()) of a closed one.",
    },
)
def test_unfinished_line(room: Room) -> None:
    stories.forgets_half_a_line(room)


@check(
    "split-character",
    6,
    "a character split across packets arrives whole",
    hint="Decode what: the piece that arrived, or the whole line?",
    read=STREAM,
    rule=BROADCAST,
    likely=dict.fromkeys(
        (Symptom.CRASHED, Symptom.BROKEN_CHARACTER, Symptom.DIFFERENT_TEXT, Symptom.CLOSED_EARLY, Symptom.SILENT),
        "a piece was decoded by itself, and half a character is no UTF-8. Split bytes into lines "
        "first, decode a whole line after.",
    ),
)
def test_split_character(room: Room) -> None:
    stories.keeps_characters_whole(room)


LINE_RULES = {
    Symptom.SILENT: "a line got lost: its words were taken for a command (no word is one), it was too long "
    "for a buffer (4,096 bytes pass, and the end is not counted), or decoding it failed.",
    Symptom.EXITED: "a line was taken for an order to end. No word is a command.",
    Symptom.CRASHED: "a line could not be decoded. Bytes from outside may be anything: decode with "
    "errors='replace', or pass the bytes on.",
    Symptom.DIFFERENT_TEXT: "a line was cut where no line ends, by recv() or by str.splitlines(), or a "
    "blank one was passed on. Only b'\\n' ends a line. Or the blanks or the words in it were "
    "changed.",
    Symptom.CLOSED_EARLY: "a line could not be decoded, was too long, or was taken for a command, and the "
    "connection was closed.",
}


@check(
    "line-rules",
    5,
    "long lines pass, blank ones do not, only \\n ends a line",
    hint="Read the rules for lines in the contract, one by one.",
    read=STREAM,
    rule=ANY,
    likely=LINE_RULES,
)
def test_line_rules(room: Room) -> None:
    stories.knows_what_a_line_is(room)


@check(
    "in-order",
    6,
    "1,000 lines of one sender arrive complete and in order",
    hint="What happens to the bytes behind the last b'\\n' of a recv()?",
    read=STREAM,
    rule=BROADCAST,
    likely={
        Symptom.DIFFERENT_TEXT: "bytes between two recv() calls were lost, or lines were stuck together. "
        "Take out one line after the other; what follows the last b'\\n' starts the next line. Or a "
        "line that is equal to an earlier one was thrown away.",
        Symptom.SILENT: "the last lines never came. Only one line of each packet was taken out, or what "
        "follows the last b'\\n' was thrown away.",
    },
)
def test_in_order(room: Room) -> None:
    stories.keeps_order(room)


@check(
    "late-joiner",
    3,
    "someone who joins later gets nothing old",
    hint="Who was in the room when the line was said?",
    read=OTHERS,
    rule=BROADCAST,
    likely={
        Symptom.UNEXPECTED: "somebody gets a line when nobody says one: old lines are kept and sent to "
        "newcomers, or the server says something of its own.",
    },
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
    7,
    "after a clean leave the others go on",
    owns=("leaving",),
    hint="What must be undone when recv() returns b''? In which order?",
    read=LEAVING,
    rule=ANY,
    likely={
        Symptom.CRASHED: "the client that left was not taken out properly. First unregister, then close, "
        "and loop over a copy when the collection can change.",
        Symptom.SILENT: "the loop over the clients changed the collection, so one was left out. Loop "
        "over a copy.",
    },
)
def test_leave(room: Room) -> None:
    stories.goes_on_after_a_leave(room)


@check(
    "reset",
    7,
    "after a reset the others go on, also in the middle of a broadcast",
    hint="recv() can raise, and send() can raise. What then?",
    read=LEAVING,
    rule=ANY,
    likely={
        Symptom.CRASHED: "a reset makes recv() and send() raise ConnectionResetError or BrokenPipeError. "
        "Catch OSError for that one client, and go on with the others.",
        **dict.fromkeys(
            (Symptom.LOST, Symptom.SILENT),
            "one broken client ended the loop over all, or it was taken out during the loop, and "
            "the next one was left out. Catch the error inside the loop, and loop over a copy.",
        ),
    },
)
def test_reset(room: Room) -> None:
    stories.goes_on_after_a_reset(room)


@check(
    "half-close",
    2,
    "who half-closes has left, and hears the end of the stream",
    hint="Somebody will say nothing more. What does your server do with that socket?",
    read=LEAVING,
    rule=ANY,
    likely={
        Symptom.NO_END: "the server does not close the socket of a client that has finished. recv() "
        "returns b'' then: take that client out, and close its socket.",
        Symptom.CLOSED_EARLY: "the end of one client ended the connection of another one.",
    },
)
def test_half_close(room: Room) -> None:
    stories.ends_its_own_side(room)


@check(
    "silent-clients",
    6,
    "clients that never say a word block nobody",
    hint="In which call does your server wait, and for whom?",
    read=NOBODY_WAITS,
    rule=BROADCAST,
    likely={
        Symptom.SILENT: "whoever could serve the next client waits in recv() for one that says nothing. "
        "Let select() say who has something to say.",
        Symptom.CLOSED_EARLY: "somebody was silent for a while, and a time limit was over. A connection "
        "stays open, however long nobody says anything.",
    },
)
def test_silent_clients(bench: Bench) -> None:
    stories.delivers_to_talkers(Room(bench))
    bench.clear()
    stories.lets_silent_clients_be(Room(bench))


@check(
    "stuck-reader",
    6,
    "one that never reads does not freeze the room",
    hint="What does sendall() do when the other end does not read?",
    read=NOBODY_WAITS,
    rule=BROADCAST,
    likely={
        Symptom.STUCK: "sendall() waits until the slow client reads, and everybody waits with it. Keep "
        "what it cannot take yet in an outbox, and send when the socket is ready.",
        Symptom.CLOSED_EARLY: "the slow client was dropped too soon: under 1 MB waited for it.",
        Symptom.CRASHED: "the slow client's socket could not take more, and that was taken as an error.",
        Symptom.LOST: "what a slow client could not take at once was thrown away.",
        Symptom.DIFFERENT_TEXT: "what a slow client could not take at once was thrown away.",
    },
)
def test_stuck_reader(room: Room) -> None:
    stories.survives_a_stuck_reader(room)


@check(
    "idle",
    3,
    "an idle room costs no CPU",
    hint="Sockets are nearly always ready to be written. When do you ask for it?",
    read=NOBODY_WAITS,
    rule=BROADCAST,
    likely={
        Symptom.SPINNING: "the loop never waits. Ask for EVENT_WRITE only while there is something to "
        "write, and leave the loop of a client whose recv() returned b''.",
    },
)
def test_idle(room: Room) -> None:
    stories.rests(room)


@check(
    "restart",
    2,
    "starts again on the same port at once",
    hint="Which socket option says that a port may be used again at once?",
    read=START,
    rule=ANY,
    likely={
        Symptom.CRASHED: "the port is still kept for the old connection (TIME_WAIT). Set SO_REUSEADDR "
        "on the listening socket before bind().",
    },
)
def test_restart(bench: Bench) -> None:
    any_server.starts_again_at_once(bench, bench.connect)


@check(
    "ctrl-c",
    2,
    "ends on Ctrl-C, with and without a client, cleanly",
    hint="Ctrl-C raises KeyboardInterrupt where your main thread waits. Who catches it?",
    read=START,
    rule=ANY,
)
def test_ctrl_c(bench: Bench) -> None:
    any_server.stops_on_ctrl_c(bench, bench.connect)
