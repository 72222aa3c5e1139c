"""Every wrong program fails exactly what it should, for the reason it should."""

import shutil
import tomllib
from pathlib import Path

import pytest

from chatkit.course import Lesson, find_course
from chatkit.grading.run import grade_lesson

COURSE = find_course(Path(__file__).parent)
MISTAKES = Path(__file__).parents[1] / "mistakes"
FOLDERS = sorted(path.parent for path in MISTAKES.glob("*/*/expected.toml"))


def complete(lesson: Lesson, mistake: Path, missing: list[str], into: Path) -> Path:
    """The wrong program, with the solution's programs beside it where it has none."""
    programs = shutil.copytree(mistake, into / mistake.name)
    (programs / "expected.toml").unlink()
    for program in lesson.asked:
        if not (programs / program).exists() and program not in missing:
            shutil.copy(lesson.solutions / program, programs)
    return programs


@pytest.mark.parametrize(
    "mistake", FOLDERS, ids=[f"{path.parent.name}-{path.name}" for path in FOLDERS]
)
def test_a_mistake_fails_its_own_checks_and_no_others(mistake: Path, tmp_path: Path) -> None:
    expected = tomllib.loads((mistake / "expected.toml").read_text(encoding="utf-8"))
    lesson = COURSE.lesson(mistake.parent.name)
    programs = complete(lesson, mistake, expected.get("missing", []), tmp_path)

    verdict = grade_lesson(lesson, programs)

    failed = {check.id: check for check in verdict.checks if check.status == "failed"}
    untried = {check.id for check in verdict.checks if check.status == "not_reached"}
    assert {id: check.symptom for id, check in failed.items()} == {
        row["check"]: row["symptom"] for row in expected["fails"]
    }
    assert untried == set(expected.get("not_reached", []))
    for row in expected["fails"]:
        assert row["likely"] in failed[row["check"]].likely, row["check"]
        assert row["likely"], "an empty text is part of everything"


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)
def test_every_check_is_failed_by_some_mistake(lesson: Lesson) -> None:
    caught = {
        row["check"]
        for path in FOLDERS
        if path.parent.name == lesson.name
        for row in tomllib.loads((path / "expected.toml").read_text(encoding="utf-8"))["fails"]
    }

    assert caught == {check.id for check in lesson.checks()}


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)
def test_every_lesson_has_at_least_twelve_mistakes(lesson: Lesson) -> None:
    assert sum(path.parent.name == lesson.name for path in FOLDERS) >= 12
