"""Where the chat of lesson 5 ends: no server, one that is slow or has gone, and a closed window."""

from chatkit.bench import (
    Bench,
    Failure,
    NotMet,
    Peer,
    Symptom,
    View,
    Window,
)
from chatkit.course import check

from .chat import Chat, ends_well, special

RULE = "lesson-5-tkinter-gui"

SEND = "Sending"
SERVER = "When the server is not there"
CLOSE = "Closing"
LONGEST_SILENCE = 15.0  # seconds: a longer pause is never graded


def chat(bench: Bench) -> Chat:
    return Chat(bench)


@check(
    "no-server",
    "no server: the window says so and stays alive",
    points=5,
    hint="Where does a user of a window look for an error?",
    read=SERVER,
    rule=RULE,
    program="client.py",
)
def test_no_server(bench: Bench) -> None:
    with special(bench):
        says_that_nobody_is_there(bench)


def says_that_nobody_is_there(bench: Bench) -> None:
    """What the window says differs from what it says while it still tries."""
    bench.listen(hung=True)
    window = bench.start_window("--name", "alice")
    try:
        window.appears()
        bench.dozes()
        before = window.view()
    except Failure:
        before = View(())  # that is the business of another check
    tried = bench.address
    bench.clear()
    bench.nobody_listens()
    host, port = bench.address
    before = before.written_as(str(tried[1]), str(port))  # another port is nothing new
    window = bench.start_window("--name", "alice")
    window.appears()
    window.tells(before, f"there is no server at {host}:{port}")
    window.stays_alive("without a server")


@check(
    "hung-connect",
    "the window is alive while the server cannot be reached",
    points=4,
    hint="Which thread waits in connect()?",
    read=SERVER,
    rule=RULE,
    program="client.py",
    owns=("unreachable",),
)
def test_hung_connect(bench: Bench) -> None:
    waits_for_a_server(bench)


def waits_for_a_server(bench: Bench) -> Window:
    """A window whose server cannot be reached, while it tries, and which is alive meanwhile."""
    situation = "while the server cannot be reached"
    with bench.during("unreachable"), special(bench):
        bench.listen(hung=True)
        window = bench.start_window("--name", "alice")
        with window.alive(situation):
            window.appears()
            bench.waits_for_an_attempt()
            window.stays_alive(situation)
    return window


@check(
    "silence",
    "a connection on which nobody says anything stays open",
    points=3,
    hint="For how long does the time-out of create_connection() hold?",
    read=SERVER,
    rule=RULE,
    program="client.py",
    slow=True,
)
def test_silence(chat: Chat) -> None:
    """Nobody says anything for as long as the program's longest time-out, and then somebody does.

    A time-out of more than 15 s is not waited for, and one that cannot be seen neither.
    """
    chat.bench.settle()
    silence = chat.bench.longest_time_out()
    if silence <= LONGEST_SILENCE:
        chat.bench.transcript.add("server", "client", "note", text=f"says nothing for {silence} s")
        chat.bench.wait(lambda: bool(chat.server.ended), seconds=silence + 0.2, patient=True)
    if chat.server.ended:
        told = f"the connection was closed after {silence:.0f} s in which nobody said anything"
        raise Failure(Symptom.CLOSED_EARLY, told, "a connection that stays open", "its end")
    word = f"bob: {chat.bench.word()}"
    chat.server.says(word)
    chat.window.shows(word, because=f"after {silence:.0f} s in which nobody said anything")


@check(
    "server-lost",
    "a server that goes away is said in the window, and costs no CPU",
    points=5,
    hint="What does recv() return, or raise, when the server has gone?",
    read=SERVER,
    rule=RULE,
    program="client.py",
    slow=True,
)
def test_server_lost(bench: Bench) -> None:
    """After a clean end and after a reset the window says so, and is idle."""
    for way in (Peer.leaves, Peer.resets):
        chat = Chat(bench)
        before = chat.window.view()
        way(chat.server)
        chat.window.tells(before, "the server is gone")
        bench.costs_no_cpu("the server is gone", seconds=0.5)
        bench.clear()


@check(
    "stalled-server",
    "the window is alive while the server has stopped reading",
    points=3,
    hint="Which thread waits in sendall() when nobody reads?",
    read=SEND,
    rule=RULE,
    program="client.py",
    slow=True,
)
def test_stalled_server(bench: Bench) -> None:
    """The window goes on while more and more lines wait for a server that does not read."""
    chat = Chat(bench, slow=True)
    chat.says(bench.word())
    chat.window.was_alive()
    chat.server.stops_reading()
    line = bench.word().ljust(4000, "x")
    for waiting in bench.fills_up(chat.server):
        chat.window.says_again(line, 16)
        chat.window.stays_alive(f"while {waiting:,} bytes wait for a server that does not read")


@check(
    "close",
    "closing the window ends the program, and the server sees the end",
    points=6,
    hint="Which thread still waits when the window is gone, and what wakes it?",
    read=CLOSE,
    rule=RULE,
    program="client.py",
)
def test_close(chat: Chat) -> None:
    """The window is closed: nothing more is sent, the connection ends, and then the process does.

    A process that ends takes its connections with it. So it is held for a moment when its own code
    is over: what it has not ended by then, it has not ended at all.
    """
    bench, server = chat.bench, chat.server
    chat.window.holds_the_end()
    chat.window.closes()
    program = bench.program
    bench.wait(lambda: chat.window.over or program.status is not None, promise=2.0, patient=True)
    over = chat.window.over
    if over:
        bench.wait(lambda: bool(server.ended))
    hung_up = bool(server.ended)
    chat.window.lets_go()
    ends_well(bench)
    bench.wait(lambda: bool(server.ended))
    server.has_nothing("the window was closed, and nothing was typed")
    wanted = "the end of the connection, by shutdown() or close()"
    if not server.ended:
        raise bench.explained(NotMet("rest", wanted, b"", silence=Symptom.NO_END))
    if over and not hung_up:
        told = f"{program.name} ends without ending its connection"
        came = "the end, when the process was gone and the system cleaned up after it"
        raise Failure(Symptom.NO_END, told, wanted, came)


@check(
    "close-while-connecting",
    "closing the window while it connects ends the program",
    points=2,
    hint="Who waits for the thread that connects?",
    read=CLOSE,
    rule=RULE,
    program="client.py",
)
def test_close_while_connecting(bench: Bench) -> None:
    window = waits_for_a_server(bench)
    window.closes()
    ends_well(bench)
