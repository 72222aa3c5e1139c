"""A student's day: all lessons, from untouched starters to 100 points, in a real terminal.

`chatkit watch` runs under tmux on a screen of 80 by 24. Here one fills in TODO after TODO, saves,
reads the screen, asks for a hint, breaks something, starts over, gets everything back, and goes on
with the next lesson. It needs tmux and takes some minutes.
`pytest tests/benchmarks/test_a_students_day.py -s` prints the screens.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatkit.course.lessons import Course, Lesson, find_course
from chatkit.course.regions import starter, todos
from chatkit.student.progress import LessonProgress, load

COURSE = find_course(Path(__file__).parent)
ROOT = COURSE.root
ALL = 100 * len(COURSE.lessons)  # points
PATIENCE = 120.0  # seconds for anything; it takes a few


class Terminal:
    """A terminal of 80 by 24 in which one types, and whose screen one reads."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "tmux"
        home = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        size = ("-x", "80", "-y", "24", "-c", str(folder))
        shell = "exec bash --norc"  # a login shell would set a PATH of its own
        self.tmux("-f", os.devnull, "new-session", "-d", *size, shell, env=home)

    def tmux(self, *words: str, env: dict[str, str] | None = None) -> str:
        command = ["tmux", "-S", str(self.socket), *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
        return done.stdout

    def types(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    @property
    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def shows(self, *words: str) -> str:
        """Wait until all words are on the screen, and return it."""
        wait_for(lambda: all(word in self.screen for word in words), lambda: self.screen)
        return self.screen

    def close(self) -> None:
        self.tmux("kill-server")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


def wait_for(condition: Callable[[], bool], told: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE
    again = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, told()
        again.wait(0.05)


def written_up_to(lesson: Lesson, program: str, last: int) -> str:
    """The program of a student who has done the TODOs up to `last`."""
    text = (ROOT / "chatkit/reference" / lesson.step / program).read_text(encoding="utf-8")
    lines = text.split("\n")
    for region in todos(text):
        if region.number <= last:
            for marker in (region.first, region.last):
                lines[marker - 1] = region.indent + "# done"
    return starter("\n".join(lines))


def save(lesson: Lesson, program: str, text: str) -> None:
    (lesson.folder / program).write_text(text, encoding="utf-8")


def verdict(course: Course, lesson: Lesson, terminal: Terminal) -> LessonProgress:
    """Wait until what lies in the lesson's folder has been judged whole."""

    def judged() -> bool:
        known = load(course).of(lesson)
        now = {
            name: hashlib.sha256((lesson.folder / name).read_bytes()).hexdigest()
            for name in lesson.asked
        }
        return known.programs == now and not known.earlier and set(known.statuses) == ids

    ids = {check.id for check in lesson.checks()}
    wait_for(judged, lambda: terminal.screen)
    terminal.shows(f"Lesson {lesson.number} ", "watching: save to check")
    return load(course).of(lesson)


def test_from_untouched_starters_to_100_points(terminal: Terminal, tmp_path: Path) -> None:
    terminal.types("chatkit init my-chat && cd my-chat && clear && chatkit", "Enter")
    print(terminal.shows(f"0 of {ALL} points so far", "chatkit watch 1"))
    course = find_course(tmp_path / "my-chat")
    terminal.types("clear; chatkit watch", "Enter")
    for lesson in course.lessons:
        print(terminal.shows(f"Lesson {lesson.number} ", "TODO 1", "watching: save to check"))
        assert verdict(course, lesson, terminal).score < 100

        terminal.types("h")
        print(terminal.shows("hint 1 of 3"))
        terminal.types("h")
        terminal.shows("hint 2 of 3")

        scores = []
        for todo in lesson.todos:
            text = written_up_to(lesson, todo.program, todo.number)
            save(lesson, todo.program, text)
            scores.append(verdict(course, lesson, terminal).score)
            if todo is not lesson.todos[-1]:
                print(terminal.screen)
        print(terminal.shows("Every check passes: 100 of 100 points"))
        assert scores[-1] == 100
        print(f"points after each TODO of lesson {lesson.number}: {scores}")

        program = lesson.asked[0]
        finished = (lesson.folder / program).read_text(encoding="utf-8")
        save(lesson, program, finished.replace("def main() -> None:", "def main() -> None", 1))
        assert verdict(course, lesson, terminal).score < 100
        print(terminal.shows("✗", "SyntaxError"))

        terminal.types("x")
        terminal.shows("y")
        terminal.types("y")
        print(terminal.shows("TODO", "watching: save to check"))
        assert (lesson.folder / program).read_text(encoding="utf-8") != finished
        verdict(course, lesson, terminal)

        shutil.copy(lesson.folder / "backups/001" / program, lesson.folder / program)
        verdict(course, lesson, terminal)
        save(lesson, program, finished)
        for other in lesson.asked[1:]:
            save(lesson, other, written_up_to(lesson, other, 99))
        verdict(course, lesson, terminal)
        terminal.shows("Every check passes: 100 of 100 points")
        terminal.types("n")

    terminal.types("q")
    terminal.shows("100 of 100 points. Go on: chatkit watch")
    terminal.types("clear; chatkit", "Enter")
    print(terminal.shows(f"{ALL} of {ALL} points so far", "chatkit pack"))
    terminal.types("clear; stty -a | grep -o ' icanon\\| echo '", "Enter")
    terminal.shows("icanon", "echo")
