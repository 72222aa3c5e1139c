"""What is raised when a program did not do what the contract says.

A check raises Failure. Peers and windows raise NotMet: they know what did not come, and not why.
Their bench knows, and makes a Failure of it before a check sees it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Literal, ParamSpec, Protocol, TypeVar

from chatkit.bench.symptoms import Symptom

# How a wait ends: what was waited for came, the programs are at rest, or time is up.
Stop = Literal["met", "rest", "late"]


@dataclass
class Failure(Exception):
    """One broken expectation, told so that a report can explain it.

    `symptom` is the same from run to run for the same mistake. `step` names the
    set-up step that failed ("start", "connect", "handshake"); it is empty when the behaviour under
    test itself failed.
    """

    symptom: Symptom
    message: str  # what happened, one sentence
    expected: str = ""  # what should have come
    received: str = ""  # what came instead
    step: str = ""  # "" or the set-up step that failed

    def __str__(self) -> str:
        return self.message


class Connected(Protocol):
    """The peer that has waited for something."""

    @property
    def name(self) -> str:
        """What the transcript calls it."""

    @property
    def ended(self) -> str:
        """How the other end has ended the connection; empty while it is open."""


@dataclass(eq=False)
class NotMet(Exception):
    """Something did not come. `Bench.explained` makes a Failure of it, which says why."""

    stop: Stop  # how the wait for it ended
    expected: str  # for the report
    received: bytes = b""  # what came instead
    peer: Connected | None = None  # who waited for it
    # The symptom of a program that is there, is fine, and does nothing. Then `told` and `came`, if
    # there are any, are the message and what was received; `stands` adds where its threads stand.
    silence: Symptom = Symptom.SILENT
    told: str = ""
    came: str = ""
    stands: bool = False
    step: str = ""  # as in Failure


class Explains(Protocol):
    """A bench, as far as those are concerned who take part in it."""

    def explained(self, missed: NotMet) -> Failure:
        """`missed` as a failure that says why."""


class TakesPart(Protocol):
    """A peer or a window of a bench."""

    @property
    def loop(self) -> Explains:
        """The bench."""


Given = ParamSpec("Given")
Result = TypeVar("Result")
One = TypeVar("One", bound=TakesPart)


def explained(
    method: Callable[Concatenate[One, Given], Result],
) -> Callable[Concatenate[One, Given], Result]:
    """A method of a peer or a window that raises NotMet: its bench says why, as a Failure."""

    @wraps(method)
    def asking(self: One, /, *given: Given.args, **named: Given.kwargs) -> Result:
        try:
            return method(self, *given, **named)
        except NotMet as missed:
            failure = self.loop.explained(missed)
        raise failure

    return asking
