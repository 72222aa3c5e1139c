"""Evidence: what Python really writes about errors and threads is read as data."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chatkit.bench.evidence import Raised, raised_in, stacks_in


def written_by(source: str, tmp_path: Path) -> tuple[str, Path]:
    """What a program writes to standard error, and its path."""
    program = tmp_path / "server.py"
    program.write_text(source, encoding="utf-8")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60)
    return done.stderr, program


def raised_by(source: str, tmp_path: Path) -> list[Raised]:
    return list(raised_in(*written_by(source, tmp_path)))


def test_an_exception_has_its_kind_its_text_and_the_students_own_line(tmp_path: Path) -> None:
    source = "import json\n\ndef load():\n    json.loads('{')\n\nload()\n"

    [error] = raised_by(source, tmp_path)

    assert (error.kind, error.in_thread) == ("json.decoder.JSONDecodeError", False)
    assert error.text.startswith("Expecting property name")
    assert error.own and (error.own.line, error.own.function) == (4, "load")
    assert error.frames[-1].own is False


def test_a_chain_is_one_error_that_knows_how_it_began(tmp_path: Path) -> None:
    source = (
        "clients = []\n"
        "try:\n"
        "    clients.remove(1)\n"
        "except ValueError:\n"
        "    try:\n"
        "        clients.discard(1)\n"
        "    except AttributeError as error:\n"
        "        raise RuntimeError('clean-up') from error\n"
    )

    [error] = raised_by(source, tmp_path)

    assert [one.kind for one in error.chain()] == ["RuntimeError", "AttributeError", "ValueError"]
    assert error.first.own and error.first.own.line == 3


def test_an_error_in_a_thread_is_told_apart_and_two_are_two(tmp_path: Path) -> None:
    source = (
        "import threading\n"
        "def work(what):\n"
        "    what + 1\n"
        "for what in ('a', None):\n"
        "    one = threading.Thread(target=work, args=(what,))\n"
        "    one.start()\n"
        "    one.join()\n"
        "raise KeyError('end')\n"
    )

    errors = raised_by(source, tmp_path)

    assert [one.kind for one in errors] == ["TypeError", "TypeError", "KeyError"]
    assert [one.in_thread for one in errors] == [True, True, False]


@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        ("print 'hello'\n", "SyntaxError", 1),
        ("if True:\nprint(1)\n", "IndentationError", 2),
        ("x = 1\nif x:\n\ty = 1\n        z = 2\n", "TabError", 4),
    ],
)
def test_a_file_that_python_cannot_read_is_an_error_of_that_line(
    source: str, kind: str, line: int, tmp_path: Path
) -> None:
    [error] = raised_by(source, tmp_path)

    assert error.kind == kind
    assert error.own and error.own.line == line


def test_each_error_of_a_group_is_found_inside_it(tmp_path: Path) -> None:
    source = (
        "import asyncio\n"
        "async def fail():\n"
        "    raise ConnectionResetError('gone')\n"
        "async def main():\n"
        "    async with asyncio.TaskGroup() as group:\n"
        "        group.create_task(fail())\n"
        "asyncio.run(main())\n"
    )

    errors = raised_by(source, tmp_path)

    assert errors[0].kind == "ExceptionGroup"
    assert "ConnectionResetError" in [one.kind for one in errors]


def test_what_is_no_traceback_is_none(tmp_path: Path) -> None:
    talk = "import sys\nsys.stderr.write('Error: no server\\nusage: server.py [-h]\\n')\n"

    assert raised_by(talk, tmp_path) == []
    assert raised_in("Traceback (most recent call last):\n", Path("server.py")) == ()


@pytest.mark.skipif(sys.platform == "win32", reason="there faulthandler gets no signal")
def test_stacks_name_every_thread_and_who_called_whom(tmp_path: Path) -> None:
    source = (
        "import os, signal, threading\n"
        "lock = threading.Lock()\n"
        "started = threading.Event()\n"
        "def join():\n"
        "    with lock:\n"
        "        broadcast()\n"
        "def broadcast():\n"
        "    started.set()\n"
        "    with lock:\n"
        "        pass\n"
        "threading.Thread(target=join, daemon=True).start()\n"
        "started.wait()\n"
        "while threading.active_count() < 2: pass\n"
        "import faulthandler\n"
        "os.kill(os.getpid(), signal.SIGABRT)\n"
    )
    program = tmp_path / "server.py"
    program.write_text(source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", program], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -signal.SIGABRT

    stacks = stacks_in(done.stderr, program)

    assert [one.main for one in stacks] == [False, True]
    assert [frame.function for frame in stacks[0].owns] == ["broadcast", "join"]
    assert stacks[1].own and stacks[1].own.line == 15
