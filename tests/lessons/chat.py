"""The chat in a window: what the checks of lesson 5 do with it, told as stories."""

import contextlib
import re
from collections.abc import Callable, Iterator

from chatkit.bench import (
    GRACE,
    Bench,
    Failure,
    IdleClock,
    NotMet,
    Peer,
    Symptom,
    View,
    Window,
    bare,
    last_words,
)

GREETING = "Connected to the server"
FLOOD = 3000  # lines
SHOWN_WITHIN = 3.0  # seconds; the bench allows ten times as long
LONGEST_END = 3.0  # seconds in which a window that was closed may do nothing; 2 are promised
PACE_AFTER = 2.0  # seconds in which the window shows how fast it is
# How many times as long one call may compute as it takes to put all of these lines into a Text.
# Both are processor time on the same machine, so it does not matter how fast that is, or how busy.
MOST_WORK = 250
LONGEST_SILENCE = 15.0  # seconds: a longer pause is never graded


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
        self.window.is_usable()

    def says(self, text: str) -> None:
        """Send a line in the way that works. With what else it goes out is another's business."""
        self.window.says(text, self.server)
        self.bench.settle()
        while self.server.next_line() is not None:
            pass


@contextlib.contextmanager
def special(bench: Bench) -> Iterator[None]:
    """What fails in here fails for the special situation, or else it is no failure of this check.

    So where it fails, the same program is started once more, by `--name` and with a server that is
    there. If that does not work either, that is what is told: the story here was not reached.
    """
    try:
        yield
    except Failure as failure:
        with Bench(
            bench.find,
            "the usual start",
            lambda: bench.display or bench.open_display(),
            bench.sandbox,
            None,
            bench.forkserver,
        ) as usual:
            try:
                Chat(usual).window.was_alive()
            finally:
                bench.strangers |= usual.strangers
        failure.step = ""
        raise


def shows_each_once(chat: Chat, texts: list[str]) -> None:
    """None of these can be read twice."""
    chat.bench.settle()
    for text in texts:
        if (count := chat.window.count(text)) > 1:
            told = "the window shows the same line more than once"
            raise Failure(Symptom.DUPLICATE, told, f"{text!r} once", f"it is there {count} times")


def shows_what_it_sends(chat: Chat) -> None:
    """Several lines in one box: what goes out as so many lines is shown as so many."""
    word = chat.bench.word()
    chat.says(word)
    chat.window.shows(word, because="it is your own line")
    shows_each_once(chat, [word])
    box = chat.window.view().widget(chat.window.box)
    before = own_look(chat, word)
    if not box or box.kind != "Text" or not before:
        return  # one line is all that it holds, or nobody can tell what is one's own
    typed = [chat.bench.word() for _ in range(3)]
    chat.window.types("\n".join(typed))
    chat.window.presses(chat.window.button) if chat.window.button else chat.window.presses_enter()
    chat.bench.settle()
    sent = []
    while (line := chat.server.next_line()) is not None:
        sent += [bare(line).decode("utf-8", "replace")]
    shown_as = [text for text in sent if own_look(chat, text) == before]
    if shown_as != sent:
        told = "the window shows something else than what it has sent"
        wanted = f"each of the {len(sent)} lines that went out to be shown as your own"
        raise Failure(Symptom.NOT_AS_SENT, told, wanted, f"{len(shown_as)} of {len(sent)} are")


def own_look(chat: Chat, text: str) -> str:
    """What stands before `text` where it is shown, a time of day left out; empty: nothing does."""
    for widget in chat.window.view().widgets:
        for line in widget.text.split("\n"):
            if widget.path != chat.window.box and line.endswith(text):
                return re.sub(r"\d", "0", line.removesuffix(text))
    return ""


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


def takes_another_name(chat: Chat, before: View) -> None:
    """A window that was not there `before` asks again: then its answer is the new name."""
    server = chat.server
    for asking in chat.window.view().widgets:
        if asking.box and asking.window not in before.windows:
            name = f"bo-{chat.bench.random.randrange(16**3):03x}"
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
    chat.window.shows(last, because="after a line that is not UTF-8")


def sends(chat: Chat, way: Callable[[str, Peer], bool], by: str, *words: str) -> None:
    """Some lines go out, one after the other, and the box is empty after each."""
    for word in words:
        with chat.bench.during("sending"):
            if not way(word, chat.server):
                wanted = f"{word!r} to reach the server {by}"
                raise chat.bench.explained(NotMet("rest", wanted, b"", silence=Symptom.NOT_SENT))
        chat.server.hears(word)
        chat.server.hears_nothing("one line was typed")
        chat.window.waits_until(
            lambda: box_of(chat.window) == "", "an empty box", silence=Symptom.NOT_CLEARED
        )


