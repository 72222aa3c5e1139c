"""Each rule of `chatkit author check`: break the made-up course, and see exactly that problem."""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from small_course import replace, write_course

from chatkit.authoring.clone import open_clone
from chatkit.authoring.rules.rules import (
    COURSE_RULES,
    KIT_COURSE_RULES,
    KIT_LESSON_RULES,
    LESSON_RULES,
    TRIALS,
    Scope,
    problems,
    tasks,
)
from chatkit.authoring.sync import sync
from chatkit.course.errors import AuthoringError, Problem
from chatkit.course.lessons import find_course

ONE, TWO = "chatkit/reference/one", "chatkit/reference/two"
TOML_1, TOML_2 = "lessons/01_one/lesson.toml", "lessons/02_two/lesson.toml"
README_1, README_2 = "lessons/01_one/README.md", "lessons/02_two/README.md"
CHECKS_2 = "tests/lessons/test_02_two.py"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the same second has two versions
    sync(write_course(tmp_path))
    return tmp_path


def all_problems(root: Path) -> list[Problem]:
    """What the quick rules find."""
    known: set[Problem] = set()
    clone = open_clone(find_course(root))
    return [
        one
        for task in tasks(clone, Scope(trials=False, kit=False))
        for one in problems(task, known)
    ]


def found(root: Path) -> list[str]:
    """The same in short: "file: what is wrong"."""
    return [
        f"{problem.file.relative_to(root).as_posix()}: {problem.what}"
        for problem in all_problems(root)
    ]


def test_an_unbroken_course_has_no_problem(root: Path) -> None:
    assert found(root) == []


def test_every_rule_says_in_words_what_it_demands() -> None:
    for rule in (
        *(*LESSON_RULES, *COURSE_RULES, *TRIALS),
        *(*KIT_LESSON_RULES, *KIT_COURSE_RULES),
    ):
        assert rule.__doc__, rule


