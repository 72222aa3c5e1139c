"""The fork server: a program that it begins finds the world as any other, and nobody is left."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chatkit.bench.bench import Bench
from chatkit.course.lessons import find_course
from chatkit.grading.runner import grade_lesson
from chatkit.system.forkserver import ForkServer
from chatkit.system.linux import LINUX
from chatkit.system.program import Program, environment

pytestmark = pytest.mark.skipif(not LINUX, reason="elsewhere every program starts anew")

# What a program could see of how it was begun.
TELL = """
import os
import sys
modules = sorted(sys.modules)
import json
import signal
import threading
print(json.dumps({
    "modules": modules,
    "globals": sorted(globals()),
    "arguments": sys.argv,
    "command": sys.orig_argv,
    "path": sys.path,
    "finders": len(sys.meta_path),
    "flags": str(sys.flags),
    "environment": dict(os.environ),
    "folder": os.getcwd(),
    "files": sorted(os.listdir("/dev/fd")),
    "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
    "blocked": str(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "leads": os.getsid(0) == os.getpid() == os.getpgrp(),
    "parent": os.getppid(),
    "threads": threading.active_count(),
    "thread": threading.main_thread().native_id == os.getpid(),
    "main": threading.current_thread() is threading.main_thread(),
    "streams": [
        str((one, one.write_through, one.seekable(), one.isatty()))
        for one in (sys.stdin, sys.stdout, sys.stderr)
    ],
}))
"""
ARGUMENTS = ["--host", "127.0.0.1", "--name", "Zoë \udc80", ""]

FORKED = "import sys; print('argparse' in sys.modules)"  # what it has not imported itself

# Which modules a Python has when it has imported one.
LOADED = "import sys; __import__(sys.argv[1]); print(*sys.modules)"

# A grader that starts a program, tells which process that is, and waits.
GRADER = """
import sys
from pathlib import Path
from chatkit.system.forkserver import ForkServer
from chatkit.system.program import Program, environment
path = Path(sys.argv[1])
forkserver = ForkServer()
forkserver.prepare(path, environment())
print(Program(path, [], forkserver=forkserver).pid, forkserver.waiting[path].process.pid)
sys.stdout.flush()
input()
"""


@pytest.fixture
def forkserver() -> Iterator[ForkServer]:
    forkserver = ForkServer()
    yield forkserver
    forkserver.close()
    assert not forkserver.waiting


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "server.py"


def begun(path: Path, forkserver: ForkServer | None) -> str:
    """What a program prints until it ends. With a fork server, one that is prepared for it."""
    if forkserver:
        forkserver.prepare(path, environment())
    return printed(Program(path, ARGUMENTS, forkserver=forkserver))


def printed(program: Program) -> str:
    try:
        assert program.process.wait() == 0  # what it prints fits into a pipe
        for stream in (program.output, program.errors):
            assert not stream.read()
        assert program.errors.text == ""
        return program.output.text.strip()
    finally:
        program.close()


def test_a_program_finds_the_same_world(path: Path, forkserver: ForkServer) -> None:
    path.write_text(TELL, encoding="utf-8")
    told, anew = json.loads(begun(path, forkserver)), json.loads(begun(path, None))

    more = set(told.pop("modules")) - set(anew.pop("modules"))

    assert told == anew
    assert told["arguments"] == [str(path), *ARGUMENTS]
    assert "socket" in more
    assert "sitecustomize" not in more


def test_no_module_has_more_in_it_than_it_would_have(path: Path, forkserver: ForkServer) -> None:
    """After `import a` alone `a.b` must not be there by chance: nobody would learn of the bug.

    What comes with `import socket` is always there, for every program needs that.
    """
    path.write_text("import sys; print(*sys.modules)", encoding="utf-8")
    more = set(begun(path, forkserver).split()) - set(begun(path, None).split())
    parts = {name for name in more if "." in name}
    for above in {name.partition(".")[0] for name in parts} | {"socket"}:
        loaded = subprocess.check_output([sys.executable, "-c", LOADED, above], text=True)
        parts -= set(loaded.split())

    assert not parts


def test_it_runs_what_was_saved_last(path: Path, forkserver: ForkServer) -> None:
    path.write_text("print('old')", encoding="utf-8")
    forkserver.prepare(path, environment())
    for text in ("new", "newer"):
        path.write_text(f"{FORKED}; print('{text}')", encoding="utf-8")
        assert begun(path, forkserver).split() == ["True", text]


def test_it_begins_several(path: Path, forkserver: ForkServer) -> None:
    path.write_text("print(input())", encoding="utf-8")
    forkserver.prepare(path, environment())
    programs = [Program(path, [], forkserver=forkserver) for _ in range(3)]
    for number, program in enumerate(programs):
        assert program.status is None
        program.types(b"%d\n" % number)

    assert [printed(program) for program in programs] == ["0", "1", "2"]


def test_it_is_ready_for_ctrl_c_at_once(path: Path, forkserver: ForkServer) -> None:
    """It leads its own process group by the time we hear of it: else Ctrl-C would hit others."""
    path.write_text("input()", encoding="utf-8")
    forkserver.prepare(path, environment())
    for _ in range(20):
        program = Program(path, [], forkserver=forkserver)
        group = os.getpgid(program.pid)
        program.close()
        assert group == program.pid


def test_how_a_program_has_ended(path: Path, forkserver: ForkServer) -> None:
    path.write_text("import sys; sys.exit(len(input()))", encoding="utf-8")
    forkserver.prepare(path, environment())
    first, second = (Program(path, [], forkserver=forkserver) for _ in range(2))
    try:
        first.types(b"abc\n")
        assert first.process.wait() == first.status == 3
        second.kill()
        assert second.status == -signal.SIGKILL
        second.kill()
    finally:
        first.close()
        second.close()


@pytest.mark.parametrize("how", ["another environment", "another program", "it has ended"])
def test_without_a_fitting_one_the_program_starts_anew(
    path: Path, forkserver: ForkServer, how: str
) -> None:
    other = path.with_name("client.py")
    for file in (path, other):
        file.write_text(FORKED, encoding="utf-8")
    given = environment() | ({"LANG": "C.UTF-8.other"} if how == "another environment" else {})
    pid = forkserver.prepare(other if how == "another program" else path, given)
    if how == "it has ended":
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    assert printed(Program(path, [], forkserver=forkserver)) == "False"


@pytest.mark.parametrize("name", ["queue.py", "more/queue.py", "queue/__init__.py"])
def test_a_students_own_module_comes_first(path: Path, forkserver: ForkServer, name: str) -> None:
    """Its name is that of a module which the fork server has imported: this is not the same."""
    own = path.parent / name
    own.parent.mkdir(exist_ok=True)
    own.write_text("", encoding="utf-8")
    path.write_text(
        f"{FORKED}; sys.path.insert(0, {str(path.with_name('more'))!r})\n"
        "import queue; print(queue.__file__)",
        encoding="utf-8",
    )

    assert begun(path, forkserver).split() == ["False", str(own)]


def test_in_a_large_folder_nobody_looks_for_such_names(path: Path, forkserver: ForkServer) -> None:
    path.write_text(FORKED, encoding="utf-8")
    for number in range(600):
        path.with_name(f"note{number}").touch()

    assert begun(path, forkserver) == "False"


def test_a_check_does_not_take_it_for_a_daemon(tmp_path: Path, forkserver: ForkServer) -> None:
    (tmp_path / "client.py").write_text("input()", encoding="utf-8")
    with Bench(lambda name: tmp_path / name, forkserver=forkserver) as bench:
        bench.nobody_listens()
        for _ in range(2):
            program = bench.start_client()
            assert bench.pids() == [program.pid]
            bench.clear()  # ends all that the check has started
            assert [one.process.poll() for one in forkserver.waiting.values()] == [None]


def test_nobody_is_left_after_a_lesson() -> None:
    echo = find_course(Path(__file__).parent).lesson("echo")
    before = psutil.Process().children()

    assert grade_lesson(echo, echo.solutions).full

    assert [one for one in psutil.Process().children() if one not in before] == []


def test_all_end_when_the_grader_is_killed(path: Path) -> None:
    path.write_text("input()", encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", GRADER, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as grader:
        assert grader.stdout
        started = [psutil.Process(int(pid)) for pid in grader.stdout.readline().split()]
        grader.kill()
        _, alive = psutil.wait_procs(started, timeout=30)

    assert alive == []


def test_it_ends_when_nobody_can_tell_it_anything(path: Path, forkserver: ForkServer) -> None:
    """Also where the system does not end it with its parent. The program is not run then."""
    path.write_text("print('begun')", encoding="utf-8")
    forkserver.prepare(path, environment())
    python = forkserver.waiting.pop(path)

    python.channel.close()

    assert python.process.communicate(timeout=30) == (b"", b"")
    assert python.process.returncode == 0
