"""Slips of a newcomer, typed into the client with a window: the verdict names the line."""

from pathlib import Path

import pytest

from chatkit.bench.evidence import Evidence
from chatkit.bench.transcript import Event
from chatkit.course.lessons import find_course
from chatkit.grading.explain.ranking import concluded_from
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson

COURSE = find_course(Path(__file__).parent)
LESSON = COURSE.lesson("5")
CLIENT = (LESSON.solutions / "client.py").read_text(encoding="utf-8")

# The cause, a check that fails of it, what stands in the client, what is typed in its place, and a
# part of the line that the explanation names.
SLIPS = [
    (
        "looks-only-once",
        "handshake",
        "        self.root.after(PAUSE, self.look)\n",
        "",
        "def look(self)",
    ),
    (
        "looks-only-once",
        "handshake",
        "inbox.get_nowait())\n        self.root.after",
        "inbox.get_nowait())\n                self.root.after",
        "self.root.after(PAUSE, self.look)",
    ),
    (
        "after-called-at-once",
        "handshake",
        "self.root.after(PAUSE, self.look)",
        "self.root.after(PAUSE, self.look())",
        "self.look()",
    ),
    (
        "after-with-a-fraction",
        "handshake",
        "        root.after(PAUSE, self.look)",
        "        root.after(0.02, self.look)",
        "0.02",
    ),
    (
        "empty-not-caught",
        "handshake",
        "with contextlib.suppress(queue.Empty)",
        "if True",
        "get_nowait()",
    ),
    ("get-in-a-callback", "handshake", "inbox.get_nowait()", "inbox.get()", "inbox.get()"),
    (
        "handler-without-event",
        "enter-sends",
        "def send(self, event: object = None)",
        "def send(self)",
        'bind("<Return>"',
    ),
    (
        "command-with-event",
        "button-sends",
        "event: object = None",
        "event: object",
        "command=self.send",
    ),
    (
        "called-in-place-of-given",
        "enter-sends",
        'bind("<Return>", self.send)',
        'bind("<Return>", self.send())',
        "self.send()",
    ),
    ("enter-not-bound", "enter-sends", '"<Return>"', '"<Enter>"', '"<Enter>"'),
    ("no-button", "button-sends", ', text="Send", command=self.send', ', text="Send"', "Button("),
    (
        "widget-is-none",
        "enter-sends",
        "self.button.grid(",
        "self.box = ttk.Entry(self.root).grid(row=3, column=0)\n        self.button.grid(",
        ".grid(row=3, column=0)",
    ),
    (
        "geometry-mixed",
        "handshake",
        'self.button.grid(row=3, column=2, sticky="ew", padx="8p")',
        "self.button.pack()",
        "self.button.pack()",
    ),
    (
        "inserts-into-disabled",
        "shows-all",
        '        self.chat["state"] = "normal"\n',
        "",
        'self.chat.insert("end"',
    ),
    (
        "chat-never-disabled",
        "read-only",
        '        self.chat["state"] = "disabled"\n        self.chat.follow',
        "        self.chat.follow",
        '"normal"',
    ),
    (
        "box-not-cleared",
        "enter-sends",
        'self.box.delete(0, "end")',
        "self.box.delete(0)",
        "delete(0)",
    ),
    ("blank-sent", "blank", '.replace("\\n", " ").strip()', "", "self.box.get()"),
    (
        "own-line-not-shown",
        "own-line-once",
        '            self.show(f"{self.name}: {text}", "own")\n',
        "",
        "self.box.get()",
    ),
    (
        "name-before-nick",
        "handshake",
        "        for line in read_lines(self.server):",
        "        self.outbox.put(name)\n        for line in read_lines(self.server):",
        "create_connection",
    ),
    ("mainloop-forgotten", "handshake", "root.mainloop()", "root.mainloop", "root.mainloop"),
    (
        "quit-before-mainloop",
        "asks-name",
        "            return\n        root.deiconify()",
        "            root.quit()\n        root.deiconify()",
        "root.quit()",
    ),
    (
        "asks-before-closing",
        "close",
        "        self.connection.hang_up()\n        with",
        "        if not messagebox.askokcancel(message='Leave?'):\n            return\n"
        "        self.connection.hang_up()\n        with",
        "askokcancel",
    ),
    ("close-only-hides", "close", "self.root.destroy()", "self.root.iconify()", "iconify()"),
    (
        "sleep-in-a-callback",
        "stalled-server",
        '            self.show(f"{self.name}',
        '            self.root.after(900)\n            self.show(f"{self.name}',
        "after(900)",
    ),
    (
        "dialog-from-a-thread",
        "one-thread",
        '        self.inbox.put(("lost", "The server has gone',
        '        messagebox.showerror("Chat", "gone")\n'
        '        self.inbox.put(("lost", "The server has gone',
        "showerror",
    ),
    (
        "unwritten-part-not-reached",
        "handshake",
        "        with contextlib.suppress(OSError):\n            while True:",
        '        raise NotImplementedError("TODO 3: send")\n'
        "        with contextlib.suppress(OSError):\n            while True:",
        "TODO 3",
    ),
]
SLIPS += [
    (
        "error-in-a-callback",
        "shows-all",
        'self.chat.insert("end", text, look',
        'self.chat.inset("end", text, look',
        "inset",
    ),
    (
        "nobody-runs-it",
        "handshake",
        "target=self.receive, daemon=True).start()",
        "target=self.receive, daemon=True)",
        "threading.Thread(",
    ),
    (
        "greeting-in-other-words",
        "enter-sends",
        'if text == "Connected to the server":',
        'if text == "Connected to server":',
        "Connected to server",
    ),
]

