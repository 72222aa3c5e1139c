"""`chatkit class similar`."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from similar_class import DESIGNS, ECHO, ROOT, Class, program

from chatkit.classroom.reports.similar import write_similar
from chatkit.cli.classroom.classroom import classroom


@pytest.fixture(scope="session")
def run(chatkit: Callable) -> Callable:
    """`chatkit class similar` in a process of its own."""
    return partial(chatkit, "class", "similar")


@pytest.fixture
def hand_ins(tmp_path: Path) -> Path:
    folder = tmp_path / "hand-ins"
    for student in ("alice", "bob"):
        shutil.copytree(DESIGNS / ECHO.name / "threads", folder / student / ECHO.name)
    return folder


def test_the_command_names_the_pairs_and_changes_nothing(
    run: Callable, hand_ins: Path, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in hand_ins.rglob("*.py")}

    done = run(hand_ins, "--out", tmp_path / "out")

    assert done.returncode == 0, done.stderr
    assert "100 % 01_echo server.py: alice and bob" in done.stdout
    assert "not a proof" in done.stdout
    assert done.stderr == ""
    assert (tmp_path / "out" / "similar.html").is_file()
    assert len(list((tmp_path / "out" / "similar").iterdir())) == 2
    assert {path: path.read_bytes() for path in hand_ins.rglob("*") if path.is_file()} == before


def test_only_the_lesson_that_is_named_is_compared(
    run: Callable, hand_ins: Path, tmp_path: Path
) -> None:
    done = run(hand_ins, "--out", tmp_path / "out", "--lesson", "2")

    assert done.returncode == 0, done.stderr
    assert "0 programs compared" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere", "--out", "out"], "nowhere"),
        (["hand-ins", "--out", "out", "--lesson", "99"], "no lesson '99'"),
        (["hand-ins", "--out", "out", "--threshold", "0"], "0 is not in the range"),
        (["hand-ins", "--out", "hand-ins/alice/01_echo/server.py"], "exists"),
    ],
)
def test_bad_input_is_one_clear_line(
    run: Callable, hand_ins: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    paths = [
        str(tmp_path / one) if "-ins" in one or one in ("nowhere", "out") else one
        for one in arguments
    ]

    done = run(*paths)

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_library_one_line_says_how_to_get_it(
    hand_ins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "copydetect", None)  # what import takes for "not there"

    done = CliRunner().invoke(classroom, ["similar", str(hand_ins), "--out", str(tmp_path / "out")])

    assert done.exit_code == 2
    (line,) = done.output.strip().splitlines()
    assert 'pip install --editable ".[similarity]"' in line
    assert not (tmp_path / "out").exists()


def test_the_library_is_loaded_by_nothing_but_the_comparison() -> None:
    code = "import sys, chatkit.cli.classroom.similar; sys.exit('copydetect' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_no_window_and_no_browser_opens(
    school: Class,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    opened: list[object] = []
    monkeypatch.setattr("webbrowser.open", lambda *about: opened.append(about))
    school.add("alice", program("threads"))
    school.add("bob", program("threads"))

    write_similar(school.found(), tmp_path / "out")

    assert not opened
    assert capfd.readouterr() == ("", "")
