"""A student's window as a person has it: look, type, press, close. The agent carries it out.

Nothing is known of the program's widgets. The chat is whatever shows a word that the server has
sent; the box is whatever takes a word that then reaches the server, and the button what sends it.

The agent (`agent/chatkit_agent.py`) shares the student's process. So what only the window shows
could be forged by a program that means to; what reaches the server is judged on the wire.
"""

import time
from collections.abc import Callable
from functools import partial

from chatkit.bench.failure import Failure, NotMet, Stop, explained
from chatkit.bench.idle import GRACE, PROMISE
from chatkit.bench.peer import Peer
from chatkit.bench.symptoms import Symptom
from chatkit.bench.windows.health import LivingWindow
from chatkit.bench.windows.view import View, Widget

LEAVE_ALONE = ("cancel", "quit", "exit", "close", "leave", "clear")  # pressed last
YOU = "you"  # who is at the window, in the sequence diagram


class Window(LivingWindow):
    """The windows of one program. Made by `Bench.start_window`."""

    # ---------------------------------------------------------------------- what you see

    def appears(self) -> None:
        """There is a window. Raises Failure with step "window"."""
        with self.loop.during("window"):
            self.waits_until(
                lambda: bool(self.view().widgets), "a window to appear", silence=Symptom.NO_WINDOW
            )

    def view(self) -> View:
        """What can be seen now."""
        answer = self._ask("look")
        widgets = (Widget(**one) for one in answer.get("widgets", ()))
        return View(tuple(one for one in widgets if one.seen))

    def count(self, word: str) -> int:
        """How often `word` can be read in the window now; the box does not count."""
        return self._counts([word])[0]

    def shows(self, *words: str, because: str = "", silence: Symptom = Symptom.NOT_SHOWN) -> None:
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
                self.loop.transcript.add(self._lane, YOU, "missing", first)
                if len(words) > 1:
                    failure.message = f"{len(missing):,} of {len(words):,} lines are not shown"
                    failure.received = f"the first that is missing: {missing[0]!r}"
            raise

    def tells(self, before: View, situation: str) -> None:
        """The window says something that it did not say `before`. Raises Failure."""
        self.waits_until(
            lambda: self._is_new(before),
            f"the window to say that {situation}",
            silence=Symptom.NOT_SAID,
        )

    def _is_new(self, before: View) -> bool:
        now = self.view()
        return any(text.strip() for text in now.texts - before.texts)

    @explained
    def waits_until(
        self,
        condition: Callable[[], bool],
        wanted: str,
        *,
        silence: Symptom,
        promise: float = PROMISE,
    ) -> None:
        """`condition`, which may look at the window, comes true. Raises Failure.

        It is asked again whenever the program has done something to its window.
        """
        patience = self.loop.patience(promise * GRACE)
        worked = self.loop.worked()
        while True:
            acts, asked = self._acts, time.monotonic()
            if condition():
                break
            # To look at a window with thousands of widgets takes a while, of its own time.
            again = 2 * time.monotonic() - asked
            stop: Stop = "late"
            if not patience.is_over():
                stop = self.loop.wait(partial(self._moved_on, acts, again), patience=patience)
            if stop != "met":
                if condition():
                    break
                raise self._missed(stop, wanted, silence)
            if self.program.status is not None:
                raise NotMet("rest", wanted, silence=silence)
        idle = patience.passed - (self.loop.worked() - worked)
        if idle > promise:
            self.loop.noted.comes_late("what the window shows", patience.passed)

    def _missed(self, stop: Stop, wanted: str, silence: Symptom) -> NotMet:
        """Something is not to be seen; told with what is."""
        lines = [one.text for one in self.view().widgets if one.text.strip()]
        seen = " | ".join(lines)[-300:].replace("\n", " | ")
        came = f"in the window: {seen}" if seen else "no window"
        told = f"{self.program.name} does not show it and will not do it any more"
        return NotMet(stop, wanted, silence=silence, told=told, came=came)

    def _moved_on(self, acts: int, again: float) -> bool:
        moved = self._acts != acts and time.monotonic() > again
        return moved or self.program.status is not None

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
        """Press Enter in the box where people type."""
        self._note("presses Enter")
        self._ask("press", path=box or self.box, key="Return")

    def presses(self, button: str) -> None:
        """Press a button, as a click does; `button` is its path: see `buttons`."""
        self._note("presses a button")
        self._ask("click", path=button)

    def sends_with_enter(self, text: str, server: Peer) -> bool:
        """Type into one box after the other and press Enter, until the text reaches `server`."""
        for box in [self.box] if self.box else self.boxes():
            self.types(text, box)
            self.presses_enter(box)
            if self._arrives(text, server):
                self.box, self.button = box, ""
                return True
        return False

    def sends_with_a_button(self, text: str, server: Peer) -> bool:
        """Type, and press one button after the other, until the text reaches `server`."""
        for box in [self.box] if self.box else self.boxes():
            for button in [self.button] if self.button else self.buttons():
                self.types(text, box)
                self.presses(button)
                if self._arrives(text, server):
                    self.box, self.button = box, button
                    return True
        return False

    def says(self, text: str, server: Peer) -> None:
        """Send `text` in the way that works. Raises Failure with step "sending"."""
        with self.loop.during("sending"):
            self._sends(text, server)

    @explained
    def _sends(self, text: str, server: Peer) -> None:
        if not (self.sends_with_enter(text, server) or self.sends_with_a_button(text, server)):
            wanted = f"{text!r} to reach the server, by Enter or by a button"
            raise NotMet("rest", wanted, silence=Symptom.NOT_SENT)

    def _arrives(self, text: str, server: Peer) -> bool:
        self.loop.settle(quietly=True)
        return text.encode() in bytes(server.inbox)

    def says_again(self, text: str, times: int) -> None:
        """Send a line several times in a row, in the way that has worked, and look at nothing."""
        self._ask("send", path=self.box, text=text, button=self.button, count=times)

    def focuses(self, path: str) -> None:
        """Give the keyboard to a widget, or to a window: then no cursor blinks in a box."""
        self._ask("focus", path=path)
        self.loop.settle(quietly=True)

    def types_over(self, path: str, key: str = "x") -> None:
        """Give the keyboard to any widget and press a key there."""
        self.focuses(path)
        self._ask("press", path=path, key=key)
        self.loop.settle(quietly=True)

    def moves_to(self, x: int, y: int, path: str = ".") -> tuple[int, int, int, int]:
        """Move a window; return its left, upper, right and lower edge, in pixels.

        All are 0 where it has just been closed.
        """
        answer = self._ask("place", path=path, x=x, y=y)
        left, top, width, height = answer.get("place", (0, 0, 0, 0))
        return left, top, left + width, top + height

    def closes(self, path: str = "") -> None:
        """Close the window, as people do with the cross at its corner."""
        self._note("closes the window")
        view = self.view()
        path = path or next((one.window for one in view.widgets if one.path == self.box), "")
        self._order("close", path=path or view.windows[-1])

    # ----------------------------------------------------------------------------- inside

    @property
    def _acts(self) -> int:
        return self.pulse.acts if self.pulse else -1

    @property
    def _lane(self) -> str:
        return self.program.name.removesuffix(".py")

    def _note(self, text: str) -> None:
        self.loop.transcript.add(YOU, self._lane, "note", text=text)

    def _counts(self, words: list[str]) -> list[int]:
        answer = self._ask("find", words=words, box=self.box)
        counts = list(answer.get("counts", ()))
        return counts if len(counts) == len(words) else [0] * len(words)  # there is no window now
