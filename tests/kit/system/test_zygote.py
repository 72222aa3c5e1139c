"""The zygote: a program behind its walls finds what one under bubblewrap finds, and nothing else.

The hostile programs of `test_hostile.py` and the desktop of `test_desktop.py` meet both kinds of
walls. Here is what only a copy of a warm Python could do wrong.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chatkit.system import linux
from chatkit.system.sandbox.sandbox import what_is_missing
from chatkit.system.sandbox.walls.zygote import ZYGOTE

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.skipif(
    not linux.LINUX or bool(what_is_missing()), reason="needs what the first tier needs"
)

# Runs the programs of a folder one after the other, and prints what each has printed.
WORKER = """
import json, sys
from dataclasses import replace
from pathlib import Path
from chatkit.system.sandbox import sandbox
from chatkit.system.program import Program
from chatkit.system.sandbox.walls.zygote import Zygotes

walls = sandbox.enter()
if sys.argv[2] == "zygote":
    walls = replace(walls, zygotes=Zygotes(walls))
said = []
for folder in sorted(Path(sys.argv[1]).iterdir()):
    arguments = [*sys.argv[3:], f"the-argument-of-{folder.name}"]
    program = Program(folder / "server.py", arguments, sandbox=walls)
    program.process.wait()
    for stream in (program.output, program.errors):
        stream.read()
    said.append([program.status, program.output.text, program.errors.text])
    program.close()
