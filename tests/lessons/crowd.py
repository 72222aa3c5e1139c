"""Many at once: where threads meet. For lessons 3 and 4.

What is to happen at once, the server finds all at once: it is frozen meanwhile, so no order depends
on how fast the bench is. In a room with `turns` its threads pause between two lines of the
student's file.
"""

import contextlib

from chatkit.bench import Bench, Peer, as_bytes
from chatkit.course import check

from .room import Room, busy_is_told_elsewhere, collect

THREADS = "lesson-3-threads"

OUTBOX = "An outbox for each client"
SHARED = "What threads share"


def room(bench: Bench) -> Room:
    return Room(bench)


@check(
    "crowd",
    "30 clients send 20 long lines at once: nothing lost, torn or out of order",
    points=12,
    hint="How many threads write to one socket at the same time?",
    read=OUTBOX,
    rule=THREADS,
)
def test_crowd(room: Room) -> None:
    """Everybody sends long lines at once: nothing lost, torn or out of a sender's order."""
    clients, lines = 30, 20
    crowd = room.join(*(f"client{number:02d}" for number in range(clients)))
    texts = {
        peer: [f"{room.bench.word()} {peer.name} {n:02d} ".ljust(4000, "x") for n in range(lines)]
        for peer in crowd
    }
    at_once = max(1, 800_000 // (clients * 4000))  # under 1 MB waits for anybody at any time
    for start in range(0, lines, at_once):
        for number in range(start, min(start + at_once, lines)):
            for peer in crowd:
                peer.says(texts[peer][number])
        said = {  # in bytes, once for all hearers
            peer: [as_bytes(room.line(peer, text)) for text in texts[peer][start : start + at_once]]
            for peer in crowd
        }
        for hearer in crowd:
            part = {peer.name: lines for peer, lines in said.items() if peer is not hearer}
            collect(room.bench, hearer, part)
    room.nobody_hears("every line has been heard once")


@check(
    "churn",
    "20 resets while 10 others talk: no survivor harmed, none cut off",
    points=12,
    hint="What happens to a loop over a list when another thread removes an item?",
    read=SHARED,
    rule=THREADS,
    owns=("turns",),
)
def test_churn(room: Room) -> None:
    """Many are reset while others talk, and then some come while some go."""
    # Where people have names, there is no check `idle` that would tell of a busy program.
    with contextlib.nullcontext() if room.names else busy_is_told_elsewhere():
        survives_churn(room)
        room.bench.clear()
        for seed in room.bench.orders(1, 2):
            comes_and_goes_at_once(room.anew(turns=seed))


def survives_churn(room: Room) -> None:
    """Twenty resets while ten others talk: no survivor harmed, none cut off."""
    stay = room.join(*(f"stays{number}" for number in range(10)))
    if room.names:
        with room.bench.during("goodbye"):  # one reset alone is told as it should be
            (visitor,) = room.join("visitor")
            room.resets(visitor)
            room.nobody_hears("the visitor has left once")
    go = room.join(*(f"goes{number:02d}" for number in range(20)))
    said: dict[Peer, list[str]] = {peer: [] for peer in stay}
    for number, visitor in enumerate(go):
        for peer in (stay[number % 10], stay[(number + 3) % 10]):
            text = f"{room.bench.word()} {number}"
            peer.says(text)
            said[peer].append(text)
        visitor.resets()
        room.members.remove(visitor)
    for hearer in stay:
        expected = {
            peer.name: [room.line(peer, text) for text in texts]
            for peer, texts in said.items()
            if peer is not hearer
        }
        if room.names:
            expected |= {visitor.name: [f"{visitor.name} has left the chat."] for visitor in go}
        collect(room.bench, hearer, expected)
    for peer in stay:
        room.talk(peer, room.bench.word())
    room.nobody_hears("every line has been heard once")


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
