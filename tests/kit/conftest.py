"""What tests of the kit share: the command, a student's lessons, and a window under test."""

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from chatkit.bench.bench import Bench
from chatkit.bench.window import Window
from chatkit.course.lessons import Course, find_course
from chatkit.system.display import Display

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 240  # that a command may take on a busy machine, unless a test says otherwise


@pytest.fixture(scope="session")
def chatkit() -> Callable[..., subprocess.CompletedProcess[str]]:
    """`chatkit("check", 1, cwd=…)` runs a command to its end, with the kit that lies in `kit`."""

    def run(
        *words: object,
        cwd: Path = ROOT,
        kit: Path = ROOT,
        timeout: float = SECONDS,
        stdin: str | None = None,
        **variables: str,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "chatkit", *map(str, words)],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(kit), **variables},
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            input=stdin,
        )

    return run


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A student's copy of the lessons, untouched."""
    shutil.copytree(ROOT / "lessons", tmp_path / "clone/lessons")
    return find_course(tmp_path / "clone")


@pytest.fixture
def fails_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AbstractContextManager[None]]:
    """`with fails_at(3, OSError, "mkdir", "rename"):` lets the third of these calls of a Path fail.

    It fails before it has done anything.
    """

    @contextmanager
    def fails_at(step: int, kind: type[BaseException], *names: str) -> Iterator[None]:
        count = 0

        def failing(real: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **options: object) -> object:
                nonlocal count
                count += 1
                if count == step:
                    raise kind(28, "No space left on device", "a file")
                return real(*arguments, **options)

            return call

        with monkeypatch.context() as patch:
            for name in names:
                patch.setattr(Path, name, failing(getattr(Path, name)))
            yield

    return fails_at


# What a window under test begins with.
HEAD = """
import argparse, queue, socket, threading, time, tkinter as tk
parser = argparse.ArgumentParser()
for name in ("--host", "--port", "--name"):
    parser.add_argument(name)
args = parser.parse_args()
"""


@pytest.fixture(scope="module")
def display() -> Iterator[Display]:
    """An Xvfb, for the tests of one file."""
    with Display(own=True) as display:
        yield display


@pytest.fixture
def bench(tmp_path: Path, display: Display) -> Iterator[Bench]:
    """A bench that is the server of a client in `tmp_path`."""
    with Bench(lambda name: tmp_path / name, display=lambda: display) as bench:
        bench.listen()
        yield bench


@pytest.fixture
def start(bench: Bench, tmp_path: Path) -> Callable[..., Window]:
    """`start(code)` starts a client with a window, which begins with `HEAD`."""

    def start(code: str, *arguments: str) -> Window:
        program = HEAD + textwrap.dedent(code)
        (tmp_path / "client.py").write_text(program, encoding="utf-8")
        return bench.start_window(*arguments)

    return start
