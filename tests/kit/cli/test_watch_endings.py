"""How `chatkit watch` ends, and that it leaves the terminal as it was and no program behind."""

import signal
import sys
import termios
from collections.abc import Callable

import psutil
import pytest
from watch_window import SECONDS, WATCH, Window

CRASH = """
import chatkit.student.watch
from chatkit.cli.main import main
def crash(*_):
    raise RuntimeError("a mistake in the kit")
chatkit.student.watch.Watch._pressed = crash
main(["watch", "1"])
"""


def test_what_has_the_terminal_ends_with_the_watch(window: Callable[..., Window]) -> None:
    one = window()
    one.reads("Every check passes")
    one.types("r")
    one.reads("s server.py")
    one.types("s")
    one.reads("Server running on")
    started = one.started()

    one.process.terminate()

    assert one.ends() == 130 and one.restored
    assert not psutil.wait_procs(started, timeout=SECONDS)[1]


@pytest.mark.parametrize(
    ("end", "status"), [("q", 0), ("\x03", 130), (signal.SIGTERM, 130), (signal.SIGHUP, 130)]
)
def test_however_it_ends_the_terminal_is_as_before_and_nothing_runs(
    window: Callable[..., Window], end: str | signal.Signals, status: int
) -> None:
    one = window()
    one.reads("checking … 1 of 3")
    started = one.started()
    assert started
    assert termios.tcgetattr(one.slave) != one.before

    if isinstance(end, str):
        one.types(end)
    else:
        one.process.send_signal(end)

    assert one.ends() == status
    assert one.restored
    assert "Traceback" not in one.text
    assert not psutil.wait_procs(started, timeout=SECONDS)[1]


def test_a_crash_of_the_kit_leaves_the_terminal_as_before(
    window: Callable[..., Window],
) -> None:
    one = window(sys.executable, "-c", CRASH)
    one.reads("checking … 1 of 3")
    started = one.started()
    one.types("c")

    assert one.ends() == 1
    assert one.restored
    assert "a mistake in the kit" in one.text.rpartition("\x1b[?1049l")[2], "told where it can stay"
    assert not psutil.wait_procs(started, timeout=SECONDS)[1]


def test_when_the_watch_is_killed_its_programs_end_too(window: Callable[..., Window]) -> None:
    one = window()
    one.reads("checking … 1 of 3")
    started = one.started()

    one.process.kill()

    assert not psutil.wait_procs(started, timeout=SECONDS)[1]


def test_ctrl_z_gives_the_terminal_back_to_the_shell_and_fg_goes_on(
    window: Callable[..., Window],
) -> None:
    one = window("bash", "--norc", "--noediting", "-i")
    one.types(f"{' '.join(WATCH)} 1\n")
    one.reads("Every check passes")

    one.types("\x1a")
    one.reads("Stopped")
    assert termios.tcgetattr(one.slave)[3] & termios.ECHO
    one.types("echo a$((1+1))b\n")
    one.reads("a2b")
    one.types("fg\n")
    one.reads("Every check passes")

    one.types("q")
    one.reads("Go on: chatkit watch 1")
    one.types("exit\n")
    assert one.ends() == 0
