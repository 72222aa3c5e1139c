"""Whether a window answers, and whether a callback of it waits: a frozen window helps nobody."""

import contextlib
import math
import time
from collections.abc import Iterator
from typing import Any

from chatkit.bench.failure import Failure, NotMet, explained
from chatkit.bench.symptoms import Symptom
from chatkit.bench.windows.connection import AgentConnection

TICKS = 5  # what must still happen while something is in the window's way
LONGEST_WAIT = 0.5  # seconds that a callback may wait
INQUIRE = 0.2  # seconds from one question to the next, to a window that has not answered yet
OFTEN = 4  # callbacks that wait too long, after which nobody waits for the next one


class LivingWindow(AgentConnection):
    """A window that must answer."""

    # ------------------------------------------------------------------- what it must do

    def stays_alive(self, situation: str) -> None:
        """The window ticks five times more, and no callback of it waits. Raises Failure."""
        with self.alive(situation):
            for _ in range(TICKS):
                self._ask("pulse")
                self.has_not_waited(situation)

    @contextlib.contextmanager
    def alive(self, situation: str, most_work: float = math.inf) -> Iterator[None]:
        """In here it is judged whether the window answers at all, and a callback may not wait.

        Nor may one call take more than `most_work` seconds of processor time.
        """
        self.situation, self.most_work = situation, most_work
        self.inquired = time.monotonic()
        try:
            yield
        finally:
            self.situation, self.most_work = "", math.inf

    @explained
    def has_not_waited(self, situation: str) -> None:
        """No callback has waited for more than the contract allows. Raises Failure.

        That is the time in which it was asleep; a busy machine does not make it longer.
        """
        vitals = self.vitals()
        if (waited := vitals["waited"]) > LONGEST_WAIT:
            who = vitals["where"] or "the loop around update()"
            told = f"{self.program.name} froze its window: {who} waited for {waited:.1f} s"
            wanted = f"callbacks that never wait for more than {LONGEST_WAIT} s, {situation}"
            slept = f"{who} was asleep for {waited:.1f} s"
            raise NotMet(
                "rest",
                wanted,
                silence=Symptom.FROZEN,
                told=told,  # where it stands helps only if it still waits
                came=slept,
                stands=True,
            )
        if (gap := vitals["gap"]) > self.most_work:
            told = f"one call kept {self.program.name} from everything else"
            most = f"at most {self.most_work:.1f} s of processor time for one call"
            raise Failure(Symptom.FROZEN, told, f"{most}, {situation}", f"{gap:.1f} s")

    def is_usable(self) -> None:
        """The window answers even when nothing comes, and does not wait all the time.

        Raises Failure with the set-up step "reacts" or "alive".
        """
        self.loop.settle()
        self._ask("pulse")
        self.must_not_wait_always()
        self.loop.steps_done.add("usable")

    def was_alive(self) -> None:
        """No callback has waited until now: the set-up step "alive". Raises Failure."""
        with self.loop.during("alive"):
            self.has_not_waited("while nothing special happens")

    def must_not_wait_always(self) -> None:
        """With a window that waits again and again everything would last for ever. Raises Failure.

        It belongs to the set-up step "alive". A single callback may wait for one thing. Nothing is
        judged here once the window was usable, or while it is judged whether it is alive.
        """
        if self.waited >= OFTEN and not self.situation and "usable" not in self.loop.steps_done:
            self.waited = 0  # asking for the vitals must not end here again
            try:
                self.has_not_waited("while nothing special happens")
            except Failure as failure:
                failure.step = "alive"
                raise

    def vitals(self) -> dict[str, Any]:
        """What the agent counts, also of a window that hangs.

        "gap": the longest time between two ticks, in seconds of processor time; "waited": for how
        many seconds a callback was asleep, at the most, and "where", which one; "wrong": calls of
        Tk that no program may make.
        """
        return {"gap": 0.0, "waited": 0.0, "where": "", "wrong": [], **self._ask("vitals")}

    def measure(self, lines: int) -> float:
        """How long it takes here to put so many lines into a Text: seconds of processor time."""
        return float(self._ask("measure", lines=lines).get("took", 0.0))

    def holds_the_end(self) -> None:
        """From now on the process waits for `lets_go` when all of the program's code is over."""
        self._ask("hold")

    def lets_go(self) -> None:
        self._order("let_go")

    # ------------------------------------------------------------------------- the agent

    @explained
    def _ask(self, do: str, /, **how: object) -> dict[str, Any]:
        """Give an order and wait for the answer. Raises Failure when the window is frozen.

        As long as nobody has seen it usable, that is a failure of the set-up step "reacts". A
        callback that sleeps for a while is waited for, unless that is what is judged.
        """
        self.must_not_wait_always()
        number = self._order(do, **how)
        stop = self.loop.wait(
            lambda: (
                number in self.answers
                or self.program.status is not None
                or self.ended
                or (self.situation and self._is_frozen())
            ),
            patient=not self.situation,
        )
        if self.program.status is not None:
            self.loop.pump(0)  # it may have answered before it ended
        if number in self.answers:
            return self.answers.pop(number)
        if self.program.status is not None or self.ended:
            self.loop.wait(lambda: self.program.status is not None)
            raise self.loop.ended_early(self.program)
        if self.situation:
            self.has_not_waited(self.situation)
        wanted = f"the window to go on, {self.situation}".removesuffix(", ")
        usable = self.situation or "usable" in self.loop.steps_done
        raise NotMet(stop, wanted, silence=Symptom.FROZEN, step="" if usable else "reacts")

    def _is_frozen(self) -> bool:
        """Whether a callback waits or works for too long just now, as seen every now and then."""
        if self.inquiry in self.answers:
            vitals = self.answers.pop(self.inquiry)
            self.inquiry = 0
            return bool(vitals["waited"] > LONGEST_WAIT or vitals["gap"] > self.most_work)
        if not self.inquiry and time.monotonic() - self.inquired > INQUIRE:
            self.inquired = time.monotonic()
            self.inquiry = self._order("vitals")
        return False
