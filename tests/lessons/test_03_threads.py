"""Lesson 3: the same room with threads, and a client that talks and listens at once."""

from chatkit.bench import Bench, Failure, Symptom
from chatkit.course import check, take

from . import any_client, any_server, crowd, leaving, waiting
from . import test_02_broadcast as broadcast
from .room import Room

ANY = "all-programs"
THREADS = "lesson-3-threads"

FOR_EACH = "A thread for each client"
OUTBOX = "An outbox for each client"
LEAVING = "Somebody leaves"
CLIENT = "The client"


def room(bench: Bench) -> Room:
    return Room(bench)


test_ready_line = take(any_server.test_ready_line, points=2)


@check(
    "delivery",
    "a line reaches the others, not its sender, in order",
    points=8,
    hint="Which thread hears the line, and which threads pass it on?",
    read=FOR_EACH,
    rule=THREADS,
    owns=("connect", "delivery"),
)
def test_delivery(room: Room) -> None:
    alice, bob, carol = room.join("alice", "bob", "carol")
    for speaker in (alice, bob, carol):
        room.talk(speaker, *(room.bench.word() for _ in range(20)))
        speaker.hears_nothing("it is their own line", own=True)
    room.bench.clear()
    broadcast.test_in_order(room.anew())


@check(
    "framing",
    "half lines wait, two in one are two, nothing mixes, characters stay whole",
    points=8,
    hint="Which bytes does each reading thread keep for its next recv()?",
    read=FOR_EACH,
    rule=THREADS,
)
def test_framing(room: Room) -> None:
    room.plays(
        broadcast.test_half_line,
        broadcast.test_two_in_one,
        broadcast.test_no_mixing,
        broadcast.test_split_character,
    )


test_line_rules = take(broadcast.test_line_rules, points=4, read=FOR_EACH)


@check(
    "leave-and-reset",
    "after a clean leave, a reset or half a line the others go on",
    points=8,
    hint="Who takes a client out of the collection, and in which cases?",
    read=LEAVING,
    rule=ANY,
    owns=("leaving",),
)
def test_leave_and_reset(room: Room) -> None:
    room.plays(leaving.test_leave, leaving.test_reset, leaving.test_unfinished_line)


@check(
    "silent-clients",
    "clients that never say a word block nobody",
    points=6,
    hint="What is the difference between thread.run() and thread.start()?",
    read=FOR_EACH,
    rule=THREADS,
)
def test_silent_clients(room: Room) -> None:
    room.plays(lets_everybody_in, waiting.delivers_to_talkers, waiting.lets_silent_clients_be)


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


test_stuck_reader = waiting.test_stuck_reader_goes
test_crowd = crowd.test_crowd
test_churn = crowd.test_churn
test_gives_back = leaving.test_gives_back

test_idle = take(
    waiting.test_idle, points=2, hint="queue.get() can wait. Does yours?", read=OUTBOX, rule=ANY
)
test_restart = take(any_server.test_restart, points=3)
test_ctrl_c = any_server.test_ctrl_c_with_threads


@check(
    "client-listens",
    "the client prints what arrives while nothing is typed",
    points=8,
    hint="In which call does your client wait when nobody types?",
    read=CLIENT,
    rule=THREADS,
    program="client.py",
    owns=("start", "connect", "listening"),
)
def test_client_listens(bench: Bench) -> None:
    bench.listen()
    bench.start_client()
    server = bench.accept()
    words = [bench.word() for _ in range(3)]
    server.says(words[0])
    bench.prints(words[0])
    server.sends(words[1][:3], words[1][3:] + "\n" + words[2] + "\n")
    bench.prints(words[1])
    bench.prints(words[2])
    long = bench.word().ljust(4096, "x")
    server.sends(long[:4000], long[4000:] + "\n")
    bench.prints(long)
    any_client.hears_anything_at_any_time(bench, server)
    any_client.prints_into_a_pipe(bench)


@check(
    "client-sends",
    "the client sends what is typed while nothing arrives",
    points=4,
    hint="In which call does your client wait when nothing arrives?",
    read=CLIENT,
    rule=THREADS,
    program="client.py",
    owns=("sending",),
)
def test_client_sends(bench: Bench) -> None:
    bench.listen()
    client = bench.start_client()
    server = bench.accept()
    for word in (bench.word(), bench.word()):
        client.types(f"{word}\n".encode())
        server.hears(word)
    any_client.sends_what_looks_like_a_command(client, server)


@check(
    "client-server-lost",
    "the client ends without a key press when the server is gone",
    points=3,
    hint="Your keyboard thread waits for a key. Who ends the program?",
    read=CLIENT,
    rule=ANY,
    program="client.py",
)
def test_client_server_lost(bench: Bench) -> None:
    for way in ("leaves", "resets"):
        bench.listen()
        bench.start_client()
        server = bench.accept()
        server.says("hello")
        with bench.during("listening"):
            bench.prints("hello")
        getattr(server, way)()
        bench.exits(None)
        any_client.says_why(bench)
        bench.clear()


test_client_end_of_input = any_client.test_client_end_of_input
test_client_no_server = take(any_client.test_client_no_server, points=1, read=CLIENT)


@check(
    "client-ctrl-c",
    "Ctrl-C ends the client cleanly",
    points=1,
    hint="Ctrl-C reaches the main thread. Who wakes the others?",
    read=CLIENT,
    rule=ANY,
    program="client.py",
)
def test_client_ctrl_c(bench: Bench) -> None:
    bench.listen()
    bench.start_client()
    bench.accept()
    any_client.stops_on_ctrl_c(bench)
    any_client.stops_while_it_connects(bench)
