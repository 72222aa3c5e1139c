"""`chatkit solution`: what differs from the finished program, and who may see it when."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatkit.course.lessons import find_course
from chatkit.grading.verdict import LessonVerdict, Verdict
from chatkit.student import progress

ROOT = Path(__file__).parents[3]
KIT = find_course(ROOT)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "80"}
CTRL_C = b"\x03"
COMMAND = [sys.executable, "-P", "-m", "chatkit", "solution"]


def solution(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        encoding="utf-8",
    )


def at_a_terminal(folder: Path, answer: bytes, *words: str, **more: str) -> tuple[int, str]:
    """Run it in a terminal of its own and answer its question. Returns status and screen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *words],
        cwd=folder,
        env=ENVIRONMENT | more,
        pass_fds=[theirs],
        preexec_fn=lambda: os.login_tty(theirs),  # Ctrl-C is a signal of the terminal
    )
    os.close(theirs)
    screen = b""
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if not select.select([ours], [], [], 1)[0]:
                if answer == CTRL_C and b"[y/N]" in screen:
                    os.write(ours, answer)  # it is lost when it comes just before the program waits
                continue
            try:
                data = os.read(ours, 4096)
            except OSError:  # Linux says so when the other side is closed
                break
            screen += data
            if not data:
                break
            if answer and screen.endswith(b"[y/N]: "):
                os.write(ours, answer)
                answer = answer if answer == CTRL_C else b""
        return process.wait(timeout=10), screen.decode().replace("\r\n", "\n")
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A student's copy of lesson 1: the server is done but for one line, the client is not."""
    shutil.copytree(KIT.lessons[0].folder, tmp_path / "lessons/01_echo")
    text = (KIT.lessons[0].solutions / "server.py").read_text(encoding="utf-8")
    changed = text.replace("    listener.listen()\n", "    listener.listen(5)\n")
    assert changed != text
    (tmp_path / "lessons/01_echo/server.py").write_text(changed, encoding="utf-8")
    return tmp_path


def finish(home: Path) -> None:
    """Write the client too, and let all checks have passed."""
    shutil.copy(KIT.lessons[0].solutions / "client.py", home / "lessons/01_echo")
    course = find_course(home)
    (lesson,) = course.lessons
    passed = tuple(
        Verdict(check.id, check.title, "passed", check.points, check.points, check.program)
        for check in lesson.checks()
    )
    progress.load(course).record(lesson, LessonVerdict(lesson.name, lesson.title, passed, 1.0))


def test_a_finished_lesson_is_compared_without_a_question_and_plain_in_a_pipe(home: Path) -> None:
    finish(home)

    done = solution(home, "1")

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    solutions = KIT.lessons[0].solutions
    assert lines[:2] == ["--- lessons/01_echo/server.py", f"+++ {solutions / 'server.py'}"]
    assert "-    listener.listen(5)" in lines and "+    listener.listen()" in lines
    assert "lessons/01_echo/client.py is the solution, line for line." in lines
    assert lines[-1] == f"The walkthrough: {solutions / 'README.md'}"
    assert "\x1b" not in done.stdout


def test_an_unfinished_lesson_needs_a_person_or_yes(home: Path) -> None:
    done = solution(home, "1", "server")
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.count("\n") == 1 and "01_echo is not finished" in done.stderr
    assert "--yes" in done.stderr

    done = solution(home, "1", "server", "--yes")
    assert done.returncode == 0 and "+    listener.listen()" in done.stdout
    assert "client.py" not in done.stdout


def test_at_a_terminal_it_asks_and_no_shows_nothing(home: Path) -> None:
    status, screen = at_a_terminal(home, b"n\n", "1")

    assert status == 0, screen
    assert "01_echo is not finished. See the solution all the same? [y/N]: n" in screen
    assert "listener" not in screen


def test_at_a_terminal_yes_shows_it_in_colours_unless_they_are_not_wanted(home: Path) -> None:
    status, screen = at_a_terminal(home, b"y\n", "1", "server", NO_COLOR="")
    assert status == 0
    assert "\x1b[31m-    listener.listen(5)\x1b[0m\n" in screen
    assert "\x1b[32m+    listener.listen()\x1b[0m\n" in screen

    status, screen = at_a_terminal(home, b"y\n", "1", "server", NO_COLOR="1")
    assert status == 0 and "\x1b[3" not in screen and "+    listener.listen()\n" in screen


def test_ctrl_c_at_the_question_ends_it_with_130(home: Path) -> None:
    status, screen = at_a_terminal(home, CTRL_C, "1")

    assert status == 130, screen
    assert "Traceback" not in screen


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["9"], "no lesson '9'"),
        (["1", "sever"], "no program 'sever'. It has: server.py, client.py"),
        (["2", "client"], "client.py is given in 02_broadcast"),
        (["1", "--yes"], "lessons/01_echo/client.py cannot be read: No such file"),
    ],
)
def test_wrong_use_is_one_clear_line_and_status_2(home: Path, words: list[str], said: str) -> None:
    shutil.copytree(KIT.lessons[1].folder, home / "lessons/02_broadcast")
    (home / "lessons/01_echo/client.py").unlink()

    done = solution(home, *words)

    assert done.returncode == 2 and not done.stdout
    assert done.stderr.count("\n") == 1 and said in done.stderr


def test_help_teaches_with_examples(home: Path) -> None:
    assert "chatkit solution 1 server" in solution(home, "--help").stdout
