"""`chatkit run`: a program as if it had been started by hand, and what is said of it."""

import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chatkit.course.lessons import Course, find_course
from chatkit.student.running import Finished, after, before

ROOT = Path(__file__).parents[3]
ECHO = find_course(ROOT).lesson("echo")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A student's copy of the lessons, the first one finished."""
    shutil.copytree(ROOT / "lessons", tmp_path / "clone/lessons")
    for program in ("server.py", "client.py"):
        shutil.copy(ROOT / "solutions/01_echo" / program, tmp_path / "clone/lessons/01_echo")
    return find_course(tmp_path / "clone")


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "chatkit", "run", *map(str, arguments)]


def environment() -> dict[str, str]:
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": paths}


def run(*arguments: object, course: Course, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=course.root,
        env=environment(),
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        encoding="utf-8",
    )


def student(course: Course, text: str, program: str = "client.py") -> None:
    (course.lesson("echo").folder / program).write_text(text, encoding="utf-8")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on: this process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_the_program_has_our_input_and_output_its_folder_and_this_python(course: Course) -> None:
    student(
        course,
        "import os, sys\nprint(os.getcwd(), sys.executable, sys.argv[1:], input())\nsys.exit(7)\n",
    )

    done = run(1, "client", "--", "--name", "-x", course=course, typed="hello\n")

    here = course.lesson("echo").folder
    assert done.returncode == 7
    assert done.stdout == f"{here} {sys.executable} ['--name', '-x'] hello\n"
    assert done.stderr.splitlines() == [
        "chatkit: lessons/01_echo/client.py runs. Ctrl-C ends it.",
        "It needs a server, in another terminal: chatkit run 1 server",
    ]


def test_arguments_need_no_dashes_and_help_is_the_programs_own(course: Course) -> None:
    done = run("echo", "server", "--help", course=course)

    assert done.returncode == 0 and "The echo server" in done.stdout


def test_a_server_and_a_client_talk(course: Course) -> None:
    server = subprocess.Popen(
        command(1, "server", "--", "--port", "0"),
        cwd=course.root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # no terminal: a signal is meant for this process alone
    )
    assert server.stdout
    port = server.stdout.readline().strip().rpartition(":")[2]
    client = run(1, "client", "--", "--port", port, course=course, typed="one\ntwo\n")
    server.send_signal(signal.SIGINT)
    _, errors = server.communicate(timeout=30)

    assert client.stdout == "one\ntwo\n" and client.returncode == 0
    assert f"chatkit run 1 server -- --port {port}" in client.stderr
    assert server.returncode == 0 and "Traceback" not in errors
    assert "chatkit run 1 client -- --port PORT, or chatkit raw PORT" in errors


WAITS = """
import time
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("tidying up", flush=True)
    input()
    print("tidied up", flush=True)
    raise SystemExit(3)
"""


def test_ctrl_c_at_a_terminal_reaches_the_program_once_and_its_status_is_ours(
    course: Course,
) -> None:
    student(course, WAITS)
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(course.root)
        os.execve(sys.executable, command(1, "client"), environment())
    seen = b""
    for wanted, keys in ((b"ready", b"\x03"), (b"tidying up", b"\n")):
        while wanted not in seen:
            seen += os.read(terminal, 1024)
        os.write(terminal, keys)
    _, status = os.waitpid(pid, 0)
    seen += os.read(terminal, 4096)
    os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 3
    assert b"tidied up" in seen and b"Traceback" not in seen


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 3), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_to_us_alone_ends_the_program(
    course: Course, number: signal.Signals, status: int
) -> None:
    student(course, WAITS)
    ours = subprocess.Popen(
        command(1, "client"),
        cwd=course.root,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert ours.stdout and ours.stdout.readline() == b"ready\n"
    [program] = psutil.Process(ours.pid).children()

    ours.send_signal(number)
    ours.communicate(b"\n", timeout=30)

    assert ours.returncode == status
    assert not program.is_running()


def test_a_program_that_meets_a_todo_says_which_hint_helps(course: Course) -> None:
    shutil.copy(ROOT / "lessons/01_echo/server.py", course.lesson("echo").folder)

    done = run(1, "server", course=course)

    assert done.returncode == 1 and "Traceback" in done.stderr  # the student's own
    assert done.stderr.splitlines()[-1] == (
        "chatkit: TODO 1 in server.py is not written yet: chatkit hint 1 --todo 1"
    )
    assert "chatkit/" not in done.stderr


def test_a_port_that_is_taken_says_by_whom_and_what_to_type(course: Course, taken: int) -> None:
    done = run(1, "server", "--", "--port", taken, course=course)

    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert lines[-2].startswith(f"Cannot listen on 127.0.0.1:{taken}: ")
    assert lines[-1].startswith(f"chatkit: Port {taken} is taken by ")
    assert f"(process {os.getpid()}: " in lines[-1]
    assert lines[-1].endswith(f"chatkit run 1 server -- --port {taken + 1}")


def test_a_crash_passes_without_a_word_of_ours(course: Course) -> None:
    student(course, "raise ValueError('mine')\n")

    done = run(1, "client", course=course)

    assert done.returncode == 1 and done.stderr.endswith("ValueError: mine\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing argument"),
        (("1",), "Missing argument"),
        (("9", "server"), "no lesson '9'"),
        (("1", "sever"), "'sever' is not one of 'server', 'client'"),
        (("3", "client"), "client.py is missing: chatkit reset 3 brings the starter back"),
        (("4", "client"), "client.py is missing: chatkit reset 4"),  # a folder of that name
    ],
)
def test_wrong_use_is_said_and_status_2(
    course: Course, arguments: tuple[str, ...], words: str
) -> None:
    (course.lesson("threads").folder / "client.py").unlink()
    (course.lesson("nicknames").folder / "client.py").unlink()
    (course.lesson("nicknames").folder / "client.py").mkdir()

    done = run(*arguments, course=course)

    assert done.returncode == 2 and words in done.stderr
    assert "Traceback" not in done.stderr and not done.stdout


@pytest.mark.parametrize(
    ("program", "arguments", "words"),
    [
        ("server.py", (), "chatkit run 1 client, or chatkit raw 5501"),
        ("server.py", ("--port", "5501"), "chatkit run 1 client, or chatkit raw 5501"),
        ("server.py", ("--port=6000",), "chatkit run 1 client -- --port 6000, or chatkit raw 6000"),
        ("server.py", ("--port", "many"), "chatkit run 1 client, or chatkit raw 5501"),
        ("server.py", ("--port",), "chatkit run 1 client, or chatkit raw 5501"),
        ("client.py", ("--port", "6000"), "chatkit run 1 server -- --port 6000"),
    ],
)
def test_the_second_terminal_is_told_the_port(
    program: str, arguments: tuple[str, ...], words: str
) -> None:
    told = before(ECHO, program, arguments)

    assert told.endswith(words)
    assert all(len(line) <= 80 for line in told.splitlines())


def test_the_system_words_for_a_taken_port_are_known() -> None:
    mac = "Cannot listen on 127.0.0.1:1: [Errno 48] Address already in use"
    windows = "Cannot listen on 127.0.0.1:1: [WinError 10048] Only one usage of each socket address"
    own = "OSError: Address already in use"

    for errors, port in ((mac, 1), (windows, 1), (own, 7000)):
        told = after(ECHO, "server.py", ["--port", "7000"], Finished(1, errors))
        assert f"Port {port} is taken" in told
    assert after(ECHO, "client.py", [], Finished(1, own)) == ""
