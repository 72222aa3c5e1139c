"""`chatkit check` as a user types it: a process of its own, its output and its exit status."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema
import psutil
import pytest

from chatkit.course.lessons import find_course

ROOT = find_course(Path(__file__).parent).root
MISTAKES = ROOT / "tests/mistakes"


@pytest.fixture(scope="session")
def check(chatkit: Callable) -> Callable:
    """`chatkit check` in a process of its own."""
    return partial(chatkit, "check")


def server_only(tmp_path: Path, text: str) -> Path:
    shutil.copytree(ROOT / "solutions/01_echo", tmp_path / "mine")
    (tmp_path / "mine/server.py").write_text(text, encoding="utf-8")
    return tmp_path / "mine"


def test_a_full_score_exits_0_and_says_so(check: Callable) -> None:
    done = check("1", "--solutions")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "01_echo: 100 of 100 points" in done.stdout


@pytest.mark.parametrize("name", ["1", "01", "01_echo", "echo"])
def test_a_lesson_has_several_names(check: Callable, name: str) -> None:
    assert check(name, "--solutions", "--only", "ready-line").returncode == 0


def test_only_and_show_draw_one_check_also_when_it_passes(check: Callable) -> None:
    done = check("2", "--solutions", "--only", "half-line", "--show")

    assert done.returncode == 0
    assert "server.py" in done.stdout and "├─ b'" in done.stdout
    assert "9 / 9" in done.stdout
    assert "reaches" not in done.stdout


def test_only_may_name_several_checks(check: Callable) -> None:
    words = ("2", "--solutions", "--json", "--only", "reaches-others", "--only", "half-line")
    done = check(*words, "--only", "half-line")

    (lesson,) = json.loads(done.stdout)["lessons"]
    ids = [one["id"] for one in lesson["checks"]]
    assert sorted(ids) == ["half-line", "reaches-others"]
    assert ids == [one.id for one in find_course(ROOT).lesson("2").checks() if one.id in ids]


def test_json_is_one_object_that_keeps_to_the_schema(
    check: Callable, tmp_path: Path, schema: Any
) -> None:
    mine = server_only(tmp_path, "raise NotImplementedError('TODO 1: listen')\n")

    for arguments in (("1", "--solutions"), ("1", "--dir", mine)):
        done = check(*arguments, "--json")
        result = json.loads(done.stdout)
        jsonschema.validate(result, schema)
        (lesson,) = result["lessons"]
        assert lesson["score"] == sum(one["score"] for one in lesson["checks"])
        assert done.returncode == (0 if lesson["score"] == lesson["max_score"] else 1)
        assert done.stderr == ""


def test_the_verdict_names_the_next_todo_and_its_hint(check: Callable, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "lessons/01_echo", tmp_path / "mine")

    done = check("1", "--dir", tmp_path / "mine", "--only", "ready-line", "--json")

    (verdict,) = json.loads(done.stdout)["lessons"][0]["checks"]
    assert verdict["symptom"] == "todo"
    assert verdict["likely"] == "TODO 1 in server.py comes next."
    assert verdict["hint"].startswith("Three things make a socket")
    assert verdict["read"].endswith('"Starting and stopping"')


def test_a_check_is_a_line_and_the_last_words_say_where_to_begin(
    check: Callable, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "lessons/03_threads", tmp_path / "mine")

    done = check("3", "--dir", tmp_path / "mine")

    lines, _, last = done.stdout.partition("Begin here: ")
    checks = find_course(ROOT).lesson("3").checks()
    listed = [line for line in lines.splitlines() if line[:1] in tuple("✓✗·-")]
    assert len(listed) == len(checks)
    assert last.startswith("ready-line. ") and "TODO 1 in server.py comes next." in last
    assert len(last.splitlines()) <= 12
    assert len(lines.splitlines()) <= len(checks) + 6
    assert "chatkit check 3 --all" in lines


def test_all_shows_each_failure_whole_and_a_traceback_once(check: Callable, tmp_path: Path) -> None:
    text = (ROOT / "solutions/01_echo/server.py").read_text(encoding="utf-8")
    assert "client.sendall(data)" in text
    mine = server_only(tmp_path, text.replace("client.sendall(data)", "raise ValueError('no')"))

    brief, whole = check("1", "--dir", mine).stdout, check("1", "--dir", mine, "--all").stdout

    failed = [line for line in brief.splitlines() if line.startswith("✗")]
    assert len(failed) > 1
    assert brief.count("  again ") == 1 and whole.count("  again ") == len(failed) + 1
    rest = whole.partition("Begin here: ")[0]
    assert rest.count("raise ValueError('no')") == 1
    assert "(the traceback is above, at " in rest


def test_the_window_lesson_says_nothing_of_forging_to_a_student(
    check: Callable, tmp_path: Path
) -> None:
    done = check("5", "--dir", ROOT / "solutions/05_gui", "--only", "handshake")

    assert "05_gui: " in done.stdout and "forged" not in done.stdout


def test_a_server_that_ends_behind_its_ready_line_tells_why(
    check: Callable, tmp_path: Path
) -> None:
    text = (ROOT / "solutions/01_echo/server.py").read_text(encoding="utf-8")
    ends = text.replace(
        "    serve_clients(listener)\n", '    raise NotImplementedError("TODO 2: x")\n'
    )
    assert ends != text
    mine = server_only(tmp_path, ends)

    done = check("1", "--dir", mine, "--only", "ready-line", "--json")

    (verdict,) = json.loads(done.stdout)["lessons"][0]["checks"]
    assert (verdict["status"], verdict["symptom"]) == ("failed", "todo")


def test_half_a_line_is_told_as_in_the_book(check: Callable, tmp_path: Path) -> None:
    shutil.copytree(MISTAKES / "02_broadcast/passes_on_what_recv_returned", tmp_path / "mine")

    done = check("2", "--dir", tmp_path / "mine", "--only", "half-line", "--seed", "book")

    assert done.returncode == 1
    lines = done.stdout.splitlines()
    labels = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]
    order = ["what", "expected", "received", "think", "read", "again"]
    assert [label for label in labels if label in order] == order
    assert any("too early: alice has not ended her line" in line for line in lines)
    assert "chatkit check 2 --only half-line --show" in done.stdout
    assert 'lessons/02_broadcast/README.md, "Lines from a stream"' in done.stdout
    assert all(len(line) <= 81 for line in lines), max(lines, key=len)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["9"], ["no lesson '9'", "1 (echo)"]),
        (["ecko"], ["Did you mean echo?"]),
        (["1", "--dir", "nowhere"], ["no folder nowhere"]),
        (["1", "--only", "half-lines"], ["no check 'half-lines'", "half-close"]),
        (["1", "--only", "ready-line", "--only", "half-lines"], ["no check 'half-lines'"]),
        (["--only", "half-line"], ["--only needs a lesson"]),
        (["1", "--dir", ".", "--seed", "a", "--dir", "x"], ["--dir is there twice"]),
        (["--dir", "."], ["--dir needs a lesson"]),
        (["1", "--dir", ".", "--solutions"], ["exclude each other"]),
        (["--nonsense"], ["--nonsense"]),
    ],
)
def test_wrong_use_is_one_clear_line_and_status_2(
    check: Callable, arguments: list[str], words: list[str]
) -> None:
    done = check(*arguments)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr and not done.stdout
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize(
    ("content", "symptom"),
    [
        ("", "exited"),
        ("def f(:\n", "syntax-error"),
        ("\0\0\0", "syntax-error"),
        ("this is a letter to my teacher\n", "syntax-error"),
        ("import nothing_like_this\n", "crashed"),
    ],
)
def test_a_file_that_is_no_program_has_a_clear_result(
    check: Callable, tmp_path: Path, content: str, symptom: str
) -> None:
    mine = server_only(tmp_path, content)

    done = check("1", "--dir", mine, "--json")

    checks = {one["id"]: one for one in json.loads(done.stdout)["lessons"][0]["checks"]}
    assert done.returncode == 1
    assert checks["ready-line"]["symptom"] == symptom
    assert checks["ready-line"]["status"] == "failed"
    assert checks["echoes-a-line"]["status"] == "not_reached"
    assert checks["client-prints-reply"]["status"] == "passed"
    assert "Traceback" not in done.stderr


def test_a_missing_file_a_folder_and_an_empty_folder(check: Callable, tmp_path: Path) -> None:
    (tmp_path / "mine/server.py").mkdir(parents=True)

    done = check("1", "--dir", tmp_path / "mine", "--json")

    checks = {one["id"]: one for one in json.loads(done.stdout)["lessons"][0]["checks"]}
    assert done.returncode == 1
    assert checks["ready-line"]["symptom"] == "not-a-file"
    assert checks["client-prints-reply"]["symptom"] == "file-missing"
    assert sum(one["score"] for one in checks.values()) == 0


def test_a_given_program_is_taken_from_the_lesson(tmp_path: Path) -> None:
    lesson = find_course(ROOT).lesson("broadcast")

    assert lesson.program_in(tmp_path, "client.py") == lesson.folder / "client.py"
    (tmp_path / "client.py").touch()
    assert lesson.program_in(tmp_path, "client.py") == tmp_path / "client.py"
    assert lesson.program_in(tmp_path, "server.py") == tmp_path / "server.py"


def test_a_pipe_gets_plain_text(check: Callable) -> None:
    assert "\x1b" not in check("1", "--solutions", "--only", "ready-line").stdout


def test_plain_pytest_checks_a_folder_of_programs() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    file = "tests/lessons/test_01_echo.py"
    right = subprocess.run([*command, file], cwd=ROOT, capture_output=True, text=True, timeout=120)
    wrong = subprocess.run(
        [*command, file, "--programs", "lessons/01_echo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )

    checks = len(find_course(ROOT).lesson("echo").checks())
    assert right.returncode == 0 and f"{checks} passed" in right.stdout
    assert wrong.returncode == 1 and "TODO 1" in wrong.stdout
    assert "Error" not in wrong.stdout.replace("NotImplementedError", "")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_the_check_ends_the_programs(tmp_path: Path, end: signal.Signals) -> None:
    mine = server_only(tmp_path, "print(end='')\nwhile True: pass\n")
    command = [sys.executable, "-m", "chatkit", "check", "1", "--dir", str(mine)]
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    started: list[psutil.Process] = []
    while not started and time.monotonic() < deadline:
        started = process.children()
        if not started:
            psutil.wait_procs([process], timeout=0.02)
    assert started

    os.kill(process.pid, end)

    assert process.wait(timeout=30) != 0
    _, alive = psutil.wait_procs(started, timeout=10)
    assert not alive


@pytest.mark.parametrize("lesson", ["1", "3", "4", "5"])  # those with a client
@pytest.mark.parametrize("where", ["program", "module"])
def test_a_file_in_another_encoding_is_told_as_such_by_every_check(
    check: Callable, tmp_path: Path, lesson: str, where: str
) -> None:
    (solution,) = (ROOT / "solutions").glob(f"0{lesson}_*")
    shutil.copytree(solution, tmp_path / "mine")
    client = tmp_path / "mine/client.py"
    text = client.read_text(encoding="utf-8")
    if where == "program":
        client.write_bytes(f"{text}# caf\xe9\n".encode("latin-1", "replace"))
    else:
        client.write_text(f"import menu\n{text}", encoding="utf-8")
        (tmp_path / "mine/menu.py").write_bytes(b"dish = 'caf\xe9'\n")

    found = json.loads(check(lesson, "--dir", tmp_path / "mine", "--json").stdout)

    checks = [one for one in found["lessons"][0]["checks"] if one["program"] == "client.py"]
    lost = {one["message"] for one in checks if one["status"] != "skipped"}
    assert checks and lost == {
        f"{'client' if where == 'program' else 'menu'}.py is not saved as UTF-8"
    }


TALKS = r"""
import sys
print("left\tright \x1b]0;owned\x07 \u202eturned", flush=True)
sys.exit("no \x1b[2J way\tback")
"""


def test_what_a_program_prints_cannot_steer_a_terminal_and_a_tab_is_a_tab(
    check: Callable, tmp_path: Path
) -> None:
    found = check("1", "--dir", server_only(tmp_path, TALKS), "--json").stdout
    shown = check("1", "--dir", tmp_path / "mine").stdout

    (first, *_) = json.loads(found)["lessons"][0]["checks"]
    assert first["received"] == "no \\x1b[2J way\tback"
    assert (
        "left\tright \\x1b]0;owned\\x07 \\u202eturned" in json.loads(found)["lessons"][0]["output"]
    )
    assert "\x1b" not in shown and "\x07" not in shown and "\u202e" not in shown
    assert "left" in shown and "\ufffd" not in shown
