"""Terminals that are narrow, that have no ✓, or into which somebody pastes a lot."""

import fcntl
import io
import os
import pty
import sys
import termios
import threading
import time

import pytest
from rich.console import Console

from chatkit.cli import printing
from chatkit.cli.printing import Printer
from chatkit.cli.student import watching
from chatkit.grading.verdict import Verdict
from chatkit.system.terminal import keyboard
from chatkit.system.terminal.keyboard import BRACKETS, NO_BRACKETS, Keyboard
from chatkit.tools.doctor import screen

FAILED = Verdict(
    *("half-line", "a line that comes in two halves is one line", "failed", 0, 12, "server.py"),
    message="bob got a line without its end",
    expected="b'hello\\n'",
    again="chatkit check 2 --only half-line --show",
)
PASSED = Verdict("idle", "idle clients cost no CPU", "passed", 4, 4, "server.py")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_passed_and_what_failed_differ_where_there_are_no_such_signs(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    monkeypatch.setattr(sys, "stdout", output)
    printer = Printer(console=Console(file=output, highlight=False, soft_wrap=True))
    printer.verdict(PASSED)
    printer.verdict(FAILED)
    output.flush()
    lines = output.buffer.getvalue().decode(encoding).splitlines()  # type: ignore[attr-defined]
    assert lines[0].startswith("ok idle clients")
    assert lines[1].startswith("NO a line that comes")
    assert "?" not in "".join(lines)
    assert len(lines[0]) == len(lines[1]) == 80


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_the_watch_has_other_signs_there_too(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", output)
    for sign in (*printing.PLAIN.values(), printing.shown("─" * 9), printing.shown(watching.HELP)):
        sign.encode(encoding)
    assert "ok passed   NO failed" in printing.shown(watching.HELP)


def test_where_there_are_all_signs_nothing_is_changed() -> None:
    assert printing.shown("✓ ─▶") == "✓ ─▶"


# -------------------------------------------------------------------------------------- the doctor


@pytest.mark.parametrize(
    ("variables", "cure"),
    [
        ({"LANG": "de_DE.ISO-8859-1"}, "export LANG=C.UTF-8"),
        ({"LC_ALL": "de_DE.ISO-8859-1", "LANG": "C.UTF-8"}, "export LC_ALL=C.UTF-8"),
        ({"PYTHONIOENCODING": "latin-1", "LANG": "C.UTF-8"}, "unset PYTHONIOENCODING"),
        (
            {"PYTHONIOENCODING": "latin-1", "LANG": "de_DE.ISO-8859-1"},
            "unset PYTHONIOENCODING; export LANG=C.UTF-8",
        ),
        (
            {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "LC_CTYPE": "fr_FR.ISO-8859-15"},
            "unset PYTHONIOENCODING; unset PYTHONUTF8; export LC_CTYPE=C.UTF-8",
        ),
    ],
)
def test_the_cure_for_an_encoding_is_right_the_first_time(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], cure: str
) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG", "PYTHONIOENCODING", "PYTHONUTF8"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "__stdout__", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    assert screen.encoding().cure == cure


# ------------------------------------------------------------------------------------- the keyboard


class Typed:
    """A keyboard on a terminal of its own. `terminal` is where one types."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.terminal, theirs = pty.openpty()
        self.stdin = os.fdopen(theirs, "r+b", buffering=0)
        monkeypatch.setattr(sys, "stdin", self.stdin)
        monkeypatch.setattr(sys, "stdout", self.stdin)
        self.keys: list[str] = []
        self.more = threading.Condition()
        self.keyboard = Keyboard(self.put)

    def put(self, key: str) -> None:
        with self.more:
            self.keys.append(key)
            self.more.notify()

    def types(self, part: bytes) -> None:
        """Type it, and wait until it was read: so it is read for itself."""
        os.write(self.terminal, part)
        give_up = time.monotonic() + 20
        while fcntl.ioctl(self.stdin, termios.FIONREAD, bytes(4)) != bytes(4):
            assert time.monotonic() < give_up
            time.sleep(0.001)

    def wait_for(self, key: str) -> list[str]:
        with self.more:
            assert self.more.wait_for(lambda: key in self.keys, timeout=20), self.keys
        return self.keys


def test_a_paste_between_brackets_is_no_key_whatever_its_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    typed = Typed(monkeypatch)  # not in a fixture: pytest sets the streams for each test
    typed.keyboard.open()
    try:
        assert os.read(typed.terminal, 100) == BRACKETS
        parts = [b"n\x1b[200~", b"q" * 3000, b"qxq", b"a", b"\x1b[201~h"]
        for part in parts:
            typed.types(part)
        assert typed.wait_for("h") == ["n", "h"]
    finally:
        typed.keyboard.close()
    assert NO_BRACKETS in os.read(typed.terminal, 100)


@pytest.mark.parametrize("size", [1023, 1024, 1025, 1030, 3 * 1024 + 3])
def test_the_tail_of_a_paste_without_brackets_is_no_key_either(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it is there when it is read. The look at the keyboard is a stand-in."""
    typed = Typed(monkeypatch)
    data = io.BytesIO(b"q" * size)

    def ready(readers: list[object], *_: object) -> tuple[list[object], list[object], list[object]]:
        there = [sys.stdin] if data.tell() < size else [keys.ours]
        return [one for one in there if one in readers], [], []

    keys = typed.keyboard
    keys.ours = keys.theirs = object()  # type: ignore[assignment]
    keys.pasting = False
    monkeypatch.setattr(keyboard.select, "select", ready)
    monkeypatch.setattr(keyboard.os, "read", lambda _, most: data.read(most))
    keys._hear()
    assert typed.keys == []
