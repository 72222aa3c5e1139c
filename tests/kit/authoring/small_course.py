"""A course of two lessons of a few lines, in which everything can go wrong."""

from pathlib import Path

from chatkit.course.lessons import Course, find_course

ME = ("-c", "user.name=me", "-c", "user.email=me@example.org")

FILES = {
    "chatkit/reference/one/server.py": '''\
"""Greet people."""


def greet(name):
    """Return a greeting."""
    # region TODO 1: return a greeting with the name in it
    # Leave a space between the two.
    return f"hello {name}"
    # endregion


def main():
    print(greet("you"))


if __name__ == "__main__":
    main()
''',
    "chatkit/reference/one/client.py": '''\
"""Ask for a greeting."""


class Asker:
    """Somebody with a question."""

    def ask(self):
        # region TODO 2: ask for a greeting politely
        return "please"
        # endregion


def main():
    print(Asker().ask())
''',
    "chatkit/reference/two/server.py": '''\
"""Greet people, and say goodbye."""


def greet(name):
    """Return a greeting."""
    # Return a greeting with the name in it.
    # Leave a space between the two.
    return f"hello {name}"


def part(name):
    """Return a goodbye."""
    # region TODO 1: return a goodbye with the name in it
    return f"goodbye {name}"
    # endregion


def main():
    print(greet("you"))
    print(part("you"))


if __name__ == "__main__":
    main()
''',
    "chatkit/reference/two/client.py": '''\
"""Ask for a greeting and a goodbye."""


class Asker:
    """Somebody with a question."""

    def ask(self):
        # Ask for a greeting politely.
        return "please"


def main():
    print(Asker().ask())
''',
    "lessons/01_one/lesson.toml": """\
title = "One"
summary = "Greet."
minutes = 10
goals = ["greet"]
asked = ["server.py", "client.py"]

[[todo]]
number = 1
program = "server.py"
checks = ["greets"]
hints = ["Who?", "Look at the name.", "return …"]

[[todo]]
number = 2
program = "client.py"
checks = ["asks", "polite"]
hints = ["How?", "Look at a dictionary.", "return …"]
""",
    "lessons/02_two/lesson.toml": """\
title = "Two"
summary = "Say goodbye."
minutes = 10
goals = ["part"]
asked = ["server.py"]

[changes]
"server.py:main" = "Who greets also parts."

[given]
"client.py" = "two"

[[todo]]
number = 1
program = "server.py"
checks = ["greets", "parts"]
hints = ["Who?", "Look at the name.", "return …"]
""",
    "tests/lessons/test_01_one.py": """\
from chatkit.course import check


@check("greets", "it greets", points=50, hint="Use the name.", read="Say hello", rule="greetings")
def test_greets(): ...


@check(
    "asks", "it asks", points=30,
    hint="Ask | wait.", read="Ask", rule="manners", program="client.py",
)
def test_asks(): ...


@check(
    "polite", "it is kind", points=20,
    hint="Be it.", read="Ask", rule="manners", program="client.py",
)
def test_polite(): ...
""",
    "tests/lessons/test_02_two.py": """\
from chatkit.course import check


@check("greets", "it greets", points=40, hint="Use the name.", read="Say goodbye", rule="greetings")
def test_greets(): ...


@check(
    "parts", "it says goodbye", points=60,
    hint="Use the name.", read="Say goodbye", rule="greetings",
)
def test_parts(): ...
""",
    "lessons/01_one/README.md": """\
# One

Read [the rules
on greetings](../../docs/contract.md#greetings), then open [`server.py`](server.py).
What comes: [lesson two](../02_two/README.md#say-goodbye). Why `[this](nowhere.md)` is no link.

## Say hello

<!-- code: server.py main -->

**TODO 1:** say it.

## Ask

**TODO 2:** ask.

The [answers](../../solutions/01_one/README.md), a [picture](https://example.org/a.png).

![A greeting](../../docs/assets/hello.svg)
""",
    "lessons/02_two/README.md": """\
# Two

## Say goodbye

<!-- code: one/server.py greet -->
```python
old
```

<!-- code: client.py Asker.ask -->

**TODO 1:** say it.
""",
    "solutions/01_one/README.md": """\
# One, explained

Back to [the lesson](../../lessons/01_one/), or [home](../../README.md).

<!-- code: server.py greet -->

<!-- code: client.py -->
""",
    "solutions/02_two/README.md": "# Two, explained\n\n<!-- code: server.py part -->\n",
    "docs/contract.md": "# The contract\n\n## Greetings\n\nSay them.\n\n## Manners\n\nHave them.\n",
    "docs/index.md": "# Home\n",
    "docs/assets/hello.svg": "<svg/>\n",
    "README.md": "# A course\n",
}


def write_course(root: Path) -> Course:
    """Write the sources of the made-up course into `root`."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return find_course(root)


def replace(path: Path, old: str, new: str) -> None:
    """Edit a file: `old` must stand there exactly once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path}: {old!r} stands there {text.count(old)} times"
    path.write_bytes(text.replace(old, new).encode())
