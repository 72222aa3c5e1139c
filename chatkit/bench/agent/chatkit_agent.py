"""The agent: watches a Tk program from the inside and does to its window what a person would.

`sitecustomize.py` beside this file lets it begin, before Python opens the program. So the program
itself stays as it is and knows nothing of the agent.

It wraps `_tkinter.create`, through which every root window is made. From then on every call to Tk
is seen, with its thread. A timer of the agent's own ticks in each root window; orders of the bench
are carried out there, in the thread that the window belongs to. Orders and answers are lines of
JSON on a loopback connection.

The functions that the program gives to Tk are seen as well: while one of them runs, the window does
nothing else. `chatkit_waits.py` counts how long it waits.
"""

import atexit
import contextlib
import json
import math
import queue
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

from chatkit_waits import AGENT, Waits  # type: ignore[import-not-found]

Answer = dict[str, Any]

TICK = 10  # milliseconds
LONGEST = 2000  # characters of one widget's text that are told

# What a thread may do with a window of another thread: these reach no Tcl.
HARMLESS = {
    *("interpaddr", "splitlist", "getint", "getdouble", "getboolean", "wantobjects", "quit"),
    *("willdispatch", "gettrace", "settrace", "adderrorinfo"),
}
# What a program may do again and again while it waits for something; it changes nothing.
WAITING = {"after", "update", "winfo", "info", "focus", "grab", "tkwait", "vwait"}
CHANGING = {"call", "eval", "globaleval", "setvar", "globalsetvar"}
# In these calls Tk does everything that waits to be done: see tkwait(n), vwait(n) and update(n).
LOOPS = {"mainloop", "dooneevent"}
LOOP_COMMANDS = {"tkwait", "vwait", "tk_messageBox", "tk_dialog"}
READING = {"get", "index", "cget", "bbox", "compare", "dlineinfo", "search", "size", "curselection"}


