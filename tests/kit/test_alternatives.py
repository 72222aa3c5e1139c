"""Every right program scores 100, whatever its design."""

from pathlib import Path

import pytest

from chatkit.course import Lesson, find_course
from chatkit.grading.run import grade_lesson

COURSE = find_course(Path(__file__).parent)
ALTERNATIVES = Path(__file__).parents[1] / "alternatives"
FOLDERS = sorted(path for path in ALTERNATIVES.glob("*/*") if path.is_dir())


@pytest.mark.parametrize(
    "programs", FOLDERS, ids=[f"{path.parent.name}-{path.name}" for path in FOLDERS]
)
def test_an_alternative_scores_100(programs: Path) -> None:
    lesson = COURSE.lesson(programs.parent.name)

    verdict = grade_lesson(lesson, programs)

    lost = {check.id: check.message for check in verdict.checks if check.status != "passed"}
    assert not lost
    assert (verdict.score, verdict.max_score) == (100, 100)


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)
def test_every_lesson_has_at_least_four_alternatives(lesson: Lesson) -> None:
    assert sum(path.parent.name == lesson.name for path in FOLDERS) >= 4
