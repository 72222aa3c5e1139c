"""Places of pages that are filled from the sources: what the kit can explain, and others."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatkit.authoring.clone import open_clone
from chatkit.authoring.site.cataloguepage import row
from chatkit.authoring.site.places import END, PLACES, filled
from chatkit.course.errors import AuthoringError
from chatkit.course.lessons import find_course
from chatkit.grading.explain import ranking
from chatkit.grading.explain.catalogue import CATALOGUE

CLONE = open_clone(find_course(Path(__file__).parent))
PAGE = Path("errors/causes.md")
BEGIN = "<!-- made: catalogue -->"


def test_a_page_lists_every_misconception_between_its_marks() -> None:
    assert ranking.FAMILIES and CATALOGUE
    text = filled(f"before\n{BEGIN}\nstale rows\n{END}\nafter\n", CLONE, PAGE)

    assert text.startswith(f"before\n{BEGIN}\n") and text.endswith(f"\n{END}\nafter\n")
    assert "stale rows" not in text
    rows = [line for line in text.split("\n") if line.strip().startswith("| ")]
    families = {one.family for one in CATALOGUE.values()}
    assert len(rows) == len(CATALOGUE) + len(families)
    assert filled(text, CLONE, PAGE) == text, "twice is the same"


def test_a_row_says_what_it_is_how_to_see_it_and_where_it_is_taught() -> None:
    one = next(iter(CATALOGUE.values()))
    shown = replace(
        one,
        title="a | b",
        think="What is it?",
        read={1: "The end of the stream", 99: "Nowhere"},
        proofs=("01_echo/x",),
    )

    assert row(shown, CLONE) == (
        "| a \\| b | What is it? "
        "| [lesson 1](../lessons/01_echo.md#the-end-of-the-stream) | `01_echo/x` |"
    )


def test_a_page_without_marks_stays_and_one_without_an_end_is_refused() -> None:
    assert filled("text\n", CLONE, PAGE) == "text\n"
    with pytest.raises(AuthoringError, match="has no end"):
        filled(f"{BEGIN}\ntext\n", CLONE, PAGE)


@pytest.mark.parametrize(
    ("marker", "says"), [("scene nobody", "no scene 'nobody'"), ("tea", "nothing fills 'tea'")]
)
def test_a_place_that_nothing_can_fill_is_refused(marker: str, says: str) -> None:
    with pytest.raises(AuthoringError, match=says):
        filled(f"<!-- made: {marker} -->\n{END}\n", CLONE, PAGE)


def test_every_kind_of_place_is_used_on_some_page() -> None:
    pages = [page.read_text(encoding="utf-8") for page in CLONE.docs.rglob("*.md")]

    assert [name for name in PLACES if not any(f"<!-- made: {name}" in one for one in pages)] == []
