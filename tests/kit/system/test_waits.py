"""For what the threads of a process wait, and for how long, as the kernel tells it."""

import subprocess
import sys
import time

import pytest

from chatkit.bench.idle import DUE, IdleDetector
from chatkit.system import linux
from chatkit.system.programs.timers import may_be_due, may_ring
from chatkit.system.programs.waits import waits

PROGRAM = """
import socket, threading
one, other = socket.socketpair()
one.settimeout(5)
threading.Thread(target=one.recv, args=(1,), daemon=True).start()
other.recv(1)
"""


@pytest.mark.skipif(not linux.READS_REST, reason="only Linux on x86-64 shows it")
def test_a_time_limit_on_a_socket_is_seen_and_its_length() -> None:
    wanted = {("poll", 5.0), ("recvfrom", None)}
    with subprocess.Popen([sys.executable, "-c", PROGRAM]) as process:
        try:
            until = time.monotonic() + 30
            while not (seen := set(waits(process.pid))) >= wanted and time.monotonic() < until:
                pass
        finally:
            process.kill()

    assert seen >= wanted


def test_a_process_that_has_gone_waits_for_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass

    assert waits(process.pid) == ()


@pytest.mark.skipif(not linux.READS_REST, reason="only Linux on x86-64 shows it")
def test_a_timer_that_shows_no_time_may_be_due_and_is_waited_for() -> None:
    """Its interrupt comes late on a busy machine; until then it looks like one that is not set."""
    program = "import ctypes, sys; ctypes.CDLL(None).timerfd_create(1, 0)\n"
    program += "print('here', flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], **pipes) as process:
        assert process.stdout
        process.stdout.readline()
        assert may_be_due([process.pid]) and not may_ring([process.pid])
        detector = IdleDetector(lambda: [process.pid], lambda: False)
        begun = time.monotonic()
        while detector.look() != "rest":
            assert time.monotonic() < begun + 30
        process.kill()

    assert time.monotonic() - begun >= DUE
