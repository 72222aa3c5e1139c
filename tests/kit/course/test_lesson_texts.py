"""What a lesson tells its readers to run says what the lesson prints below it.

The course's own programs in these texts are kept by `chatkit author check`.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from chatkit.course.lessons import Lesson, find_course
from chatkit.system.display import Display

COURSE = find_course(Path(__file__).parent)
BLOCK = re.compile(r"(<!-- code: .*? -->\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDS_A_PERSON = "input("
GOES_ON = "The program does not end. Press Ctrl-C."
TRIES = 3  # in some programs threads have to meet, and this machine may be busy
DEADLINE = 60.0  # seconds for one program
SENT = 'b"x" * 10_000_000)\n219264\n'  # another number on each system, but never all of it
SENT_A_PART = 'b"x" * 10_000_000) < 10_000_000\nTrue\n'

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the lessons print what Linux says")


@dataclass(frozen=True)
class Experiment:
    """A program in the text of a lesson, and what it prints."""

    lesson: int
    code: str
    says: str
    ends: bool = True  # by itself; if not, somebody presses Ctrl-C

    def holds(self, output: str) -> bool:
        """Whether that is what the lesson prints. It leaves out the inside of a traceback."""
        expected, seen = (re.sub(r"(\d+\.\d) s", rounded, text) for text in (self.says, output))
        if "Traceback" not in output:
            return self.ends and expected == seen
        lines = iter(seen.splitlines())
        complete = all(line in lines for line in expected.splitlines())
        return complete and ("KeyboardInterrupt" not in output) == self.ends


def rounded(seconds: re.Match[str]) -> str:
    """A time as far as a busy machine can promise it: frozen windows stand still for 3 seconds."""
    return "a long time" if float(seconds[1]) >= 3 else "a moment"


def text_of(lesson: Lesson) -> str:
    return (lesson.folder / "README.md").read_text(encoding="utf-8")


def experiments() -> Iterator[Experiment]:
    """Every program in the lessons but those of the course and those that need a person."""
    for lesson in COURSE.lessons:
        text = text_of(lesson)
        found = list(BLOCK.finditer(text))
        for program, output in pairwise(found):
            of_the_course, language, code = program.groups()
            if language == "python" and not of_the_course and NEEDS_A_PERSON not in code:
                assert output[2] == "text", f"lesson {lesson.number}: what does this say?\n{code}"
                ends = not text[output.end() :].strip().startswith(GOES_ON)
                yield Experiment(lesson.number, code, output[3], ends)


EXPERIMENTS = tuple(experiments())

# What the texts tell the reader to change: the lesson, words of one of its programs, the words in
# their place, and what the program says then.
CHANGES = (
    (
        3,
        '["alice", "bob", "carol", "dave"]',
        '{"alice", "bob", "carol", "dave"}',
        "RuntimeError: Set changed size during iteration\n",
    ),
    (
        3,
        "ours.close()",
        "ours.shutdown(socket.SHUT_RDWR)",
        "recv() returned b''\nIs it still waiting? False\n",
    ),
    (
        4,
        "threading.Lock()\nwith",
        "threading.RLock()\nwith",
        "I hold it.\nCan I take it again? True\n",
    ),
    (
        5,
        'ours.sendall(b"x" * 1_000_000)',
        "time.sleep(3)",
        "the usual gap: 0.1 s, the longest gap: 3.0 s\n",
    ),
    (5, "sleep(2)", "sleep(0.5)", "The line is in the window.\n"),
    (
        5,
        "ours.close()",
        "ours.shutdown(socket.SHUT_RDWR)",
        "mainloop() is over.\nThe server sees b''\n",
    ),
    (
        5,
        "target=receive).start()\nroot.after(",
        "target=receive, daemon=True).start()\nroot.after(",
        "mainloop() is over.\nThe server sees nothing.\n",
    ),
)


def changed() -> Iterator[Experiment]:
    for lesson, was, now, says in CHANGES:
        (one,) = (one for one in EXPERIMENTS if one.lesson == lesson and was in one.code)
        yield Experiment(lesson, one.code.replace(was, now), says)


def said(experiment: Experiment, display: dict[str, str], folder: Path) -> str:
    """What the program says in a terminal: both kinds of output in their order, and its abort."""
    # Who runs the tests may have started them deaf to Ctrl-C, and a program inherits that.
    hears = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", hears + experiment.code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | display | {"PYTHONIOENCODING": "utf-8"},
        cwd=folder,  # where a program that aborts may leave its core
        encoding="utf-8",
    )
    watchdog = threading.Timer(DEADLINE, process.kill)
    watchdog.start()
    output = ""
    with process:
        assert process.stdout
        for line in process.stdout:
            output += line
            if not experiment.ends and output == experiment.says:
                process.send_signal(signal.SIGINT)
    watchdog.cancel()
    return output + ("Aborted\n" if process.returncode == -signal.SIGABRT else "")


def test_every_program_in_a_lesson_says_what_stands_below_it(tmp_path: Path) -> None:
    left = [*EXPERIMENTS, *changed()]
    assert len(EXPERIMENTS) > 10

    for _ in range(TRIES):
        # All at once: they spend their time waiting.
        with Display(own=True) as display, ThreadPoolExecutor(len(left)) as threads:
            run = partial(said, display=display.environment, folder=tmp_path)
            outputs = list(threads.map(run, left))
        wrong = [
            (one, text) for one, text in zip(left, outputs, strict=True) if not one.holds(text)
        ]
        left = [one for one, _ in wrong]
        if not left:
            break

    assert not wrong, "\n".join(f"{one.code}\nsays:\n{output}" for one, output in wrong)


# ------------------------------------------------------- what is typed into Python, and the server


@contextmanager
def server_of(lesson: Lesson) -> Iterator[int]:
    """The finished server of a lesson, on the port that this yields."""
    command = [sys.executable, lesson.solutions / "server.py", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as server:
        try:
            assert server.stdout
            yield int(server.stdout.readline().rpartition(":")[2])
        finally:
            server.kill()


@pytest.mark.parametrize("number", [1, 2])
def test_python_answers_as_the_lesson_shows(number: int, tmp_path: Path) -> None:
    lesson = COURSE.lesson(str(number))
    typed = "\n".join(
        code for _, language, code in BLOCK.findall(text_of(lesson)) if language == "pycon"
    )
    session = tmp_path / "session.txt"
    options = ["-v", "-o", "ELLIPSIS", "-o", "IGNORE_EXCEPTION_DETAIL"]

    with server_of(lesson) as port:
        here = typed.replace("5501", str(port)).replace(SENT, SENT_A_PART)
        session.write_text(here, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "doctest", *options, session],
            stdout=subprocess.PIPE,
            encoding="utf-8",
            cwd=lesson.solutions,  # the reader imports from the program in the lesson's folder
            timeout=DEADLINE,
        )

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Trying:\n") == len(re.findall("^>>> ", typed, re.MULTILINE)) > 10
