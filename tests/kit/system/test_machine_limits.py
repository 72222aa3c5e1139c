"""Machines that refuse something: threads, files, memory, a network. No points are lost there."""

import errno
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from strange_machines import (
    ONLY_ONE,
    ROOT,
    UNSHARE,
    checks_of,
    finding,
    needs_unshare,
    on_a_machine,
)
from test_desktop import as_somebody

from chatkit.bench.bench import Bench
from chatkit.course.lessons import find_course
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson
from chatkit.grading.verdict import MachineError
from chatkit.student.progress import FILE
from chatkit.system import machine
from chatkit.system.machine import Lack
from chatkit.tools.doctor import screen


def limited(**limits: int) -> list[str]:
    """A command that runs another one with these limits, as a user whom they bind.

    Root's tasks are not counted, setrlimit(2). An ordinary user's are counted for each user
    namespace, so that what else runs here does not matter.
    """
    rights = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")  # to read this clone
    other = ("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", *rights)
    before = other if os.getuid() == 0 else UNSHARE[:3]
    return [*before, *with_limits(**limits)]


def with_limits(**limits: int) -> list[str]:
    """A command that runs Python with these limits, as the same user."""
    code = "import os, resource, sys\n"
    for name, most in limits.items():
        code += f"resource.setrlimit(resource.RLIMIT_{name}, ({most}, {most}))\n"
    code += "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    return [sys.executable, "-c", code]


def course_with_points(folder: Path) -> tuple[Path, bytes]:
    """A student's folder with right programs in lesson 1, checked; and what is kept of that."""
    made = subprocess.run(
        [sys.executable, "-m", "chatkit", "init", str(folder)],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )
    assert made.returncode == 0
    for program in ("server.py", "client.py"):
        shutil.copy(ROOT / "solutions/01_echo" / program, folder / "lessons/01_echo")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "chatkit", "check", "1"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, timeout=120)
    assert done.returncode == 0
    return folder, (folder / FILE).read_bytes()


needs_another_user = pytest.mark.skipif(
    subprocess.run([*limited(), "-c", ""], capture_output=True, timeout=20).returncode != 0,
    reason="needs setpriv or a user namespace",
)


@needs_another_user
@pytest.mark.parametrize(
    ("name", "most", "told"),
    [
        ("NPROC", 3, "threads or processes can be started"),
        ("NPROC", 8, "threads or processes can be started"),
        ("AS", 300_000_000, "threads or processes can be started"),
        ("NOFILE", 30, "files can be opened"),
        ("NOFILE", 45, "files can be opened"),
    ],
)
def test_what_the_system_refuses_costs_no_points_and_the_doctor_sees_it(
    tmp_path: Path, name: str, most: int, told: str
) -> None:
    folder, kept = course_with_points(tmp_path / "mine")
    tmp_path.chmod(0o777)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(tmp_path),
    }

    def chatkit(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*limited(**{name: most}), "-m", "chatkit", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=200,
        )

    done = chatkit("check", "1")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "this machine, not your programs" in done.stderr and told in done.stderr
    assert "Traceback" not in done.stderr and "Cure: " in done.stderr
    assert (folder / FILE).read_bytes() == kept
    looked = chatkit("doctor", "--json")
    assert looked.returncode == 1, looked.stdout + looked.stderr
    found = finding(looked, "limits")
    assert found["status"] == "wrong" and told in found["told"]


