"""`chatkit author expect`: the file of a wrong program is made from what was found."""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_course import write_course

from chatkit.authoring import expecting
from chatkit.authoring.expecting import expectation
from chatkit.authoring.samples import Outcome, Sample, differences, sample_in, samples
from chatkit.authoring.stability import Grading
from chatkit.cli.main import main
from chatkit.course.lessons import find_course

BEFORE = """\
# Seen in a forum.
why = "I print it"
causes = ["one-recv-one-line"]
not_reached = ["asks"]

[[fails]]
check = "greets"
symptom = "silent"
"""


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sample:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    course = write_course(tmp_path)
    folder = tmp_path / "tests/mistakes/01_one/prints_it"
    folder.mkdir(parents=True)
    (folder / "expected.toml").write_text(BEFORE, encoding="utf-8")
    return sample_in(folder, course.lessons[0])


def graded(sample: Sample, causes: tuple[str, ...] = (), **found: str) -> Grading:
    outcome: Outcome = {"greets": "passed", "asks": "passed", "polite": "passed"} | found
    return Grading(sample.name, 0, outcome, {}, 0.1, {}, causes)


def test_a_file_that_is_right_stays_as_it_is(sample: Sample) -> None:
    one = expectation(sample, [graded(sample, greets="silent", asks="not_reached")])
    assert (one.diff, one.text, one.remarks) == ("", BEFORE, ())


def test_rows_and_lists_are_made_anew_and_what_a_person_wrote_stays(sample: Sample) -> None:
    one = expectation(sample, [graded(sample, polite="lost", greets="crashed")])
    assert (
        one.text
        == """\
# Seen in a forum.
why = "I print it"
causes = ["one-recv-one-line"]

[[fails]]
check = "greets"
symptom = "crashed"

[[fails]]
check = "polite"
symptom = "lost"
"""
    )
    assert '-symptom = "silent"' in one.diff


def test_what_differs_from_round_to_round_joins_sometimes(sample: Sample) -> None:
    both = [graded(sample, greets="silent", asks=asks) for asks in ("not_reached", "lost")]
    one = expectation(sample, both)
    assert tomllib.loads(one.text)["sometimes"] == ["asks"]
    assert one.remarks == (
        "asks is lost or not_reached: make the mistake show each time, if you can",
    )


def test_what_fails_in_several_ways_names_each_symptom(sample: Sample) -> None:
    ways = [graded(sample, greets="silent", asks=asks) for asks in ("silent", "lost", "silent")]
    rows = tomllib.loads(expectation(sample, ways).text)["fails"]
    assert {"check": "asks", "symptom": "lost or silent"} in rows


def test_one_of_several_symptoms_is_no_difference() -> None:
    wanted = {"asks": "lost or silent", "greets": "passed"}
    assert differences({"asks": "silent", "greets": "passed"}, wanted) == {}
    assert differences({"asks": "passed", "greets": "passed"}, wanted) == {"asks": "passed"}
    assert differences({"asks": "lost"}, wanted) == {"greets": "missing"}


def test_a_check_that_may_find_anything_stays_so(sample: Sample) -> None:
    file = sample.folder / "expected.toml"
    file.write_text(BEFORE.replace("not_reached", "sometimes"), encoding="utf-8")
    again = sample_in(sample.folder, sample.lesson)
    assert expectation(again, [graded(again, greets="silent", asks="lost")]).diff == ""


def test_what_no_grading_decides_is_said(sample: Sample) -> None:
    (sample.folder / "expected.toml").unlink()
    new = sample_in(sample.folder, sample.lesson)
    one = expectation(new, [graded(new, causes=("fixed-port",))])
    assert one.text == 'why = ""\n'
    assert [remark.partition(":")[0] for remark in one.remarks] == [
        "write why",
        "it fails nothing",
        "told, and not in causes",
    ]


def test_every_file_of_the_kit_is_as_the_command_would_write_it() -> None:
    for one in samples(find_course(Path(__file__).parent), "mistakes"):
        passed = dict.fromkeys((check.id for check in one.lesson.checks()), "passed")
        untried = dict.fromkeys(one.expected.get("not_reached", ()), "not_reached")
        grading = Grading(one.name, 0, passed | untried | one.fails, {}, 0.1, {})
        assert expectation(one, [grading]).diff == "", one.name


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 1), ("", 1)])
def test_the_command_shows_the_difference_and_asks(
    sample: Sample, monkeypatch: pytest.MonkeyPatch, answer: str, status: int
) -> None:
    def rounds(chosen: list[Sample], count: int, **how: object) -> Iterator[Grading]:
        yield from [graded(one, greets="crashed") for one in chosen]

    monkeypatch.setattr(expecting, "rounds", rounds)
    monkeypatch.chdir(sample.folder)

    done = CliRunner().invoke(main, ["author", "expect", "1"], input=answer)

    assert done.exit_code == status
    assert '    +symptom = "crashed"\n' in done.stdout and "Write 1 file?" in done.stdout
    now = (sample.folder / "expected.toml").read_text(encoding="utf-8")
    assert ("crashed" in now) == (answer == "y\n") and ("silent" in now) == (answer != "y\n")


def test_a_name_that_no_program_has_is_wrong_use(
    sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sample.folder)
    done = CliRunner().invoke(main, ["author", "expect", "1", "--only", "nobody"])
    assert done.exit_code == 2 and "no wrong program with 'nobody'" in done.stderr
