"""The pages of the site that are written by hand: what they say about the kit and Python is so.

Their links and anchors are checked by the strict build. Here are the facts it cannot know.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from chatkit.course.lessons import find_course
from chatkit.system.display import Display

COURSE = find_course(Path(__file__).parent)
CHECK = re.compile(r"\[`([\w-]+)`\]\((?:\.\./)?checks/0(\d)_\w+\.md#lesson-\d-[\w-]+\)")
EXAMPLE = re.compile(r"    ```python\n(.*?)    ```\n\n    ```text\n(.*?)    ```\n", re.DOTALL)
SPLIT = ("errors.md", "tutorials.md")
TRIES = 3  # two threads have to meet in some examples


def page(name: str) -> str:
    """A page, and those in the folder of its name, which go on where it ends."""
    first = COURSE.root / "docs" / name
    more = sorted(first.with_suffix("").glob("*.md")) if name in SPLIT else []
    return "\n".join(one.read_text(encoding="utf-8") for one in [first, *more])


def sections(name: str) -> dict[str, str]:
    """The text below each heading of a page."""
    parts = re.split(r"^#{2,3} (.+)\n", page(name), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@cache
def checks(lesson: str) -> set[str]:
    return {check.id for check in COURSE.lesson(lesson).checks()}


# ------------------------------------------------------------------------- errors.md


@dataclass(frozen=True)
class Example:
    """A program that makes an error happen, and what it says."""

    code: str
    says: str


def examples() -> dict[str, Example]:
    found = {}
    for heading, text in sections("errors.md").items():
        if block := EXAMPLE.search(text):
            code, says = (textwrap.dedent(part).rstrip("\n") for part in block.groups())
            found[heading] = Example(code, says)
    return found


EXAMPLES = examples()


@pytest.fixture(scope="module")
def display() -> Iterator[dict[str, str]]:
    with Display(own=True) as display:
        yield os.environ | display.environment


def said(code: str, environment: dict[str, str], folder: Path) -> str:
    """What a program says while somebody sits at its keyboard and types nothing."""
    keyboard, fingers = os.pipe()
    try:
        return subprocess.run(
            [sys.executable, "-c", code],
            stdin=keyboard,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment | {"PYTHONIOENCODING": "utf-8"},
            cwd=folder,  # where a program that aborts may leave its core
            encoding="utf-8",
            timeout=60,
        ).stdout
    finally:
        os.close(keyboard)
        os.close(fingers)


@pytest.mark.parametrize("heading", EXAMPLES)
def test_the_program_below_an_error_makes_it_happen(
    heading: str, display: dict[str, str], tmp_path: Path
) -> None:
    example = EXAMPLES[heading]

    for _ in range(TRIES):
        output = said(example.code, display, tmp_path)
        if example.says in output:
            break

    assert example.says in output


def test_an_error_with_an_example_is_found_by_its_message() -> None:
    wrong = [
        heading
        for heading, example in EXAMPLES.items()
        if heading.startswith("`") and heading.strip("`") not in f"{example.says}:"
    ]

    assert len(EXAMPLES) > 20
    assert not wrong


def test_every_error_says_where_to_read_on() -> None:
    entries = page("errors.md").split("\n### ")[1:]

    assert [entry for entry in entries if entry.count("\n**Read:** ") != 1] == []


# ---------------------------------------------------------------------- tutorials.md

DEFECTS = {
    heading: text for heading, text in sections("tutorials.md").items() if heading[0].isdigit()
}


def test_the_defects_are_counted_and_each_has_its_check() -> None:
    numbers = [int(heading.split(".")[0]) for heading in DEFECTS]

    assert numbers == list(range(1, len(DEFECTS) + 1))
    assert f"This page breaks it, {len(DEFECTS)} times." in page("tutorials.md")
    assert [heading for heading, text in DEFECTS.items() if not CHECK.search(text)] == []


def test_every_check_that_a_page_links_to_stands_in_that_table() -> None:
    linked = CHECK.findall(page("tutorials.md"))

    assert [(id, lesson) for id, lesson in linked if id not in checks(lesson)] == []


def test_every_command_on_the_tutorials_page_names_a_wrong_program_and_a_check() -> None:
    commands = re.findall(
        r"^chatkit check (\d) --dir (\S+)(?: --only (\S+))?$", page("tutorials.md"), re.MULTILINE
    )

    assert commands
    for lesson, folder, only in commands:
        assert (COURSE.root / folder).is_dir()
        assert not only or only in checks(lesson)


def test_every_program_that_the_tutorials_page_names_is_there() -> None:
    text = page("tutorials.md")
    named = re.findall(r"(?:tests/mistakes|solutions)/[\w/.]+\b", text)
    named += [f"tests/mistakes/{name}" for name in re.findall(r"`(\d\d_\w+/\w+)`", text)]

    assert len(named) > 10
    assert [name for name in named if not (COURSE.root / name).exists()] == []


# -------------------------------------------------------------------------- start.md


def test_the_first_lines_of_start_here_bring_the_first_points(tmp_path: Path) -> None:
    shutil.copytree(COURSE.lesson("1").folder, tmp_path / "mine")
    server = tmp_path / "mine" / "server.py"
    starter = server.read_text(encoding="utf-8")
    todo_1, first, second = re.findall(r"^```python\n(.*?)^```$", page("start.md"), re.S | re.M)
    assert todo_1 in starter

    gap = r"    # TODO {}: (?:.|\n)*?    raise NotImplementedError\((?:.|\n)*?\)\n"
    for number, code in ((1, first), (2, second)):
        starter, times = re.subn(gap.format(number), lambda _, code=code: code, starter)
        assert times == 1
    server.write_text(starter, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "chatkit", "check", "1", "--dir", tmp_path / "mine", "--json"],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )

    lesson = json.loads(done.stdout)["lessons"][0]
    passed = {check["id"]: check["title"] for check in lesson["checks"] if check["score"]}
    count = Counter(check["status"] for check in lesson["checks"])
    told = f"{lesson['score']} of 100 points, {count['failed']} failed, "
    assert f"`{told}{count['not_reached']} not tried`" in page("start.md")
    assert f"✓ {passed['ready-line']} " in page("start.md")
    assert set(passed) == {"ready-line", "restart", "ctrl-c"}


# ----------------------------------------------------------------------- glossary.md


@pytest.mark.parametrize("name", ["glossary.md", "python.md"])
def test_words_are_in_order_and_each_has_an_example_and_a_link(name: str) -> None:
    words = sections(name)

    assert list(words) == sorted(words, key=str.casefold)
    for word, text in words.items():
        assert re.search(r"\n\*Example:\* .+\*More:\*\s.*\]\(", text, re.DOTALL), word


# ------------------------------------------------------------------- instructors/plan.md

SHOWN = re.compile(r"^\| .+ \| (.+) \| `(\w+)` \|$", re.MULTILINE)
SHOWN_BY = re.compile(r"\[`([\w-]+)`\]\(\.\./checks/0(\d)_\w+\.md#lesson-\d-[\w-]+\)")


def test_the_plan_names_the_checks_that_a_mistake_fails() -> None:
    rows = SHOWN.findall(page("instructors/plan.md"))
    assert len(rows) >= 30

    for cells, mistake in rows:
        named = SHOWN_BY.findall(cells)
        lesson = COURSE.lesson(named[0][1]).name
        facts = COURSE.root / "tests/mistakes" / lesson / mistake / "expected.toml"
        told = tomllib.loads(facts.read_text(encoding="utf-8"))
        now_and_then = told.get("sometimes", [])
        always = [row["check"] for row in told["fails"] if row["check"] not in now_and_then]
        assert [check for check, _ in named] == always, mistake


# ------------------------------------------------------------------------ the first page

NUMBERS = dict(
    enumerate(
        [
            "no",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
)


def test_the_first_page_counts_the_lessons_and_their_hours_as_they_are() -> None:
    needed = [lesson for lesson in COURSE.lessons if not lesson.encore]
    hours = round(sum(lesson.minutes for lesson in needed) / 60)
    lessons = NUMBERS[len(needed)]
    told = f"{lessons.capitalize()} graded lessons, {NUMBERS[hours]} hours, free."
    home = page("index.md")

    assert f"**{told}**" in home
    assert f"**Time:** {NUMBERS[hours]} hours, or {lessons} sessions" in home
    assert told in (COURSE.root / "README.md").read_text(encoding="utf-8")
    assert f"About {NUMBERS[hours]} hours for {lessons} lessons." in page("faq.md")


# ------------------------------------------------------------------------ the navigation


def test_each_entry_of_the_navigation_is_called_as_its_page_is() -> None:
    text = (COURSE.root / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    entries = re.findall(r'^ +- "?([^"\n]+?)"?: (\S+\.md)', text, re.MULTILINE)

    assert len(entries) > 50
    for title, file in entries[1:]:  # the first one is the page that the logo leads to
        assert f"\n# {title}\n" in page(file).partition("\n## ")[0] + "\n", file


def test_every_message_is_on_the_list_of_the_first_page() -> None:
    told = (COURSE.root / "docs/errors.md").read_text(encoding="utf-8")

    for heading in sections("errors.md"):
        if heading.startswith("`"):
            assert f"[{heading}]" in told, heading
