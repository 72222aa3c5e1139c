"""What the views look like: code in texts, pages of the site, links on both."""

from pathlib import Path

import pytest
from small_course import replace, write_course

from chatkit.authoring.clone import Clone, open_clone
from chatkit.authoring.views import views
from chatkit.course.errors import AuthoringError


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return open_clone(write_course(tmp_path))


def view(clone: Clone, name: str) -> str:
    return views(clone)[clone.root / name]


def problem_of(clone: Clone, readme: str, marker: str) -> str:
    """What is wrong with a text that has this marker."""
    file = clone.root / readme
    file.write_text(f"# Title\n\n{marker}\n", encoding="utf-8")
    with pytest.raises(AuthoringError) as caught:
        views(clone)
    assert (caught.value.problem.file, caught.value.problem.line) == (file, 3)
    return f"{caught.value.problem.what}; {caught.value.problem.cure}"


def test_a_block_is_replaced_and_a_missing_one_is_written(clone: Clone) -> None:
    assert (
        view(clone, "lessons/02_two/README.md")
        == '''\
# Two

## Say goodbye

<!-- code: one/server.py greet -->
```python
def greet(name):
    """Return a greeting."""
    # Return a greeting with the name in it.
    # Leave a space between the two.
    return f"hello {name}"
```

<!-- code: client.py Asker.ask -->
```python
def ask(self):
    # Ask for a greeting politely.
    return "please"
```

**TODO 1:** say it.
'''
    )


def test_a_whole_program_is_the_finished_one(clone: Clone) -> None:
    shown = view(clone, "solutions/01_one/README.md").partition("<!-- code: client.py -->\n")[2]
    assert shown == f"```python\n{view(clone, 'solutions/01_one/client.py')}```\n"


def test_a_new_block_leaves_other_blocks_and_text_alone(clone: Clone) -> None:
    file = clone.root / "solutions/02_two/README.md"
    below = "\n```sh\nnc localhost 5501\n```\n"
    file.write_text(f"<!-- code: server.py main -->\n{below}", encoding="utf-8")
    assert view(clone, "solutions/02_two/README.md").endswith(f"```\n{below}")

    file.write_text("<!-- code: server.py main -->\nText.\n", encoding="utf-8")
    assert view(clone, "solutions/02_two/README.md").endswith('("you"))\n```\n\nText.\n')


def test_a_block_in_a_list_keeps_its_place(clone: Clone) -> None:
    file = clone.root / "solutions/02_two/README.md"
    file.write_text("- so:\n\n    <!-- code: client.py Asker.ask -->\n", encoding="utf-8")
    assert view(clone, "solutions/02_two/README.md") == (
        "- so:\n\n    <!-- code: client.py Asker.ask -->\n    ```python\n    def ask(self):\n"
        '        # Ask for a greeting politely.\n        return "please"\n    ```\n'
    )


def test_a_marker_inside_a_code_block_is_only_text(clone: Clone) -> None:
    file = clone.root / "solutions/02_two/README.md"
    text = "````\n<!-- code: server.py nobody -->\n```python\n```\n````\n"
    file.write_text(text, encoding="utf-8")
    assert view(clone, "solutions/02_two/README.md") == text


@pytest.mark.parametrize(
    ("marker", "what"),
    [
        ("<!-- code: server.py grete -->", "one/server.py has no grete; did you mean greet?"),
        ("<!-- code: server.py xxxxxx -->", "has no xxxxxx; name one of: greet, main"),
        ("<!-- code: three/server.py main -->", "there is no program three/server.py"),
        ("<!-- code: the server -->", "'the server' names no code; write it like this"),
    ],
)
def test_a_marker_that_names_nothing_is_an_error(clone: Clone, marker: str, what: str) -> None:
    assert what in problem_of(clone, "solutions/01_one/README.md", marker)


def test_a_block_that_is_never_closed_is_an_error(clone: Clone) -> None:
    file = clone.root / "solutions/01_one/README.md"
    file.write_text("<!-- code: server.py main -->\n\n```python\nmain()\n", encoding="utf-8")
    with pytest.raises(AuthoringError, match="never closed") as caught:
        views(clone)
    assert caught.value.problem.line == 3