ALSO = {  # what has to be different elsewhere for a slip to be one
    "name-before-nick": (
        "self.host, self.port = host, port\n",
        'self.host, self.port = host, port\n        globals()["name"] = b"alice"\n',
    ),
    "unwritten-part-not-reached": (
        "        threading.Thread(target=self.send, args=(self.server,), daemon=True).start()\n",
        "",
    ),
    "asks-before-closing": ("from tkinter import ttk", "from tkinter import messagebox, ttk"),
    "dialog-from-a-thread": ("from tkinter import ttk", "from tkinter import messagebox, ttk"),
}


@pytest.mark.parametrize(
    ("cause", "check", "old", "new", "named"), SLIPS, ids=[f"{one[0]}-{one[1]}" for one in SLIPS]
)
def test_a_slip_is_explained_by_its_own_line(
    cause: str, check: str, old: str, new: str, named: str, tmp_path: Path
) -> None:
    text = CLIENT
    for before, after in ((old, new), ALSO.get(cause, ("", ""))):
        assert before in text
        text = text.replace(before, after) if before else text
    (tmp_path / "client.py").write_text(text, encoding="utf-8")

    verdict = grade_lesson(LESSON, tmp_path, RunOptions(only=(check,))).checks[0]

    told = {one.name: one.sentence for one in verdict.causes}
    assert cause in told
    place, _, _ = told[cause].partition(" ")
    line = int(place.removeprefix("client.py:").rstrip(":"))
    assert named in text.splitlines()[line - 1]


@pytest.mark.parametrize("check", ["handshake", "read-only", "close"])
def test_a_right_client_is_told_nothing(check: str, tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text(CLIENT, encoding="utf-8")

    verdict = grade_lesson(LESSON, tmp_path, RunOptions(only=(check,))).checks[0]

    assert (verdict.status, verdict.causes) == ("passed", ())


def closed(symptom: str, text: str, *events: Event) -> dict[str, str]:
    """What is told of a client whose window was closed: cause -> sentence."""
    seen = (Event(1.0, "you", "client", "note", text=" closes the window"), *events)
    about = Evidence(5, "close", "client.py", symptom, "", "", "", "", events=seen, text=text)
    return {one.name: one.sentence for one in concluded_from(about).causes}


def test_a_word_that_is_sent_when_the_window_closes_is_named() -> None:
    before = "        self.connection.hang_up()\n        with"
    text = CLIENT.replace(before, f'        self.connection.outbox.put(b"bye")\n{before}')
    came = Event(1.1, "client", "server", "data", "bye\\n")

    told = closed("unexpected", text, came)

    line = text[: text.index('put(b"bye")')].count("\n") + 1
    assert told["goodbye-as-chat"].startswith(f"client.py:{line} sends bye when")
    assert "goodbye-as-chat" not in closed("unexpected", CLIENT, came)


def test_a_window_that_ends_without_its_connection_is_named() -> None:
    text = CLIENT.replace("        self.connection.hang_up()\n        with", "        with")

    told = closed("no-end", text)

    line = text[: text.index("self.root.destroy()")].count("\n") + 1
    assert told["nobody-hangs-up"].startswith(f"client.py:{line} ends the window")
    assert "nobody-hangs-up" not in closed("no-end", CLIENT)


@pytest.mark.parametrize(("silence", "named"), [(5.2, True), (4.0, False)])
def test_a_timeout_is_named_when_nobody_spoke_for_that_long(silence: float, named: bool) -> None:
    text = CLIENT.replace("        self.server.settimeout(None)", "        pass")
    events = (
        Event(1.0, "server", "client", "data", "Connected to the server\\n"),
        Event(1.0 + silence, "server", "client", "data", "bob: hello\\n"),
    )
    fields = (5, "shows-all", "client.py", "not-shown", "", "", "", "")

    told = {one.name for one in concluded_from(Evidence(*fields, events=events, text=text)).causes}

    assert ("window-timeout-left-on" in told) is named
    right = Evidence(*fields, events=events, text=CLIENT)
    assert "window-timeout-left-on" not in {one.name for one in concluded_from(right).causes}
