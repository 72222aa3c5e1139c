"""Where threads meet: stories in which many things happen at once, for lessons 3 and 4.

Most are told to a room whose server is scheduled (`Room(…, turns=…)`): its threads pause between
two lines of the student's file. What is to happen at once, the server finds all at once: it is
frozen meanwhile, so no order depends on how fast the bench is.
"""

import contextlib
from collections.abc import Iterator

from chatkit.bench import Failure, NotMet, Peer, Symptom, bare, quoted

from .names import is_refused
from .room import GREETING, Room, collect, must_hold_no_more

HELD = 4 << 20  # bytes of memory that a server may hold more than before, after 8 MB of chat


def comes_and_goes_at_once(room: Room, rounds: int = 45, staying: int = 3) -> None:
    """Some join, some leave and all others talk, at the same time, again and again."""
    go = room.join("goes0", proof=False)  # the first in any list: everybody stands behind it
    stay = room.join(*(f"stays{number}" for number in range(staying)), proof=False)
    go += room.join("goes1", proof=False)
    new: list[Peer] = []
    for round in room.bench.in_rounds(rounds):
        said = {peer: [room.bench.word() for _ in range(3)] for peer in stay}
        come = new if room.names else []  # those that are known to have come
        with room.bench.frozen():
            for peer in stay:
                peer.says(*said[peer])
            for peer in come:
                peer.says(peer.name)
            for number, peer in enumerate(go):
                (Peer.resets if number % 2 else Peer.leaves)(peer)
            # No more than one: a server may have a place for no more before it accepts.
            new = [room.bench.connect(f"comes{round}n0")]
        new.append(room.bench.connect(f"comes{round}n1"))
        for hearer in stay:
            expected = {
                peer.name: [room.line(peer, text) for text in texts]
                for peer, texts in said.items()
                if peer is not hearer
            }
            if room.names:
                expected |= {peer.name: [f"{peer.name} has left the chat."] for peer in go}
                expected |= {peer.name: [f"{peer.name} connected to the server!"] for peer in come}
            collect(room.bench, hearer, expected)
        room.members = [*stay, *(come if room.names else new)]
        go = room.others(*stay)
        if room.names:
            for peer in new:
                with room.bench.during("handshake"):
                    peer.hears("NICK")
        else:
            room.bench.settle()
    for peer in go:
        peer.inbox.clear()  # what they have heard depends on when they came in
    for peer in stay:
        room.talk(peer, room.bench.word(), to=[hearer for hearer in stay if hearer is not peer])
    for peer in go:
        peer.leaves()
        room.members.remove(peer)


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


def lets_everybody_in(room: Room) -> None:
    """While clients are silent, the next ones are accepted (Linux; elsewhere nobody tells)."""
    for number in range(3):
        room.bench.connect(f"silent{number}")
        room.bench.settle(quietly=True)
    if waiting := sum(one.waiting_in for one in room.bench.listeners(room.server)):
        raise Failure(
            Symptom.SILENT,
            "server.py accepts nobody while a client is silent",
            "all three who have connected to be accepted",
            f"{waiting} still wait for accept()",
        )


@contextlib.contextmanager
def leaving_races_to_churn() -> Iterator[None]:
    """A collection that changes while a thread goes through it is what the check churn is about.

    Where it comes to light by chance in another check, it is the set-up step "turns" that failed.
    """
    try:
        yield
    except Failure as failure:
        if "during iteration" in f"{failure.message} {failure.received}":
            failure.step = "turns"
        raise


# ------------------------------------------------------------------------ only with names


def greets_before_chat(
    room: Room, rounds: int = 60, newcomers: int = 3, *, whole: bool = True
) -> None:
    """Newcomers come while others talk: first the greeting, then every line that is said after.

    Not `whole`: what alice and bob hear meanwhile is not asked.
    """
    alice, bob = room.join("alice", "bob")
    for round in room.bench.in_rounds(rounds):
        new = [room.bench.connect(f"c{round}n{number}") for number in range(newcomers)]
        notices = {peer.name: [f"{peer.name} connected to the server!"] for peer in new}
        for peer in new:
            with room.bench.during("handshake"):
                peer.hears("NICK")
        said = {who: [room.bench.word() for _ in range(4)] for who in (alice, bob)}
        with room.bench.frozen():
            for peer in new:
                peer.says(peer.name)
            for who, words in said.items():
                who.says(*words)
        for peer in new:
            with charged_to("greeting"):
                hears_the_greeting_first(peer)
            said[alice].append(room.bench.word())
            alice.says(said[alice][-1])
            with charged_to("taking"):
                hears_sooner_or_later(peer, room.line(alice, said[alice][-1]).encode())
        for hearer, speaker in ((alice, bob), (bob, alice)) if whole else ():
            lines = [room.line(speaker, word) for word in said[speaker]]
            collect(room.bench, hearer, {speaker.name: lines, **notices})
        for peer in new:
            for member in room.members:  # how leaving is told is another check's
                member.own.add(f"{peer.name} has left the chat.".encode())
            peer.leaves()
        room.bench.settle()


@contextlib.contextmanager
def charged_to(step: str) -> Iterator[None]:
    """A failure in here is one of this step, however often it has worked before."""
    try:
        yield
    except Failure as failure:
        failure.step = step
        raise


