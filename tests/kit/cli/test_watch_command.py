"""`chatkit watch` as a student has it: a process of its own on a real terminal."""

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from chatkit.course.lessons import find_course

ROOT = find_course(Path(__file__).parent).root
SECONDS = 60  # that anything may take on a busy machine
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
WATCH = (sys.executable, "-m", "chatkit", "watch")
# Three checks stand for the lesson's sixteen: what is tried here is the watch.
CHECKS = """
from chatkit.bench import Bench
from chatkit.course import check
from . import any_server

about = dict(hint="Think.", read="Say it back", rule="lesson-1-echo")

@check("ready-line", "prints the ready line", points=6, owns=("start",), **about)
def test_ready_line(bench: Bench) -> None:
    any_server.prints_the_ready_line(bench)

@check("echoes-a-line", "a line comes back", points=10, owns=("connect",), **about)
def test_echoes_a_line(bench: Bench) -> None:
    bench.start_server()
    peer = bench.connect("alice")
    peer.sends(b"hello\\n")
    peer.gets(b"hello\\n")

about["program"] = "client.py"

@check("client-connects", "the client connects", points=4, owns=("start",), **about)
def test_client_connects(bench: Bench) -> None:
    bench.listen()
    bench.start_client()
    bench.accept("server")
"""
CRASH = """
import chatkit.student.watch
from chatkit.cli.main import main
def crash(*_):
    raise RuntimeError("a mistake in the kit")
chatkit.student.watch.Watch._pressed = crash
main(["watch", "1"])
"""


