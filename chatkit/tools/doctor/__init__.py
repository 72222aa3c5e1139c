"""The doctor: looks at a machine, and says what is right or how to make it right.

Every look is a small function that gives a `Finding`. It runs in a thread of its own and has a
deadline, so nothing on a strange machine can hold up the others, and an error in a look is told
like anything else. Nothing is changed, and nothing is sent to another machine.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chatkit.system import machine
from chatkit.tools.doctor import folders, grader, interpreter, limits, network, screen
from chatkit.tools.doctor.finding import Finding, Status

__all__ = ["PROBES", "Finding", "Probe", "examine"]

SECONDS = 40.0  # for one look; each bounds its own steps well below that


@dataclass(frozen=True)
class Probe:
    """One look."""

    name: str
    look: Callable[[], Finding]
    needed: bool = True  # by a student: if the look itself fails, something is wrong


PROBES = (
    Probe("Python", interpreter.python),
    Probe("lessons", folders.lessons),
    Probe("encoding", screen.encoding),
    Probe("Tk", screen.tk),
    Probe("display", screen.display),
    Probe("fonts", screen.fonts, needed=False),
    Probe("ports", network.ports),
    Probe("loopback", network.loopback),
    Probe("localhost", network.localhost, needed=False),
    Probe("firewall", network.firewall, needed=False),
    Probe("temp folder", folders.temporary),
    Probe("limits", limits.limits),
    Probe("rest", grader.rest),
    Probe("sandbox", grader.sandbox, needed=False),
    Probe("extras", interpreter.extras, needed=False),
)


def examine(
    begin: Callable[[str], None], probes: Sequence[Probe] = PROBES, seconds: float = SECONDS
) -> Iterator[Finding]:
    """Look at everything, one thing after the other. `begin` hears the name of each before.

    A look that takes longer than `seconds` is left alone. Raises KeyboardInterrupt.
    """
    for probe in probes:
        begin(probe.name)
        yield answer(probe, seconds)


def answer(probe: Probe, seconds: float) -> Finding:
    """What a look finds, or that it failed itself."""
    answers: list[Finding] = []

    def look() -> None:
        try:
            answers.append(probe.look())
        except Exception as error:  # whatever a strange machine makes of it: told, not raised
            answers.append(broken(probe, f"{type(error).__name__}: {error}"))

    thread = threading.Thread(target=look, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no thread is to be had, and that is what one look is about
        look()
        return answers[0]
    deadline = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < deadline:
        thread.join(0.2)  # in short turns: on Windows a long one does not hear Ctrl-C
    return answers[0] if answers else broken(probe, f"no answer within {seconds:g} seconds")


def broken(probe: Probe, why: str) -> Finding:
    """The finding about a look that failed."""
    status: Status = "wrong" if probe.needed else "remark"
    told = f"this look failed itself: {' '.join(why.split())}"
    cure = "please report this line"
    if machine.REFUSED.search(why):
        cure = machine.SEE
    return Finding(probe.name, status, told, cure, failed=True)
