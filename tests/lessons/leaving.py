"""Somebody leaves: the others go on, and nothing is left behind. For every room.

Clients leave cleanly, break off, half-close, or stop in the middle of a line.
"""

from chatkit.bench import Bench, Failure, Peer, Symptom
from chatkit.course import check

from .room import Room, collect

ANY = "all-programs"
THREADS = "lesson-3-threads"

LEAVING = "Somebody leaves"
HELD = 4 << 20  # bytes of memory that a server may hold more than before, after 8 MB of chat


def room(bench: Bench) -> Room:
    return Room(bench)


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
    """Members leave cleanly, the first, the last and one in the middle: the others go on."""
    alice, bob, carol, dave, eve = room.join("alice", "bob", "carol", "dave", "eve")
    room.leaves(carol)
    room.talk(alice, room.bench.word())
    room.leaves(alice)
    room.talk(bob, room.bench.word())
    with room.bench.frozen():
        bob.says(word := room.bench.word())
        eve.leaves()
    room.members.remove(eve)
    dave.hears(room.line(bob, word))
    if room.names:
        bob.hears("eve has left the chat.")
        dave.hears("eve has left the chat.")
    (frank,) = room.join("frank")
    room.talk(dave, room.bench.word())
    room.talk(frank, room.bench.word())
    room.leaves(*room.members)
    room.bench.settle(quietly=True)
    grace, _ = room.join("grace", "heidi")  # a room that was empty is a room like any other
    room.talk(grace, room.bench.word())


@check(
    "reset",
    "after a reset the others go on, even in the middle of a broadcast",
    points=7,
    hint="recv() can raise, and send() can raise. What then?",
    read=LEAVING,
    rule=ANY,
)
def test_reset(room: Room) -> None:
    """Members reset, even in the middle of a broadcast: the others go on."""
    alice, bob, carol, dave = room.join("alice", "bob", "carol", "dave")
    room.resets(carol)
    room.talk(alice, room.bench.word())
    hers, last, his = (room.bench.word() for _ in range(3))
    with room.bench.frozen():  # so that the server finds all this at once
        alice.says(hers)
        bob.says(last)  # many read this, then send him her line, and only then see the reset
        bob.resets()
        dave.says(his)
    room.members.remove(bob)
    for member in room.members:  # a reset may destroy his last line: it may come, and need not
        member.own.add(room.line(bob, last).encode())
    notice = {"the server": ["bob has left the chat."]} if room.names else {}
    collect(room.bench, dave, {"alice": [room.line(alice, hers)], **notice})
    collect(room.bench, alice, {"dave": [room.line(dave, his)], **notice})
    (eve,) = room.join("eve")
    room.talk(dave, room.bench.word())
    room.talk(eve, room.bench.word())


@check(
    "half-close",
    "who half-closes has left, and hears the end of the stream",
    points=2,
    hint="Somebody will say nothing more. What does your server do with that socket?",
    read=LEAVING,
    rule=ANY,
)
def test_half_close(room: Room) -> None:
    """A client that half-closes hears the end of the connection, and is no longer in the room."""
    alice, bob, carol, dave = room.join("alice", "bob", "carol", "dave")
    with room.bench.during("leaving"):  # a clean close alone is another check's
        room.leaves(dave)
        for _ in range(2):  # a socket that is still listed refuses only the second
            room.talk(alice, room.bench.word())
    room.half_closes(carol)
    room.talk(alice, room.bench.word())
    room.talk(bob, room.bench.word())


@check(
    "unfinished-line",
    "half a line of somebody who left comes before nobody else's",
    points=1,
    hint="When somebody leaves, where are the bytes that you have kept for them?",
    read=LEAVING,
    rule=ANY,
)
def test_unfinished_line(room: Room) -> None:
    """Somebody leaves in the middle of a line. The next client often gets the same file number.

    Linux takes the number before accept() begins to wait: there the second who comes may get it.
    """
    alice, _, leaver = room.join("alice", "bob", "carol")
    half = room.bench.word()
    leaver.sends(half)
    room.bench.settle()
    with room.bench.during("mixing"):  # that one buffer is not enough is another check's
        room.talk(alice, room.bench.word())
    for member in room.others(leaver):  # what becomes of the half line is not graded
        member.own.add(room.line(leaver, half).encode())
    with room.bench.during("leaving"):
        room.leaves(leaver)
        for _ in range(2):  # a socket that is still listed refuses only the second
            room.talk(alice, room.bench.word())
    for newcomer in room.join("dave", "eve"):
        newcomer.says(word := room.bench.word())
        for member in room.others(newcomer):
            wanted = room.line(newcomer, word)
            member.hears(wanted, because="and nothing of the one who left before")