print(json.dumps(said))
"""

# What a program could see of how it was begun.
TELL = """
import os
import sys
modules = sorted(sys.modules)
import json
import resource
import signal
import socket
import threading
print(json.dumps({
    "modules": modules,
    "globals": sorted(globals()),
    "arguments": sys.argv,
    "command": sys.orig_argv,
    "path": sys.path,
    "prefixes": [sys.prefix, sys.base_prefix, sys.executable],
    "finders": len(sys.meta_path),
    "flags": str(sys.flags),
    "environment": dict(os.environ),
    "folder": os.getcwd(),
    "files": sorted(os.listdir("/dev/fd")),
    "owners": [os.stat(name).st_uid for name in sorted(os.listdir())],
    "devices": sorted(os.listdir("/dev")),
    "private": [os.listdir("/tmp"), os.listdir("/dev/shm"), os.statvfs("/tmp").f_blocks],
    "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
    "blocked": str(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "bounds": [resource.getrlimit(number) for number in range(16)],
    "user": [os.getresuid(), os.getresgid(), os.getgroups()],
    "host": socket.gethostname(),
    "rights": [
        line
        for line in open("/proc/self/status")
        if line.startswith(("CapI", "CapP", "CapE", "CapA", "NoNew", "Secc", "Umask"))
    ],
    "threads": threading.active_count(),
    "thread": threading.main_thread().native_id == os.getpid(),
    "main": threading.current_thread() is threading.main_thread(),
    "streams": [
        str((one, one.write_through, one.seekable(), one.isatty()))
        for one in (sys.stdin, sys.stdout, sys.stderr)
    ],
}))
"""

# Looks for words in all memory that the program has, as it was before the program began.
REMEMBERS = """
import sys
words = WORDS  # backwards
found = set()
with open("/proc/self/mem", "rb", buffering=0) as memory:
    for line in open("/proc/self/maps"):
        place, rights, *_ = line.split()
        begin, end = (int(one, 16) for one in place.split("-"))
        if "r" in rights and "[v" not in line:
            try:
                memory.seek(begin)
                content = memory.read(end - begin)
            except (OSError, OverflowError):
                continue
            found |= {word for word in words if word in content[::-1]}
print(sorted(found))
"""


def said(tmp_path: Path, by: str, *arguments: str, **programs: str) -> list[tuple[int, str, str]]:
    """Status, output and errors of each program, in the order of their names."""
    for name, source in programs.items():
        folder = tmp_path / by / name
        folder.mkdir(parents=True)
        (folder / "server.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-c", WORKER, str(tmp_path / by), by, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [tuple(one) for one in json.loads(done.stdout)]


def test_a_program_finds_the_same_world_behind_both_kinds_of_walls(tmp_path: Path) -> None:
    arguments = ["--host", "127.0.0.1", "--name", "Zoë", ""]
    worlds = []
    for by in ("zygote", "bubblewrap"):
        ((status, output, errors),) = said(tmp_path, by, *arguments, a=TELL)
        assert (status, errors) == (0, "")
        worlds.append(json.loads(output))
    told, anew = worlds

    more = set(told.pop("modules")) - set(anew.pop("modules"))

    assert told == anew
    assert "socket" in more
    assert not more & {"sitecustomize", "chatkit_walls"}


def test_the_memory_of_a_copy_has_nothing_of_the_kit_or_of_another_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words stand backwards in the program that looks for them: else it would find its own."""
    monkeypatch.setenv("CANARY", "a-word-of-the-grader")
    secrets = [str(ROOT), "a-word-of-the-grader", "the-argument-of-a", "harness/walls"]
    secrets.append("the-argument-of-b")  # its own, to see that it finds what is there
    backwards = [secret.encode()[::-1] for secret in secrets]
    looks = REMEMBERS.replace("WORDS", repr(backwards))

    first, second = said(tmp_path, "zygote", a="print('done')", b=looks)

    assert first == (0, "done\n", "")
    assert second == (0, f"{[backwards[-1]]}\n", "")


LOOKS_INTO_PROCESS_1 = """
import ctypes, os, signal
print(os.getpid(), sorted(name for name in os.listdir("/proc") if name.isdigit()))
looks = {"fd": os.listdir, "cwd": os.readlink, "exe": os.readlink}
for what in ("fd", "cwd", "exe", "mem", "environ", "maps"):
    try:
        looks.get(what, lambda place: open(place, "rb").read(1))(f"/proc/1/{what}")
        print("it has seen", what)
    except PermissionError:
        pass
libc = ctypes.CDLL(None, use_errno=True)
for number in range(64):
    if libc.syscall(438, os.pidfd_open(1), number, 0) != -1:  # pidfd_getfd
        print("it has taken", number)
for number in signal.valid_signals():
    os.kill(1, number)
print("still here")
"""

# Before the worker: it takes the files of the zygote from another folder.
FROM_ANOTHER_FOLDER = """
from pathlib import Path
from chatkit.system.sandbox.walls import zygote
zygote.ZYGOTE = Path({folder!r})
"""


@pytest.mark.parametrize("late", [False, True])
def test_process_1_shows_the_program_nothing_and_outlives_its_signals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    """Who has its open file could say in its place how the program has ended.

    `late`: process 1 does nothing until the program has ended, as may happen on a busy machine.
    """
    if late:
        folder = tmp_path / "zygote-files"
        shutil.copytree(ZYGOTE, folder)
        walls = folder / "chatkit_walls.py"
        begin = "    os.dup2(status, 3)\n"
        wait = "    os.waitid(os.P_PID, program, os.WEXITED | os.WNOWAIT)\n"
        text = walls.read_text(encoding="utf-8")
        assert text.count(begin) == 1
        walls.write_text(text.replace(begin, wait + begin), encoding="utf-8")
        slow = FROM_ANOTHER_FOLDER.format(folder=str(folder)) + WORKER
        monkeypatch.setattr(sys.modules[__name__], "WORKER", slow)

    told = said(tmp_path, "zygote", a=LOOKS_INTO_PROCESS_1)

    assert told == [(0, "2 ['1', '2']\nstill here\n", "")]


def test_how_a_program_has_ended_is_told_exactly(tmp_path: Path) -> None:
    """Also where a shell could not tell a status from a signal."""
    ends = {
        "a": "raise SystemExit(137)",
        "b": "import os; os.kill(os.getpid(), 9)",
        "c": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        "d": "import queue; print(queue.Queue.__module__, flush=True); queue.nothing",
        "e": "print('é'",
    }

    told = said(tmp_path, "zygote", **ends)

    assert [status for status, _, _ in told] == [137, -9, -15, 1, 1]
    assert told[3][1] == "queue\n" and "AttributeError" in told[3][2]
    assert "SyntaxError" in told[4][2] and "/submission/server.py" in told[4][2]


def test_a_students_own_module_comes_before_what_the_zygote_has(tmp_path: Path) -> None:
    folder = tmp_path / "zygote" / "a"
    folder.mkdir(parents=True)
    (folder / "queue.py").write_text("mine = 'mine'", encoding="utf-8")
    (folder / "server.py").write_text(
        "import os, queue, sys; print(queue.mine, os.getuid() > 0, sys.argv[1:])", encoding="utf-8"
    )

    assert said(tmp_path, "zygote", "x") == [(0, "mine True ['x', 'the-argument-of-a']\n", "")]
