"""Every wrong program fails exactly what it should, and is told nothing that is false of it."""

from pathlib import Path

import pytest

from chatkit.authoring.samples import Sample, differences, found_in, samples
from chatkit.course.lessons import find_course

COURSE = find_course(Path(__file__).parent)
MISTAKES = samples(COURSE, "mistakes")


@pytest.mark.parametrize("sample", MISTAKES, ids=lambda sample: sample.name)
def test_a_mistake_fails_its_own_checks_and_no_others(sample: Sample, tmp_path: Path) -> None:
    verdict = sample.grade(tmp_path)

    wanted = sample.outcome()
    different = differences(found_in(verdict), wanted)
    assert different == {}, {check: wanted[check] for check in different}
    if causes := sample.expected.get("causes"):
        told = {one.cause.name for one in verdict.explanations if not one.cause.todo}
        assert told <= set(causes), verdict.explanations
    explained = {id for one in verdict.explanations for id in one.checks}
    silent = [check for check in verdict.checks if check.likely and check.id not in explained]
    assert [check.id for check in silent if check.status == "failed"] == []
