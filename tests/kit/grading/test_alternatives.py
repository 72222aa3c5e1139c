"""Every right program scores 100, whatever its design."""

import codecs
from pathlib import Path

import pytest

from chatkit.authoring.samples import Sample, samples
from chatkit.course.lessons import Lesson, find_course

COURSE = find_course(Path(__file__).parent)
ALTERNATIVES = samples(COURSE, "alternatives")


@pytest.mark.parametrize("sample", ALTERNATIVES, ids=lambda sample: sample.name)
def test_an_alternative_scores_100(sample: Sample, tmp_path: Path) -> None:
    verdict = sample.grade(tmp_path)

    lost = {check.id: check.message for check in verdict.checks if check.status != "passed"}
    assert not lost
    assert (verdict.score, verdict.max_score) == (100, 100)


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)
def test_every_lesson_has_at_least_six_alternatives_in_different_hands(lesson: Lesson) -> None:
    own = [sample.folder for sample in ALTERNATIVES if sample.lesson == lesson]
    sources = [file.read_bytes() for folder in own for file in folder.glob("*.py")]

    assert len(own) >= 6
    assert any(source.startswith(codecs.BOM_UTF8) for source in sources)
    assert any(b"\r\n" in source for source in sources)
    assert any(b"\n\t" in source for source in sources)
    # Comments, or what is printed, in a language that needs more than ASCII.
    assert any(not source.removeprefix(codecs.BOM_UTF8).isascii() for source in sources)