@check(
    "gives-back",
    "whoever has left hears the end, and leaves no thread and no open file behind",
    points=5,
    hint="When a client goes: which threads must end, and who closes the socket?",
    read=LEAVING,
    rule=THREADS,
)
def test_gives_back(room: Room) -> None:
    """Nothing is kept of those who have left, and nothing of what is said after they have."""
    room.plays(gives_everything_back, test_half_close, forgets_who_has_left)
    if not room.names:  # who leaves before giving a name is another check's
        for seed in room.bench.orders(1):
            gives_back_hasty_visitors(room.anew(turns=seed))


def gives_everything_back(room: Room, clients: int = 12) -> None:
    """A second crowd, come and gone, leaves no more threads and open files than the first."""
    held = []
    with room.bench.during("leaving"):  # what is asked here is only what they leave behind
        for round in (1, 2):
            crowd = room.join(*(f"round{round}client{number}" for number in range(clients)))
            room.talk(crowd[0], room.bench.word())
            for number, peer in enumerate(crowd):
                (room.resets if number % 2 else room.leaves)(peer)
            room.bench.settle()
            held.append(room.bench.holds())
    must_hold_no_more(*held)


def must_hold_no_more(before: tuple[int, int], after: tuple[int, int]) -> None:
    """Raise Failure if there are more threads, or more open files, than there were."""
    (threads, files), (threads_now, files_now) = before, after
    if threads_now > threads or files_now > files:
        raise Failure(
            Symptom.LEAKED,
            "clients that have left leave something behind",
            f"no more than after the first crowd: {threads} threads, {files} open files",
            f"after the second crowd: {threads_now} threads, {files_now} open files",
        )


def forgets_who_has_left(room: Room, visitors: int = 30) -> None:
    """What is said after somebody has left is not stored for them: 8 MB of chat cost no memory."""
    alice, bob = room.join("alice", "bob", proof=False)
    with room.bench.during("leaving"):
        crowd = room.join(*(f"visitor{number:02d}" for number in range(visitors)), proof=False)
        for number, visitor in enumerate(crowd):
            (room.resets if number % 2 else room.leaves)(visitor)
    remembers_nothing(room, alice, bob)


def remembers_nothing(room: Room, speaker: Peer, hearer: Peer) -> None:
    """8 MB of chat between two; afterwards the server holds about as much memory as before."""
    word = room.bench.word()
    texts = [f"{word} {number} ".ljust(4000, "x") for number in range(2000)]
    for beginning in (texts[:250], texts[250:]):  # what the first megabyte costs, any room costs
        room.bench.settle()
        before = room.bench.memory()
        if before is None:  # a note says so
            room.talk(speaker, word, to=[hearer])
            return
        room.talk(speaker, *beginning, to=[hearer])
    room.bench.settle()
    grown = (room.bench.memory() or 0) - before
    if grown > HELD:
        raise Failure(
            Symptom.HOARDED,
            "the server keeps what is said, although everybody who is there has got it",
            f"at most {HELD >> 20} MB more memory than before 7 MB of chat",
            f"{grown / (1 << 20):.0f} MB more",
        )


def gives_back_hasty_visitors(room: Room, crowd: int = 30) -> None:
    """Visitors who leave as soon as they have come keep no more than those who took their time."""
    room.join("alice", "bob", proof=False)
    if room.bench.memory() is None:
        return  # without /proc nobody can count what is kept, and each visitor takes seconds
    held = []
    with room.bench.during("leaving"):
        for hasty in (False, True):
            for number in room.bench.in_rounds(crowd):
                with room.bench.frozen():
                    visitor = room.bench.connect(f"visitor{number}")
                    if hasty:
                        visitor.leaves()
                if not hasty:
                    room.bench.settle()
                    visitor.leaves()
                room.bench.settle()
            held.append(room.bench.holds())
    must_hold_no_more(*held)
