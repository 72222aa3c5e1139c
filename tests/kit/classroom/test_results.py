"""Results for other programs: Gradescope, GitHub Classroom, JUnit."""

import json
from xml.etree import ElementTree

import pytest
from report_class import HALF, HOSTILE, READY, SKIPPED, UNTRIED, hostile, lesson

from chatkit.classroom.reports.results import github_classroom, gradescope, junit


def test_gradescope_gets_points_feedback_and_what_was_skipped() -> None:
    result = gradescope([lesson(READY, HALF, SKIPPED)])

    assert result["score"] == 40
    assert [(one["score"], one["max_score"], one.get("status")) for one in result["tests"]] == [
        *((40, 40, "passed"), (0, 60, "failed"), (0, 0, None)),
    ]
    assert "likely" in result["tests"][1]["output"]
    assert result["tests"][2]["name"].startswith("SKIPPED")


def test_github_classroom_gets_points_a_test_and_one_status() -> None:
    result = github_classroom([lesson(READY, HALF, SKIPPED)])

    assert (result["version"], result["status"], result["max_score"]) == (1, "fail", 100)
    assert [(one["status"], one["score"]) for one in result["tests"]] == [("pass", 40), ("fail", 0)]
    assert github_classroom([lesson(READY)])["status"] == "pass"
    assert github_classroom([lesson(SKIPPED)])["status"] == "error"


def test_junit_counts_cases_failures_and_skips() -> None:
    root = ElementTree.fromstring(
        "".join(junit([("Anna", [lesson(READY, HALF, UNTRIED, SKIPPED)])]))
    )
    (suite,) = root

    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "2", "1")
    assert suite.get("name") == "Anna 02_broadcast"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_every_result(text: str) -> None:
    found = [lesson(READY, hostile(text))]

    for result in (gradescope(found), github_classroom(found)):
        written = json.dumps(result, ensure_ascii=False)
        assert written.encode("utf-8")  # no half characters
        assert "\\u001b" not in written and "\u202e" not in written
    root = ElementTree.fromstring("".join(junit([(text, found)])).encode("utf-8"))
    assert {one.tag for one in root.iter()} == {
        *("testsuites", "testsuite", "testcase", "failure", "system-out"),
    }
