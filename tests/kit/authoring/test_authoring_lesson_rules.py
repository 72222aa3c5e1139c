"""The rules for a new lesson: what an old one left, what is free, what the kit still lacks."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from small_course import replace, write_course
from test_authoring_rules import CHECKS_2, README_2, TOML_2, all_of, found, swap, write

from chatkit.authoring.clone import open_clone
from chatkit.authoring.rules import samples
from chatkit.authoring.rules.rules import Scope, problems, tasks
from chatkit.authoring.rules.texts import walkthroughs_explain_every_todo
from chatkit.authoring.rules.walk import todos_come_in_the_order_of_the_text
from chatkit.authoring.sync import sync
from chatkit.cli.main import main
from chatkit.course import check, take
from chatkit.course.errors import CourseError, Problem
from chatkit.course.lessons import find_course

GREETS = 'rule="greetings")\ndef test_greets'
FREE = 'rule="greetings", free=True)\ndef test_greets'
MISTAKE_2 = "tests/mistakes/02_two/never_parts"
STRANGE = """causes = ["laziness", ""]
likely = "who knows"
not_reached = ["greets"]

[[fails]]
check = "parts"
symptom = "sulky"

[[fails]]
check = "waves"
symptom = "silent"
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    sync(write_course(tmp_path))
    return tmp_path


BROKEN: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "what a lesson that has gone left behind": (
        all_of(
            lambda root: [
                (root / name).mkdir(parents=True)
                for name in ("tests/mistakes/02_deux/a", "solutions/02_deux", "lessons/03_three")
            ],
            write("tests/lessons/test_02_deux.py", ""),
        ),
        [
            "lessons/03_three: a lesson folder without a lesson.toml",
            "solutions/02_deux: no lesson has this folder",
            "tests/mistakes/02_deux: no lesson has this folder",
            "tests/lessons/test_02_deux.py: no lesson makes this file",
        ],
    ),
    "a TODO that a free check serves": (
        swap(
            (
                CHECKS_2,
                GREETS,
                FREE,
            )
        ),
        [f"{TOML_2}: TODO 1 names the check 'greets', which is free"],
    ),
    "a free check needs no TODO": (
        swap(
            (TOML_2, '"greets", ', ""),
            (
                CHECKS_2,
                GREETS,
                FREE,
            ),
        ),
        [],
    ),
    "a check in a text that is not there": (
        write("solutions/02_two/README.md", "# Two\n\n`chatkit check 2 --only waves`\n"),
        ["solutions/02_two/README.md: 02_two has no check 'waves'"],
    ),
    "a check of another lesson in a text": (
        swap((README_2, "**TODO 1:** say it.", "**TODO 1:** `chatkit check 1 --only greets`.")),
        [f"{README_2}: the text of lesson 2 runs a check of lesson 1"],
    ),
    "a TODO that the text does not ask for": (
        swap((README_2, "**TODO 1:**", "Then")),
        [f"{README_2}: the text does not ask for TODO 1 below a heading"],
    ),
    "a number of TODOs that is wrong": (
        swap((README_2, "# Two\n", "# Two\n\n| you write | two TODOs in server.py |\n")),
        [f"{README_2}: the text says two TODOs, and there are 1"],
    ),
    "a lesson that grows from no earlier one": (
        swap((TOML_2, "minutes = 10", 'minutes = 10\ngrows_from = "two"')),
        [f"{TOML_2}: grows_from must be the step of an earlier lesson, not 'two'"],
    ),
    "a sample that says what nobody knows": (
        all_of(
            lambda root: (root / MISTAKE_2).mkdir(parents=True),
            write(f"{MISTAKE_2}/expected.toml", STRANGE),
        ),
        [
            f"{MISTAKE_2}/expected.toml: {what}"
            for what in (
                "it does not say why",
                "nobody reads the entry 'likely'",
                "02_two has no check 'waves'",
                "no symptom is called 'sulky', so it has no sentence",
                "no cause is called 'laziness'",
            )
        ],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_lesson_has_exactly_that_problem(root: Path, name: str) -> None:
    break_it, expected = BROKEN[name]
    break_it(root)
    sync(find_course(root)) if "grows" not in name else None
    assert found(root) == expected


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("minutes = 10", 'minutes = "10"', "minutes must be a whole number, not text ('10')"),
        ("minutes = 10", "minutes = true", "minutes must be a whole number, not true or false"),
        ('goals = ["part"]', "goals = [1]", "goals must be a list of texts, and 1 is none"),
        ('"client.py" = "two"', '"client.py" = 2', "given.client.py must be text"),
        ("minutes = 10", "minutes = 10\nwindwo = true", "'windwo': did you mean window?"),
        ("number = 1", "number = 1.5", "todo 1: number must be a whole number"),
        ("number = 1", "", "todo 1: the entry 'number' is missing"),
    ],
)
def test_an_entry_of_lesson_toml_has_its_type(root: Path, was: str, now: str, said: str) -> None:
    replace(root / TOML_2, was, now)
    with pytest.raises(CourseError) as caught:
        find_course(root)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(root / TOML_2)) and "\n" not in str(caught.value)