def box_of(window: Window) -> str:
    """What stands in the box."""
    box = window.view().widget(window.box)
    return box.text if box else ""


def cannot_be_typed_into(chat: Chat) -> None:
    """A key that is pressed in the chat changes nothing there."""
    word = chat.bench.word()
    chat.server.says(f"bob: {word}")
    chat.window.shows(f"bob: {word}")
    for widget in chat.window.view().widgets:
        if word not in widget.text:
            continue
        chat.window.types_over(widget.path)
        after = chat.window.view().widget(widget.path)
        if after and after.text != widget.text:
            told = "you can type into the chat"
            raise Failure(Symptom.TYPED_INTO, told, "a chat to read only", repr(after.text[-60:]))


def follows_the_newest_line(chat: Chat) -> None:
    """After many lines the last one can be seen."""
    lines = [f"{chat.bench.word()} {number}" for number in range(200)]
    chat.server.says(*(f"bob: {line}" for line in lines))
    chat.window.shows(f"bob: {lines[-1]}")
    chat.bench.settle()
    for widget in chat.window.view().widgets:
        if lines[-1] in widget.text and not widget.at_end:
            told = "the chat does not follow the newest line"
            wanted = "to see the last of 200 lines"
            raise Failure(Symptom.NOT_AT_THE_END, told, wanted, "it is below what you can see")


def shows_a_flood(chat: Chat) -> None:
    """All lines are shown, and the window's timers go on meanwhile."""
    chat.window.was_alive()
    word = chat.bench.word()
    situation = f"while {FLOOD:,} lines come in"
    patience = chat.bench.patience(0.0)
    shown = 0

    def pace() -> float:
        """How long all lines take if it goes on like this, in seconds; 0.0: too soon to tell."""
        soon = not patience.is_over() or patience.counted < PACE_AFTER
        return 0.0 if soon or not shown else patience.counted * FLOOD / shown

    def has_come_far() -> bool:
        nonlocal shown
        shown = chat.window.count(word)
        return shown >= FLOOD or pace() > SHOWN_WITHIN * GRACE

    with chat.window.alive(situation, MOST_WORK * chat.window.measure(FLOOD)):
        chat.server.says(*(f"bob: {word} line {number} of many" for number in range(FLOOD)))
        chat.window.waits_until(
            has_come_far,
            f"the window to show {FLOOD:,} lines",
            silence=Symptom.NOT_SHOWN,
            promise=SHOWN_WITHIN,
        )
        chat.window.has_not_waited(situation)
    if shown < FLOOD:
        told = f"the window shows {shown:,} of {FLOOD:,} lines, and goes on too slowly"
        wanted = f"all of them within {SHOWN_WITHIN:.0f} s"
        raise Failure(Symptom.NOT_SHOWN, told, wanted, f"at this pace after {pace():.0f} s")


def waits_in_no_callback(chat: Chat) -> None:
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


def survives_silence(chat: Chat) -> None:
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


def calls_tk_from_one_thread(bench: Bench) -> None:
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


def goes_on(bench: Bench) -> bool:
    """Whether the program is still there when it has come to rest: else another check says so."""
    bench.settle()
    return bench.program.status is None


def judge_calls(window: Window) -> None:
    """No call that only the window's own thread may make, and no second root."""
    for call in window.vitals()["wrong"]:
        where = f" ({call['place']})" if call["place"] else ""
        wanted = "every call to Tk in the thread that made the window, and one root window"
        raise Failure(Symptom(call["kind"]), call["text"] + where, wanted, call["place"])


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
    chat.window.was_alive()
    chat.server.stops_reading()
    line = bench.word().ljust(4000, "x")
    for waiting in bench.fills_up(chat.server):
        chat.window.says_again(line, 16)
        chat.window.stays_alive(f"while {waiting:,} bytes wait for a server that does not read")


def hangs_up(chat: Chat) -> None:
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


def ends_well(bench: Bench) -> None:
    """The program ends, with status 0.

    Who does nothing for longer than it may take to end waits for something, on any machine.
    """
    program = bench.program
    idle = IdleClock(bench)
    stop = bench.wait(
        lambda: program.status is not None or idle.seconds() > LONGEST_END,
        promise=2.0,
        patient=True,
    )
    if program.status is None:
        raise bench.explained(
            NotMet(stop, "the program to end with its window", b"", silence=Symptom.NO_EXIT)
        )
    if program.status != 0:
        told = f"{program.name} ended with status {program.status}"
        raise Failure(Symptom.WRONG_STATUS, told, "status 0", last_words(program))


def shown(view: View) -> str:
    """The last lines that can be read."""
    return "\n".join(sorted(text for text in view.texts if text.strip())[-5:])