def remove(*names: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        for name in names:
            (root / name).unlink()

    return edit


def swap(*edits: tuple[str, str, str]) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        for name, old, new in edits:
            replace(root / name, old, new)

    return edit


def write(name: str, text: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        (root / name).write_text(text, encoding="utf-8")

    return edit


def all_of(*edits: Callable[[Path], None]) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        for one in edits:
            one(root)

    return edit


TODO_2 = '[[todo]]\nnumber = 2\nprogram = "client.py"\nchecks = ["asks", "polite"]\n'
HINTS_2 = 'hints = ["How?", "Look at a dictionary.", "return …"]\n'

# name: how to break the course, and all that must be said then
BROKEN: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "a program is missing": (
        all_of(
            swap((README_2, "<!-- code: client.py Asker.ask -->\n", "")),
            remove(f"{TWO}/client.py"),
        ),
        [f"{TWO}/client.py: 02_two needs this program"],
    ),
    "a program without a TODO": (
        swap(
            (TOML_2, '["server.py"]', '["server.py", "client.py"]'),
            (TOML_2, '[given]\n"client.py" = "two"\n', ""),
        ),
        [f"{TWO}/client.py: the program has no TODO"],
    ),
    "a TODO that lesson.toml does not list": (
        swap(
            (TOML_1, TODO_2 + HINTS_2, ""), (TOML_1, '["greets"]', '["greets", "asks", "polite"]')
        ),
        [f"{ONE}/client.py: lesson.toml of 01_one does not list TODO 2 of client.py"],
    ),
    "a TODO without a region": (
        swap((TOML_1, HINTS_2, HINTS_2 + TODO_2.replace("2", "3") + HINTS_2)),
        [
            f"{TOML_1}: TODO 3 of client.py has no region in one/client.py",
            f"{README_1}: the text does not ask for TODO 3 below a heading",
        ],
    ),
    "a TODO in the other program": (
        swap((TOML_1, 'program = "client.py"', 'program = "server.py"')),
        [
            f"{ONE}/client.py: lesson.toml of 01_one does not list TODO 2 of client.py",
            f"{TOML_1}: TODO 2 of server.py has no region in one/server.py",
        ],
    ),
    "a gap in the numbers": (
        swap(
            (TOML_1, "number = 2", "number = 3"),
            (f"{ONE}/client.py", "TODO 2", "TODO 3"),
            (README_1, "TODO 2", "TODO 3"),
        ),
        [f"{TOML_1}: the TODOs of the lesson have the numbers 1, 3"],
    ),
    "a number in both programs": (
        swap(
            (TOML_1, "number = 2", "number = 1 "),
            (f"{ONE}/client.py", "TODO 2", "TODO 1"),
        ),
        [f"{TOML_1}: the TODOs of the lesson have the numbers 1, 1"],
    ),
    "the client first": (
        swap(
            (TOML_1, "number = 2", "number = 0"),
            (TOML_1, "number = 1", "number = 2"),
            (TOML_1, "number = 0", "number = 1"),
            (f"{ONE}/client.py", "TODO 2", "TODO 1"),
            (f"{ONE}/server.py", "TODO 1", "TODO 2"),
        ),
        [f"{TOML_1}: TODO 1 of client.py comes before TODO 2 of server.py"],
    ),
    "a task without a verb": (
        swap((f"{TWO}/server.py", "return a goodbye with", "the goodbye with")),
        [f"{TWO}/server.py: TODO 1 does not start with what to do"],
    ),
    "a task that is no sentence": (
        swap((f"{TWO}/server.py", "return a goodbye with the name in it", "goodbye here")),
        [f"{TWO}/server.py: TODO 1 is not a whole sentence"],
    ),
    "a hint too few": (
        swap((TOML_2, '"Who?", ', "")),
        [f"{TOML_2}: TODO 1 has 2 of at least 3 hints"],
    ),
    "an empty hint": (
        swap((TOML_2, '"Who?"', '" "')),
        [f"{TOML_2}: TODO 1 has 2 of at least 3 hints"],
    ),
    "a TODO without a check": (
        swap((TOML_1, '["greets"]', "[]"), (TOML_1, '["asks", ', '["asks", "greets", ')),
        [f"{TOML_1}: TODO 1 serves no check"],
    ),
    "a check that does not exist": (
        swap((TOML_2, '"parts"]', '"parts", "waves"]')),
        [f"{TOML_2}: TODO 1 names the check 'waves', which does not exist"],
    ),
    "a check that no TODO serves": (
        swap((TOML_2, ', "parts"]', "]")),
        [f"{TOML_2}: no TODO serves the check 'parts'"],
    ),
    "two checks with one id": (
        swap(
            (CHECKS_2, '@check("greets"', '@check("parts"'),
            (TOML_2, '"greets", "parts"', '"parts"'),
        ),
        [f"{CHECKS_2}: 2 checks have the id 'parts'"],
    ),
    "too many points": (
        swap((CHECKS_2, "60", "61")),
        [f"{CHECKS_2}: the checks are worth 101 points together, not 100"],
    ),
    "a check of a program that is not there": (
        swap((CHECKS_2, '"it greets",', '"it greets", program="window.py",')),
        [f"{CHECKS_2}: the check 'greets' judges window.py"],
    ),
    "a heading that is not there": (
        swap((README_2, "## Say goodbye", "## Say hello")),
        [
            f"{CHECKS_2}: no heading 'Say goodbye' to read, for greets, parts",
            f"{README_1}: {README_2} has no heading with the anchor #say-goodbye",
        ],
    ),
    "a rule that is not in the contract": (
        swap(
            (
                CHECKS_2,
                'points=40, hint="Use the name.", read="Say goodbye", rule="greetings"',
                'points=40, hint="Use the name.", read="Say goodbye", rule="greeting"',
            )
        ),
        [f"{CHECKS_2}: no section 'greeting' to stand on, for greets"],
    ),
    "no contract": (
        all_of(
            swap((README_1, "../../docs/contract.md#greetings", "server.py")),
            remove("docs/contract.md"),
        ),
        ["docs/contract.md: the contract is missing"],
    ),
    "no checks": (
        remove(CHECKS_2),
        [f"{CHECKS_2}: the checks are missing"],
    ),
    "no text and no walkthrough": (
        all_of(
            swap((README_1, "../02_two/README.md#say-goodbye", "server.py")),
            remove(README_2, "solutions/02_two/README.md"),
        ),
        [
            f"{README_2}: the text of the lesson is missing",
            "solutions/02_two/README.md: the text of the walkthrough is missing",
        ],
    ),
    "a shared function that drifts": (
        swap((f"{TWO}/server.py", 'f"hello {name}"', 'f"hi {name}"')),
        [f"{TWO}/server.py: greet is not the same as in one/server.py"],
    ),
    "a change that is none": (
        swap((TOML_2, '"server.py:main" =', 'greet = "So."\n"server.py:main" =')),
        [f"{TOML_2}: changes lists 'greet', which is not shared or not changed"],
    ),
    "a change of a new function": (
        swap((TOML_2, '"server.py:main" =', 'part = "So."\n"server.py:main" =')),
        [f"{TOML_2}: changes lists 'part', which is not shared or not changed"],
    ),
    "a change without a reason": (
        swap((TOML_2, "Who greets also parts.", " ")),
        [f"{TOML_2}: changes does not say why server.py:main differs"],
    ),
    "a change of only one program": (
        swap((TOML_2, '"server.py:main"', '"main"')),
        [f"{TOML_2}: changes lists 'main', but client.py keeps its main"],
    ),
    "a link to nothing": (
        swap((README_1, "(server.py)", "(sever.py)")),
        [f"{README_1}: the link to sever.py leads to nothing"],
    ),
    "a link to no heading": (
        swap((README_1, "#greetings", "#greeting")),
        [f"{README_1}: docs/contract.md has no heading with the anchor #greeting"],
    ),
    "a link to no heading of its own page": (
        swap((README_1, "(server.py)", "(#say-bye)")),
        [f"{README_1}: {README_1} has no heading with the anchor #say-bye"],
    ),
    "a link by reference": (
        write(
            "solutions/02_two/README.md", "# Two\n\n[the lesson][1]\n\n[1]: ../../lessons/02_two\n"
        ),
        ["solutions/02_two/README.md: a link of the form [label]: target"],
    ),
    "an image that the site has not": (
        all_of(
            write("lessons/01_one/a.svg", "<svg/>"),
            swap((README_1, "../../docs/assets/hello.svg", "a.svg")),
        ),
        [f"{README_1}: the site cannot show the image a.svg"],
    ),
    "a program left over": (
        write("solutions/02_two/client.py", ""),
        ["solutions/02_two/client.py: no lesson makes this file"],
    ),
    "a page left over": (
        write("docs/lessons/03_three.md", "# Three\n"),
        ["docs/lessons/03_three.md: no lesson makes this file"],
    ),
    "a broken region": (
        swap((f"{ONE}/server.py", "    # endregion\n", "")),
        [f"{ONE}/server.py: the region is never closed"],
    ),
    "checks that cannot be imported": (
        write("tests/lessons/test_02_two.py", "import nothing_of_that_name\n"),
        [
            f"{CHECKS_2}: the file cannot be imported: ModuleNotFoundError: No module named"
            " 'nothing_of_that_name'"
        ],
    ),
    "a marker that gives a TODO away": (
        swap((README_2, "<!-- code: client.py Asker.ask -->", "<!-- code: server.py part -->")),
        [f"{README_2}: the lesson would show the inside of TODO 1 of two/server.py"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_course_has_exactly_that_problem(root: Path, name: str) -> None:
    break_it, expected = BROKEN[name]
    break_it(root)
    with suppress(AuthoringError):
        sync(find_course(root))
    assert found(root) == expected


def test_a_stale_view_is_shown_with_what_changes_and_what_mends_it(root: Path) -> None:
    replace(root / "solutions/02_two/server.py", 'f"goodbye {name}"', 'f"bye {name}"')
    [problem] = all_problems(root)
    assert (
        problem.text(root)
        == '''\
solutions/02_two/server.py: this view is stale
    cure: chatkit author sync
    --- now
    +++ after sync
    @@ -12,5 +12,5 @@
         """Return a goodbye."""
         # Return a goodbye with the name in it.
    -    return f"bye {name}"
    +    return f"goodbye {name}"


'''.rstrip("\n")
        + "\n\n"
    )


@pytest.mark.parametrize("name", ["lessons/01_one/server.py", "docs/checks/01_one.md", README_2])
def test_every_kind_of_view_can_be_stale(root: Path, name: str) -> None:
    file = root / name
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("name", "nam").replace("Hint", "Hin"), encoding="utf-8")
    assert f"{name}: this view is stale" in found(root)


def test_the_cure_for_a_solved_starter_keeps_what_was_written(root: Path) -> None:
    replace(root / "lessons/02_two/server.py", "raise NotImplementedError", "return str")
    [problem] = all_problems(root)
    assert problem.file == root / "lessons/02_two/server.py"
    assert problem.cure == "chatkit reset 2 server (it keeps what was written there)"


def test_the_cure_for_a_starter_of_an_older_reference_is_sync(root: Path) -> None:
    replace(root / "chatkit/reference/two/server.py", 'print(part("you"))', 'print(part("me"))')
    cures = {problem.file.name: problem.cure for problem in all_problems(root)}
    assert cures["server.py"] == "chatkit author sync"


def test_a_missing_view_is_a_problem(root: Path) -> None:
    (root / "docs/checks/02_two.md").unlink()
    assert found(root) == ["docs/checks/02_two.md: this view is missing"]


def test_a_long_difference_is_cut(root: Path) -> None:
    (root / "docs/checks/02_two.md").write_text("old\n" * 200, encoding="utf-8")
    [problem] = all_problems(root)
    lines = problem.detail.splitlines()
    assert len(lines) == 25
    assert lines[-1].endswith(" more lines")


def test_wrong_line_ends_are_said_in_words(root: Path) -> None:
    file = root / "lessons/01_one/server.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    [problem] = all_problems(root)
    assert problem.detail == "the lines end with \\r\\n, not with \\n"


def test_a_problem_names_the_line_of_the_todo(root: Path) -> None:
    replace(root / TOML_1, '"How?", ', "")
    [problem] = all_problems(root)
    assert problem.text(root).startswith(f"{TOML_1}:14: TODO 2 has 2 of")
