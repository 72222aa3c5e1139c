"""What a check raises when a program did not do what the contract says."""

from dataclasses import dataclass


@dataclass
class Failure(Exception):
    """One broken expectation, told so that a report can explain it.

    `symptom` is a short code, the same from run to run for the same mistake. `step` names the
    set-up step that failed ("start", "connect", "handshake"); it is empty when the behaviour under
    test itself failed.
    """

    symptom: str
    message: str  # what happened, one sentence
    expected: str = ""  # what should have come
    received: str = ""  # what came instead
    step: str = ""  # "" or the set-up step that failed

    def __str__(self) -> str:
        return self.message
