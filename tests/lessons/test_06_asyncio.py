"""Lesson 6, an encore: the room with names on asyncio. A newcomer is told who is here."""

from chatkit.bench import Bench, Failure, NotMet, Peer, Symptom, bare, quoted
from chatkit.course import check, take

from . import any_server, leaving, names, waiting
from . import test_04_nicknames as nicknames
from .room import GREETING, Room

HERE = "lesson-6-asyncio"

START = "Starting and stopping"
TASKS = "A task for each client"
OUTBOX = "An outbox for each client"
AWAIT = "What happens in one go"
END = "Somebody leaves"


class HereRoom(Room):
    """A room that tells a newcomer who is here. What it tells is the business of one check."""

    def __init__(self, bench: Bench, *, turns: str = "") -> None:
        super().__init__(bench, names=True, turns=turns)

    def anew(self, *, turns: str = "") -> Room:
        return HereRoom(self.bench, turns=turns)

    def welcome(self, peer: Peer, name: str) -> None:
        here = f"Here: {', '.join(member.name for member in self.members)}".rstrip()
        for member in self.members:
            member.own.add(here.encode())
        super().welcome(peer, name)
        self.bench.settle()
        if peer.inbox.startswith(b"Here:") and b"\n" in peer.inbox:
            peer.next_line()


def room(bench: Bench) -> HereRoom:
    return HereRoom(bench)


def hears_who_is_here(room: Room, peer: Peer, *there: str, step: str = "handshake") -> None:
    """A newcomer gives its name, and is told just those names, in any order."""
    notice = f"{peer.name} connected to the server!"
    peer.own.add(notice.encode())
    with room.bench.during(step):
        peer.hears("NICK")
        peer.says(peer.name)
        peer.hears(GREETING)
    wanted = f"{peer.name} to get one line: Here: {', '.join(there)}".rstrip()
    stop = room.bench.wait(lambda: b"\n" in peer.inbox)
    line = bare(peer.next_line() or b"").decode(errors="replace")
    if not line:
        raise room.bench.explained(NotMet(stop, wanted, bytes(peer.inbox), peer))
    begin, colon, rest = line.partition(":")
    told = sorted(name.strip() for name in rest.split(",")) if rest.strip() else []
    if (begin, colon) != ("Here", ":") or told != sorted(there):
        what = f"{peer.name} was told something else than who is here"
        raise Failure(Symptom.DIFFERENT_TEXT, what, wanted, quoted(line.encode() + b"\n"))
    for member in room.members:
        member.hears(notice)
    room.members.append(peer)


test_ready_line = take(any_server.test_ready_line, points=4, read=START, free=True)
test_handshake = take(
    names.test_first_words,
    points=10,
    read=TASKS,
    rule=HERE,
    room=room,
    owns=("connect", "handshake", "greeting", "join"),
)


@check(
    "here",
    "a newcomer gets one line after the greeting, with the names of all who are here",
    points=16,
    hint="Who is here when a newcomer comes, who has just gone, and who has no name yet?",
    read=AWAIT,
    rule=HERE,
)
def test_here(bench: Bench) -> None:
    room = HereRoom(bench)
    there: list[str] = []
    for name in ("alice", "bob", "carol"):
        hears_who_is_here(room, bench.connect(name), *there)
        there.append(name)
    room.nobody_hears("who is here is told to a newcomer alone, in one line")
    with bench.during("goodbye"):
        room.leaves(room.members[1])
    mute = bench.connect("mute")  # it has no name yet, so it is not here
    with bench.during("handshake"):
        mute.hears("NICK")
    hears_who_is_here(room, bench.connect("dave"), "alice", "carol", step="mute")


test_says_who = take(nicknames.test_says_who, points=10, read=TASKS, rule=HERE, room=room)
test_leave_notice = take(
    nicknames.test_leave_notice,
    points=8,
    hint="The lines have ended. What must the others know, and what must your server forget?",
    read=END,
    rule=HERE,
    room=room,
)
test_reset_notice = take(
    nicknames.test_reset_notice,
    points=8,
    hint="read() raised. Is that another end than read() returning b''?",
    read=END,
    rule=HERE,
    room=room,
)
test_name_and_chat = take(nicknames.test_name_and_chat, points=6, read=TASKS, rule=HERE, room=room)
test_name_rules = take(
    names.test_name_rules, points=6, hint="Which names are good?", read=AWAIT, rule=HERE, room=room
)
test_slow_to_name = take(
    nicknames.test_slow_to_name,
    points=8,
    hint="Who waits for the name?",
    read=TASKS,
    rule=HERE,
    room=room,
    owns=("mute",),
)
test_line_rules = take(nicknames.test_line_rules, points=5, read=TASKS, room=room)
test_gives_back = take(
    leaving.test_gives_back,
    title="whoever has left hears the end, and keeps no open file",
    points=5,
    hint="When a client goes: which task must end, and who closes the connection?",
    read=END,
    rule=HERE,
    room=room,
)
test_stuck_reader = take(
    waiting.test_stuck_reader,
    points=8,
    hint="Which task waits until somebody reads, and who waits for that task?",
    read=OUTBOX,
    rule=HERE,
    room=room,
)
test_restart = take(any_server.test_restart, points=2, read=START, free=True, join=nicknames.arrive)
test_ctrl_c = take(
    any_server.test_ctrl_c,
    points=4,
    hint="Which tasks still wait?",
    read=START,
    free=True,
    join=nicknames.arrive,
)
