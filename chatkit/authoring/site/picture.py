"""A verdict as an image, for the first page of the site and of README.md.

It shows what the grader really said of a wrong program in `tests/mistakes`. The image is one file
that asks no other host for anything: no web font, no style sheet.
"""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from chatkit.course.errors import CourseError
from chatkit.course.lessons import Course

if TYPE_CHECKING:
    from rich.console import Console

    from chatkit.grading.verdict import LessonVerdict

LESSON, CHECK, SYMPTOM = "broadcast", "half-line", "early-data"
FONTS = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"

# The places in braces are filled by rich; doubled braces are braces.
SHAPE = """\
<svg class="rich-terminal" role="img" aria-labelledby="{unique_id}-name" \
viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title id="{unique_id}-name">NAME</title>
<style>
.{unique_id}-matrix {{
    font-family: FONTS;
    font-size: {char_height}px;
    line-height: {line_height}px;
}}
.{unique_id}-title {{
    font-family: FONTS;
    font-size: 18px;
    font-weight: bold;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
""".replace("FONTS", FONTS)


def mistake(course: Course) -> Path:
    """The first wrong program that the check of the picture catches. Raises CourseError."""
    lesson = course.lesson(LESSON)
    for file in sorted((course.root / "tests" / "mistakes" / lesson.name).glob("*/expected.toml")):
        facts = tomllib.loads(file.read_text(encoding="utf-8"))
        if {"check": CHECK, "symptom": SYMPTOM}.items() <= facts["fails"][0].items():
            return file.parent
    raise CourseError(
        f"tests/mistakes/{lesson.name} has no program that first fails {CHECK} with {SYMPTOM}:"
        " the picture shows such a one"
    )


def verdict_on(course: Course, folder: Path) -> "LessonVerdict":
    """What the grader says of the wrong program in `folder`. Raises CourseError."""
    from chatkit.grading.options import RunOptions
    from chatkit.grading.runner import grade_lesson

    lesson = course.lesson(LESSON)
    graded = grade_lesson(lesson, folder, RunOptions(only=(CHECK,), seed="picture"))
    [verdict] = graded.checks
    if verdict.symptom != SYMPTOM:
        found = verdict.symptom or verdict.status
        raise CourseError(f"{CHECK} says {found!r} of {folder.name}, not {SYMPTOM!r}")
    return graded


def command(course: Course) -> str:
    """What a student would have typed for this verdict."""
    return f"chatkit check {course.lesson(LESSON).number} --only {CHECK}"


def svg(console: "Console", title: str, name: str = "A verdict of chatkit in a terminal") -> str:
    """What the console has recorded, as an image. `name` is read out where nobody sees it."""
    shape = SHAPE.replace("NAME", name)
    drawn = console.export_svg(title=title, code_format=shape, unique_id="verdict")
    return "\n".join(line.rstrip() for line in drawn.splitlines() if line.strip()) + "\n"
