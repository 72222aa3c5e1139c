"""Lesson 3: the same room with threads, and a client that talks and listens at once."""

from chatkit.bench import Bench
from chatkit.course import check

from . import any_client, any_server, turns
from . import room as stories
from .room import Room

ANY = "all-programs"
THREADS = "lesson-3-threads"

START = "Starting and stopping"
FOR_EACH = "A thread for each client"
OUTBOX = "An outbox for each client"
SHARED = "What threads share"
LEAVING = "Somebody leaves"
CLIENT = "The client"


def room(bench: Bench) -> Room:
    return Room(bench)


@check(
    "ready-line",
    "prints the ready line with the real host and port",
    points=2,
    hint="Print it after listen(), with the host you were given and the port of getsockname().",
    read=START,
    rule=ANY,
    owns=("start",),
)
def test_ready_line(bench: Bench) -> None:
    any_server.prints_the_ready_line(bench)


@check(
    "delivery",
    "a line reaches the others, not its sender, in order",
    points=8,
    hint="Which thread hears the line, and which threads pass it on?",
    read=FOR_EACH,
    rule=THREADS,
    owns=("connect", "delivery"),
)
def test_delivery(bench: Bench) -> None:
    room = Room(bench)
    alice, bob, carol = room.join("alice", "bob", "carol")
    for speaker in (alice, bob, carol):
        room.talk(speaker, *(bench.word() for _ in range(20)))
        speaker.hears_nothing("it is their own line", own=True)
    bench.clear()
    stories.keeps_order(Room(bench))


@check(
    "framing",
    "half lines wait, two in one are two, nothing mixes, characters stay whole",
    points=8,
    hint="Which bytes does each reading thread keep for its next recv()?",
    read=FOR_EACH,
    rule=THREADS,
)
def test_framing(bench: Bench) -> None:
    for story in (
        stories.keeps_half_a_line,
        stories.cuts_two_lines_apart,
        stories.mixes_nobody,
        stories.keeps_characters_whole,
    ):
        story(Room(bench))
        bench.clear()


@check(
    "line-rules",
    "long lines pass, blank ones do not, only \\n ends a line",
    points=4,
    hint="Read the rules for lines in the contract, one by one.",
    read=FOR_EACH,
    rule=ANY,
)
def test_line_rules(room: Room) -> None:
    stories.knows_what_a_line_is(room)


@check(
    "leave-and-reset",
    "after a clean leave, a reset or half a line the others go on",
    points=8,
    hint="Who takes a client out of the collection, and in which cases?",
    read=LEAVING,
    rule=ANY,
    owns=("leaving",),
)
def test_leave_and_reset(bench: Bench) -> None:
    for story in (
        stories.goes_on_after_a_leave,
        stories.goes_on_after_a_reset,
        stories.forgets_half_a_line,
    ):
        story(Room(bench))
        bench.clear()


@check(
    "silent-clients",
    "clients that never say a word block nobody",
    points=6,
    hint="What is the difference between thread.run() and thread.start()?",
    read=FOR_EACH,
    rule=THREADS,
)
def test_silent_clients(bench: Bench) -> None:
    for story in (
        turns.lets_everybody_in,
        stories.delivers_to_talkers,
        stories.lets_silent_clients_be,
    ):
        story(Room(bench))
        bench.clear()


@check(
    "stuck-reader",
    "one that never reads does not freeze the room",
    points=6,
    hint="Which thread waits in sendall(), and who waits for that thread?",
    read=OUTBOX,
    rule=THREADS,
)
def test_stuck_reader(bench: Bench) -> None:
    for story in (stories.survives_a_stuck_reader, turns.lets_a_stuck_reader_go):
        story(Room(bench))
        bench.clear()


@check(
    "crowd",
    "30 clients send 20 long lines at once: nothing lost, torn or out of order",
    points=12,
    hint="How many threads write to one socket at the same time?",
    read=OUTBOX,
    rule=THREADS,
)
def test_crowd(room: Room) -> None:
    stories.carries_a_crowd(room)


@check(
    "churn",
    "20 resets while 10 others talk: no survivor harmed, none cut off",
    points=12,
    hint="What happens to a loop over a list when another thread removes an item?",
    read=SHARED,
    rule=THREADS,
    owns=("turns",),
)
def test_churn(bench: Bench) -> None:
    with stories.busy_is_told_elsewhere():
        stories.survives_churn(Room(bench))
        bench.clear()
        for seed in bench.orders(1, 2):
            turns.comes_and_goes_at_once(Room(bench, turns=seed))


@check(
    "gives-back",
    "whoever has left hears the end, and leaves no thread and no open file behind",
    points=5,
    hint="When a client goes: which threads must end, and who closes the socket?",
    read=LEAVING,
    rule=THREADS,
)
def test_gives_back(bench: Bench) -> None:
    for story in (
        stories.gives_everything_back,
        stories.ends_its_own_side,
        turns.forgets_who_has_left,
    ):
        story(Room(bench))
        bench.clear()
    for seed in bench.orders(1):
        turns.gives_back_hasty_visitors(Room(bench, turns=seed))


@check(
    "idle",
    "an idle room costs no CPU",
    points=2,
    hint="queue.get() can wait. Does yours?",
    read=OUTBOX,
    rule=ANY,
)
def test_idle(room: Room) -> None:
    stories.rests(room)


@check(
    "restart",
    "starts again on the same port at once",
    points=3,
    hint="Which socket option says that a port may be used again at once?",
    read=START,
    rule=ANY,
)
def test_restart(bench: Bench) -> None:
    any_server.starts_again_at_once(bench, bench.connect)


@check(
    "ctrl-c",
    "ends on Ctrl-C with clients connected, cleanly",
    points=4,
    hint="Which threads still wait when the main thread has ended?",
    read=START,
    rule=ANY,
)
def test_ctrl_c(bench: Bench) -> None:
    with turns.leaving_races_to_churn():
        any_server.stops_on_ctrl_c(bench, bench.connect)


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


@check(
    "client-end-of-input",
    "at the end of input the client half-closes, prints the rest and exits 0",
    points=3,
    hint="close() ends both directions at once. What does shutdown(SHUT_WR) do?",
    read=CLIENT,
    rule=ANY,
    program="client.py",
)
def test_client_end_of_input(bench: Bench) -> None:
    any_client.drains_at_the_end_of_input(bench)


@check(
    "client-no-server",
    "without a server the client says so in one line",
    points=1,
    hint="Which exception does connect() raise? What does a user want to read?",
    read=CLIENT,
    rule=ANY,
    program="client.py",
)
def test_client_no_server(bench: Bench) -> None:
    any_client.says_that_nobody_is_there(bench)


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