def hears_the_greeting_first(peer: Peer) -> None:
    """The next line is the greeting: no chat comes before it."""
    greeting = quoted(f"{GREETING}\n".encode())
    wanted = f"{peer.name} to get {greeting}, before any chat"
    stop, line = peer.waits_for_line(lambda line: line == GREETING.encode())
    if line is None:
        raise peer.bench.explained(NotMet(stop, wanted, bytes(peer.inbox), peer))
    if bare(line) != GREETING.encode():
        told = f"{peer.name} got something else first"
        raise Failure(Symptom.DIFFERENT_TEXT, told, wanted, quoted(line + b"\n"))


def hears_sooner_or_later(peer: Peer, wanted: bytes) -> None:
    """The peer hears this line, after whatever else is said. It was said after its greeting."""
    while True:
        stop, line = peer.waits_for_line(lambda line: line == wanted)
        if line is None:
            peer.bench.transcript.add(peer.far, peer.name, "missing", wanted + b"\n")
            told = f"{peer.name} to get {quoted(wanted)}: it was said after the greeting"
            raise peer.bench.explained(
                NotMet(stop, told, bytes(peer.inbox), peer, silence=Symptom.LOST)
            )
        if bare(line) == wanted:
            return


def gives_a_name_to_one(room: Room, rounds: int = 60) -> None:
    """Many ask for one name at once: one gets it. It is free again once the leaving is told."""
    (alice,) = room.join("alice")
    with room.bench.during("goodbye"):  # one after the other all is as it should be
        for _ in range(2):
            (visitor,) = room.join("visitor")
            room.leaves(visitor)
            room.nobody_hears("the visitor has left once")
    with room.bench.during("names"):  # that a name is taken is seen at all
        stranger = room.bench.connect("stranger")
        with room.bench.during("handshake"):
            stranger.hears("NICK")
        is_refused(room, stranger, "alice", "is taken")
    waiting: list[Peer] = []
    holder: Peer | None = None
    fill(room, waiting)
    for round in room.bench.in_rounds(rounds):
        if holder:  # whoever asks after alice has heard that the name is free gets it
            holder.leaves()
            alice.hears("zoe has left the chat.")
            holder = waiting.pop()
            gets_the_free_name(holder)
            alice.hears("zoe connected to the server!")
            room.bench.settle()
            room.bench.next_round(half=True)
        gone = holder if round % 2 else None
        if holder and not gone:
            holder.leaves()
            alice.hears("zoe has left the chat.")
            room.bench.settle()
            room.bench.next_round(half=True)
        with room.bench.frozen():
            if gone:
                gone.leaves()
            for peer in waiting:
                peer.says(*["zoe"] * 3)  # whoever is refused asks again, and again
        room.bench.settle()
        winners = [peer for peer in waiting if is_greeted(peer)]
        if len(winners) > 1 or (not winners and not gone):
            raise Failure(
                Symptom.ACCEPTED if winners else Symptom.DIFFERENT_TEXT,
                f"of {len(waiting)} clients that asked for the name 'zoe' at once "
                f"{len(winners) or 'none'} got it",
                "one of them to get it, the others to be asked again",
                ", ".join(peer.name for peer in winners) or "nobody got it",
            )
        told = [bare(line).decode("utf-8", "replace") for line in taken(alice)]
        told = [line for line in told if line != "zoe: zoe"]  # what was no answer is chat
        wanted = ["zoe has left the chat."] * bool(gone)
        wanted += ["zoe connected to the server!"] * len(winners)
        if told != wanted:
            mixed = sorted(told) == sorted(wanted)
            raise Failure(
                Symptom.WRONG_ORDER if mixed else Symptom.DIFFERENT_TEXT,
                "alice was not told who came and went, in this order",
                f"alice to get {wanted}",
                f"{told}",
            )
        holder = winners[0] if winners else None
        waiting = [peer for peer in waiting if peer is not holder]
        fill(room, waiting)


def fill(room: Room, waiting: list[Peer]) -> None:
    """Have five who are asked for their name."""
    while len(waiting) < 5:
        waiting.append(peer := room.bench.connect(f"asker{len(room.bench.peers)}"))
        with room.bench.during("handshake"):
            peer.hears("NICK")


def gets_the_free_name(peer: Peer) -> None:
    """The peer asks for a name of which everybody knows that it is free, and gets it."""
    taken(peer)
    peer.says("zoe")
    answers = (GREETING.encode(), b"NICK")
    stop = peer.bench.wait(lambda: any(one in peer.inbox for one in answers) or peer.ended)
    wanted = f"{peer.name} to get the name 'zoe': alice has heard that zoe has left"
    if not (said := taken(peer)):
        raise peer.bench.explained(NotMet(stop, wanted, b"", peer))
    if GREETING.encode() not in map(bare, said):
        told = "a name was refused that is free again"
        raise Failure(Symptom.DIFFERENT_TEXT, told, wanted, quoted(said[0] + b"\n"))


def is_greeted(peer: Peer) -> bool:
    """Whether the greeting is among the lines that have come; they are taken out of the inbox."""
    return GREETING.encode() in map(bare, taken(peer))


def taken(peer: Peer) -> list[bytes]:
    """All whole lines that have arrived, taken out of the inbox."""
    lines = []
    while (line := peer.next_line()) is not None:
        lines.append(line)
    return lines


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
