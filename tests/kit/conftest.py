"""What tests of the kit share: the command in a process of its own, and a student's lessons."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatkit.course.lessons import Course, find_course

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
