"""Lines in the window of lesson 5: all that arrive are shown, and all that are typed go out."""

import re
from collections.abc import Callable

from chatkit.bench import GRACE, Bench, Failure, NotMet, Peer, Symptom, Window, bare
from chatkit.course import check

from .chat import GREETING, Chat

RULE = "lesson-5-tkinter-gui"

INBOX = "The inbox"
SHOW = "Showing lines"
SEND = "Sending"
FLOOD = 3000  # lines
SHOWN_WITHIN = 3.0  # seconds; the bench allows ten times as long
PACE_AFTER = 2.0  # seconds in which the window shows how fast it is
# How many times as long one call may compute as it takes to put all of these lines into a Text.
# Both are processor time on the same machine, so it does not matter how fast that is, or how busy.
MOST_WORK = 250


def chat(bench: Bench) -> Chat:
    return Chat(bench)


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
    shows_each_once(chat, words)
    later = f"bob: {bench.word()}"
    chat.server.says(later)
    chat.window.shows(later)


def shows_each_once(chat: Chat, texts: list[str]) -> None:
    """None of these can be read twice."""
    chat.bench.settle()
    for text in texts:
        if (count := chat.window.count(text)) > 1:
            told = "the window shows the same line more than once"
            raise Failure(Symptom.DUPLICATE, told, f"{text!r} once", f"it is there {count} times")


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
    sends(chat, chat.window.sends_with_enter, "by Enter", word, "quit", "{quit}", "/list")


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
    sends(chat, chat.window.sends_with_a_button, "by a button", *words)


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
    cannot_be_typed_into(chat)
    follows_the_newest_line(chat)


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
            told = "the keyboard can change the chat"
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
