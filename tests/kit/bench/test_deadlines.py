"""Time in which a program had no processor is the machine's fault, up to a bound."""

import pytest

from chatkit.bench.waiting import deadlines
from chatkit.bench.waiting.deadlines import STARVED, Patience
from chatkit.system import linux

SECOND = 10**9  # in nanoseconds, as the kernel counts


class Machine:
    """A clock that the test moves on, and one thread that waits for a processor meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.queued = 5 * SECOND  # from before
        monkeypatch.setattr(deadlines.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(linux, "READS_REST", True)
        monkeypatch.setattr(linux, "threads", self.threads)

    def threads(self, pids: list[int]) -> dict[int, linux.Thread]:
        return {pid: linux.Thread("", False, 0, 0, queued=self.queued) for pid in pids}

    def goes_on(self, seconds: float, *, starved: bool) -> None:
        self.now += seconds
        self.queued += int(seconds * SECOND) * starved


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_a_program_that_has_its_processor_gets_its_time_and_no_more(machine: Machine) -> None:
    waiting = Patience(10.0, lambda: [1])
    machine.goes_on(9.9, starved=False)
    assert not waiting.is_over()
    machine.goes_on(0.2, starved=False)
    assert waiting.is_over()


def test_time_without_a_processor_does_not_count(machine: Machine) -> None:
    waiting = Patience(10.0, lambda: [1])
    machine.goes_on(2, starved=False)
    assert not waiting.is_over()
    machine.goes_on(20, starved=True)
    assert not waiting.is_over()
    machine.goes_on(9, starved=False)
    assert waiting.is_over()


def test_patience_ends_however_busy_the_machine_is(machine: Machine) -> None:
    waiting = Patience(10.0, lambda: [1])
    machine.goes_on(2, starved=True)
    assert not waiting.is_over()
    machine.goes_on(10.0 * STARVED, starved=True)
    assert waiting.is_over()
