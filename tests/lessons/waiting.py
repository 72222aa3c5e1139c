"""Nobody waits for anybody: not for one who is silent, and not for one who never reads."""

from chatkit.bench import Bench, Failure, Peer, Symptom
from chatkit.course import check

from .room import Room, collect

BROADCAST = "lesson-2-broadcast"
THREADS = "lesson-3-threads"

NOBODY_WAITS = "Nobody waits for anybody"
OUTBOX = "An outbox for each client"
NAMES = ("alice", "sloth", "bob", "sloth2", "carol")
OVERFULL = 2_600_000  # bytes that a server keeps for somebody: no room has to keep so much
PORTION = 25  # lines
FLOOD = 10_000_000  # bytes after which we stop, whatever the server does


def room(bench: Bench) -> Room:
    return Room(bench)


@check(
    "silent-clients",
    "clients that never say a word block nobody",
    points=6,
    hint="In which call does your server wait, and for whom?",
    read=NOBODY_WAITS,
    rule=BROADCAST,
)
def test_silent_clients(room: Room) -> None:
    """Clients that never say a word block neither newcomers nor talk."""
    delivers_to_talkers(room)
    room.bench.clear()
    lets_silent_clients_be(room.anew())


def delivers_to_talkers(room: Room) -> None:
    """The proof of delivery for a check about silence: here everybody has said something first."""
    with room.bench.during("delivery"):
        talkers = room.join("alice", "bob", "carol", proof=False)
        for peer in talkers:
            peer.says(room.bench.word())
            room.bench.settle(proof=True)
        for peer in talkers:
            peer.inbox.clear()
        room.talk(talkers[0], room.bench.word())
        room.nobody_hears("one line goes to everybody once", but=talkers[0])


def lets_silent_clients_be(room: Room) -> None:
    """Clients that never say a word block neither newcomers nor talk."""
    for number in range(3):
        room.join(f"silent{number}", proof=False)
    alice, bob = room.join("alice", "bob", proof=False)
    room.talk(alice, room.bench.word())
    room.join("silent3", proof=False)
    room.talk(bob, room.bench.word())
    room.bench.sits_out()
    for speaker in (alice, room.members[0]):
        room.talk(speaker, room.bench.word())


@check(
    "stuck-reader",
    "one that never reads does not freeze the room",
    points=6,
    hint="What does sendall() do when the other end does not read?",
    read=NOBODY_WAITS,
    rule=BROADCAST,
)
def test_stuck_reader(room: Room) -> None:
    """One stops reading. The room goes on, and as less than 1 MB waits, nothing is lost for it.

    What that one says meanwhile reaches the others, at the latest when it reads again.
    """
    at_once = lines_in_a_packet(room)
    room.bench.clear()
    room = room.anew()
    alice, bob = room.join("alice", "bob", proof=False)
    (sloth,) = room.join("sloth", slow=True)
    word = room.bench.word()
    texts = [f"{word} long {number} ".ljust(4000, "x") for number in range(200)]
    texts += [f"{word} short {number}" for number in range(1000)]
    sloth.stops_reading()
    for start in range(0, len(texts), at_once):
        room.talk(alice, *texts[start : start + at_once], to=[bob])
    # Whoever sends to it as soon as it speaks may find a little room at first, and then none.
    own = [room.bench.word() for _ in range(3)]
    for said in own:
        sloth.says(said)
        room.bench.settle()
    speaks_up(room, bob)
    room.bench.sits_out(at_least=1.0, at_most=2.5)  # a send may have a time-out
    speaks_up(room, bob)
    sloth.reads_again()
    lines = [room.line(alice, text) for text in texts]
    try:
        collect(room.bench, sloth, {line: [line] for line in lines})  # in any order: not asked here
    except Failure as failure:
        if failure.symptom in (Symptom.DIFFERENT_TEXT, Symptom.UNFINISHED_LINE):
            # Where the gap falls, between lines or in one, is chance.
            failure.symptom = Symptom.LOST
        raise
    for hearer in (alice, bob):
        hearer.hears(*(room.line(sloth, said) for said in own))
    outlives_those_who_never_read(room, at_once)


