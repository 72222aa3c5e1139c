"""Machines that are set up in unusual ways. What they cannot do is never the student's fault."""

import errno
import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from test_desktop import as_somebody

from chatkit.bench.bench import Bench
from chatkit.bench.failure import Failure
from chatkit.cli.tools.doctor import shown
from chatkit.course.lessons import find_course
from chatkit.grading.options import RunOptions
from chatkit.grading.runner import grade_lesson
from chatkit.grading.verdict import MachineError
from chatkit.student.progress import FILE
from chatkit.system import forkserver, machine
from chatkit.system.machine import Lack
from chatkit.system.ports import met_itself
from chatkit.system.program import environment
from chatkit.tools import doctor
from chatkit.tools.doctor import Finding, screen

ROOT = Path(__file__).parents[3]
UNSHARE = ("unshare", "--user", "--map-root-user", "--net")

# A network of its own, see netdevice(7): SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK.
LOOPBACK = """
import fcntl, os, socket, struct, sys
def lo(request, more):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        fcntl.ioctl(end, request, struct.pack("16s24s", b"lo", more))
def up():
    lo(0x8914, struct.pack("H", 0x41))
def mask(text):
    address = lambda host: struct.pack("HH4s", socket.AF_INET, 0, socket.inet_aton(host))
    lo(0x8916, address("127.0.0.1"))
    lo(0x891c, address(text))
def ports(first, last):
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as file:
        file.write(f"{first} {last}")
def take(first, last):
    global taken
    taken = [socket.create_server(("127.0.0.1", port)) for port in range(first, last + 1)]
"""
THEN = """
if __name__ == "__main__":
    sys.argv = ["chatkit", *sys.argv[1:]]
    from chatkit.cli.main import main
    main()
"""

needs_unshare = pytest.mark.skipif(
    not shutil.which("unshare")
    or subprocess.run([*UNSHARE, "true"], capture_output=True, timeout=20).returncode != 0,
    reason="needs user and network namespaces",
)


def on_a_machine(
    setup: str, *arguments: str, folder: Path = ROOT, seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a command of the kit in a network that `setup`, lines of Python, has made."""
    return subprocess.run(
        [*UNSHARE, sys.executable, "-c", LOOPBACK + setup + THEN, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
    )


def checks_of(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    assert done.returncode in (0, 1), done.stdout + done.stderr
    (lesson,) = json.loads(done.stdout)["lessons"]
    return {check["id"]: check for check in lesson["checks"]}


def finding(done: subprocess.CompletedProcess[str], name: str) -> dict[str, Any]:
    findings = json.loads(done.stdout)["findings"]
    return dict(next(one for one in findings if one["name"] == name))


# ---------------------------------------------------------------------------------------- ports


@needs_unshare
@pytest.mark.parametrize(
    "setup",
    ["ports(1024, 65535)", "ports(15000, 65535)", "ports(32768, 32772); take(32768, 32772)"],
    ids=["all ports are outgoing ones", "nearly all are", "no outgoing one is left to listen on"],
)
def test_ports_are_found_whatever_the_system_takes_for_itself(setup: str) -> None:
    code = f"{setup}\nfrom chatkit.system.ports import free_port, PARTS\n"
    code += "found = {free_port('127.0.0.1') for _ in range(200)}\n"
    code += "first, last = map(int, open('/proc/sys/net/ipv4/ip_local_port_range').read().split())"
    code += "\noutside = first > 10_000 and all(not first <= port <= last for port in found)"
    code += "\nassert outside or first == 1024\nassert len(found) > 100\nsys.exit(77)"
    done = on_a_machine(f"up()\n{code}")
    assert done.returncode == 77, done.stderr


@needs_unshare
@pytest.mark.parametrize("lesson", ["1", "4"])
def test_a_lesson_is_checked_where_all_ports_are_outgoing_ones(lesson: str) -> None:
    done = on_a_machine("up(); ports(1024, 65535)", "check", lesson, "--solutions", "--json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_connection_that_has_met_itself_is_no_server() -> None:
    with socket_that_met_itself() as here:
        assert met_itself(here)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert not met_itself(client)


def socket_that_met_itself() -> socket.socket:
    here = socket.socket()
    here.bind(("127.0.0.1", 0))
    here.connect(here.getsockname())
    return here


def test_the_bench_does_not_take_such_a_connection_for_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the system gives the outgoing end the port of a server that has just gone."""
    (tmp_path / "server.py").write_text("input()", "utf-8")
    with Bench(lambda name: tmp_path / name) as bench:
        bench.start_server_quietly("127.0.0.1", bench.free_port("127.0.0.1"))
        real = socket.socket

        class Meets(real):
            def connect_ex(self, address: Any) -> int:
                self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                self.bind(address)
                return super().connect_ex(address)

        monkeypatch.setattr(socket, "socket", Meets)
        with pytest.raises(Failure) as told:
            bench.connect("alice")
        assert told.value.symptom == "refused"


# ---------------------------------------------------------------------------------------- paths


def kit_in(folder: Path) -> Path:
    """A clone in `folder`, as far as checks need one."""
    for part in ("chatkit", "lessons", "solutions", "tests/lessons"):
        ignored = shutil.ignore_patterns("__pycache__", "costs")
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(("lesson", "check"), [("1", ""), ("5", "handshake")])
def test_a_colon_in_the_path_of_the_clone_changes_nothing(
    tmp_path: Path, lesson: str, check: str
) -> None:
    """PYTHONPATH is a list, and a colon separates its entries."""
    kit = kit_in(tmp_path / "9:30 group")
    only = ["--only", check] if check else []
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "chatkit", "check", lesson, "--solutions", "--json", *only],
        cwd=kit,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert all(one["status"] == "passed" for one in checks_of(done).values()), done.stdout
    assert "more slowly" not in done.stdout, "a relative path leads to the zygote"
    assert time.monotonic() - started < 60


