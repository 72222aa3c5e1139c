"""What a check raises when a program did not do what the contract says."""

from dataclasses import dataclass
from typing import Literal, Protocol

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


@dataclass(frozen=True)
class NotMet:
    """Something did not come. `Bench.explained` makes a Failure of it, which says why."""

    stop: Stop  # how the wait for it ended
    expected: str  # for the report
    received: bytes = b""  # what came instead
    peer: Connected | None = None  # who waited for it
    silence: Symptom = (
        Symptom.SILENT
    )  # the symptom of a program that is there, is fine, and does nothing
