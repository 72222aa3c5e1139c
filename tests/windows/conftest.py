"""A Python for Windows, under Wine.

Where it is stands in CHATKIT_WINDOWS_PYTHON: a command that runs it, and ends its Wine when it is
called with --stop. Without that the command `../shared/windows/wpy` beside the clone is taken, if
it is there. Wine is not Windows: see docs/instructors/platforms.md for what that means.
"""

import os
import select
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatkit.system.display import Display

ROOT = Path(__file__).parents[2]
FIRST_PROGRAM = """
import sys, tkinter
tkinter.Tk().destroy()  # with the first window Wine starts a desktop, another service
print(sys.platform, flush=True)
input()
"""
FIRST = 480  # seconds: it is unpacked, and Wine makes the folder that it calls a computer


def as_windows_says(path: Path) -> str:
    """Wine shows the whole machine as its drive Z."""
    return "Z:" + str(path).replace("/", "\\")


@dataclass
class Windows:
    """That Python, with everything that it needs around it."""

    command: str
    environment: dict[str, str]

    def python(
        self, *arguments: str, folder: Path = ROOT, seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end. Raises subprocess.TimeoutExpired after `seconds`."""
        return subprocess.run(
            [self.command, *arguments],
            cwd=folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            encoding="utf-8",
            errors="replace",
        )

    def chatkit(
        self, *arguments: str, folder: Path = ROOT, seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the kit of this clone."""
        return self.python("-m", "chatkit", *arguments, folder=folder, seconds=seconds)


@pytest.fixture(scope="session")
def windows() -> Iterator[Windows]:
    beside = str(ROOT.parent / "shared" / "windows" / "wpy")
    command = os.environ.get("CHATKIT_WINDOWS_PYTHON", beside)
    with tempfile.TemporaryDirectory(prefix="chatkit-wine-") as home, Display(own=True) as display:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
            **display.environment,
            "CHATKIT_WINDOWS": home,  # where the command keeps its Wine: one for these tests alone
            "PYTHONPATH": as_windows_says(ROOT),
            "PYTHONIOENCODING": "utf-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        # Wine starts services with the first program, and they inherit its streams and stay as long
        # as any program is there: who waits for the end of a later one would wait for them. So the
        # first one stays, and nobody waits for the end of its output before all is over.
        first = subprocess.Popen(
            [command, "-c", FIRST_PROGRAM],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert first.stdout
        try:
            ready, _, _ = select.select([first.stdout], [], [], FIRST)
            assert ready and first.stdout.readline().strip() == b"win32"
            yield Windows(command, environment)
        finally:
            subprocess.run([command, "--stop"], env=environment, timeout=60, check=False)
            first.kill()
            first.communicate()
