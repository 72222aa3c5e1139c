"""The display of a window, and that no window and no display is left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from chatkit._errors import Unavailable
from chatkit.bench.bench import Bench
from chatkit.system import display as displays
from chatkit.system.display import Display

REFERENCE = Path(__file__).parents[3] / "chatkit" / "reference" / "gui" / "client.py"


def test_a_display_of_its_own_is_gone_afterwards() -> None:
    with Display(own=True) as display:
        pid = display.pid
        number = display.environment["DISPLAY"].removeprefix(":")
        cookie = Path(display.environment["XAUTHORITY"])
        assert pid and psutil.pid_exists(pid)
        assert cookie.stat().st_mode & 0o777 == 0o600

    assert not psutil.pid_exists(pid)
    assert not cookie.parent.exists()
    assert not Path(f"/tmp/.X11-unix/X{number}").exists()
    assert not Path(f"/tmp/.X{number}-lock").exists()


def test_only_who_has_the_cookie_gets_in(display: Display) -> None:
    open_window = [sys.executable, "-c", "import tkinter; tkinter.Tk()"]
    environment = {**os.environ, **display.environment}

    assert subprocess.run(open_window, env=environment).returncode == 0
    environment["XAUTHORITY"] = os.devnull
    refused = subprocess.run(open_window, env=environment, capture_output=True, text=True)
    assert refused.returncode != 0
    assert "couldn't connect to display" in refused.stderr


def test_a_desktop_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":4711")

    with Display() as display:
        assert display.pid is None
        assert display.environment == {}


def test_without_xvfb_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(displays.shutil, "which", lambda name: None)

    with pytest.raises(Unavailable, match="sudo apt install xvfb"):
        Display()


def test_without_tk_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(displays.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(
        Unavailable, match=r"(?s)sudo apt install python3-tk.*Homebrew.*python\.org"
    ):
        Display()


def test_where_there_is_no_display_the_lesson_is_skipped(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    check = [sys.executable, "-m", "chatkit", "check", "5", "--solutions"]

    done = subprocess.run(
        check, env=environment | {"PATH": str(tmp_path)}, capture_output=True, text=True
    )

    assert "sudo apt install xvfb" in done.stdout
    assert "0 of 0 points, 20 SKIPPED" in done.stdout


def test_after_ctrl_c_no_window_and_no_display_is_left(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    environment["TMPDIR"] = str(tmp_path)
    check = subprocess.Popen(
        [sys.executable, "-m", "chatkit", "check", "5", "--solutions"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert check.stdout
    for line in check.stdout:
        if "asks, before connecting" in line:
            break
    started = psutil.Process(check.pid).children(recursive=True)

    os.killpg(check.pid, signal.SIGINT)

    assert check.wait(20) == 130
    check.stdout.close()
    assert any(process.name() == "Xvfb" for process in started if process.is_running()) is False
    assert not psutil.wait_procs(started, timeout=5)[1]
    assert list(tmp_path.iterdir()) == []


def test_the_demo_opens_two_windows_and_ends_on_ctrl_c(display: Display) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "chatkit", "demo"],
        env={**os.environ, **display.environment},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert demo.stdout
    assert "A server runs on 127.0.0.1:" in demo.stdout.readline()
    demo.stdout.readline()
    started = psutil.Process(demo.pid).children()

    demo.send_signal(signal.SIGINT)

    assert "have ended" in demo.communicate(timeout=20)[0]
    assert demo.returncode == 0
    assert not psutil.wait_procs(started, timeout=5)[1]


def test_the_demo_says_that_there_is_no_desktop() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}

    done = subprocess.run(
        [sys.executable, "-m", "chatkit", "demo"],
        env=environment,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 2
    assert "no desktop" in done.stderr


def test_the_window_takes_a_long_day_and_keeps_its_memory(display: Display) -> None:
    """30,000 lines at full speed: it stays alive, keeps the newest, and grows no more."""
    with Bench(lambda _: REFERENCE, display=lambda: display) as bench:
        bench.listen()
        window = bench.start_window("--name", "alice")
        window.appears()
        server = bench.accept()
        server.says("NICK")
        server.hears("alice")
        server.says("Connected to the server")
        held = []
        for part in range(3):
            server.says(*(f"bob: {part} line {number} of a long day" for number in range(10_000)))
            last = f"bob: {part} line 9999 of"
            window.waits_until(
                lambda last=last: window.count(last) == 1, last, silence="not-shown", promise=6.0
            )
            held.append(psutil.Process(bench.program.pid).memory_info().rss)

        assert window.count("bob: ") == 5000
        assert window.vitals()["gap"] < 0.5  # seconds of processor time
        assert held[2] < held[0] * 1.1


def test_closing_the_window_while_the_dialog_asks_again_leaves_no_traceback(
    display: Display,
) -> None:
    with Bench(lambda _: REFERENCE, display=lambda: display) as bench:
        bench.listen()
        window = bench.start_window("--name", "alice")
        window.appears()
        server = bench.accept()
        server.says("NICK")
        server.hears("alice")
        before = window.view()
        server.says("taken", "NICK")
        window.tells(before, "the name was refused")
        bench.settle()

        window.closes(".")
        bench.wait(lambda: bench.program.status is not None)

        assert bench.program.status == 0
        assert bench.program.errors.text == ""
