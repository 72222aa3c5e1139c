"""What tests of commands share: the shape of what they print, and a watch in a terminal."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from watch_window import CHECKS, ROOT, WATCH, Window


@pytest.fixture(scope="session")
def schema() -> Any:
    """The shape of all JSON about verdicts, as JSON Schema."""
    file = ROOT / "chatkit/grading/verdict.schema.json"
    return json.loads(file.read_text(encoding="utf-8"))


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
