"""Lesson 2: the broadcast server. Every line goes to everybody else.

The later lessons tell some of these stories again, in rooms of their own.
"""

from chatkit.bench import Bench, Failure, NotMet, Symptom, bare, quoted
from chatkit.course import check, take

from . import any_server, leaving, waiting
from .plain import COMMANDS
from .room import Room

ANY = "all-programs"
BROADCAST = "lesson-2-broadcast"

STREAM = "Lines from a stream"
OTHERS = "To everyone else"


def room(bench: Bench) -> Room:
    return Room(bench)


test_ready_line = take(any_server.test_ready_line, points=4)


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
    """Each of three people says a line, and both others hear it, once."""
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
    """Two people talk, and neither hears what they have said themselves."""
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
    """Half a line waits for its end, and meanwhile others talk."""
    alice, bob, carol = room.join("alice", "bob", "carol")
    word = room.bench.word()
    alice.sends(word[:3])
    bob.hears_nothing("alice has not ended her line: no b'\\n' yet", Symptom.EARLY_DATA)
    room.talk(carol, room.bench.word())
    alice.sends(word[3:] + "\n")
    for hearer in (bob, carol):
        hearer.hears(room.line(alice, word), because="once, after alice ended her line")


@check(
    "two-in-one",
    "two lines in one packet are two lines to everyone",
    points=8,
    hint="How many b'\\n' can be in what one recv() returned?",
    read=STREAM,
    rule=BROADCAST,
)
def test_two_in_one(room: Room) -> None:
    """Two lines in one packet are two lines to everybody."""
    alice, bob, carol = room.join("alice", "bob", "carol")
    one, two, three = (room.bench.word() for _ in range(3))
    alice.says(one, two)
    for hearer in (bob, carol):
        hearer.hears(room.line(alice, one), room.line(alice, two), because="as two lines")
    alice.says(three)
    bob.hears(room.line(alice, three))


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
    """Two half lines of two clients, both finished later, never mix."""
    alice, bob, carol = room.join("alice", "bob", "carol")
    hers, his = room.bench.word(), room.bench.word()
    alice.sends(hers[:4])
    room.bench.settle()
    bob.sends(his[:4])
    room.bench.settle()
    alice.sends(hers[4:] + "\n")
    carol.hears(room.line(alice, hers))
    bob.hears(room.line(alice, hers))
    bob.sends(his[4:] + "\n")
    carol.hears(room.line(bob, his))
    alice.hears(room.line(bob, his))


test_unfinished_line = leaving.test_unfinished_line


@check(
    "split-character",
    "a character split across packets arrives whole",
    points=6,
    hint="Decode what: the piece that arrived, or the whole line?",
    read=STREAM,
    rule=BROADCAST,
)
def test_split_character(room: Room) -> None:
    """A character whose bytes come in two packets arrives whole."""
    alice, bob, _ = room.join("alice", "bob", "carol")
    text = f"café {room.bench.word()} 😀"
    data = text.encode() + b"\n"
    coffee = data.index(b"\xc3") + 1
    alice.sends(data[:coffee], data[coffee:-4], data[-4:-2], data[-2:])
    bob.hears(room.line(alice, text))


@check(
    "line-rules",
    "long lines pass, blank ones do not, only \\n ends a line",
    points=5,
    hint="Read the rules for lines in the contract, one by one.",
    read=STREAM,
    rule=ANY,
)
def test_line_rules(room: Room) -> None:
    """Long lines, blank lines, other line ends, bytes that are not UTF-8."""
    alice, bob, _ = room.join("alice", "bob", "carol")
    word = room.bench.word()
    long = word + "x" * (4096 - len(word))
    room.talk(alice, long, to=[bob])
    alice.sends("\n", "   \n", "\t\n", f"{word}\n")
    bob.hears(room.line(alice, word), because="and no blank line before it")
    room.talk(alice, f"{word} one\x0btwo\x0cthree\x85four\u2028five", to=[bob])
    room.talk(alice, f"{word}  two blanks,\ta tab,  two blanks", to=[bob])
    for line in COMMANDS:  # one by one: several in a packet are another check's
        room.talk(alice, line, to=[bob])
    alice.sends(f"{word} telnet\r\n")
    bob.hears(room.line(alice, f"{word} telnet"))
    alice.sends(b"before \xff\xfe\xc3 after\n")
    room.bench.wait(lambda: b"\n" in bob.inbox)
    line = bare(bob.next_line() or b"")
    before, after = room.line(alice, "before").encode(), b"after"
    if not (line.startswith(before) and line.endswith(after)):
        told = "a line with bytes that are not UTF-8 did not come through"
        wanted = f"bob to get {quoted(before + b' ')} and what comes of the rest"
        stop = "met" if line else room.bench.wait(lambda: False)
        found = room.bench.explained(NotMet(stop, wanted, line, bob)) if not line else None
        raise found or Failure(Symptom.DIFFERENT_TEXT, told, wanted, quoted(line))
    room.talk(alice, f"{word} goes on", to=[bob])
    room.talk(bob, f"{word} here too", to=[alice])


@check(
    "in-order",
    "1,000 lines of one sender arrive complete and in order",
    points=6,
    hint="What happens to the bytes after the last b'\\n' of a recv()?",
    read=STREAM,
    rule=BROADCAST,
)
def test_in_order(room: Room) -> None:
    """1,000 lines of one sender arrive complete and in order."""
    alice, *_ = room.join("alice", "bob", "carol")
    word = room.bench.word()
    room.talk(alice, *(f"{word} {number}" for number in range(1000)))
    room.talk(alice, word, word, "yes", "yes", room.bench.word())  # said twice is heard twice
    room.nobody_hears("alice has said 1,005 lines and all have got them")


@check(
    "late-joiner",
    "someone who joins later gets nothing old",
    points=3,
    hint="Who was in the room when the line was said?",
    read=OTHERS,
    rule=BROADCAST,
)
def test_late_joiner(room: Room) -> None:
    """Those who come late hear only what is said from then on."""
    alice, *_ = room.join("alice", "bob", "carol")
    room.talk(alice, room.bench.word())
    (dave,) = room.join("dave", old=True)
    dave.hears_nothing("he was not there when it was said")
    room.nobody_hears("nobody has said anything since dave came")
    room.talk(alice, room.bench.word())


test_leave = leaving.test_leave
test_reset = leaving.test_reset
test_half_close = leaving.test_half_close
test_silent_clients = waiting.test_silent_clients
test_stuck_reader = waiting.test_stuck_reader
test_idle = waiting.test_idle
test_restart = take(any_server.test_restart, points=2)
test_ctrl_c = take(any_server.test_ctrl_c, points=2)