@pytest.mark.parametrize(
    ("lesson", "marker", "todo"),
    [
        ("01_one", "server.py greet", "TODO 1 of one/server.py"),
        ("01_one", "server.py", "TODO 1 of one/server.py"),
        ("01_one", "client.py Asker", "TODO 2 of one/client.py"),
        ("01_one", "client.py Asker.ask", "TODO 2 of one/client.py"),
        ("01_one", "one/server.py greet", "TODO 1 of one/server.py"),
        ("01_one", "two/server.py part", "TODO 1 of two/server.py"),  # of a later lesson
        ("02_two", "server.py part", "TODO 1 of two/server.py"),
    ],
)
def test_a_lesson_never_shows_the_inside_of_its_todos(
    clone: Clone, lesson: str, marker: str, todo: str
) -> None:
    problem = problem_of(clone, f"lessons/{lesson}/README.md", f"<!-- code: {marker} -->")
    assert f"the lesson would show the inside of {todo}" in problem


@pytest.mark.parametrize(
    "marker", ["one/server.py greet", "one/client.py", "client.py", "server.py main"]
)
def test_a_lesson_shows_what_is_given_or_was_solved_before(clone: Clone, marker: str) -> None:
    file = clone.root / "lessons/02_two/README.md"
    file.write_text(f"<!-- code: {marker} -->\n", encoding="utf-8")
    assert "```python\n" in view(clone, "lessons/02_two/README.md")


def test_a_page_of_the_site_has_no_markers_and_links_of_its_own(clone: Clone) -> None:
    assert (
        view(clone, "docs/lessons/01_one.md")
        == """\
---
description: "Lesson 1 of the chat course in Python: Greet."
---

<!-- Made from lessons/01_one/README.md by `chatkit author sync`. Edit that file, not this one. -->

# One

!!! abstract "After this lesson you can"

    - greet

Read [the rules
on greetings](../contract.md#greetings), then open `server.py`.
What comes: [lesson two](02_two.md#say-goodbye). Why `[this](nowhere.md)` is no link.

## Say hello

```python
def main():
    print(greet("you"))
```

**TODO 1:** say it.

## Ask

**TODO 2:** ask.

The [answers](../walkthroughs/01_one.md), a [picture](https://example.org/a.png).

![A greeting](../assets/hello.svg)
"""
    )
    walkthrough = view(clone, "docs/walkthroughs/01_one.md")
    assert "Back to [the lesson](../lessons/01_one.md), or [home](../index.md).\n" in walkthrough


def mistake(clone: Clone, name: str, expected: str) -> Path:
    """A wrong program of lesson 2, without the program."""
    file = clone.root / "tests/mistakes/02_two" / name / "expected.toml"
    file.parent.mkdir(parents=True)
    file.write_text(expected, encoding="utf-8")
    return file


NOTED = """\
<!-- code: client.py Asker.__init__ -->

1. `def __init__(self):` begins,
   in two lines.

    ```text
    1. `nothing`
    ```

2. ``# not yet`` ends.

- `pass`
"""


def test_a_note_on_the_code_is_a_list_in_the_text_and_a_number_on_the_site(clone: Clone) -> None:
    replace(
        clone.root / "chatkit/reference/two/client.py",
        "class Asker:\n",
        "class Asker:\n    def __init__(self):\n        self.asked = '#'  # not yet\n\n",
    )
    readme = clone.root / "solutions/02_two/README.md"
    readme.write_text(NOTED, encoding="utf-8")
    notes = NOTED.partition("\n")[2]

    assert view(clone, "solutions/02_two/README.md").endswith(
        f"-->\n```python\ndef __init__(self):\n    self.asked = '#'  # not yet\n```\n{notes}"
    )
    shown = view(clone, "docs/walkthroughs/02_two.md").partition("\n\n## What changed")[0]
    assert f"{shown}\n".endswith(
        '``` { .python .notes hl_lines="1 2" }\ndef __init__(self):\n'
        f"    self.asked = '#'  # not yet\n```\n{notes}"
    )


@pytest.mark.parametrize(
    ("notes", "line", "what"),
    [
        ("1. `print(greet`: so.\n2. `main()`: no.", 4, "'main()' stands no lower in the code"),
        ("1. `main()`: so.\n2. `main()`: no.", 4, "one note a line"),
        ("1. `print(greet`: so.\n2. Then no.", 4, "note 2 quotes no code; begin it with"),
        ("1. `greet(me)`: no.", 3, "the code above has no line with 'greet(me)'"),
    ],
)
def test_a_note_that_is_about_no_line_is_an_error(
    clone: Clone, notes: str, line: int, what: str
) -> None:
    file = clone.root / "solutions/01_one/README.md"
    file.write_text(f"<!-- code: server.py main -->\n\nText.\n\n{notes}\n", encoding="utf-8")
    views(clone)  # the list is not right below the block, so it is any list

    file.write_text(f"<!-- code: server.py main -->\n\n{notes}\n", encoding="utf-8")
    with pytest.raises(AuthoringError) as caught:
        views(clone)
    problem = caught.value.problem
    assert (problem.file, problem.line) == (file, line)
    assert what in f"{problem.what}; {problem.cure}"


