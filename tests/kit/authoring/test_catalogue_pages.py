"""What the kit can explain, on the pages about mistakes and errors."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatkit.authoring.clone import open_clone
from chatkit.authoring.site.cataloguepage import BEGIN, END, row, with_catalogue
from chatkit.course.errors import AuthoringError
from chatkit.course.lessons import find_course
from chatkit.grading.explain import ranking
from chatkit.grading.explain.catalogue import CATALOGUE

CLONE = open_clone(find_course(Path(__file__).parent))
PAGE = Path("errors.md")


def test_a_page_lists_every_misconception_between_its_marks() -> None:
    assert ranking.FAMILIES and CATALOGUE
    text = with_catalogue(f"before\n{BEGIN}\nstale rows\n{END}\nafter\n", CLONE, PAGE)

    assert text.startswith(f"before\n{BEGIN}\n") and text.endswith(f"\n{END}\nafter\n")
    assert "stale rows" not in text
    rows = [line for line in text.split("\n") if line.startswith("| ")]
    families = {one.family for one in CATALOGUE.values()}
    assert len(rows) == len(CATALOGUE) + len(families)
    assert with_catalogue(text, CLONE, PAGE) == text, "twice is the same"


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
        "| [lesson 1](lessons/01_echo.md#the-end-of-the-stream) | `01_echo/x` |"
    )


def test_a_page_without_marks_stays_and_one_without_an_end_is_refused() -> None:
    assert with_catalogue("text\n", CLONE, PAGE) == "text\n"
    with pytest.raises(AuthoringError, match="has no end"):
        with_catalogue(f"{BEGIN}\ntext\n", CLONE, PAGE)
