"""A crew: stations that share a lesson's checks say what one would say, in the same order."""

from pathlib import Path

import psutil
import pytest

from chatkit.course import find_course
from chatkit.grading.crew import crew_for, grade_soon
from chatkit.grading.run import grade_lesson
from chatkit.grading.verdict import GradingError, Verdict
from chatkit.harness import kernel

COURSE = find_course(Path(__file__).parent)
GUI = COURSE.lesson("gui")

pytestmark = pytest.mark.skipif(not kernel.READS_REST, reason="only there stations share a lesson")


@pytest.fixture(autouse=True)
def no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)


def test_together_they_say_what_one_says_and_in_order() -> None:
    assert crew_for(GUI) > 1
    folder = GUI.checks_file.parents[1] / "mistakes" / GUI.name / "sends_blank_lines"
    heard: list[Verdict] = []

    verdict = grade_soon(COURSE, GUI, folder, on_verdict=heard.append)

    assert [one.id for one in heard] == [check.id for check in GUI.checks()]
    assert verdict.checks == tuple(heard)
    assert [one.id for one in heard if one.status != "passed"] == ["blank"]
    assert (verdict.lesson, verdict.score, verdict.max_score) == (GUI.name, 98, 100)


def test_every_check_is_in_one_share() -> None:
    echo = COURSE.lesson("echo")

    shares = [grade_lesson(echo, echo.solutions, share=(number, 3)) for number in range(3)]

    ids = [check.id for check in echo.checks()]
    assert [[one.id for one in share.checks] for share in shares] == [ids[n::3] for n in range(3)]


def test_a_server_is_never_there_twice() -> None:
    servers = [lesson for lesson in COURSE.lessons if "server.py" in lesson.asked]

    assert len(servers) == 4
    assert {crew_for(lesson) for lesson in servers} == {1}


def test_on_a_desktop_one_window_opens_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")

    assert crew_for(GUI) == 1


def test_when_one_of_them_is_lost_all_have_ended() -> None:
    before = psutil.Process().children()

    def lose_one(_: Verdict) -> None:
        (first, *_) = [one for one in psutil.Process().children() if one not in before]
        first.kill()

    with pytest.raises(GradingError, match="has ended"):
        grade_soon(COURSE, GUI, GUI.solutions, on_verdict=lose_one)

    left = [one for one in psutil.Process().children() if one not in before]
    assert not psutil.wait_procs(left, timeout=10)[1]
