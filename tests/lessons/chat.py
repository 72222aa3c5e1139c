"""The chat in a window: what the checks of lesson 5 do with it, told as stories."""

from collections.abc import Callable

from chatkit.bench.bench import Bench
from chatkit.bench.diagnosis import explain, last_words
from chatkit.bench.failure import Failure
from chatkit.bench.peer import Peer
from chatkit.bench.window import View, Window

GREETING = "Connected to the server"
FLOOD = 3000  # lines
# Seconds that the window's thread may compute without a tick: twice the promise. Processor time is
# the same on a busy machine, where the clock on the wall is not.
LONGEST_GAP = 1.0


class Chat:
    """A running client.py with its window, connected to the bench."""

    def __init__(
        self, bench: Bench, *, greeted: bool = True, waits: bool = True, slow: bool = False
    ) -> None:
        """`greeted`: up to the greeting. `waits`: for the window, before the server says a word."""
        self.bench = bench
        self.name = f"al-{bench.random.randrange(16**3):03x}"
        bench.listen(slow=slow)
        self.window: Window = bench.start_window("--name", self.name)
        if waits:
            self.window.appears()
        self.server: Peer = bench.accept()
        if waits:
            bench.settle()
        if greeted:
            self.gives_its_name()
        if greeted and waits:
            self.server.says(GREETING)
            bench.settle()
            self.proves_that_it_shows()

    def gives_its_name(self) -> None:
        """The server asks, the client answers."""
        with self.bench.during("handshake"):
            self.server.says("NICK")
            self.server.hears(self.name)

    def proves_that_it_shows(self) -> None:
        """The set-up step "showing": a line that arrives can be read in the window."""
        with self.bench.during("showing"):
            word = f"bob: {self.bench.word()}"
            self.server.says(word)
            self.window.shows(word)

    def says(self, text: str) -> None:
        """Send a line in the way that works."""
        self.window.says(text, self.server)
        self.server.hears(text)


def shows_each_once(chat: Chat, texts: list[str]) -> None:
    """None of these can be read twice."""
    chat.bench.settle()
    for text in texts:
        if (count := chat.window.count(text)) > 1:
            told = "the window shows the same line more than once"
            raise Failure("duplicate", told, f"{text!r} once", f"it stands there {count} times")


def asks_for_the_name(bench: Bench) -> None:
    """A dialog asks, nothing connects meanwhile, and then the name is the one that was typed."""
    window, box = dialog(bench)
    name = f"al-{bench.random.randrange(16**3):03x}"
    answers(bench, window, box, name, bench.somebody_waits)
    server = bench.accept()
    server.says("NICK")
    server.hears(name, because="the name that was typed")


def answers(
    bench: Bench, window: Window, box: str, name: str, taken: Callable[[], bool]
) -> None:
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


def takes_another_name(chat: Chat, before: View) -> None:
    """A window that was not there `before` asks again: then its answer is the new name."""
    for asking in chat.window.view().widgets:
        if asking.box and asking.window not in before.windows:
            name = f"bo-{chat.bench.random.randrange(16**3):03x}"
            server = chat.server
            answers(chat.bench, chat.window, asking.path, name, lambda: bool(server.inbox))
            server.hears(name, because="the name that was typed when it asked again")
            return


def dialog(bench: Bench) -> tuple[Window, str]:
    """The window of a program that was started without a name, and the box for the name."""
    bench.listen()
    window = bench.start_window()
    window.appears()
    bench.settle()
    if bench.somebody_waits():
        told = "the program connects before it has a name"
        raise Failure("connects-first", told, "no connection before the name is there")
    boxes = window.boxes()
    if not boxes:
        told = "nothing asks for the name"
        raise Failure("no-dialog", told, "a dialog with a box for the name", shown(window.view()))
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
        raise Failure("connects-first", told, "no connection after Cancel")


def shows_what_comes_in_pieces(chat: Chat) -> None:
    """A byte at a time, characters cut in two, two lines at once, a long one, no UTF-8."""
    word = chat.bench.word()
    line = f"bob: {word} café, 10 €"
    chat.server.sends(*(bytes([byte]) for byte in f"{line}\n".encode()))
    chat.window.shows(line)
    one, two = (f"bob: {chat.bench.word()}" for _ in range(2))
    chat.server.sends(f"{one}\r\n{two}\r\n")
    chat.window.shows(one, two)
    one, two = (chat.bench.word() for _ in range(2))
    chat.server.says(f"bob: {one} ".ljust(4096 - len(two), "x") + two)
    chat.window.shows(one, two, because="they begin and end a line of 4,096 bytes")
    chat.server.sends(b"bob: \xff\xfe\n")
    last = f"bob: {chat.bench.word()}"
    chat.server.says(last)
    chat.window.shows(last, because="after a line that is no UTF-8")


