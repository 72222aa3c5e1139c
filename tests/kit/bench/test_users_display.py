"""Windows on the display of the user, where other programs are, and which may be far away."""

import asyncio
import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from chatkit.course.lessons import find_course
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson
from chatkit.system import linux
from chatkit.system.display import Display
from chatkit.system.spawn import plain_environment

pytestmark = pytest.mark.skipif(not linux.LINUX, reason="Xvfb plays the user's display")

GUI = find_course(Path(__file__).parent).lesson("gui")
LATENCY = 0.001  # seconds, each way
THIEF = """
import tkinter
root = tkinter.Tk()
def take():
    root.focus_force()
    root.after(1, take)
take()
root.after(50, lambda: print("there", flush=True))
root.mainloop()
"""


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[Display]:
    """The display of the user: the bench finds it in the environment."""
    with Display(own=True) as display:
        for name, value in display.environment.items():
            monkeypatch.setenv(name, value)
        yield display


@contextlib.contextmanager
def far_away(number: str) -> Iterator[str]:
    """The display `number`, at the end of a slow line; gives its name."""

    listening: SimpleQueue[tuple[int, Callable[[], object]]] = SimpleQueue()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                loop.call_later(LATENCY, writer.write, data)
        loop.call_later(LATENCY, writer.close)

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_there, there = await asyncio.open_unix_connection(f"/tmp/.X11-unix/X{number}")
        await asyncio.gather(relay(reader, there), relay(from_there, writer))

    async def serve() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        async with await asyncio.start_server(connect, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            listening.put((port, lambda: loop.call_soon_threadsafe(stop.set)))
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    port, stop = listening.get(timeout=30)
    try:
        yield f"127.0.0.1:{port - 6000}"  # see X(7)
    finally:
        stop()
        thread.join()


@pytest.fixture
def far(display: Display, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with far_away(display.environment["DISPLAY"].removeprefix(":")) as name:
        monkeypatch.setenv("DISPLAY", name)
        yield


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("check", ["handshake", "shows-all", "enter-sends"])
def test_a_window_that_waits_for_a_display_far_away_is_not_frozen(check: str) -> None:
    (verdict,) = grade_lesson(GUI, GUI.solutions, RunOptions(only=(check,))).checks

    assert (verdict.status, verdict.message) == ("passed", "")


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize(
    ("mistake", "check", "symptom"),
    [
        ("connects_in_a_callback", "hung-connect", "frozen"),
        ("connects_before_the_window", "hung-connect", "no-window"),
    ],
)
def test_what_is_wrong_is_seen_there_too(mistake: str, check: str, symptom: str) -> None:
    folder = GUI.checks_file.parents[1] / "mistakes" / GUI.name / mistake

    (verdict,) = grade_lesson(GUI, folder, RunOptions(only=(check,))).checks

    assert (verdict.status, verdict.symptom) == ("failed", symptom)


@pytest.mark.parametrize("check", ["enter-sends", "read-only"])
def test_another_program_may_take_the_keyboard(display: Display, check: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", THIEF], env=plain_environment(), stdout=subprocess.PIPE
    ) as thief:
        assert thief.stdout and thief.stdout.readline() == b"there\n"
        try:
            verdicts = [
                grade_lesson(GUI, GUI.solutions, RunOptions(only=(check,))).checks[0]
                for _ in range(3)
            ]
        finally:
            thief.kill()

    assert [(one.status, one.message) for one in verdicts] == [("passed", "")] * 3