def test_a_lesson_that_goes_back_a_step_owes_no_reasons(root: Path) -> None:
    for kind in ("lessons", "solutions"):
        (root / kind / "03_three").mkdir()
    (root / "chatkit/reference/three").mkdir()
    source = (root / "chatkit/reference/one/server.py").read_text(encoding="utf-8")
    anew = source.replace("hello", "good day")
    (root / "chatkit/reference/three/server.py").write_text(anew, encoding="utf-8")
    facts = (root / TOML_2).read_text(encoding="utf-8").partition("\n[[todo]]")
    todo = facts[2].replace(', "parts"', "")
    before = facts[0].partition("[changes]")[0]
    text = f'{before}grows_from = "one"\n\n[given]\n"client.py" = "two"\n\n[[todo]]{todo}'
    (root / "lessons/03_three/lesson.toml").write_text(text, encoding="utf-8")
    (root / "tests/lessons/test_03_three.py").write_text("", encoding="utf-8")
    (root / "solutions/03_three").mkdir(exist_ok=True)
    (root / "solutions/03_three/README.md").write_text("# Three\n", encoding="utf-8")
    clone = open_clone(find_course(root))

    [title] = [one.title for one in tasks(clone) if "03_three: a function that two" in one.title]
    [task] = [one for one in tasks(clone) if one.title == title]
    sync(clone.course)

    assert list(problems(task, set())) == []
    three = (root / "docs/walkthroughs/03_three.md").read_text(encoding="utf-8")
    assert "### server.py since lesson 1" in three and "```diff" not in three
    assert '"Written anew: 1"\n\n    - `greet`: Return a greeting.' in three
    assert "client.py" not in three  # it is given as it was in another lesson


def test_the_course_of_the_kit_keeps_every_rule_that_runs_nothing() -> None:
    clone = open_clone(find_course(Path(__file__).parent), main)
    known: set[Problem] = set()
    for task in tasks(clone, Scope(trials=False)):
        assert [one.text(clone.root) for one in problems(task, known)] == []


def test_what_only_the_kit_asks_for_is_said_apart(root: Path) -> None:
    clone = open_clone(find_course(root))
    asked = [task for task in tasks(clone, Scope(clone.lessons[1], trials=False)) if task.kit]
    said = [problem.what for task in asked for problem in problems(task, set())]

    assert said[:6] == [
        "the text does not show how to run one check alone",
        "the last hint of TODO 1 shows no code",
        "the walkthrough does not show the function of TODO 1",
        "0 of at least 12 mistakes",
        "no mistake fails greets, parts",
        "0 of at least 6 alternatives",
    ]
    (root / "mkdocs.yml").write_text("nav:\n  - Home: index.md\n  - lessons/02_deux.md\n")
    nav = [problem.what for task in asked for problem in problems(task, set())]
    assert [what for what in nav if "nav" in what] == [
        "nav does not have the page lessons/02_two.md",
        "nav does not have the page walkthroughs/02_two.md",
        "nav does not have the page checks/02_two.md",
        "nav does not have the page sheets/02_two.md",
    ]


def test_a_walkthrough_shows_the_function_of_every_todo(root: Path) -> None:
    clone = open_clone(find_course(root))
    [problem] = walkthroughs_explain_every_todo(clone, clone.lessons[1])
    assert problem.cure == "below a ## heading write: <!-- code: server.py part -->"

    replace(problem.file, "<!-- code", "## The server\n\n<!-- code")
    assert list(walkthroughs_explain_every_todo(clone, clone.lessons[1])) == []


