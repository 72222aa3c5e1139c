"""Names: what only lesson 4 has. Stories about the handshake and about who comes and goes."""

from chatkit.bench import Failure, NotMet, Peer, Symptom, bare, quoted

from .room import GREETING, Room


def shakes_hands_in_order(room: Room) -> None:
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


def follows_the_rules_for_names(room: Room) -> None:
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


def waits_for_nobody(room: Room) -> None:
    """One that never gives a name blocks nobody, and hears no chat."""
    mute = room.bench.connect("mute")
    with room.bench.during("handshake"):
        mute.hears("NICK")
    alice, bob = room.join("alice", "bob", proof=False)
    room.talk(alice, room.bench.word())
    room.talk(bob, room.bench.word())
    mute.hears_nothing("it has not given a name")


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


def says_goodbye_once(room: Room, way: str) -> None:
    """The others hear of it exactly once, and the name is free again."""
    alice, bob, carol = room.join("alice", "bob", "carol")
    getattr(alice, way)()
    room.members.remove(alice)
    for member in (bob, carol):
        member.hears("alice has left the chat.")
    room.nobody_hears("alice has left once")
    (again,) = room.join("alice")
    room.talk(again, room.bench.word())
    room.talk(bob, room.bench.word())


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
