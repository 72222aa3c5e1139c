"""`chatkit hint`: which TODO it chooses, and what a student sees of it."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from chatkit.course.lessons import Course, Lesson, find_course
from chatkit.student.hints import HintError, choose, task, walkthrough
from chatkit.student.progress import FILE, Beginning, LessonProgress, load

ROOT = Path(__file__).parents[3]
KIT = find_course(ROOT)


@pytest.fixture(scope="session")
def hint(chatkit: Callable) -> Callable:
    """`chatkit hint` in a process of its own."""
    return partial(chatkit, "hint")


def write(lesson: Lesson, *numbers: int) -> None:
    """Make these TODOs look written."""
    for program in lesson.asked:
        path = lesson.folder / program
        text = path.read_text(encoding="utf-8")
        for number in numbers:
            text = re.sub(rf"NotImplementedError\(\s*(['\"])TODO {number}", r"print(\1", text)
        path.write_text(text, encoding="utf-8")


def after(
    lesson: Lesson,
    failed: Sequence[str] = (),
    untried: Sequence[str] = (),
    halted: Sequence[str] = (),
) -> LessonProgress:
    """The state after a run of all checks."""
    statuses = {check.id: "passed" for check in lesson.checks()}
    statuses |= dict.fromkeys(failed, "failed") | dict.fromkeys(untried, "not_reached")
    return LessonProgress(statuses, 50, 100, halted=frozenset(halted))


# Which TODO


def test_before_any_run_it_is_the_first_that_is_not_written(course: Course) -> None:
    echo = course.lesson("echo")
    for number in range(1, 7):
        chosen = choose(echo, LessonProgress())
        assert chosen and chosen.todo.number == number
        write(echo, number)

    assert choose(echo, LessonProgress()) is None


@pytest.mark.parametrize(
    ("key", "failed", "number", "others"),
    [
        ("echo", ["half-close"], 3, ()),
        ("echo", ["ctrl-c"], 1, (2,)),
        ("echo", ["next-client", "client-no-server"], 2, ()),  # the server first
        ("echo", ["client-server-lost"], 5, (6,)),
        ("broadcast", ["idle"], 3, (5,)),
        ("threads", ["churn", "framing"], 3, (5,)),
        ("gui", ["close"], 2, (10, 11)),
    ],
)
def test_what_failed_says_which_todo_and_which_else_it_may_be(
    key: str, failed: list[str], number: int, others: tuple[int, ...]
) -> None:
    lesson = KIT.lesson(key)
    written = replace(lesson, folder=lesson.solutions)
    chosen = choose(written, after(lesson, failed))

    assert chosen and (chosen.todo.number, chosen.others) == (number, others)
    assert set(chosen.checks) <= set(failed) and chosen.checks


def test_a_program_that_ran_into_a_todo_blames_none_that_is_written(course: Course) -> None:
    echo = course.lesson("echo")
    server = [check.id for check in echo.checks() if check.program == "server.py"]
    write(echo, 1)

    # The ready line never came, but only because the program ended at TODO 2.
    chosen = choose(echo, after(echo, ["ready-line"], server[1:], server))

    assert chosen and (chosen.todo.number, chosen.others) == (2, ())
    write(echo, 2)  # written, and not checked yet
    chosen = choose(echo, after(echo, ["ready-line"], server[1:], server))
    assert chosen and chosen.todo.number == 3


def test_what_was_not_tried_counts_only_when_nothing_failed() -> None:
    echo = KIT.lesson("echo")
    written = replace(echo, folder=echo.solutions)

    both = choose(written, after(echo, ["half-close"], ["next-client"]))
    alone = choose(written, after(echo, untried=["next-client"]))

    assert both and both.todo.number == 3
    assert alone and alone.todo.number == 2


def test_all_passed_needs_no_hint_and_a_missing_program_has_a_cure(course: Course) -> None:
    echo = course.lesson("echo")
    write(echo, *range(1, 7))
    assert choose(echo, after(echo)) is None

    (echo.folder / "client.py").unlink()
    with pytest.raises(HintError, match=r"client\.py cannot be read .*: chatkit reset 1"):
        choose(echo, after(echo))


def test_every_todo_says_its_task_and_names_its_walkthrough() -> None:
    for lesson in KIT.lessons:
        for todo in lesson.todos:
            words, line = task(lesson, todo)
            found = walkthrough(lesson, todo)
            assert len(words) > 10 and line, f"{lesson.name} TODO {todo.number}"
            assert found and found[0].is_file() and found[1], f"{lesson.name} TODO {todo.number}"


# What a student sees


def test_one_more_each_time_until_the_walkthrough(hint: Callable, course: Course) -> None:
    shutil.copytree(ROOT / "solutions", course.root / "solutions")
    todo = course.lesson("echo").todos[0]
    shown = [hint(cwd=course.root) for _ in range(4)]

    assert [one.returncode for one in shown] == [0] * 4
    for count, one in enumerate(shown, start=1):
        lines = one.stdout.splitlines()
        assert lines[0] == "Lesson 1, Echo: TODO 1 in lessons/01_echo/server.py, line 36"
        assert max(map(len, lines)) <= 80 and "\x1b" not in one.stdout
        seen = " ".join(one.stdout.split())
        assert [text in seen for text in todo.hints] == [n < count for n in range(3)]
    assert "2 more hints for this TODO: chatkit hint 1" in shown[0].stdout
    assert "1 more hint for this TODO" in shown[1].stdout
    for one in shown[2:]:
        assert "That was the last hint. The finished code: chatkit solution 1" in one.stdout
        assert 'solutions/01_echo/README.md, "The server"' in one.stdout
    assert load(course).of(course.lesson("echo")).hints == {1: 3}


def test_again_opens_none_and_todo_chooses_one(hint: Callable, course: Course) -> None:
    refused = hint("1", "--again", cwd=course.root)
    chosen = hint("1", "--todo", "5", cwd=course.root)
    again = hint("1", "--todo", "5", "--again", cwd=course.root)

    assert refused.returncode == 2 and "chatkit hint 1 opens one" in refused.stderr
    assert "TODO 5 in lessons/01_echo/client.py" in chosen.stdout
    assert "2 more hints for this TODO: chatkit hint 1 --todo 5" in chosen.stdout
    assert again.stdout == chosen.stdout
    assert load(course).of(course.lesson("echo")).hints == {5: 1}


def test_what_failed_is_named_and_a_change_since_then_is_said(
    hint: Callable, course: Course
) -> None:
    for name in ("server.py", "client.py"):
        shutil.copy(ROOT / "solutions/01_echo" / name, course.lesson("echo").folder)
    checks = {check.id: "passed" for check in course.lesson("echo").checks()}
    echo = {
        "score": 96,
        "max_score": 100,
        "checks": {**checks, "ctrl-c": "failed"},
        "halted": [],
        "earlier": [],
        "programs": {},
        "hints": {},
    }
    state = {"schema": 1, "kit": "0.1.0", "lessons": {"01_echo": echo}}
    (course.root / FILE).write_text(json.dumps(state), encoding="utf-8")

    done = hint(cwd=course.root)

    assert "for: ctrl-c" in done.stdout
    assert "The checks that failed also need TODO 2" in done.stdout
    assert "Since the last check your program has changed: chatkit check 1" in done.stdout


def test_without_the_solutions_the_last_hint_says_whom_to_ask(course: Course) -> None:
    echo = replace(course.lesson("echo"), solutions=course.root / "nowhere")

    assert walkthrough(echo, echo.todos[0]) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["9"], "no lesson '9'"),
        (["brodcast"], "Did you mean broadcast?"),
        (["1", "--todo", "7"], "lesson 1 has no TODO 7: it has TODO 1 to 6"),
        (["1", "--todo", "0"], "--todo"),
        (["1", "--todo", "x"], "--todo"),
    ],
)
def test_wrong_use_is_one_clear_line_and_status_2(
    hint: Callable, course: Course, arguments: list[str], words: str
) -> None:
    done = hint(*arguments, cwd=course.root)

    assert done.returncode == 2 and words in done.stderr
    assert "Traceback" not in done.stderr and not done.stdout
    assert not (course.root / FILE).exists()


def test_a_state_of_a_newer_kit_is_refused_and_a_broken_one_is_kept(
    hint: Callable, course: Course
) -> None:
    (course.root / FILE).write_text('{"schema": 7}', encoding="utf-8")
    newer = hint(cwd=course.root)
    (course.root / FILE).write_text("{", encoding="utf-8")
    broken = hint(cwd=course.root)

    assert newer.returncode == 2 and "update the kit, or delete the file" in newer.stderr
    assert broken.returncode == 0 and "1 of 3" in broken.stdout
    assert "It is kept as progress.json.broken" in broken.stderr
    assert (course.root / f"{FILE}.broken").read_text(encoding="utf-8") == "{"


# What "Begin here" names


def test_a_hint_helps_with_what_the_last_check_named(course: Course) -> None:
    echo = course.lesson("echo")
    written = replace(echo, folder=echo.solutions if echo.solutions.is_dir() else echo.folder)
    server_and_client = after(KIT.lesson("echo"), ["half-close", "client-server-lost"])
    begin = Beginning("client-server-lost", "some-misconception", "client.py:9 hears no end.")

    chosen = choose(
        replace(written, folder=KIT.lesson("echo").solutions),
        replace(server_and_client, begin=begin),
    )

    assert chosen and (chosen.todo.number, chosen.others) == (5, (6,))
    assert chosen.about == "client-server-lost. client.py:9 hears no end."


def test_a_todo_that_was_named_is_hinted_at_until_it_is_written(course: Course) -> None:
    broadcast = course.lesson("broadcast")
    write(broadcast, 1)
    named = replace(
        after(broadcast, ["framing"], halted=["framing"]), begin=Beginning("framing", "todo-2")
    )

    chosen = choose(broadcast, named)
    assert chosen and chosen.todo.number == 2
    write(broadcast, 2)
    chosen = choose(broadcast, named)
    assert chosen and chosen.todo.number == 3


def test_the_hint_names_what_the_check_has_named(hint: Callable, course: Course) -> None:
    echo = course.lesson("echo")
    for program in echo.asked:
        shutil.copy(KIT.lesson("echo").solutions / program, echo.folder)
    server = echo.folder / "server.py"
    text = server.read_text(encoding="utf-8")
    assert "client.sendall(data)" in text
    server.write_text(text.replace("client.sendall(data)", "pass"), encoding="utf-8")
    command = [sys.executable, "-m", "chatkit", "check", "1"]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, timeout=120)
    named = done.stdout.partition("Begin here: ")[2].partition(".")[0]

    shown = hint(cwd=course.root)

    assert named and f"Begin here: {named}." in shown.stdout, shown.stdout + shown.stderr
    assert load(course).of(echo).begin.check == named