class Root:
    """One root window of the program, as it is behind `tkinter`: an interpreter of Tcl."""

    def __init__(self, tk: Any) -> None:
        self.tk = tk  # the real one: the agent's own calls are not watched
        self.owner = threading.get_ident()
        self.alive = True
        self.acts = 0  # calls that may have changed something
        self.gap = 0.0  # the longest time between two ticks, in seconds of processor time
        self.last: float | None = None
        self.waits = Waits(lambda often: tell({"number": 0, "often": often}))
        self.count = 0  # of the commands that `later` has made
        self.pulses: list[int] = []  # orders that are answered when the window is idle
        self.updates = 0  # how often the program has called update() from outside of another one
        self.update = 0  # the number of the one that it is in; 0: in none

    def tick(self) -> None:
        """Called by Tk again and again: the window lives."""
        now = time.thread_time()
        if self.last is not None:
            self.gap = max(self.gap, now - self.last)
        try:
            self.timer = str(self.tk.call("after", TICK, "chatkit_tick"))
            with contextlib.suppress(queue.Empty):
                while self is newest():
                    order = orders.get_nowait()
                    if order["do"] == "pulse":
                        self.pulses.append(order["number"])
                        self.tk.call("after", "idle", "chatkit_idle")
                    else:
                        tell({"number": order["number"], **self.obey(order)})
        except Exception:  # the window is gone, or goes just now
            self.ends()
        self.last = time.thread_time()  # what the agent itself does is not the program's fault

    def ends(self) -> None:
        """The window is gone: with the last one go the orders that nobody can carry out now."""
        with handing_over, contextlib.suppress(queue.Empty):
            self.alive = False
            while newest() is None:
                tell({"number": orders.get_nowait()["number"]})

    def later(self, act: Callable[[], object]) -> None:
        """Call `act` from the window's loop: it may open a dialog and come back much later."""
        self.count += 1
        name = f"chatkit_{self.count}"

        def once() -> None:
            self.tk.deletecommand(name)
            with contextlib.suppress(Exception):  # the widget is gone
                act()

        self.tk.createcommand(name, once)
        self.tk.call("after", 1, name)

    def obey(self, order: dict[str, Any]) -> Answer:
        try:
            answer: Answer = getattr(self, "do_" + order["do"])(**order["how"])
            return answer
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}

    # ------------------------------------------------------------------------ orders

    def idle(self) -> None:
        """Called by Tk when it has nothing else to do: all is laid out and drawn."""
        with contextlib.suppress(Exception):  # the window goes just now
            answer = self.pulse()
            while self.pulses:
                tell({"number": self.pulses.pop(), **answer})

    def pulse(self) -> Answer:
        """Whether the program still does something: what it did, its timers and other threads."""
        self.tk.call("winfo", "pointerx", ".")  # comes back once the display has done all before it
        timers = [str(name) for name in self.tk.splitlist(self.tk.call("after", "info"))]
        others = [
            one.native_id or 0  # 0: it is just starting
            for one in threading.enumerate()
            if not one.name.startswith(AGENT) and one.ident != self.owner
        ]
        # A loop of update() has no timers: what it does next, it does when this call has ended.
        update = [f"update {self.update}"] if self.update else []
        return {
            "acts": self.acts,
            "timers": [name for name in timers if name != self.timer] + update,
            "others": others,
        }

    def do_look(self) -> Answer:
        """All widgets: where, what kind, what it shows, whether one can see and use it."""
        return {"widgets": [self.describe(path) for path in self.below(".")]}

    def do_find(self, words: list[str], box: str) -> Answer:
        """How often each word stands in what can be seen, `box` left out."""
        texts: dict[str, str] = {}
        for path in self.below("."):
            if path != box and int(self.tk.call("winfo", "viewable", path)):
                with contextlib.suppress(Exception):  # not every widget has a text
                    texts[path] = self.text_of(path, self.kind(path))
        counts = [sum(text.count(word) for text in texts.values()) for word in words]
        return {
            "counts": [
                count or self.apart(word, texts) for word, count in zip(words, counts, strict=True)
            ]
        }

    def apart(self, line: str, texts: dict[str, str]) -> int:
        """How often one can read a line "name: text" whose two parts are not written as one.

        They stand in one widget, one after the other, or in two that are beside or under each
        other. Of widgets with many lines, such as two columns, the lines of one number belong
        together.
        """
        name, colon, said = line.partition(": ")
        if not (colon and said and re.fullmatch(r"\S+", name)):
            return 0
        parts = re.compile(rf"(?<!\w){re.escape(name)}[\W\d_]{{1,24}}{re.escape(said)}")
        count = sum(len(parts.findall(text)) for text in texts.values() if said in text)
        if count:
            return count
        alone = re.compile(rf"\W*{re.escape(name)}[\W\d_]*")
        names = {
            path: {at for at, row in enumerate(text.split("\n")) if alone.fullmatch(row)}
            for path, text in texts.items()
            if name in text
        }
        for path, text in texts.items():
            rows = [at for at, row in enumerate(text.split("\n")) if said in row]
            near = [other for other in names if rows and other != path and self.near(other, path)]
            count += sum(any(at in names[other] for other in near) for at in rows)
        return count

    def near(self, one: str, other: str) -> bool:
        """Whether two widgets stand beside each other, or one under the other."""

        def span(path: str, start: str, length: str) -> tuple[int, int]:
            place = int(self.tk.call("winfo", start, path))
            return place, place + int(self.tk.call("winfo", length, path))

        (left, right), (far_left, far_right) = (
            span(path, "rootx", "width") for path in (one, other)
        )
        (top, bottom), (far_top, far_bottom) = (
            span(path, "rooty", "height") for path in (one, other)
        )
        beside = min(bottom, far_bottom) - max(top, far_top)  # how much of their height they share
        under = min(right, far_right) - max(left, far_left)
        lower = min(bottom - top, far_bottom - far_top)
        return 2 * beside > lower or (under > 0 and 0 <= far_top - bottom + 2 <= lower)

    def do_type(self, path: str, text: str) -> Answer:
        """Put the cursor into a box, empty it, and type."""
        self.later(lambda: self.type(path, text))
        return {}

    def do_focus(self, path: str) -> Answer:
        """Give the keyboard to a widget."""
        self.later(lambda: self.focus(path))
        return {}

    def do_press(self, path: str, key: str) -> Answer:
        """Press and release one key in the widget `path`."""
        self.later(lambda: self.press(path, key))
        return {}

    def do_click(self, path: str) -> Answer:
        """Press a button, or click on what is used as one."""
        self.later(lambda: self.click(path))
        return {}

    def do_close(self, path: str) -> Answer:
        """Close a window as the window manager does when somebody clicks on its cross."""
        handler = self.tk.call("wm", "protocol", path, "WM_DELETE_WINDOW")
        if str(handler):
            self.tk.call("after", 1, handler)
        else:
            self.tk.call("after", 1, ("destroy", path))
        return {}

    def do_place(self, path: str, x: int, y: int) -> Answer:
        """Move a window, and say where it then is: x, y, width and height in pixels."""
        self.tk.call("wm", "geometry", path, f"+{x}+{y}")
        self.tk.call("update")
        sides = ("rootx", "rooty", "width", "height")
        return {"place": [int(self.tk.call("winfo", side, path)) for side in sides]}

    def do_measure(self, lines: int) -> Answer:
        """How long it takes here to put so many lines into a Text, in seconds of processor time."""
        text = ".chatkit_measure"
        self.tk.call("text", text, "-state", "normal")
        started = time.thread_time()
        for number in range(lines):
            self.tk.call(text, "insert", "end", f"bob: line {number} of many\n")
        took = time.thread_time() - started
        self.tk.call("destroy", text)
        return {"took": took}

    def do_send(self, path: str, text: str, button: str, count: int) -> Answer:
        """Type and send a line several times, by Enter, or by a button if one is named."""

        def send() -> None:
            for _ in range(count):
                self.type(path, text)
                self.click(button) if button else self.press(path, "Return")

        self.later(send)
        return {}

    # ------------------------------------------------------------------ what a person does

    def focus(self, path: str) -> None:
        # Without a window manager nobody gives the keyboard to a window but the window itself.
        self.tk.call("focus", "-force", path)

    def type(self, path: str, text: str) -> None:
        self.focus(path)
        start = "1.0" if self.kind(path) == "Text" else 0
        self.tk.call(path, "delete", start, "end")
        self.tk.call(path, "insert", "insert", text)
        self.tk.call("event", "generate", path, "<KeyRelease>", "-keysym", "a")

    def press(self, path: str, key: str) -> None:
        if not str(self.tk.call("focus", "-displayof", path)):  # another program has taken it
            self.focus(str(self.tk.call("focus", "-lastfor", path)))
        for event in (f"<KeyPress-{key}>", f"<KeyRelease-{key}>"):
            if int(self.tk.call("winfo", "exists", path)):
                self.tk.call("event", "generate", path, event)

    def click(self, path: str) -> None:
        if self.kind(path) == "Button":
            self.tk.call(path, "invoke")
            return
        for event in ("<Enter>", "<ButtonPress-1>", "<ButtonRelease-1>"):
            if int(self.tk.call("winfo", "exists", path)):
                self.tk.call("event", "generate", path, event, "-x", 3, "-y", 3)

    # ------------------------------------------------------------------ what it is made of

    def below(self, path: str) -> Iterator[str]:
        yield path
        for child in self.tk.splitlist(self.tk.call("winfo", "children", path)):
            yield from self.below(str(child))

    def kind(self, path: str) -> str:
        kind = str(self.tk.call("winfo", "class", path))
        return {"TEntry": "Entry", "TButton": "Button", "TLabel": "Label"}.get(kind, kind)

    def describe(self, path: str) -> Answer:
        kind = self.kind(path)
        window = str(self.tk.call("winfo", "toplevel", path))
        told = {
            "path": path,
            "kind": kind,
            "window": window,
            "seen": bool(int(self.tk.call("winfo", "viewable", path))),
            "box": self.is_box(path, kind),
            "button": self.is_button(path, kind),
            "title": str(self.tk.call("wm", "title", path)) if window == path else "",
            "text": "",
            "at_end": True,
        }
        with contextlib.suppress(Exception):  # not every widget has a text, or can be scrolled
            told["text"] = self.text_of(path, kind)[-LONGEST:]
            told["at_end"] = self.shows_its_end(path, kind)
        return told

    def is_box(self, path: str, kind: str) -> bool:
        """Whether one can type into it."""
        boxes = ("Entry", "Text", "Spinbox", "TSpinbox", "TCombobox")
        return kind in boxes and str(self.tk.call(path, "cget", "-state")) in ("normal", "")

    def is_button(self, path: str, kind: str) -> bool:
        """Whether it can be pressed: a button, or anything that answers a click."""
        if kind == "Button":
            if self.tk.call("winfo", "class", path) == "TButton":
                return bool(int(self.tk.call(path, "instate", "!disabled")))
            return str(self.tk.call(path, "cget", "-state")) != "disabled"
        bound = {str(one) for one in self.tk.splitlist(self.tk.call("bind", path))}
        return bool(bound & {"<Button-1>", "<ButtonRelease-1>"})

    def text_of(self, path: str, kind: str) -> str:
        tk = self.tk
        if kind == "Text":
            text = str(tk.call(path, "get", "1.0", "end-1c"))
        elif kind == "Listbox":
            text = "\n".join(str(one) for one in tk.splitlist(tk.call(path, "get", 0, "end")))
        elif kind in ("Entry", "Spinbox", "TCombobox", "TSpinbox"):
            text = str(tk.call(path, "get"))
        elif kind == "Canvas":
            items = tk.splitlist(tk.call(path, "find", "all"))
            texts = [one for one in items if str(tk.call(path, "type", one)) == "text"]
            text = "\n".join(str(tk.call(path, "itemcget", one, "-text")) for one in texts)
        elif kind == "Treeview":
            text = "\n".join(self.rows(path, ""))
        else:
            text = str(tk.call(path, "cget", "-text"))
        return text

    def rows(self, path: str, parent: str) -> Iterator[str]:
        tk = self.tk
        for item in tk.splitlist(tk.call(path, "children", parent)):
            values = tk.splitlist(tk.call(path, "item", item, "-values"))
            yield " ".join([str(tk.call(path, "item", item, "-text")), *map(str, values)]).strip()
            yield from self.rows(path, item)

    def shows_its_end(self, path: str, kind: str) -> bool:
        """Whether one sees the end of what can be scrolled."""
        if kind == "Text":  # its last line, or the one before if the last is empty
            return bool(
                self.tk.splitlist(self.tk.call(path, "dlineinfo", "end-1c"))
                or self.tk.splitlist(self.tk.call(path, "bbox", "end-2c"))
            )
        return float(self.tk.splitlist(self.tk.call(path, "yview"))[1]) > 0.999


