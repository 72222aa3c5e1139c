"""The image of a verdict: whole in itself, and made of a mistake that is really there."""

import re
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console
from small_course import write_course

from chatkit.authoring.site import picture
from chatkit.course.errors import CourseError
from chatkit.course.lessons import find_course


def drawn(text: str) -> str:
    console = Console(record=True, width=40, file=StringIO(), force_terminal=True)
    console.print(text)
    return picture.svg(console, "chatkit check 2")


def test_the_image_is_whole_and_asks_no_other_host() -> None:
    image = drawn("half a line")
    assert "half&#160;a&#160;line" in image
    ElementTree.fromstring(image)
    assert "@font-face" not in image
    assert set(re.findall(r"https?://[^\"' ]+", image)) == {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"url\((.)", image)) == {"#"}


def test_the_same_verdict_makes_the_same_image() -> None:
    assert drawn("half a line") == drawn("half a line")
    assert all(line == line.rstrip() for line in drawn("half a line").split("\n"))


def test_the_picture_shows_a_mistake_that_the_check_catches_for_this_reason(tmp_path: Path) -> None:
    write_course(tmp_path)
    (tmp_path / "lessons/02_two").rename(tmp_path / "lessons/02_broadcast")
    course = find_course(tmp_path)
    folder = tmp_path / "tests/mistakes/02_broadcast"
    for name, check, symptom in (
        ("a_other_check", "ready-line", "early-data"),
        ("b_other_reason", "half-line", "stuck"),
        ("c_this_one", "half-line", "early-data"),
    ):
        (folder / name).mkdir(parents=True)
        (folder / name / "expected.toml").write_text(
            f'why = "…"\n[[fails]]\ncheck = "{check}"\nsymptom = "{symptom}"\n', encoding="utf-8"
        )
    assert picture.mistake(course) == folder / "c_this_one"

    (folder / "c_this_one/expected.toml").unlink()
    with pytest.raises(CourseError, match="half-line with early-data"):
        picture.mistake(course)
