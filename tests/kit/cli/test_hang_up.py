"""A terminal that is closed ends a command as Ctrl-C does, in all its processes."""

import contextlib
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chatkit.cli.stopping import end_on_signals
from chatkit.grading import parallel
from chatkit.system import linux

ROOT = Path(__file__).parents[3]
SECONDS = 60

pytestmark = pytest.mark.skipif(not linux.READS_REST, reason="only there checks are shared")


class InATerminal:
    """A command of the kit in a terminal of its own, and a folder for what it leaves behind."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        environment = {
            **{name: value for name, value in os.environ.items() if name != "DISPLAY"},
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.temporary),
            "TERM": "xterm",
        }
        init = [sys.executable, "-m", "chatkit", "init", str(folder / "mine")]
        subprocess.run(init, cwd=ROOT, check=True, capture_output=True, timeout=SECONDS)
        for program in (ROOT / "solutions" / "05_gui").glob("*.py"):
            shutil.copy(program, folder / "mine" / "lessons" / "05_gui")
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            os.chdir(folder / "mine")
            command = [sys.executable, "-m", "chatkit", *arguments]
            os.execve(sys.executable, command, environment)
        self.until = time.monotonic() + SECONDS

    def left(self) -> list[str]:
        return sorted(path.name for path in self.temporary.glob("chatkit*"))

    def read_until_windows_open(self) -> None:
        while time.monotonic() < self.until and len(self.left()) < 3:
            if select.select([self.terminal], [], [], 0.02)[0]:
                os.read(self.terminal, 1 << 16)
        assert len(self.left()) >= 3

    def hang_up(self) -> None:
        os.close(self.terminal)
        self.terminal = -1

    def press_ctrl_c(self) -> None:
        os.write(self.terminal, b"\x03")

    def ends(self) -> None:
        """It does, and leaves nothing. What it prints until then is read."""
        everybody = [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]
        while time.monotonic() < self.until:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                self.pid = 0
                break
            if self.terminal < 0:
                select.select([], [], [], 0.02)
            elif select.select([self.terminal], [], [], 0.02)[0]:
                with contextlib.suppress(OSError):  # the last one has closed it
                    os.read(self.terminal, 1 << 16)
        assert not self.pid, "it goes on"
        assert not psutil.wait_procs(everybody, timeout=10)[1]
        assert self.left() == []

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.terminal >= 0:
            os.close(self.terminal)


@pytest.mark.parametrize("command", ["watch", "check"])
@pytest.mark.parametrize("how", ["hang_up", "press_ctrl_c"])
def test_nothing_is_left(tmp_path: Path, command: str, how: str) -> None:
    there = InATerminal(tmp_path, command, "5")
    try:
        there.read_until_windows_open()
        getattr(there, how)()
        there.ends()
    finally:
        there.close()


def test_a_ctrl_c_while_a_member_starts_does_not_lose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits until the member has its handlers, and is raised right after its start."""
    real, starts = parallel.signals_held, []

    @contextlib.contextmanager
    def pressed_at_the_third() -> Iterator[None]:
        with real():
            yield
        starts.append(1)
        if len(starts) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(parallel, "signals_held", pressed_at_the_third)
    before = psutil.Process().children()
    with pytest.raises(KeyboardInterrupt):
        parallel.share_out(range(8), 8, lambda turns, tell: time.sleep(SECONDS), print)
    started = [one for one in psutil.Process().children() if one not in before]
    try:
        assert not psutil.wait_procs(started, timeout=5)[1]
    finally:
        for one in started:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()


def test_only_the_first_signal_counts_and_nohup_is_respected() -> None:
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        end_on_signals()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        end_on_signals()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGTERM)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
