"""`chatkit author new`: a lesson that works at once, and says what is left to write."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from small_course import write_course
from test_authoring_rules import all_problems

from chatkit.authoring.newlesson import shared_out, with_region
from chatkit.cli.main import main
from chatkit.course.lessons import find_course
from chatkit.course.regions import solution, starter

NAV = """\
nav:
  - Lessons:
      - lessons/01_one.md
      - walkthroughs/01_one.md
      - lessons/02_two.md
      - walkthroughs/02_two.md
  - Rest: x.md
"""
ENTRIES = """\
      - "Lesson 3: Three": lessons/03_three.md
      - "Walkthrough 3: Three": walkthroughs/03_three.md
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    write_course(tmp_path)
    (tmp_path / "mkdocs.yml").write_text(NAV, encoding="utf-8")
    (tmp_path / "tests/lessons/__init__.py").touch()
    wrong = tmp_path / "tests/mistakes/01_one/shouts"
    wrong.mkdir(parents=True)
    (wrong / "server.py").write_text("print('HELLO')\n", encoding="utf-8")
    expected = 'why = "loud"\n\n[[fails]]\ncheck = "greets"\nsymptom = "other-output"\n'
    (wrong / "expected.toml").write_text(expected, encoding="utf-8")
    return tmp_path


def new(*words: str) -> Result:
    return CliRunner().invoke(main, ["author", "new", *words], catch_exceptions=False)


def test_a_new_lesson_keeps_every_rule_but_for_what_is_left_to_write(root: Path) -> None:
    assert new("3", "three", "--from", "one").exit_code == 0

    lesson = find_course(root).lessons[2]
    assert (lesson.grows_from, lesson.asked) == ("one", ("server.py",))
    assert dict(lesson.given) == {"client.py": "one"}
    [check] = lesson.checks()
    assert (check.id, check.points, check.read) == ("greets", 100, "The idea")
    assert {problem.what for problem in all_problems(root)} == {"something is left to write"}
    places = {problem.file.relative_to(root).as_posix() for problem in all_problems(root)}
    assert places == {
        "chatkit/reference/three/__init__.py",
        "chatkit/reference/three/server.py",
        "docs/contract.md",
        "lessons/03_three/README.md",
        "lessons/03_three/lesson.toml",
        "solutions/03_three/README.md",
        "tests/lessons/test_03_three.py",
        "tests/mistakes/03_three/shouts/expected.toml",
    }
    nav = (root / "mkdocs.yml").read_text(encoding="utf-8")
    assert nav == NAV.replace("  - Rest", ENTRIES + "  - Rest")


def test_a_lesson_that_goes_on_says_why_its_main_differs(root: Path) -> None:
    new("3", "three", "--from", "2", "--title", "Third")

    lesson = find_course(root).lessons[2]
    assert (lesson.title, lesson.grows_from) == ("Third", "")
    assert list(lesson.changes) == ["server.py:main"]
    assert {problem.what for problem in all_problems(root)} == {"something is left to write"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("7", "seven", "--from", "1"), "the next lesson has the number 3, not 7"),
        (("3", "Drei!", "--from", "1"), "'Drei!' is not a name for a step"),
        (("3", "two", "--from", "1"), "chatkit/reference/two is there already"),
        (("3", "three", "--from", "1", "--asks", "gui.py"), "01_one has no gui.py"),
        (("3", "three", "--from", "5"), "there is no lesson '5'"),
    ],
)
def test_what_there_cannot_be_is_wrong_use_and_nothing_is_written(
    root: Path, words: tuple[str, ...], said: str
) -> None:
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    done = new(*words)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1) and said in done.stderr
    assert before == {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_no_file_is_overwritten(root: Path) -> None:
    mine = root / "solutions/03_three/README.md"
    mine.parent.mkdir()
    mine.write_text("mine", encoding="utf-8")
    done = new("3", "three", "--from", "one")
    assert done.exit_code == 2 and "README.md is there already" in done.stderr
    assert mine.read_text(encoding="utf-8") == "mine"
    assert not (root / "lessons/03_three").exists()


@pytest.mark.parametrize("points", [[1], [1, 1, 1], [60, 1, 1, 1], [1, 100, 300], [1] * 99 + [900]])
def test_points_are_shared_out(points: list[int]) -> None:
    found = shared_out(points)
    assert sum(found) == 100 and min(found) >= 1


@pytest.mark.parametrize("lesson", find_course(Path(__file__).parent).lessons, ids=lambda x: x.name)
def test_the_region_around_main_makes_a_starter_and_the_program_again(lesson) -> None:
    for program in lesson.asked:
        text = (lesson.solutions / program).read_text(encoding="utf-8")
        made = with_region(text, 1)
        assert "raise NotImplementedError" in starter(made)
        task = "    # Write what is new in this lesson (WRITE ME).\n"
        assert solution(made).replace(task, "") == text
