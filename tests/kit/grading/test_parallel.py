"""The copies that share a lesson's checks say what one would say, in the same order."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from chatkit.course.lessons import find_course
from chatkit.grading.options import RunOptions
from chatkit.grading.parallel import WorkerLost, share_out, worth_sharing
from chatkit.grading.runner import grade_lesson
from chatkit.grading.verdict import GradingError, Verdict
from chatkit.system import linux

COURSE = find_course(Path(__file__).parent)
GUI = COURSE.lesson("gui")
MISTAKES = GUI.checks_file.parents[1] / "mistakes" / GUI.name

pytestmark = pytest.mark.skipif(not linux.READS_REST, reason="only there checks are shared")


@pytest.fixture(autouse=True)
def no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)


def left_since(before: list[psutil.Process]) -> list[psutil.Process]:
    """Who has been started since then and is still there."""
    started = [one for one in psutil.Process().children() if one not in before]
    return psutil.wait_procs(started, timeout=10)[1]


def test_together_they_say_what_one_says_and_in_order() -> None:
    assert worth_sharing(GUI) > 1
    heard: list[Verdict] = []

    verdict = grade_lesson(
        GUI,
        MISTAKES / "sends_blank_lines",
        RunOptions(at_once=worth_sharing(GUI)),
        on_verdict=heard.append,
    )

    assert [one.id for one in heard] == [check.id for check in GUI.checks()]
    assert verdict.checks == tuple(heard)
    assert [one.id for one in heard if one.status != "passed"] == ["blank"]
    assert (verdict.lesson, verdict.score, verdict.max_score) == (GUI.name, 98, 100)


def test_what_was_asked_for_first_is_told_first() -> None:
    heard: list[Verdict] = []

    verdict = grade_lesson(
        GUI, GUI.solutions, RunOptions(at_once=2, first=("close", "blank")), on_verdict=heard.append
    )

    ids = [check.id for check in GUI.checks()]
    others = [id for id in ids if id not in ("close", "blank")]
    assert [one.id for one in heard] == ["close", "blank", *others]
    assert [one.id for one in verdict.checks] == ids


def test_every_turn_is_taken_once() -> None:
    heard: list[object] = []

    def work(turns, tell):
        for turn in turns:
            tell(turn)

    share_out(range(200), 3, work, heard.append)

    assert sorted(heard) == list(range(200))


def test_a_server_is_never_there_twice() -> None:
    servers = [lesson for lesson in COURSE.lessons if "server.py" in lesson.asked]

    assert {worth_sharing(lesson) for lesson in servers} == {1}


def test_on_a_desktop_one_window_opens_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")

    assert worth_sharing(GUI) == 1


def test_when_one_of_them_is_lost_all_have_ended() -> None:
    before = psutil.Process().children()

    def lose_one(_: Verdict) -> None:
        (first, *_) = [one for one in psutil.Process().children() if one not in before]
        first.kill()

    with pytest.raises(GradingError, match="has ended"):
        grade_lesson(GUI, GUI.solutions, RunOptions(at_once=4), on_verdict=lose_one)

    assert left_since(before) == []


def test_what_goes_wrong_in_one_of_them_is_said() -> None:
    def work(turns, tell):
        for _ in turns:
            sys.exit("one of a kind")

    with pytest.raises(WorkerLost, match="has ended"):
        share_out([1], 1, work, print)


def test_ctrl_c_ends_all_of_them() -> None:
    before = psutil.Process().children()

    def press(_: Verdict) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        grade_lesson(GUI, GUI.solutions, RunOptions(at_once=4), on_verdict=press)

    assert left_since(before) == []


def test_all_end_when_the_grader_is_killed() -> None:
    command = [sys.executable, "-m", "chatkit", "check", "5", "--solutions"]
    with subprocess.Popen(command, cwd=COURSE.root, stdout=subprocess.PIPE, text=True) as grader:
        assert grader.stdout
        while "6 / 6" not in (line := grader.stdout.readline()):
            assert line
        started = psutil.Process(grader.pid).children(recursive=True)
        grader.kill()

    assert len(started) > 4
    assert psutil.wait_procs(started, timeout=10)[1] == []