class Watched:
    """Stands where the program believes its interpreter to be, and sees each call."""

    def __init__(self, root: Root) -> None:
        self._root = root

    def __getattr__(self, name: str) -> Any:
        root = self._root
        real = getattr(root.tk, name)
        if not callable(real) or name in HARMLESS:
            return real

        def watched(*args: Any, **named: Any) -> Any:
            words = first_words(args)
            own = threading.get_ident() == root.owner
            if not own:
                note_wrong_thread(name, words)
            if name in CHANGING and not is_waiting(words):
                root.acts += 1
            update = root.update
            if not update and (name == "dooneevent" or words[:1] == ["update"]):
                root.updates += 1
                root.update = root.updates
            if name == "createcommand" and callable(args[-1]):
                args = (*args[:-1], root.waits.counted(args[-1]))
            if sleeps := is_sleep(words, args):
                args = ("after", int(root.waits.nap(int(words[1]) / 1000) * 1000))
            in_tk = own and not sleeps
            if in_tk:
                root.waits.leaves()
            try:
                return real(*args, **named)
            finally:
                root.update = update
                if in_tk:
                    updated = name == "dooneevent" or words == ["update"]
                    loop = name in LOOPS or not LOOP_COMMANDS.isdisjoint(words[:1])
                    root.waits.comes_back(update=updated, loop=loop)
                if name == "call" and words == ["destroy", "."]:
                    root.ends()
                    tell({"number": 0, "root": newest() is not None})

        setattr(self, name, watched)
        return watched


