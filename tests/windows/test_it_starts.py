"""The kit starts on Windows, and comes to an end: as far as Wine can show it.

That every verdict is the same as on Linux is not tested here. Each test is bounded in time.
"""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Windows

ROOT = Path(__file__).parents[2]

# What a lesson's finished programs do on Wine as they should. Its Winsock lets nobody take a port
# that has just been in use, and shutdown() does not wake a recv() in another thread.
SURE = ("echoes-a-line", "bytes-unchanged", "next-client", "ctrl-c")


def verdict_of(windows: "Windows", *arguments: str, seconds: float) -> dict[str, Any]:
    done = windows.chatkit("check", *arguments, "--json", seconds=seconds)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    (lesson,) = json.loads(done.stdout)["lessons"]
    return dict(lesson)


def test_the_finished_programs_of_lesson_1_are_checked(windows: "Windows") -> None:
    lesson = verdict_of(windows, "1", "--solutions", seconds=800)
    passed = [check["id"] for check in lesson["checks"] if check["status"] == "passed"]
    assert set(SURE) <= set(passed), passed
    assert lesson["max_score"] == 100, "no check is skipped"
    assert lesson["score"] >= 85, lesson


@pytest.mark.parametrize(
    ("lesson", "check"), [("2", "late-joiner"), ("3", "framing"), ("4", "handshake")]
)
def test_a_check_of_another_lesson_comes_to_its_end(
    windows: "Windows", lesson: str, check: str
) -> None:
    found = verdict_of(windows, lesson, "--solutions", "--only", check, seconds=360)
    assert [one["status"] for one in found["checks"]] == ["passed"]


def test_an_untouched_starter_hears_which_todo_comes_first(
    windows: "Windows", tmp_path: Path
) -> None:
    made = windows.chatkit("init", "meine Übung", folder=tmp_path, seconds=240)
    assert made.returncode == 0, made.stdout + made.stderr
    assert (tmp_path / "meine Übung" / "lessons" / "01_echo" / "server.py").is_file()
    checked = windows.chatkit(
        "check", "1", "--only", "ready-line", folder=tmp_path / "meine Übung", seconds=240
    )
    assert checked.returncode == 1, checked.stderr
    assert "TODO 1" in checked.stdout
    assert "Traceback" not in checked.stderr


def test_a_program_that_has_ended_hears_no_more(windows: "Windows", tmp_path: Path) -> None:
    """It has ended before the bench writes to it, and while the bench looks at it."""
    shutil.copytree(ROOT / "solutions" / "01_echo", tmp_path / "echo")
    (tmp_path / "echo" / "client.py").write_text("print('bye')\n", "utf-8")
    (tmp_path / "echo" / "server.py").write_text("import os\nos._exit(3)\n", "utf-8")
    found = verdict_of(windows, "1", "--dir", "Z:" + str(tmp_path / "echo"), seconds=480)
    assert found["score"] == 0, [one for one in found["checks"] if one["score"]]


def test_the_doctor_looks_at_everything(windows: "Windows") -> None:
    done = windows.chatkit("doctor", "--json", seconds=480)
    assert done.returncode in (0, 1), done.stderr
    findings = {one["name"]: one for one in json.loads(done.stdout)["findings"]}
    failed = [name for name, one in findings.items() if "failed itself" in one["told"]]
    assert not failed, [findings[name]["told"] for name in failed]
    assert findings["loopback"]["status"] == findings["ports"]["status"] == "ok"
