"""Names: who gets which, and what comes first. For lesson 4."""

import contextlib
from collections.abc import Iterator

from chatkit.bench import Bench, Failure, NotMet, Peer, Symptom, bare, quoted
from chatkit.course import check

from .room import GREETING, Room, collect

NAMES = "lesson-4-nicknames"

HANDSHAKE = "The handshake"
RULES = "The rules for a name"


def room(bench: Bench) -> Room:
    return Room(bench, names=True)


shakes_hands = check(
    "handshake",
    "asks NICK, reads the name, says Connected to the server, in that order",
    points=8,
    hint="What does each side say first, and what comes only after the name?",
    read=HANDSHAKE,
    rule=NAMES,
    owns=("connect", "handshake", "greeting"),
)


@shakes_hands
def test_handshake(room: Room) -> None:
    """The steps come in order, also where newcomers come while others talk."""
    test_first_words(room)
    room.bench.clear()
    for seed in room.bench.orders(1):
        greets_before_chat(room.anew(turns=seed))


@shakes_hands
def test_first_words(room: Room) -> None:
    """NICK, the name, the greeting, as lines; and no chat before that."""
    alice, bob = room.join("alice", "bob")
    carol = room.bench.connect("carol")
    with room.bench.during("handshake"):
        carol.hears("NICK")
        room.talk(alice, room.bench.word())
        carol.hears_nothing("she has not given her name")
        carol.says("carol")
        room.welcome(carol, "carol")
    room.talk(bob, room.bench.word())


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
    """Whoever looks at the names and takes one must not be disturbed in between."""
    for seed in bench.orders(1):
        gives_a_name_to_one(Room(bench, names=True, turns=seed))
        bench.clear()
        greets_before_chat(Room(bench, names=True, turns=seed), whole=False)


def gives_a_name_to_one(room: Room, rounds: int = 40) -> None:
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
    for _ in room.bench.in_rounds(rounds):
        for meanwhile in (False, True):  # the last one goes before they ask, and while they ask
            if holder:  # whoever asks after alice has heard that the name is free gets it
                frees_the_name(alice, holder)
                holder = waiting.pop()
                gets_the_free_name(holder)
                alice.hears("zoe connected to the server!")
                begins_again(room)
            gone = holder if meanwhile else None
            if holder and not gone:
                frees_the_name(alice, holder)
                begins_again(room)
            with room.bench.frozen():
                if gone:
                    gone.leaves()
                for peer in waiting:
                    peer.says(*["zoe"] * 3)  # whoever is refused asks again, and again
            room.bench.settle()
            holder = the_one_who_got_it(waiting, gone)
            alice_is_told(alice, came=holder, went=gone)
            waiting = [peer for peer in waiting if peer is not holder]
            fill(room, waiting)


def frees_the_name(alice: Peer, holder: Peer) -> None:
    """The one who has the name leaves, and alice hears of it."""
    holder.leaves()
    alice.hears("zoe has left the chat.")


def begins_again(room: Room) -> None:
    """Another part of the round begins: what comes now is asked at the same line."""
    room.bench.settle()
    room.bench.next_round(part=True)


def the_one_who_got_it(waiting: list[Peer], gone: Peer | None) -> Peer | None:
    """The one of them who was greeted; with `gone`, who left while they asked, it may be nobody."""
    winners = [peer for peer in waiting if is_greeted(peer)]
    if len(winners) > 1 or (not winners and not gone):
        raise Failure(
            Symptom.ACCEPTED if winners else Symptom.DIFFERENT_TEXT,
            f"of {len(waiting)} clients that asked for the name 'zoe' at once "
            f"{len(winners) or 'none'} got it",
            "one of them to get it, the others to be asked again",
            ", ".join(peer.name for peer in winners) or "nobody got it",
        )
    return winners[0] if winners else None


def alice_is_told(alice: Peer, *, came: Peer | None, went: Peer | None) -> None:
    """She hears who went and who came, in this order."""
    told = [bare(line).decode("utf-8", "replace") for line in taken(alice)]
    told = [line for line in told if line != "zoe: zoe"]  # what was no answer is chat
    wanted = ["zoe has left the chat."] * bool(went)
    wanted += ["zoe connected to the server!"] * bool(came)
    if told != wanted:
        mixed = sorted(told) == sorted(wanted)
        raise Failure(
            Symptom.WRONG_ORDER if mixed else Symptom.DIFFERENT_TEXT,
            "alice was not told who came and went, in this order",
            f"alice to get {wanted}",
            f"{told}",
        )


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
    """Bad names are asked for again, good ones are taken, and white space around is ignored."""
    room.join("alice", "bob")
    carol = room.bench.connect("carol")
    with room.bench.during("handshake"):
        carol.hears("NICK")
    for name, why in (
        ("alice", "is taken"),
        ("ALICE", "is taken, in other letters"),
        ("", "is blank"),
        ("   ", "is blank"),
        ("x" * 21, "is longer than 20 characters"),
        ("two words", "is two words"),
        ("a:b", "has a colon"),
        ("ring\a", "has a character that cannot be printed"),
    ):
        is_refused(room, carol, name, why)
    carol.says("  carol  ")
    room.welcome(carol, "carol")
    long, _ = room.join("x" * 20, "y")
    room.talk(long, room.bench.word())


def is_refused(room: Room, peer: Peer, name: str, why: str) -> None:
    """`peer` answers NICK with `name`, is asked again, and nobody hears of it.

    One line may say why.
    """
    peer.says(name)
    because = f"because the name {name!r} {why}"
    room.bench.wait(lambda: b"\n" in peer.inbox or peer.ended)
    if peer.ended:
        told = f"the connection was closed, {because}"
        raise Failure(Symptom.CLOSED_EARLY, told, "b'NICK\\n' again", "the end of the connection")
    if not peer.inbox.startswith(b"NICK"):
        reason = bare(peer.next_line() or b"")
        if reason == GREETING.encode():
            told = f"the name {name!r} was accepted although it {why}"
            raise Failure(Symptom.ACCEPTED, told, "b'NICK\\n' again", quoted(reason))
    peer.hears("NICK", because=because)
    room.nobody_hears(f"the name {name!r} was refused")