def first_words(args: Sequence[Any]) -> list[str]:
    """The first two words of a call, which may also come as one tuple."""
    words = args[0] if args and isinstance(args[0], tuple) else args
    return [str(word) for word in words[:2]]


def is_sleep(words: list[str], args: Sequence[Any]) -> bool:
    """Whether this is `after(1000)` without a function: the window's thread sleeps in there."""
    count = len(args[0]) if args and isinstance(args[0], tuple) else len(args)
    return words[:1] == ["after"] and count == 2 and words[1].isdecimal()


def is_waiting(words: list[str]) -> bool:
    return words[0] in WAITING or (words[0].startswith(".") and words[-1] in READING)


roots: list[Root] = []
orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()  # for the newest root window
handing_over = threading.Lock()  # an order is there, and a window for it
wrong: list[dict[str, str]] = []  # what has been done that only the window's thread may do
real_create: Callable[..., Any]
real_sleep = time.sleep
connection: socket.socket
program: str  # its name
lock = threading.Lock()
held: list[bool] = []  # not empty: the bench wants to look before the process ends
let_go = threading.Event()


def create(*args: Any, **named: Any) -> Any:
    """In place of `_tkinter.create`."""
    wants_window = args[5] if len(args) > 5 else named.get("useTk", True)
    tk = real_create(*args, **named)
    if not wants_window:
        return tk
    if any(root.alive for root in roots):
        note("two-roots", "a second root window while the first is still there")
    root = Root(tk)
    roots.append(root)
    tk.createcommand("chatkit_tick", root.tick)
    tk.createcommand("chatkit_idle", root.idle)
    root.timer = str(tk.call("after", TICK, "chatkit_tick"))
    tell({"number": 0, "root": True})
    return Watched(root)


