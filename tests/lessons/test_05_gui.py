"""Lesson 5: the window, driven from outside. The bench is its server."""

from chatkit.bench import Bench, Failure, Symptom
from chatkit.course import check

from . import chat as stories
from .chat import GREETING, Chat

RULE = "lesson-5-tkinter-gui"

NAME = "Starting and the name"
THREAD = "One thread owns the window"
INBOX = "The inbox"
SHOW = "Showing lines"
SEND = "Sending"
SERVER = "When the server is not there"
CLOSE = "Closing"


def chat(bench: Bench) -> Chat:
    return Chat(bench)


@check(
    "handshake",
    "with --name it connects without a dialog, gives its name, and has it in its title",
    points=6,
    hint="What does the server ask first, and who has the answer?",
    read=NAME,
    rule=RULE,
    program="client.py",
    owns=("start", "window", "connect", "handshake", "reacts"),
)
def test_handshake(bench: Bench) -> None:
    chat = Chat(bench, greeted=False)
    name = chat.name
    with bench.during("handshake"):
        chat.server.hears_nothing("the server has not said NICK", Symptom.EARLY_DATA)
        chat.server.sends("NI", "CK\n")
        chat.server.hears(name)
    chat.server.says(GREETING)
    bench.settle()
    titles = [widget.title for widget in chat.window.view().widgets if widget.title]
    if not any(name in title for title in titles):
        told = "the title of the window does not hold the name"
        raise Failure(Symptom.NO_TITLE, told, f"a title with {name!r} in it", ", ".join(titles))
    chat.server.says("NICK")
    bench.settle()
    chat.server.hears_nothing("NICK is chat now")


@check(
    "asks-name",
    "without --name a dialog asks, before connecting; Cancel ends the program",
    points=4,
    hint="What should a server know of somebody who has not decided yet?",
    read=NAME,
    rule=RULE,
    program="client.py",
)
def test_asks_name(bench: Bench) -> None:
    with stories.special(bench):
        stories.asks_for_the_name(bench)
        bench.clear()
        stories.takes_no_for_an_answer(bench)


@check(
    "refused-name",
    "a refused name is said or asked again, and not sent over and over",
    points=3,
    hint="What does a second NICK mean?",
    read=NAME,
    rule=RULE,
    program="client.py",
)
def test_refused_name(bench: Bench) -> None:
    with stories.special(bench):
        chat = Chat(bench, greeted=False)
        chat.gives_its_name()
        bench.settle()
        before = chat.window.view()
        chat.server.says(f"The name {chat.name} is taken.", "NICK")
        chat.window.tells(before, "the name was refused")
        bench.settle()
        chat.server.has_nothing("the name has been refused", own=True)
        stories.takes_another_name(chat, before)


@check(
    "shows-all",
    "all that arrives is shown, once, also what comes before the window is built",
    points=10,
    hint="What happens to a line that arrives before the window is there?",
    read=INBOX,
    rule=RULE,
    program="client.py",
    owns=("showing",),
)
def test_shows_all(bench: Bench) -> None:
    chat = Chat(bench, waits=False)
    words = [f"bob: {bench.word()} {number}" for number in range(20)]
    chat.server.says(GREETING, *words)
    chat.window.appears()
    chat.window.shows(GREETING, *words)
    stories.shows_each_once(chat, words)
    later = f"bob: {bench.word()}"
    chat.server.says(later)
    chat.window.shows(later)


@check(
    "pieces",
    "a line may come a byte at a time, with characters cut in two",
    points=6,
    hint="What does decode() do with half a character?",
    read=INBOX,
    rule=RULE,
    program="client.py",
)
def test_pieces(chat: Chat) -> None:
    stories.shows_what_comes_in_pieces(chat)


@check(
    "enter-sends",
    "Enter sends what is typed, whatever it is, and clears the box",
    points=6,
    hint="Which event does a box get when somebody presses Enter?",
    read=SEND,
    rule=RULE,
    program="client.py",
    slow=True,
    owns=("sending",),
)
def test_enter_sends(chat: Chat) -> None:
    word = chat.bench.word()
    stories.sends(chat, chat.window.sends_with_enter, "by Enter", word, "quit", "{quit}", "/list")


@check(
    "button-sends",
    "the button sends what is typed, and clears the box",
    points=8,
    hint="What does a Button call when it is pressed?",
    read=SEND,
    rule=RULE,
    program="client.py",
    slow=True,
    owns=("sending",),
)
def test_button_sends(chat: Chat) -> None:
    words = chat.bench.word(), chat.bench.word()
    stories.sends(chat, chat.window.sends_with_a_button, "by a button", *words)


@check(
    "own-line-once",
    "your own line is shown, once, as it was sent",
    points=4,
    hint="The server sends your line to everyone else. Who shows it to you?",
    read=SEND,
    rule=RULE,
    program="client.py",
)
def test_own_line_once(chat: Chat) -> None:
    stories.shows_what_it_sends(chat)


@check(
    "blank",
    "an empty or blank line sends nothing",
    points=2,
    hint="What is left of a blank line after strip()?",
    read=SEND,
    rule=RULE,
    program="client.py",
    slow=True,
)
def test_blank(chat: Chat) -> None:
    chat.says(chat.bench.word())
    window = chat.window
    for text in ("", "   "):
        window.types(text)
        window.presses(window.button) if window.button else window.presses_enter()
        chat.server.hears_nothing("the line was blank")


@check(
    "read-only",
    "the chat cannot be typed into, and follows the newest line",
    points=3,
    hint="Which state of a Text takes no keys? And who scrolls?",
    read=SHOW,
    rule=RULE,
    program="client.py",
    slow=True,
)
def test_read_only(chat: Chat) -> None:
    stories.cannot_be_typed_into(chat)
    stories.follows_the_newest_line(chat)


@check(
    "alive",
    "the window stays alive: no callback waits",
    points=4,
    hint="What does the window do while one of your functions sleeps, or waits for something?",
    read=THREAD,
    rule=RULE,
    program="client.py",
    slow=True,
    owns=("alive", "reacts"),
)
def test_alive(chat: Chat) -> None:
    stories.waits_in_no_callback(chat)


@check(
    "flood",
    "3,000 lines at once are all shown, and the window stays alive",
    points=6,
    hint="How much work may one call do before the window gets its turn again?",
    read=SHOW,
    rule=RULE,
    program="client.py",
    slow=True,
)
def test_flood(chat: Chat) -> None:
    stories.shows_a_flood(chat)


@check(
    "one-thread",
    "only the thread that made the window calls Tk, and there is one root window",
    points=10,
    hint="Which thread runs the function in which you call insert()?",
    read=THREAD,
    rule=RULE,
    program="client.py",
    slow=True,
    owns=("threads",),
)
def test_one_thread(bench: Bench) -> None:
    stories.calls_tk_from_one_thread(bench)


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
    with stories.special(bench):
        stories.says_that_nobody_is_there(bench)


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
    stories.waits_for_a_server(bench)


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
    stories.survives_silence(chat)


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
    stories.says_that_the_server_is_gone(bench)


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
    stories.survives_a_stalled_server(bench)


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
    stories.hangs_up(chat)


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
    window = stories.waits_for_a_server(bench)
    window.closes()
    stories.ends_well(bench)
