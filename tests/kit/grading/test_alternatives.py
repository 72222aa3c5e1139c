"""Every right program scores 100, whatever its design."""

from pathlib import Path

import pytest

from chatkit.authoring.samples import Sample, samples
from chatkit.course.lessons import find_course

COURSE = find_course(Path(__file__).parent)
ALTERNATIVES = samples(COURSE, "alternatives")


@pytest.mark.parametrize("sample", ALTERNATIVES, ids=lambda sample: sample.name)
def test_an_alternative_scores_100(sample: Sample, tmp_path: Path) -> None:
    verdict = sample.grade(tmp_path)

    lost = {check.id: check.message for check in verdict.checks if check.status != "passed"}
    assert not lost
    assert (verdict.score, verdict.max_score) == (100, 100)