def note_wrong_thread(name: str, words: list[str]) -> None:
    if words == ["event", "generate"]:
        return
    frame: FrameType | None = sys._getframe()
    while frame:
        if frame.f_code.co_name == "__del__":
            return  # the garbage collector runs in whatever thread it likes
        frame = frame.f_back
    what = " ".join(words)[:60] if name == "call" else name
    note("wrong-thread", f"{threading.current_thread().name} calls Tk: {what}")


def note(kind: str, text: str) -> None:
    if len(wrong) < 20:
        wrong.append({"kind": kind, "text": text, "place": place()})


def place() -> str:
    """File and line of the program from which the call came."""
    frame: FrameType | None = sys._getframe(1)
    while frame:
        if frame.f_globals.get("__name__") == "__main__":
            return f"{program}, line {frame.f_lineno}"
        frame = frame.f_back
    return ""


def newest() -> Root | None:
    """The root window that matters: the last one made that is still there."""
    return next((root for root in reversed(roots) if root.alive), None)


def tell(told: dict[str, Any]) -> None:
    """Send a line to the bench, from any thread."""
    with contextlib.suppress(OSError), lock:
        connection.sendall(json.dumps(told).encode() + b"\n")


def sleep(seconds: Any, /) -> None:
    """In place of `time.sleep`: see `Waits.nap`."""
    root = newest()
    real_sleep(root.waits.nap(seconds) if root else seconds)


def hold_the_end() -> None:
    """Called when all of the program's own code is over but for daemon threads: see atexit.

    Where the bench asks for it the process ends only when it has seen what the program has left.
    """
    if held:
        tell({"number": 0, "over": True})
        let_go.wait()


def vitals(root: Root | None) -> Answer:
    """What the agent has counted. The window may hang, and this is told all the same."""
    if not root:
        return {"gap": 0.0, "waited": 0.0, "where": "", "wrong": wrong}
    waited, where = root.waits.now()
    gap = root.gap
    with contextlib.suppress(OSError, ValueError):
        gap = max(gap, root.waits.clock.ran() - (root.last or math.inf))
    return {"gap": gap, "waited": waited, "where": where, "wrong": wrong}


def serve() -> None:
    """The agent's own thread: hand each order to the window, or answer it at once."""
    with contextlib.suppress(OSError):
        for line in connection.makefile("rb"):
            order = json.loads(line)
            with handing_over:
                root = newest()
                if order["do"] == "vitals":
                    tell({"number": order["number"], **vitals(root)})
                elif order["do"] == "hold":
                    held.append(True)
                    tell({"number": order["number"]})
                elif order["do"] == "let_go":
                    let_go.set()
                elif root:
                    orders.put(order)
                else:
                    tell({"number": order["number"]})
    let_go.set()  # nobody is there any more who would say it


def begin(where: str, name: str) -> None:
    """Watch the program called `name` from now on, for the bench that is to be found at `where`."""
    global connection, real_create, program
    import _tkinter

    program = name
    time.sleep = sleep
    real_create = _tkinter.create
    _tkinter.create = create
    host, port, secret = where.split()
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(secret.encode() + b"\n")
    atexit.register(hold_the_end)  # the first one that is registered is the last one that is called
    threading.Thread(target=serve, daemon=True, name=AGENT).start()