@needs_another_user
def test_a_run_that_fails_for_want_of_threads_does_not_count(tmp_path: Path) -> None:
    """A small lesson has enough of them, a room of 30 clients has not."""
    # A client with a network of its own is in a user namespace, where no right of root is left: so
    # Python and this clone must lie where an ordinary user may read them.
    before = as_somebody(tmp_path) if os.getuid() == 0 else UNSHARE[:3]
    command = [*before, *with_limits(NPROC=60), "-m", "chatkit", "check"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    for lesson, status in (("1", 0), ("3", 3)):
        done = subprocess.run(
            [*command, lesson, "--solutions"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == status, done.stdout + done.stderr
    assert "does not count" in done.stderr and "threads or processes" in done.stderr


def test_where_there_is_too_little_for_many_checks_at_once_they_run_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = Lack("threads", "no more than 30", "wait")
    monkeypatch.setattr(machine, "lack", lambda at_once=1, **_: few if at_once > 1 else None)
    lesson = find_course(ROOT).lesson("1")
    verdict = grade_lesson(lesson, lesson.solutions, RunOptions(only=("ready-line",), at_once=8))
    assert verdict.checks[0].status == "passed"


def test_a_thread_that_never_begins_for_want_of_memory_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine._thread, "start_new_thread", lambda function, arguments: 1)
    monkeypatch.setattr(machine, "SECONDS", 0.01)
    lack = machine.lacks_threads()
    assert lack and lack.told.startswith("no more than 0 threads")


NO_MEMORY_TO_WAIT = """
import threading
from chatkit.system import machine

class Event(threading.Event):
    def wait(self, timeout=None):
        raise MemoryError

threading.Event = Event
print(machine.lacks_threads(4))
"""


def test_a_thread_that_begins_and_finds_no_memory_to_wait_is_not_waited_for() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NO_MEMORY_TO_WAIT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "None\n", done.stderr


@pytest.mark.parametrize(
    "errors", ["Tcl_WaitForEvent: unable to start notifier thread", "MemoryError"]
)
def test_a_window_that_lacks_threads_or_memory_needs_no_other_tk(errors: str) -> None:
    assert screen.cure_for_a_window(errors) == machine.SEE


@needs_unshare
def test_without_loopback_nothing_is_checked_and_nothing_is_lost(tmp_path: Path) -> None:
    folder, kept = course_with_points(tmp_path / "mine")
    done = on_a_machine("", "check", "1", folder=folder)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "this machine, not your programs" in done.stderr
    assert "ip link set lo up" in done.stderr
    assert (folder / FILE).read_bytes() == kept
    looked = on_a_machine("", "doctor", "--json", folder=folder)
    found = finding(looked, "loopback")
    assert looked.returncode == 1
    assert found["status"] == "wrong" and "ip link set lo up" in found["cure"]


@needs_unshare
def test_where_all_outgoing_ports_are_taken_that_is_said() -> None:
    taken = "up(); ports(32768, 32772); take(32768, 32772)"
    done = on_a_machine(taken, "check", "1", "--solutions")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "all ports may be in use" in done.stderr
    looked = on_a_machine(taken, "doctor", "--json")
    assert finding(looked, "ports")["status"] == finding(looked, "loopback")["status"] == "wrong"


@needs_unshare
def test_the_doctor_tells_of_odd_ports_and_addresses() -> None:
    looked = on_a_machine(ONLY_ONE + "ports(1024, 65535)", "doctor", "--json")
    assert "1024 to 65535" in finding(looked, "ports")["told"]
    assert "There is no 127.0.0.2" in finding(looked, "loopback")["told"]


def test_a_system_that_does_not_tell_of_its_memory_is_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Windows with its performance counters switched off."""

    def silent() -> None:
        raise RuntimeError("PdhAddEnglishCounterW failed. Performance counters may be disabled.")

    monkeypatch.setattr(machine.psutil, "swap_memory", silent)
    assert machine.lacks_memory() is None
    assert machine.lacks_memory(1 << 60) is None


def test_a_disk_without_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(machine.tempfile, "TemporaryFile", full)
    lesson = find_course(ROOT).lesson("1")
    with pytest.raises(MachineError, match="No space left on device"):
        grade_lesson(lesson, lesson.solutions)


def test_what_runs_out_during_a_run_is_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A right program and a wrong one alike: nobody knows which it was."""
    lesson = find_course(ROOT).lesson("1")
    (tmp_path / "server.py").write_text("raise SystemExit(1)", "utf-8")
    answers = iter([None, Lack("threads", "no more threads", "wait")])
    monkeypatch.setattr(machine, "lack", lambda *_, **__: next(answers))
    with pytest.raises(MachineError, match="does not count: no more threads"):
        grade_lesson(lesson, tmp_path, RunOptions(only=("ready-line",)))
    monkeypatch.setattr(machine, "lack", lambda *_, **__: None)
    assert grade_lesson(lesson, tmp_path, RunOptions(only=("ready-line",))).score == 0


def test_an_error_of_the_bench_itself_that_the_system_explains_is_no_fault_of_the_kit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    lesson = find_course(ROOT).lesson("1")
    monkeypatch.setattr(Bench, "start_server_quietly", refused)
    with pytest.raises(MachineError, match="Too many open files"):
        grade_lesson(lesson, lesson.solutions, RunOptions(only=("ready-line",)))


def test_a_station_tells_whose_fault_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = pickle.loads(pickle.dumps(MachineError("no threads")))
    assert isinstance(sent, MachineError) and "not your programs: no threads" in sent.words


# One core, the lowest priority, 1 GB of data, 64 open files, and a clock on the wall that
# jumps an hour ahead and back each time somebody looks at it.
TIGHT = """
import itertools, os, resource, sys, time
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
os.nice(19)
for which, most in ((resource.RLIMIT_DATA, 1 << 30), (resource.RLIMIT_NOFILE, 64)):
    resource.setrlimit(which, (most, most))
hours, now = itertools.cycle((0, 3600, -3600)), time.time
time.time = lambda: now() + next(hours)
sys.argv = ["chatkit", *sys.argv[1:]]
from chatkit.cli.main import main
main()
"""


@pytest.mark.parametrize(
    ("lesson", "programs", "wrong"),
    [
        ("1", "solutions/01_echo", []),
        ("3", "solutions/03_threads", []),
        ("4", "solutions/04_nicknames", []),
        ("5", "solutions/05_gui", []),
        ("2", "tests/mistakes/02_broadcast/sends_to_all", ["not-to-sender"]),
    ],
)
def test_a_tight_machine_gives_the_same_verdicts_without_notes(
    lesson: str, programs: str, wrong: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TIGHT, "check", lesson, "--dir", str(ROOT / programs), "--json"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DISPLAY"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    checks = checks_of(done)
    assert [id for id, one in checks.items() if one["status"] != "passed"] == wrong, done.stdout
    notes = [note for one in checks.values() for note in one["notes"]]
    assert not [note for note in notes if not note.startswith("right but late")], notes
