"""`chatkit watch` as a student has it: a process of its own on a real terminal."""

import signal
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from watch_window import ROOT, SECONDS, WATCH, Window, replace, until


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


def test_the_page_is_drawn_anew_when_the_window_changes(window: Callable[..., Window]) -> None:
    one = window()
    one.reads("─" * 80 + "\r")
    one.resize(100, 30)
    one.reads("─" * 100 + "\r")


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