def test_a_program_elsewhere_is_started_plainly_then_and_that_is_said(tmp_path: Path) -> None:
    kit = kit_in(tmp_path / "9:30 group")
    shutil.copytree(ROOT / "solutions" / "01_echo", tmp_path / "mine")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "chatkit", "check", "1", "--dir", str(tmp_path / "mine")),
            *("--json",),
        ],
        cwd=kit,
        capture_output=True,
        text=True,
        timeout=120,
    )
    checks = checks_of(done)
    assert all(one["status"] == "passed" for one in checks.values()), done.stdout
    said = [note for one in checks.values() for note in one["notes"] if "more slowly" in note]
    assert len(said) == 1


@pytest.mark.parametrize("text", ["print('unasked', flush=True); input()", "raise SystemExit(3)"])
def test_a_helper_that_has_missed_the_gate_is_seen_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "server.py").write_text(text, "utf-8")
    monkeypatch.setattr(forkserver, "ZYGOTE", tmp_path / "nothing is here")
    monkeypatch.setattr(forkserver, "ANSWER", 1e6)
    server = forkserver.ForkServer()
    try:
        server.prepare(tmp_path / "server.py", environment())
        assert server.begin(tmp_path / "server.py", [], environment()) is None
        assert "has not come up" in server.broken
        assert server.prepare(tmp_path / "server.py", environment()) is None
    finally:
        server.close()


# ------------------------------------------------------------------------------------ addresses

ONLY_ONE = 'up(); mask("255.255.255.255"); '


@needs_unshare
def test_without_a_second_loopback_address_the_rest_of_the_check_is_tried_and_that_is_said() -> (
    None
):
    done = on_a_machine(ONLY_ONE, "check", "1", "--solutions", "--json")
    checks = checks_of(done)
    assert all(check["status"] == "passed" for check in checks.values()), done.stdout
    (note,) = checks["ready-line"]["notes"]
    assert "no address 127.0.0.2" in note


@needs_unshare
def test_another_loopback_address_is_taken_where_there_is_one() -> None:
    """It is an alias of the interface, lo:1."""
    alias = 'lo1 = struct.pack("16sHH4s16x", b"lo:1", 2, 0, bytes([127, 8, 8, 8]))\n'
    alias += "with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:\n"
    alias += "    fcntl.ioctl(end, 0x8916, lo1)\n"
    alias += (
        '    fcntl.ioctl(end, 0x891C, struct.pack("16sHH4s16x", b"lo:1", 2, 0, b"\\xff" * 4))\n'
    )
    ask = "from chatkit.system.ports import another_loopback\nprint(another_loopback())\nsys.exit()"
    done = on_a_machine(f"{ONLY_ONE}\n{alias}{ask}")
    assert done.stdout == "127.8.8.8\n", done.stderr


@needs_unshare
def test_an_ordinary_machine_has_127_0_0_2() -> None:
    assert Bench(Path).another_host() == "127.0.0.2"


# --------------------------------------------------------------------------------------- limits


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


# ---------------------------------------------------------------------------------------- /proc

WITHOUT_PROC = [
    *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c"),
    'mount -t tmpfs none /proc && exec "$@"',
    "sh",
]


@needs_unshare
@pytest.mark.parametrize(
    ("lesson", "check", "note"),
    [
        ("1", "ready-line", ""),
        ("1", "idle", "how busy a program is"),
        ("2", "two-in-one", ""),
        ("3", "gives-back", "count threads"),
        ("4", "name-in-pieces", ""),
        ("5", "handshake", ""),
    ],
)
def test_without_proc_the_kit_does_what_it_does_on_other_systems(
    lesson: str, check: str, note: str
) -> None:
    done = subprocess.run(
        [
            *(*WITHOUT_PROC, sys.executable, "-m", "chatkit", "check", lesson, "--solutions"),
            *("--only", check, "--json"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    found = checks_of(done)[check]
    assert found["status"] == "passed", found
    assert "/proc is not mounted here" in done.stderr
    assert not note or any(note in one for one in found["notes"])


@needs_unshare
def test_the_doctor_says_that_proc_is_missing() -> None:
    command = [*WITHOUT_PROC, sys.executable, "-m", "chatkit", "doctor", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert "/proc is not mounted" in finding(done, "rest")["told"]
    assert "mount -t proc" in finding(done, "rest")["cure"]


def test_a_look_that_has_failed_is_named_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> Finding:
        raise IndexError("list index out of range")

    monkeypatch.setattr(doctor, "PROBES", (doctor.Probe("firewall", fails, needed=False),))
    monkeypatch.setattr(doctor.examine, "__defaults__", (doctor.PROBES, 40.0))
    shown()
    told = capsys.readouterr().out
    assert "Nothing is known about: firewall" in told
    assert "Everything" not in told


# ------------------------------------------------------------------------------ a tight machine

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
