"""Lesson 5: the window, driven from outside. The bench is its server."""

from collections.abc import Callable

from chatkit.bench import Bench, Failure, Symptom, View, Window
from chatkit.course import check

from . import window_endings as endings
from . import window_lines as lines
from .chat import GREETING, Chat, ends_well, goes_on, special

RULE = "lesson-5-tkinter-gui"

NAME = "Starting and the name"
WIRE = "The name on the wire"
THREAD = "One thread owns the window"


def chat(bench: Bench) -> Chat:
    return Chat(bench)


@check(
    "handshake",
    "with --name it connects without a dialog, gives its name, and has it in its title",
    points=6,
    hint="What does the server ask first, and who has the answer?",
    read=WIRE,
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
    with special(bench):
        asks_for_the_name(bench)
        bench.clear()
        takes_no_for_an_answer(bench)


def asks_for_the_name(bench: Bench) -> None:
    """A dialog asks, nothing connects meanwhile, and then the name is the one that was typed."""
    window, box = dialog(bench)
    name = f"al-{bench.random.randrange(16**3):03x}"
    answers(bench, window, box, name, bench.somebody_waits)
    server = bench.accept()
    bench.settle()
    server.says("NICK")
    server.hears(name, because="the name that was typed")


def answers(bench: Bench, window: Window, box: str, name: str, taken: Callable[[], bool]) -> None:
    """Type a name and press Enter, or else one button after the other, until it is taken."""
    window.types(name, box)
    window.presses_enter(box)
    bench.settle()
    if taken():
        return
    for button in window.buttons():
        window.types(name, box)
        window.presses(button)
        bench.settle()
        if taken():
            return


def dialog(bench: Bench) -> tuple[Window, str]:
    """The window of a program that was started without a name, and the box for the name."""
    bench.listen()
    window = bench.start_window()
    window.appears()
    bench.settle()
    if bench.somebody_waits():
        told = "the program connects before it has a name"
        raise Failure(Symptom.CONNECTS_FIRST, told, "no connection before the name is there")
    boxes = window.boxes()
    if not boxes:
        told = "nothing asks for the name"
        raise Failure(
            Symptom.NO_DIALOG, told, "a dialog with a box for the name", shown(window.view())
        )
    return window, boxes[0]


def takes_no_for_an_answer(bench: Bench) -> None:
    """Cancel ends the program, and nobody has connected."""
    window, box = dialog(bench)
    view = window.view()
    cancel = [one.path for one in view.widgets if one.button and "cancel" in one.text.lower()]
    if cancel:
        window.presses(cancel[0])
    else:
        asking = view.widget(box)
        assert asking
        window.closes(asking.window)
    ends_well(bench)
    if bench.somebody_waits():
        told = "the program connects although there is no name"
        raise Failure(Symptom.CONNECTS_FIRST, told, "no connection after Cancel")


def shown(view: View) -> str:
    """The last lines that can be read."""
    return "\n".join(sorted(text for text in view.texts if text.strip())[-5:])


@check(
    "refused-name",
    "a refused name is said or asked again, and not sent over and over",
    points=3,
    hint="What does a second NICK mean?",
    read=WIRE,
    rule=RULE,
    program="client.py",
)
def test_refused_name(bench: Bench) -> None:
    with special(bench):
        chat = Chat(bench, greeted=False)
        chat.gives_its_name()
        bench.settle()
        before = chat.window.view()
        chat.server.says(f"The name {chat.name} is taken.", "NICK")
        chat.window.tells(before, "the name was refused")
        bench.settle()
        chat.server.has_nothing("the name has been refused", own=True)
        takes_another_name(chat, before)


def takes_another_name(chat: Chat, before: View) -> None:
    """A window that was not there `before` asks again: then its answer is the new name."""
    server = chat.server
    for asking in chat.window.view().widgets:
        if asking.box and asking.window not in before.windows:
            name = f"bo-{chat.bench.random.randrange(16**3):03x}"
            answers(chat.bench, chat.window, asking.path, name, lambda: bool(server.inbox))
            server.hears(name, because="the name that was typed when it asked again")
            return


test_shows_all = lines.test_shows_all
test_pieces = lines.test_pieces
test_enter_sends = lines.test_enter_sends
test_button_sends = lines.test_button_sends
test_own_line_once = lines.test_own_line_once
test_blank = lines.test_blank
test_read_only = lines.test_read_only


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
    """Lines come and go, by Enter and by a button, and in the end the server goes."""
    word = chat.bench.word()
    chat.server.says(*(f"bob: {word} {number}" for number in range(20)))
    chat.window.shows(f"bob: {word} 19")
    chat.window.stays_alive("while lines come in")
    chat.says(chat.bench.word())
    chat.window.stays_alive("while a line goes out")
    chat.server.leaves()
    if goes_on(chat.bench):
        chat.window.stays_alive("when the server has gone")


test_flood = lines.test_flood


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
    """Two stories, with a name and without, and nobody but the window's thread calls Tk."""
    chat = Chat(bench)
    chat.says(bench.word())
    judge_calls(chat.window)
    chat.server.leaves()
    if goes_on(bench):
        judge_calls(chat.window)
    bench.clear()
    chat = Chat(bench, greeted=False)
    chat.gives_its_name()
    chat.server.says(f"The name {chat.name} is taken.", "NICK")
    bench.settle()
    judge_calls(chat.window)
    bench.clear()
    bench.listen()
    window = bench.start_window()
    window.appears()
    bench.settle()
    for box in window.boxes()[:1]:
        window.types("alice", box)
        window.presses_enter(box)
        bench.settle()
        if bench.somebody_waits():
            server = bench.accept()
            server.says("NICK", GREETING, f"bob: {bench.word()}")
            bench.settle()
    judge_calls(window)


def judge_calls(window: Window) -> None:
    """No call that only the window's own thread may make, and no second root."""
    for call in window.vitals()["wrong"]:
        where = f" ({call['place']})" if call["place"] else ""
        wanted = "every call to Tk in the thread that made the window, and one root window"
        raise Failure(Symptom(call["kind"]), call["text"] + where, wanted, call["place"])


test_no_server = endings.test_no_server
test_hung_connect = endings.test_hung_connect
test_silence = endings.test_silence
test_server_lost = endings.test_server_lost
test_stalled_server = endings.test_stalled_server
test_close = endings.test_close
test_close_while_connecting = endings.test_close_while_connecting