def lines_in_a_packet(room: Room) -> int:
    """How many lines somebody may say at once: more than one where the server cuts them apart.

    How it cuts lines is asked by other checks. Here it only saves time.
    """
    alice, bob = room.join("alice", "bob", proof=False)
    word = room.bench.word()
    lengths = [4000] * PORTION + [1] * PORTION
    try:
        room.talk(alice, *(f"{word} ".ljust(length, "x") for length in lengths), to=[bob])
    except Failure:
        return 1
    return PORTION


def speaks_up(room: Room, speaker: Peer) -> None:
    """Somebody who has listened for long says a word. Whether it reaches anybody is not asked."""
    word = room.bench.word()
    for member in room.members:
        member.own.add(room.line(speaker, word).encode())
    speaker.says(word)


def outlives_those_who_never_read(room: Room, at_once: int) -> None:
    """Some never read, until the server drops them or a lot waits for them. The room goes on.

    A server that takes them out of what it loops over leaves out those behind them, or ends.
    """
    for _ in range(3):  # which ones come last in a set is chance
        room.bench.clear()
        room = room.anew()
        alice, sloth, bob, other, carol = room.join(*NAMES)
        readers, sloths = [bob, carol], [sloth, other]
        for reader in (alice, *readers):
            reader.own |= {f"{sloth.name} has left the chat.".encode() for sloth in sloths}
        for sloth in sloths:
            sloth.stops_reading()
        there = _overfills(room, alice, readers, sloths, at_once)
        for speaker, hearers in ((bob, [alice, carol]), (alice, readers)):
            room.talk(speaker, room.bench.word(), to=hearers)
        if there:
            break  # a room may keep a lot


def _overfills(
    room: Room, speaker: Peer, readers: list[Peer], sloths: list[Peer], at_once: int
) -> bool:
    """Talk until the server has dropped the sloths, or has to keep a lot. Is one still there?"""
    for number in range(0, FLOOD // 4001, at_once):
        texts = [f"{number + one} ".ljust(4000, "x") for one in range(at_once)]
        room.talk(speaker, *texts, to=readers)
        if (number + at_once) % 50:
            continue
        for reader in readers:
            speaks_up(room, reader)
        room.bench.settle()  # so that nobody's pieces come between those of the next
        if room.bench.sees_sockets:  # what lies in the system's buffers is not the server's
            said = (number + at_once) * 4001
            here = [sloth for sloth in sloths if sloth.is_connected()]
            if not here:
                return False
            if all(said - sloth.waiting_for_it() > OVERFULL for sloth in here):
                break
    return True


@check(
    "stuck-reader",
    "one that never reads does not freeze the room",
    points=6,
    hint="Which thread waits in sendall(), and who waits for that thread?",
    read=OUTBOX,
    rule=THREADS,
)
def test_stuck_reader_goes(room: Room) -> None:
    """One stops reading, and so does another one, which half-closes then."""
    room.plays(test_stuck_reader, lets_a_stuck_reader_go)


def lets_a_stuck_reader_go(room: Room) -> None:
    """One that has stopped reading half-closes: it is gone, and nobody waits for it."""
    alice, bob = room.join("alice", "bob", proof=False)
    (sloth,) = room.join("sloth", slow=True, proof=False)
    word = room.bench.word()
    sloth.stops_reading()
    for number in range(200):  # under 1 MB
        room.talk(alice, f"{word} {number} ".ljust(4000, "x"), to=[bob])
    sloth.finishes()
    room.members.remove(sloth)
    if room.names:
        for member in (alice, bob):
            member.hears("sloth has left the chat.")
    for speaker in (alice, bob):
        room.talk(speaker, room.bench.word())
    (carol,) = room.join("carol", proof=False)
    room.talk(carol, room.bench.word())
    sloth.resets()
    room.talk(alice, room.bench.word())


@check(
    "idle",
    "an idle room costs no CPU",
    points=3,
    hint="Sockets are nearly always ready to be written. When do you ask for it?",
    read=NOBODY_WAITS,
    rule=BROADCAST,
)
def test_idle(room: Room) -> None:
    """An idle room costs no CPU, also after somebody has left and somebody was reset."""
    _, _, carol, dave = room.join("alice", "bob", "carol", "dave")
    room.bench.costs_no_cpu("four clients are silent")
    room.leaves(carol)
    room.resets(dave)
    room.bench.costs_no_cpu("two of four have left")
