"""The symptoms that are named outside of the code are members of the enumeration."""

import tomllib
from pathlib import Path

import pytest

from chatkit.authoring.samples import OR
from chatkit.bench.symptoms import Symptom

ROOT = Path(__file__).parents[3]
EXPECTED = sorted((ROOT / "tests/mistakes").rglob("expected.toml"))


def test_there_are_mistakes_to_compare_with() -> None:
    assert EXPECTED


@pytest.mark.parametrize("file", EXPECTED, ids=lambda file: "-".join(file.parts[-3:-1]))
def test_an_expected_symptom_is_one(file: Path) -> None:
    rows = tomllib.loads(file.read_text(encoding="utf-8")).get("fails", ())
    assert {one for row in rows for one in row["symptom"].split(OR)} <= set(Symptom)


def test_each_symptom_has_a_sentence_of_its_own() -> None:
    assert len({symptom.sentence for symptom in Symptom}) == len(Symptom)
    assert all(symptom.sentence.strip() for symptom in Symptom)


def test_a_symptom_is_its_code_where_it_is_written_down() -> None:
    assert (str(Symptom.FILE_MISSING), f"{Symptom.FILE_MISSING}") == ("file-missing",) * 2
    assert {Symptom.SILENT: 1}["silent"] == 1  # type: ignore[index]
    with pytest.raises(AttributeError):
        _ = Symptom.SILNET  # type: ignore[attr-defined]


def test_each_symptom_is_named_by_code_that_sees_it() -> None:
    """As a member, or by its code in the agent, which imports nothing of the kit."""
    folders = (ROOT / "chatkit/bench", ROOT / "chatkit/grading", ROOT / "tests/lessons")
    files = [path for folder in folders for path in folder.rglob("*.py")]
    text = "".join(path.read_text(encoding="utf-8") for path in files if path.name != "symptoms.py")
    unused = [
        one.name for one in Symptom if f"Symptom.{one.name}" not in text and f'"{one}"' not in text
    ]
    assert unused == []