def test_the_page_of_checks_is_made_from_their_functions(clone: Clone) -> None:
    asks = """\
## asks · 30 points { #lesson-1-asks }

It asks.

Hint: Ask | wait. Rule: [Manners](../contract.md#manners). TODO 2 in your program.
"""
    assert asks in view(clone, "docs/checks/01_one.md")
    page = view(clone, "docs/checks/02_two.md")
    assert "\n## parts · 60 points { #lesson-2-parts }\n\nIt says goodbye.\n" in page
    overview = view(clone, "docs/checks.md")
    assert "[asks](checks/01_one.md#lesson-1-asks) 30" in overview
    assert overview.index("[1 One]") < overview.index("[2 Two]")


def test_the_page_of_checks_says_what_each_of_them_catches(clone: Clone) -> None:
    fails = '[[fails]]\ncheck = "{}"\nsymptom = "silent"\n'
    one = fails.format("parts")
    mistake(clone, "a_spoils_much", 'why = "I never start."\nnot_reached = ["greets"]\n' + one)
    mistake(clone, "b", 'why = "I say *b* to __all__."\n' + one)
    mistake(clone, "c", 'why = "I say c."\n' + one)
    mistake(clone, "d", 'why = "I say d."\n' + one)
    mistake(clone, "elsewhere", 'why = "I am rude."\n' + fails.format("greets"))

    parts = view(clone, "docs/checks/02_two.md").partition("## parts")[2]

    assert parts.partition("\n## ")[0].endswith(r"""
It catches:

- “I say \*b\* to \_\_all\_\_.”
- “I say c.”
- “I say d.”
- and 1 more
""")


def test_the_page_of_mistakes_says_what_each_costs_and_what_that_is_on_average(
    clone: Clone,
) -> None:
    fails = '[[fails]]\ncheck = "parts"\nsymptom = "silent"\n'
    assert "What a mistake costs" not in view(clone, "docs/checks.md")
    mistake(clone, "a", 'why = "I never *start*."\nnot_reached = ["greets"]\n' + fails)
    mistake(clone, "b", 'why = "I am rude"\n' + fails + fails.replace("parts", "greets"))

    page = view(clone, "docs/checks.md")

    assert "\n| 2 Two | 2 | 1.5 | 2.0 |\n| all | 2 | 1.5 | 2.0 |\n" in page
    assert "\n| 1 One |" not in page
    parts, greets = (f"[{id}](#lesson-2-{id})" for id in ("parts", "greets"))
    rows = rf"""
    | `a` | I never \*start\* | {parts} | 1 |
    | `b` | I am rude | {parts}, {greets} |  |
"""
    assert rows in view(clone, "docs/checks/02_two.md")
    assert "Wrong programs" not in view(clone, "docs/checks/01_one.md")


def test_a_mistake_that_cannot_be_read_is_a_problem(clone: Clone) -> None:
    file = mistake(clone, "broken", "why = \n")
    with pytest.raises(AuthoringError) as caught:
        views(clone)
    assert caught.value.problem.file == file


def test_a_walkthrough_ends_with_each_function_that_has_changed(clone: Clone) -> None:
    replace(
        clone.root / "chatkit/reference/one/client.py",
        "def main",
        "def old():\n    pass\n\n\ndef main",
    )
    walkthrough = view(clone, "docs/walkthroughs/02_two.md")
    assert "\n## What changed since the last lesson\n" in walkthrough
    assert walkthrough.endswith("""\
### server.py since lesson 1

??? abstract "New functions: 1"

    - `part`: Return a goodbye.

??? abstract "main: Who greets also parts."

    ```diff
     def main():
         print(greet("you"))
    +    print(part("you"))
    ```

### client.py since lesson 1

??? abstract "Gone: 1"

    - `old`
""")


def test_what_has_no_source_yet_has_no_view_yet(clone: Clone) -> None:
    (clone.root / "chatkit/reference/two/client.py").unlink()
    (clone.root / "lessons/02_two/README.md").write_text("# Two\n")
    (clone.root / "solutions/02_two/README.md").unlink()
    (clone.root / "tests/lessons/test_02_two.py").unlink()
    names = {path.relative_to(clone.root).as_posix() for path in views(clone)}
    assert "lessons/02_two/server.py" in names
    assert names.isdisjoint({"lessons/02_two/client.py", "docs/walkthroughs/02_two.md"})