def sends(chat: Chat, way: Callable[[str, Peer], bool], by: str) -> None:
    """Two lines go out, one after the other, and the box is empty after each."""
    for word in (chat.bench.word(), chat.bench.word()):
        with chat.bench.during("sending"):
            if not way(word, chat.server):
                wanted = f"{word!r} to reach the server {by}"
                raise explain(chat.bench, "rest", wanted, b"", silence="not-sent")
        chat.server.hears(word)
        chat.server.hears_nothing("one line was typed")
        chat.window.waits_until(
            lambda: box_of(chat.window) == "", "an empty box", silence="not-cleared"
        )


def box_of(window: Window) -> str:
    """What stands in the box."""
    box = window.view().widget(window.box)
    return box.text.strip() if box else ""


def cannot_be_typed_into(chat: Chat) -> None:
    """A key that is pressed in the chat changes nothing there."""
    word = f"bob: {chat.bench.word()}"
    chat.server.says(word)
    chat.window.shows(word)
    for widget in chat.window.view().widgets:
        if word not in widget.text:
            continue
        chat.window.types_over(widget.path)
        after = chat.window.view().widget(widget.path)
        if after and after.text != widget.text:
            told = "one can type into the chat"
            raise Failure("typed-into", told, "a chat to read only", repr(after.text[-60:]))


def follows_the_newest_line(chat: Chat) -> None:
    """After many lines one sees the last one."""
    lines = [f"bob: {chat.bench.word()} {number}" for number in range(200)]
    chat.server.says(*lines)
    chat.window.shows(lines[-1])
    chat.bench.settle()
    for widget in chat.window.view().widgets:
        if lines[-1] in widget.text and not widget.at_end:
            told = "the chat does not follow the newest line"
            wanted = "to see the last of 200 lines"
            raise Failure("not-at-the-end", told, wanted, "it is below what one can see")


def shows_a_flood(chat: Chat) -> None:
    """All lines are shown, and the window's timers go on meanwhile."""
    word = chat.bench.word()
    chat.server.says(*(f"bob: {word} line {number} of many" for number in range(FLOOD)))
    chat.window.waits_until(
        lambda: chat.window.count(word) >= FLOOD,
        f"the window to show {FLOOD:,} lines",
        silence="not-shown",
        promise=3.0,
    )
    gap = chat.window.vitals()["gap"]
    if gap > LONGEST_GAP:
        raise Failure(
            "frozen",
            f"the window did nothing else for {gap:.1f} s of computing",
            "a window whose timers tick while lines come in",
            "one call did too much",
        )


def calls_tk_from_one_thread(bench: Bench) -> None:
    """Two stories, with a name and without, and nobody but the window's thread calls Tk."""
    chat = Chat(bench)
    chat.says(bench.word())
    chat.server.leaves()
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
        raise Failure(call["kind"], call["text"] + where, wanted, call["place"])


def waits_for_a_server(bench: Bench) -> Window:
    """A window whose server cannot be reached, while it tries."""
    bench.listen(hung=True)
    window = bench.start_window("--name", "alice")
    window.appears()
    with bench.during("connect"):
        bench.waits_for_an_attempt()
    return window


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
    with bench.during("window"):
        window.appears()
    window.tells(before, f"there is no server at {host}:{port}")
    window.stays_alive("without a server")


def says_that_the_server_is_gone(bench: Bench) -> None:
    """After a clean end and after a reset the window says so, and is idle."""
    for way in (Peer.leaves, Peer.resets):
        chat = Chat(bench)
        before = chat.window.view()
        way(chat.server)
        chat.window.tells(before, "the server is gone")
        bench.costs_no_cpu("the server is gone", seconds=0.5)
        bench.clear()


def survives_a_stalled_server(bench: Bench) -> None:
    """The window goes on while more and more lines wait for a server that does not read."""
    chat = Chat(bench, slow=True)
    chat.says(bench.word())
    chat.server.stops_reading()
    line = bench.word().ljust(4000, "x")
    for waiting in bench.fills_up(chat.server):
        chat.window.says_again(line, 16)
        chat.window.stays_alive(f"while {waiting:,} bytes wait for a server that does not read")


def ends_well(bench: Bench) -> None:
    """The program ends, with status 0."""
    program = bench.program
    stop = bench.wait(lambda: program.status is not None, promise=2.0, patient=True)
    if program.status is None:
        raise explain(bench, stop, "the program to end with its window", b"", silence="no-exit")
    if program.status != 0:
        told = f"{program.name} ended with status {program.status}"
        raise Failure("wrong-status", told, "status 0", last_words(program))


def shown(view: View) -> str:
    """The last lines that one can read."""
    return "\n".join(sorted(text for text in view.texts if text.strip())[-5:])