def test_hands_that_nobody_has(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_bytes(b"\xef\xbb\xbfif 1:\r\n\tprint(1)\r\n")
    course = find_course()
    sample = samples.Sample(course.lessons[0], tmp_path, {})
    assert samples.hands_lacking([sample]) == "more than ASCII"


# Programs run: the made-up checks import what the student wrote.

ORDER = """\
from chatkit.course.checks import check


@check("greets", "it greets", points=40, hint="?", read="Say goodbye", rule="greetings")
def test_greets(bench): bench.start_server()


@check("parts", "it parts", points=60, hint="?", read="Say goodbye", rule="greetings")
def test_parts(bench): bench.start_server()
"""
SERVER = '''\
"""Two parts."""


def first():
    # region TODO 1: print the first part
    print("one")
    # endregion


def second():
    # region TODO 2: print the second part
    print("two")
    # endregion


if __name__ == "__main__":
    first()
    second()
'''


def walk(root: Path) -> list[str]:
    clone = open_clone(find_course(root))
    return [one.what for one in todos_come_in_the_order_of_the_text(clone, clone.lessons[1])]


def test_the_walk_tries_the_todos_in_the_order_of_the_text(root: Path) -> None:
    server = root / "chatkit/reference/two/server.py"
    server.write_text(SERVER, encoding="utf-8")
    (root / CHECKS_2).write_text(ORDER, encoding="utf-8")
    two = '[[todo]]\nnumber = 2\nprogram = "server.py"\nchecks = ["parts"]\nhints = ["?"]\n'
    toml = (root / TOML_2).read_text(encoding="utf-8")
    (root / TOML_2).write_text(f"{toml}\n{two}", encoding="utf-8")
    replace(root / README_2, "**TODO 1:** say it.", "**TODO 1:** say it.\n\n**TODO 2:** too.")
    assert walk(root) == []

    replace(server, "    second()\n", "")  # nobody comes to TODO 2
    assert walk(root) == ["with TODO 1 written, server.py is not told that TODO 2 comes next"]


def test_what_held_is_not_run_again_until_it_changes(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(
        "chatkit.authoring.rules.rules.TRIALS",
        (lambda clone, lesson: ran.append(lesson.name) or [],),
    )

    def try_all(again: bool = False) -> list[str]:
        ran.clear()
        clone = open_clone(find_course(root))
        for task in tasks(clone, Scope(again=again, kit=False)):
            list(problems(task, set()))
        return list(ran)

    assert try_all() == ["01_one", "02_two"]
    assert try_all() == []
    assert try_all(again=True) == ["01_one", "02_two"]
    replace(root / README_2, "say it", "say that")
    assert try_all() == ["02_two"]


def test_a_check_is_taken_from_another_lesson_in_one_line() -> None:
    told: list[object] = []

    @check(
        "greets", "it greets", points=40, hint="?", read="Say hello", rule="greetings", slow=True
    )
    def test_greets(bench: object) -> None:
        told.append(bench)

    taken = take(test_greets, points=3, hint="Who?", read="Here")
    its = taken.check  # type: ignore[attr-defined]
    assert (its.id, its.points, its.hint, its.read, its.rule, its.slow) == (
        *("greets", 3, "Who?", "Here", "greetings", True),
    )
    its.story("the bench")
    assert told == ["the bench"]
    with pytest.raises(CourseError, match="a check has no pionts"):
        take(test_greets, points=3, pionts=4)
    with pytest.raises(CourseError, match="needs a function with @check"):
        take(print, points=3)


def room(bench: object) -> str:
    return f"a room of {bench}"


def test_a_taken_check_may_have_a_room_of_its_own() -> None:
    told: list[object] = []

    @check("greets", "it greets", points=4, hint="?", read="Ask", rule="greetings")
    def test_greets(room: object) -> None:
        told.append(room)

    other = take(test_greets, points=3, room=lambda bench: "another")
    third = take(other, points=2, room=lambda bench: "a third")
    for taken in (test_greets, other, third, take(other, points=1)):
        taken.check.story("the bench")  # type: ignore[attr-defined]
    assert told == ["a room of the bench", "another", "a third", "another"]
