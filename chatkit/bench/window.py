"""A student's window as a person has it: look, type, press, close. The agent carries it out.

Nothing is known of the program's widgets. The chat is whatever shows a word that the server has
sent; the box is whatever takes a word that then reaches the server, and the button what sends it.

The agent (`agent/chatkit_agent.py`) shares the student's process. So what only the window shows
could be forged by a program that means to; what reaches the server is judged on the wire.
"""

import contextlib
import json
import selectors
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from chatkit.bench import agent_protocol
from chatkit.bench.diagnosis import exited, explain
from chatkit.bench.failure import Failure
from chatkit.bench.idle import GRACE, PROMISE, Pulse
from chatkit.system import linux
from chatkit.system.program import Program

if TYPE_CHECKING:
    from chatkit.bench.eventloop import Stage, Stop
    from chatkit.bench.peer import Peer

LEAVE_ALONE = ("cancel", "quit", "exit", "close", "leave", "clear")  # pressed last
TICKS = 5  # what must still happen while something is in the window's way
YOU = "you"  # the lane of the person at the window


@dataclass(frozen=True)
class Widget:
    """One widget as the agent sees it."""

    path: str
    kind: str  # its class in Tk, ttk's names without the T: "Text", "Entry", "Button" …
    window: str  # the path of its window
    seen: bool
    box: bool  # one can type into it
    button: bool  # one can press it
    title: str  # of a window
    text: str  # the last part of what it shows
    at_end: bool  # one sees the end of its text


@dataclass(frozen=True)
class View:
    """All widgets that one can see, at one moment."""

    widgets: tuple[Widget, ...]

    @property
    def texts(self) -> set[str]:
        """What stands there to be read, box contents left out."""
        lines = {line for one in self.widgets if not one.box for line in one.text.split("\n")}
        return lines | {one.title for one in self.widgets}

    def written_as(self, old: str, new: str) -> "View":
        """The same with one word in place of another."""
        return View(
            tuple(
                replace(one, text=one.text.replace(old, new), title=one.title.replace(old, new))
                for one in self.widgets
            )
        )

    @property
    def windows(self) -> list[str]:
        return list(dict.fromkeys(one.window for one in self.widgets))

    def widget(self, path: str) -> Widget | None:
        return next((one for one in self.widgets if one.path == path), None)