class Window:
    """A terminal window with one command in it."""

    def __init__(self, folder: Path, *command: str, name: str = "xterm") -> None:
        self.master, self.slave = pty.openpty()
        self.resize(80, 24)
        self.before = termios.tcgetattr(self.slave)
        self.text = ""
        self.process = psutil.Popen(
            command,
            cwd=folder,
            env={**os.environ, "TERM": name, "NO_COLOR": "1", "COLUMNS": "80"},
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def reads(self, words: str) -> None:
        """Wait until `words` are shown, and forget all up to there."""
        deadline = time.monotonic() + SECONDS
        while words not in (shown := ESCAPES.sub("", self.text)):
            ended = self.process.poll() is not None
            if select.select([self.master], [], [], 0.1)[0]:
                self.text += os.read(self.master, 1 << 16).decode("utf-8", "replace")
            else:
                assert not ended and time.monotonic() < deadline, (words, shown)
        self.text = shown[shown.index(words) + len(words) :]

    def types(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def started(self) -> list[psutil.Process]:
        """Everything that the command has started, and that is still there."""
        return self.process.children(recursive=True)

    def ends(self) -> int:
        """Wait until it has ended; read what it says meanwhile."""
        deadline = time.monotonic() + SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text
            if select.select([self.master], [], [], 0.02)[0]:
                self.text += os.read(self.master, 1 << 16).decode("utf-8", "replace")
        while select.select([self.master], [], [], 0)[0]:
            self.text += os.read(self.master, 1 << 16).decode("utf-8", "replace")
        return self.process.returncode

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was, with the first screen and the cursor."""
        shown = self.text.rfind("\x1b[?1049l"), self.text.rfind("\x1b[?25h")
        hidden = self.text.rfind("\x1b[?1049h"), self.text.rfind("\x1b[?25l")
        return termios.tcgetattr(self.slave) == self.before and shown >= hidden

    def close(self) -> None:
        for process in [*self.started(), self.process] if self.process.is_running() else []:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A course with lesson 1 solved, and fewer checks for it."""
    shutil.copytree(ROOT / "lessons", tmp_path / "lessons")
    shutil.copytree(ROOT / "tests/lessons", tmp_path / "tests/lessons")
    (tmp_path / "tests/lessons/test_01_echo.py").write_text(CHECKS, encoding="utf-8")
    for program in ("server.py", "client.py"):
        shutil.copy(ROOT / "solutions/01_echo" / program, tmp_path / "lessons/01_echo")
    return tmp_path


@pytest.fixture
def window(folder: Path) -> Iterator[Callable[..., Window]]:
    opened: list[Window] = []

    def open_one(*command: str, **options: str) -> Window:
        opened.append(Window(folder, *(command or (*WATCH, "1")), **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    again = threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        again.wait(0.01)


def replace(path: Path, text: str) -> None:
    """Save as many editors do: a new file takes the place of the old one."""
    beside = path.with_name(f".{path.name}.swp")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def test_a_save_is_seen_checked_and_told(window: Callable[..., Window], folder: Path) -> None:
    server = folder / "lessons/01_echo/server.py"
    right = server.read_text(encoding="utf-8")
    one = window()
    one.reads("Every check passes: 20 of 20 points")

    replace(server, right.replace("client.sendall(data)", "client.sendall(data.upper())"))
    one.reads("✗ ")
    one.reads("watching: save to check")
    one.reads("Begin here: ")
    replace(server, right)
    one.reads("Every check passes: 20 of 20 points")

    one.types("q")
    assert one.ends() == 0
    assert "01_echo: 20 of 20 points" in one.text


def test_a_save_in_the_middle_of_a_run_starts_over_and_ends_the_old_program(
    window: Callable[..., Window], folder: Path
) -> None:
    server = folder / "lessons/01_echo/server.py"
    right = server.read_text(encoding="utf-8")
    note = folder / "pid"
    replace(
        server,
        f"import os, threading\nopen({str(note)!r}, 'w').write(str(os.getpid()) + '.')\n"
        "while True:\n    threading.Event().wait(0.05)\n",  # never at rest: it is waited for
    )
    one = window()
    until(lambda: note.exists() and note.read_text().endswith("."))
    old = int(note.read_text().rstrip("."))
    assert psutil.pid_exists(old)

    replace(server, right)
    one.reads("Every check passes: 20 of 20 points")

    assert "✗" not in one.text, "nobody wants to hear of the old program"
    until(lambda: not psutil.pid_exists(old))


def test_the_programs_are_the_same_for_the_watch_and_for_check(
    window: Callable[..., Window], folder: Path
) -> None:
    one = window()
    one.reads("Every check passes")

    beside = subprocess.run(
        [sys.executable, "-m", "chatkit", "check", "1"], cwd=folder, capture_output=True, text=True
    )

    assert beside.returncode == 0 and "20 of 20" in beside.stdout
    one.types("c")
    one.reads("checking …")
    one.reads("Every check passes")


def test_a_program_that_is_missing_is_told_and_awaited(
    window: Callable[..., Window], folder: Path
) -> None:
    client = folder / "lessons/01_echo/client.py"
    right = client.read_text(encoding="utf-8")
    client.unlink()
    one = window()
    one.reads("client.py")
    one.reads("watching: save to check")

    client.write_text(right, encoding="utf-8")

    one.reads("Every check passes: 20 of 20 points")


def test_keys_walk_ask_help_and_check(window: Callable[..., Window]) -> None:
    one = window()
    one.reads("Lesson 1  Echo")
    one.types("n")
    one.reads("Lesson 2  Broadcast")
    one.types("\x1b[A")  # an arrow key is none of ours
    one.types("?")
    one.reads("put the starter back")
    one.types("p")
    one.reads("Lesson 1  Echo")
    one.types("x")
    one.reads("y yes  n no")
    one.types("n")
    one.types("\n")
    one.reads("Every check passes")
    one.types("h")
    one.reads("no hint is left")


def test_a_program_gets_the_terminal_and_ctrl_c_comes_back(window: Callable[..., Window]) -> None:
    one = window()
    one.reads("Every check passes")
    one.types("r")
    one.reads("s server.py")
    one.types("s")
    one.reads("Server running on")
    assert termios.tcgetattr(one.slave) == one.before
    server = [each for each in one.started() if "server.py" in " ".join(each.cmdline())]
    one.types("\x03")
    one.reads("Every check passes")
    assert server and not psutil.wait_procs(server, timeout=SECONDS)[1]

    one.types("r")
    one.reads("c client.py")
    one.types("c")
    one.reads("Press Enter to go back")  # there is no server: it ends by itself
    one.types("\n")
    one.reads("Every check passes")
    one.types("q")
    assert one.ends() == 0 and one.restored


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


def test_the_page_is_drawn_anew_when_the_window_changes(window: Callable[..., Window]) -> None:
    one = window()
    one.reads("─" * 80 + "\r")
    one.resize(100, 30)
    one.reads("─" * 100 + "\r")


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


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_without_a_terminal_it_prints_plain_verdicts(folder: Path, end: signal.Signals) -> None:
    server = folder / "lessons/01_echo/server.py"
    process = psutil.Popen(
        [*WATCH, "1"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        said = told_until(process, "Watching.")
        assert any("20 of 20 points" in line for line in said)
        replace(server, "print('this is no server')\n")
        said = told_until(process, "Watching.")
        assert any("✗ prints the ready line" in line for line in said)
        assert "\x1b" not in "".join(said)
        started = process.children(recursive=True)
        process.send_signal(end)
        assert process.wait(SECONDS) == 130
        assert "Traceback" not in process.stderr.read()
        assert not psutil.wait_procs(started, timeout=SECONDS)[1]
    finally:
        for one in (*process.children(recursive=True), process) if process.is_running() else ():
            one.kill()
        process.communicate()


def told_until(process: psutil.Popen, words: str) -> list[str]:
    """The lines that it prints up to the one with `words`."""
    said: list[str] = []
    while not said or words not in said[-1]:
        said.append(process.stdout.readline())
        assert said[-1], said
    return said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["9"], "no lesson '9'"), (["ecko"], "Did you mean echo?"), (["--polls"], "--poll")],
)
def test_wrong_use_is_one_clear_line_and_status_2(arguments: list[str], words: str) -> None:
    done = subprocess.run([*WATCH, *arguments], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr
