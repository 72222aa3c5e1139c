"""A reference program becomes a starter and a solution; a region that is wrong is named."""

from pathlib import Path

import pytest

from chatkit.course.errors import AuthoringError
from chatkit.course.regions import solution, starter, todos

REFERENCE = '''\
"""An echo server."""

MARKERS = """
# region TODO 7: text that is no comment
# endregion
"""


class Server:
    def echo(self, client):
        """Talk to one client."""
        # region TODO 2: send every byte back until the client is done
        # An empty recv() means that the client is done.
        while data := client.recv(4096):
            # sendall() goes on until everything is sent.
            client.sendall(data)
        # endregion
        print("gone")


def greet(name):
    if name:
        # region TODO 1: say "hello", please!
        return f"hello {name}"
        # endregion
    return ""
'''

STARTER = '''\
"""An echo server."""

MARKERS = """
# region TODO 7: text that is no comment
# endregion
"""


class Server:
    def echo(self, client):
        """Talk to one client."""
        # TODO 2: send every byte back until the client is done
        # An empty recv() means that the client is done.
        raise NotImplementedError("TODO 2: send every byte back until the client is done")
        print("gone")


def greet(name):
    if name:
        # TODO 1: say "hello", please!
        raise NotImplementedError('TODO 1: say "hello", please!')
    return ""
'''

SOLUTION = '''\
"""An echo server."""

MARKERS = """
# region TODO 7: text that is no comment
# endregion
"""


class Server:
    def echo(self, client):
        """Talk to one client."""
        # Send every byte back until the client is done.
        # An empty recv() means that the client is done.
        while data := client.recv(4096):
            # sendall() goes on until everything is sent.
            client.sendall(data)
        print("gone")


def greet(name):
    if name:
        # Say "hello", please!
        return f"hello {name}"
    return ""
'''


def test_the_starter_shows_the_tasks_and_stops_there() -> None:
    assert starter(REFERENCE) == STARTER


def test_the_solution_keeps_the_code_and_the_comments() -> None:
    assert solution(REFERENCE) == SOLUTION


def test_the_todos_come_in_the_order_of_the_program() -> None:
    assert [(todo.number, todo.task) for todo in todos(REFERENCE)] == [
        (2, "send every byte back until the client is done"),
        (1, 'say "hello", please!'),
    ]


def test_a_starter_stops_with_the_words_of_its_task() -> None:
    names: dict[str, object] = {}
    exec(starter(REFERENCE), names)
    greet = names["greet"]
    assert callable(greet)
    with pytest.raises(NotImplementedError, match=r'^TODO 1: say "hello", please!$'):
        greet("alice")


def test_a_long_task_is_written_as_ruff_would_write_it() -> None:
    task = "send " + "very " * 15 + "much"
    text = f"def f():\n    # region TODO 1: {task}\n    pass\n    # endregion\n"
    assert starter(text) == (
        f"def f():\n    # TODO 1: {task}\n"
        f'    raise NotImplementedError(\n        "TODO 1: {task}"\n    )\n'
    )


def test_a_program_without_regions_is_its_own_starter_and_solution() -> None:
    text = "def main():\n    pass\n"
    assert starter(text) == solution(text) == text


BROKEN = {
    "nested": (
        "def f():\n    # region TODO 1: do it now\n    a()\n    # region TODO 2: and this\n"
        "    b()\n    # endregion\n    # endregion\n",
        4,
        "inside the region of line 2",
    ),
    "unclosed": ("def f():\n    # region TODO 1: do it now\n    a()\n", 2, "never closed"),
    "closes nothing": ("def f():\n    a()\n    # endregion\n", 3, "closes nothing"),
    "no number": (
        "def f():\n    # region TODO: do it now\n    a()\n    # endregion\n",
        2,
        "no number or no task",
    ),
    "no task": (
        "def f():\n    # region TODO 1:\n    a()\n    # endregion\n",
        2,
        "no number or no task",
    ),
    "twice": (
        "def f():\n    # region TODO 1: do it\n    a()\n    # endregion\n"
        "    # region TODO 1: again\n    b()\n    # endregion\n",
        5,
        "TODO 1 is there twice, in line 2",
    ),
    "outside": ("# region TODO 1: do it\na = 1\n# endregion\n", 1, "outside a function"),
    "around a function": (
        "# region TODO 1: do it\ndef f():\n    a()\n# endregion\n",
        1,
        "outside a function",
    ),
    "in a class only": (
        "class C:\n    # region TODO 1: do it\n    a = 1\n    # endregion\n",
        2,
        "outside a function",
    ),
    "two functions": (
        "def f():\n    # region TODO 1: do it\n    a()\n\n\ndef g():\n    b()\n    # endregion\n",
        6,
        "goes on after its block has ended",
    ),
    "beyond its block": (
        "def f():\n    if x:\n        # region TODO 1: do it\n        a()\n    b()\n"
        "        # endregion\n",
        5,
        "goes on after its block has ended",
    ),
    "half a statement": (
        "def f():\n    # region TODO 1: do it\n    if x:\n        a()\n    # endregion\n"
        "        b()\n",
        3,
        "ends in the middle of this statement",
    ),
    "empty": (
        "def f():\n    # region TODO 1: do it\n    # what?\n    # endregion\n    a()\n",
        2,
        "holds no code",
    ),
    "other column": (
        "def f():\n    # region TODO 1: do it\n    a()\n# endregion\n",
        4,
        "not indented like",
    ),
    "behind code": (
        "def f():\n    a()  # region TODO 1: do it\n    # endregion\n",
        2,
        "behind code",
    ),
    "no Python": ("def f(:\n", 1, "no Python"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_wrong_region_is_named_with_file_line_and_cure(name: str) -> None:
    text, line, what = BROKEN[name]
    for make in (starter, solution, todos):
        with pytest.raises(AuthoringError) as caught:
            make(text, Path("server.py"))
        problem = caught.value.problem
        assert (problem.file, problem.line) == (Path("server.py"), line)
        assert what in problem.what
        assert problem.cure


def test_a_region_that_takes_away_half_a_try_makes_no_starter() -> None:
    text = (
        "def f():\n    try:\n        a()\n    # region TODO 1: catch the error\n"
        "    except OSError:\n        b()\n    # endregion\n"
    )
    with pytest.raises(AuthoringError, match="is not Python") as caught:
        starter(text, Path("server.py"))
    assert "whole statements" in caught.value.problem.cure