class Window:
    """The windows of one program. Made by `Bench.start_window`."""

    def __init__(self, stage: "Stage", program: Program, connection: socket.socket) -> None:
        self.stage = stage
        self.program = program
        self.connection = connection
        connection.setblocking(False)
        self.received = bytearray()
        self.answers: dict[int, dict[str, Any]] = {}
        self.ordered = 0  # the number of the last order
        self.pulse: Pulse | None = None
        self.asked = 0
        self.there = False  # whether the program has a root window now
        self.ended = False  # the agent is gone, and so is the program
        self.box = ""  # where one types, once that is known
        self.button = ""  # what sends; empty: Enter does
        stage.watch(connection, selectors.EVENT_READ, self._receive)

    @property
    def pid(self) -> int:
        return self.program.leader

    # ---------------------------------------------------------------------- what one sees

    def appears(self) -> None:
        """There is a window. Raises Failure with step "window"."""
        with self.stage.during("window"):
            self.waits_until(
                lambda: bool(self.view().widgets), "a window to appear", silence="no-window"
            )

    def view(self) -> View:
        """What one can see now."""
        answer = self._ask("look")
        widgets = (Widget(**one) for one in answer.get("widgets", ()))
        return View(tuple(one for one in widgets if one.seen))

    def count(self, word: str) -> int:
        """How often `word` can be read in the window now; the box does not count."""
        return self._counts([word])[0]

    def shows(self, *words: str, because: str = "", silence: str = "not-shown") -> None:
        """Each word can be read in the window, at the latest once it is at rest. Raises Failure."""
        missing = list(words)

        def all_there() -> bool:
            counts = self._counts(missing)
            missing[:] = [word for word, count in zip(missing, counts, strict=True) if not count]
            return not missing

        many = f" and {len(words) - 1:,} lines more" if len(words) > 1 else ""
        wanted = f"the window to show {words[0]!r}{many}" + (because and f", {because}")
        try:
            self.waits_until(all_there, wanted, silence=silence)
        except Failure as failure:
            if failure.symptom == silence:
                first = missing[0].encode("utf-8", "replace")
                self.stage.transcript.add(self._lane, YOU, "missing", first)
                if len(words) > 1:
                    failure.message = f"{len(missing):,} of {len(words):,} lines are not shown"
                    failure.received = f"the first that is missing: {missing[0]!r}"
            raise

    def tells(self, before: View, situation: str) -> None:
        """The window says something that it did not say `before`. Raises Failure."""
        self.waits_until(
            lambda: self._is_new(before), f"the window to say that {situation}", silence="not-said"
        )

    def _is_new(self, before: View) -> bool:
        now = self.view()
        return any(text.strip() for text in now.texts - before.texts)

    def waits_until(
        self,
        condition: Callable[[], bool],
        wanted: str,
        *,
        silence: str,
        promise: float = PROMISE,
    ) -> None:
        """`condition`, which may look at the window, comes true. Raises Failure.

        It is asked again whenever the program has done something to its window.
        """
        patience = self.stage.patience(promise * GRACE)
        while True:
            acts = self._acts
            if condition():
                break
            stop: Stop = "late"
            if not patience.is_over():
                stop = self.stage.wait(partial(self._moved_on, acts), patience=patience)
            if stop != "met":
                if condition():
                    break
                raise self._missed(stop, wanted, silence)
            if self.program.status is not None:
                raise explain(self.stage, "rest", wanted, b"", silence=silence)
        if patience.passed > promise:
            self.stage.comes_late("what the window shows", patience.passed)

    def _missed(self, stop: "Stop", wanted: str, silence: str) -> Failure:
        """Why something is not to be seen, with what is."""
        lines = [one.text for one in self.view().widgets if one.text.strip() and not one.box]
        failure = explain(self.stage, stop, wanted, b"", silence=silence)
        if failure.symptom == silence:
            failure.message = f"{self.program.name} does not show it and will not do it any more"
            seen = " | ".join(lines)[-300:].replace("\n", " | ")
            failure.received = f"in the window: {seen}" if seen else "no window"
        return failure

    def _moved_on(self, acts: int) -> bool:
        return self._acts != acts or self.program.status is not None

    # ----------------------------------------------------------------- what a person does

    def boxes(self) -> list[str]:
        """Where one might type, as paths of widgets, the likeliest first."""
        view = self.view()
        found = [one for one in view.widgets if one.box]
        newest = view.windows[-1] if view.windows else ""
        found.sort(key=lambda one: (one.window != newest, one.kind == "Text", bool(one.text)))
        return [one.path for one in found]

    def buttons(self) -> list[str]:
        """What one might press, as paths of widgets, the likeliest first."""
        view = self.view()
        newest = view.windows[-1] if view.windows else ""
        found = [one for one in view.widgets if one.button]
        found.sort(
            key=lambda one: (
                one.window != newest,
                any(word in one.text.lower() for word in LEAVE_ALONE),
                one.kind != "Button",
            )
        )
        return [one.path for one in found]

    def types(self, text: str, box: str = "") -> None:
        """Put the cursor into the box, empty it, and type."""
        self._note(f"types {text[:40]!r}")
        self._ask("type", path=box or self.box, text=text)

    def presses_enter(self, box: str = "") -> None:
        """Press Enter in the box where one types."""
        self._note("presses Enter")
        self._ask("press", path=box or self.box, key="Return")

    def presses(self, button: str) -> None:
        """Press a button, as a click does; `button` is its path: see `buttons`."""
        self._note("presses a button")
        self._ask("click", path=button)

    def sends_with_enter(self, text: str, server: "Peer") -> bool:
        """Type into one box after the other and press Enter, until the text reaches `server`."""
        for box in [self.box] if self.box else self.boxes():
            self.types(text, box)
            self.presses_enter(box)
            if self._arrives(text, server):
                self.box, self.button = box, ""
                return True
        return False

    def sends_with_a_button(self, text: str, server: "Peer") -> bool:
        """Type, and press one button after the other, until the text reaches `server`."""
        for box in [self.box] if self.box else self.boxes():
            for button in [self.button] if self.button else self.buttons():
                self.types(text, box)
                self.presses(button)
                if self._arrives(text, server):
                    self.box, self.button = box, button
                    return True
        return False

    def says(self, text: str, server: "Peer") -> None:
        """Send `text` in the way that works. Raises Failure with step "sending"."""
        with self.stage.during("sending"):
            if self.sends_with_enter(text, server) or self.sends_with_a_button(text, server):
                return
            wanted = f"{text!r} to reach the server, by Enter or by a button"
            raise explain(self.stage, "rest", wanted, b"", silence="not-sent")

    def _arrives(self, text: str, server: "Peer") -> bool:
        self.stage.settle(quietly=True)
        return text.encode() in bytes(server.inbox)

    def says_again(self, text: str, times: int) -> None:
        """Send a line several times in a row, in the way that has worked, and look at nothing."""
        self._ask("send", path=self.box, text=text, button=self.button, count=times)

    def focuses(self, path: str) -> None:
        """Give the keyboard to a widget, or to a window: then no cursor blinks in a box."""
        self._ask("focus", path=path)
        self.stage.settle(quietly=True)

    def types_over(self, path: str, key: str = "x") -> None:
        """Give the keyboard to any widget and press a key there."""
        self.focuses(path)
        self._ask("press", path=path, key=key)
        self.stage.settle(quietly=True)

    def moves_to(self, x: int, y: int, path: str = ".") -> tuple[int, int, int, int]:
        """Move a window; return its left, upper, right and lower edge, in pixels."""
        left, top, width, height = self._ask("place", path=path, x=x, y=y)["place"]
        return left, top, left + width, top + height

    def closes(self, path: str = "") -> None:
        """Close the window, as one does with the cross at its corner."""
        self._note("closes the window")
        view = self.view()
        path = path or next((one.window for one in view.widgets if one.path == self.box), "")
        self._order("close", path=path or view.windows[-1])

    # ------------------------------------------------------------------- what it must do

    def stays_alive(self, situation: str) -> None:
        """The window ticks five times more, whatever is in its way. Raises Failure."""
        for _ in range(TICKS):
            self._ask("pulse", frozen=f"the window to go on, {situation}")

    def vitals(self) -> dict[str, Any]:
        """What the agent counts: the longest gap between two ticks, and wrong calls of Tk."""
        return {"gap": 0.0, "wrong": [], **self._ask("vitals")}

    # -------------------------------------------------------------------- rest asks this

    def feel(self) -> None:
        """Ask for another pulse, unless one is on its way."""
        if self.there and self.asked == (self.pulse.number if self.pulse else 0):
            self.asked = self._order("pulse")

    def forget(self) -> None:
        """Give back the connection to the agent."""
        self.there = False
        self.stage.watch(self.connection, 0, self._receive)
        self.connection.close()

    # ------------------------------------------------------------------------- the agent

    @property
    def _acts(self) -> int:
        return self.pulse.acts if self.pulse else -1

    @property
    def _lane(self) -> str:
        return self.program.name.removesuffix(".py")

    def _note(self, text: str) -> None:
        self.stage.transcript.add(YOU, self._lane, "note", text=text)

    def _order(self, do: str, **how: object) -> int:
        self.ordered += 1
        order = {"number": self.ordered, "do": do, "how": how}
        with contextlib.suppress(OSError):
            self.connection.sendall(json.dumps(order).encode() + b"\n")
        return self.ordered

    def _ask(self, do: str, *, frozen: str = "", **how: object) -> dict[str, Any]:
        """Give an order and wait for the answer. Raises Failure when the window is frozen."""
        number = self._order(do, **how)
        stop = self.stage.wait(
            lambda: number in self.answers or self.program.status is not None or self.ended
        )
        if self.program.status is not None:
            self.stage.pump(0)  # it may have answered before it ended
        if number in self.answers:
            return self.answers.pop(number)
        if self.program.status is not None or self.ended:
            self.stage.wait(lambda: self.program.status is not None)
            raise exited(self.program)
        wanted = frozen or "the window to react"
        raise explain(self.stage, stop, wanted, b"", silence="frozen")

    def _counts(self, words: list[str]) -> list[int]:
        answer = self._ask("find", words=words, box=self.box)
        counts = list(answer.get("counts", ()))
        return counts if len(counts) == len(words) else [0] * len(words)  # there is no window now

    def _receive(self, _: int) -> bool:
        """Read what the agent says. False: it is no sign of life of the program itself."""
        try:
            self.received += (data := self.connection.recv(1 << 16))
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.ended = True
            self._lose()
            self.stage.watch(self.connection, 0, self._receive)
        *lines, self.received = self.received.split(b"\n")
        try:
            for line in lines:
                self._hear(agent_protocol.read(line))
            if len(self.received) > agent_protocol.MOST:
                raise ValueError("a line without an end")
        except (ValueError, KeyError):  # the program has meddled with its agent
            self.program.ended_for = "what it let its window answer was no answer"
            self.program.kill()
            self.received.clear()
        return False

    def _hear(self, answer: dict[str, Any]) -> None:
        number = answer.pop("number")
        if "root" in answer:  # it has made one, or destroyed one: what an older one owed is lost
            self._lose()
            self.there = answer["root"]
        elif number == self.asked:
            if self.there and answer:  # an empty one: the window has just gone
                others = frozenset(self._outside(answer["others"]))
                timers = frozenset(answer["timers"])
                self.pulse = Pulse(number, answer["acts"], timers, others)
        else:
            self.answers[number] = answer

    def _outside(self, threads: list[int]) -> list[int]:
        """The ids of threads as the bench sees them: a sandbox counts its own."""
        if not (self.program.sandbox and self.program.sandbox.isolated):
            return threads
        names = linux.outer_ids(self.pid)
        return [names.get(id, id) for id in threads]

    def _lose(self) -> None:
        self.there = False
        self.pulse = None
        self.asked = 0
