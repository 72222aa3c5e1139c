"""What contains a program: its bounds; and root gets no programs that run as root."""

import platform
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from chatkit.system import linux
from chatkit.system.sandbox import sandbox, seccomp
from chatkit.system.sandbox.bounds import FILE, FILES, PROCESSOR
from chatkit.system.sandbox.namespaces import NOBODY
from chatkit.system.sandbox.sandbox import Refused, Sandbox, what_is_missing


def test_a_python_that_another_user_cannot_run_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)
    (locked / "python").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(locked / "python"))

    with pytest.raises(Refused, match=r"never run as root.*start chatkit as another user"):
        sandbox._must_start_programs(Sandbox("processes", user=NOBODY))


IN_THE_SANDBOX = """
import sys, threading, time
from dataclasses import replace
from pathlib import Path
from chatkit.bench.bench import Bench
from chatkit.system.sandbox.walls.zygote import Zygotes
from chatkit.system import linux, program
from chatkit.system.sandbox import bounds, sandbox

def late(pid):
    deadline = time.monotonic() + 10
    while linux.LATE and not linux.children(pid) and time.monotonic() < deadline:
        threading.Event().wait(0.001)
    linux.LATE = False
    bounds.limit(pid)

linux.LATE = True
program.limit = late
walls = sandbox.enter()
assert walls.isolated, walls.why
if sys.argv[2] == "zygote":
    walls = replace(walls, zygotes=Zygotes(walls))
with Bench(lambda name: Path(sys.argv[1]) / name, sandbox=walls) as bench:
    for wanted in sys.argv[3:]:
        path = bench.find("server.py")
        seen = {sandbox.AGENT_INSIDE: sandbox.AGENT}
        bench.adopt(program.Program(path, [], visible=seen, sandbox=walls))
        if walls.zygotes:
            bench.strangers |= walls.zygotes.pids
        bench.prints(wanted)
        bench.exits(0)
"""

needs_bubblewrap = pytest.mark.skipif(
    not linux.LINUX or bool(what_is_missing()), reason="needs bubblewrap"
)


@pytest.fixture(params=["bubblewrap", "zygote"])
def by(request: pytest.FixtureRequest) -> str:
    """What puts up the walls."""
    return str(request.param)


def run_isolated(by: str, source: str, tmp_path: Path, *wanted: str) -> None:
    """Run a program once for each line that it must print, in one worker's sandbox."""
    (tmp_path / "server.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-c", IN_THE_SANDBOX, str(tmp_path), by, *wanted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@needs_bubblewrap
def test_a_program_begins_with_its_bounds_however_late_the_bench_is(
    by: str, tmp_path: Path
) -> None:
    """The sandbox has its second process already, which inherits nothing any more."""
    source = """
import resource as r
bounds = (r.RLIMIT_CPU, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE, r.RLIMIT_CORE)
print(*(r.getrlimit(one) for one in bounds))
"""
    bounds = " ".join(str((most, most)) for most in (PROCESSOR, FILE, FILES, 0))
    run_isolated(by, source, tmp_path, bounds)


@needs_bubblewrap
def test_a_program_can_write_only_where_nothing_stays(by: str, tmp_path: Path) -> None:
    """All programs of a worker see one and the same root: none may leave a word in it."""
    source = """
import os
tried = []
for folder, below, names in os.walk("/"):
    if folder == "/":
        below.remove("proc")
    if folder == "/tmp":  # its own, with folders on the way to what it may see
        below.clear()
    try:
        with open(os.path.join(folder, "a word"), "x"):
            tried.append(folder)
    except OSError as error:
        if isinstance(error, FileExistsError):
            tried.append("found in " + folder)
with open("/dev/null", "w") as nothing, open("/dev/urandom", "rb") as random:
    nothing.write(str(random.read(1)))
print(*sorted(tried))
"""
    wanted = "/dev/shm /submission /tmp"
    run_isolated(by, source, tmp_path, wanted, wanted)


@needs_bubblewrap
def test_the_own_name_and_localhost_are_addresses_there_as_on_any_machine(
    by: str, tmp_path: Path
) -> None:
    source = """
import socket
names = (socket.gethostname(), "localhost")
print(*(socket.gethostbyname(name) for name in names))
"""
    run_isolated(by, source, tmp_path, "127.0.0.1 127.0.0.1")


@needs_bubblewrap
def test_a_program_has_no_right_of_whoever_grades(by: str, tmp_path: Path) -> None:
    source = """
import os
user = os.getuid()
assert user, "it is called root"
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
assert all(int(status[f"Cap{kind}"], 16) == 0 for kind in ("Inh", "Prm", "Eff", "Amb"))
assert int(status["NoNewPrivs"]) == 1 and os.getgroups() == []
for change in (lambda: os.setuid(1), lambda: os.setgid(1), lambda: os.setgroups([1])):
    try:
        change()
    except OSError:
        continue
    raise AssertionError("it became somebody else")
files = os.listdir("/proc/self/fd")
links = [f"/proc/self/fd/{one}" for one in files]
kinds = {os.readlink(link).split(":")[0] for link in links if os.path.exists(link)}
assert kinds == {"pipe"}, kinds
print("nobody")
"""
    run_isolated(by, source, tmp_path, "nobody")


@needs_bubblewrap
@pytest.mark.skipif(not seccomp.program(), reason="there is no filter for this machine")
def test_what_no_chat_needs_is_refused_by_the_kernel(by: str, tmp_path: Path) -> None:
    column, _ = seccomp.MACHINES[platform.machine()]
    calls = {name: numbers[column] for name, numbers in seccomp.REFUSED.items()}
    source = f"""
import ctypes, errno, os, signal, socket, subprocess, threading
libc = ctypes.CDLL(None, use_errno=True)
def wrong(number, *arguments):
    libc.syscall(ctypes.c_long(number), *(ctypes.c_long(one) for one in (*arguments, 0, 0, 0, 0)))
    return ctypes.get_errno()
for name, number in {calls!r}.items():
    assert not number or wrong(number, 0) == errno.EPERM, name
for bit in range(32):
    if 1 << bit & {seccomp.NEW_NAMESPACES}:
        assert wrong({seccomp.CLONE[column]}, 1 << bit | signal.SIGCHLD) == errno.EPERM, bit
assert wrong({seccomp.CLONE3}) == wrong({seccomp.NEWEST + 1}) == errno.ENOSYS
for family in range(64):
    try:
        socket.socket(family, socket.SOCK_DGRAM).close()
        assert family in {seccomp.FAMILIES}, family
    except OSError as error:
        assert error.errno == errno.EAFNOSUPPORT, family
threading.Thread(target=print, args=("a thread",)).start()
assert subprocess.run(["true"]).returncode == os.system("true") == 0
for end in socket.socketpair():
    end.close()
"""
    run_isolated(by, source, tmp_path, "a thread")


DIES = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from chatkit.system.sandbox import sandbox
from chatkit.bench.bench import Bench
from chatkit.system.sandbox.walls.zygote import Zygotes

walls = sandbox.enter()
if sys.argv[2] == "zygote":
    walls = replace(walls, zygotes=Zygotes(walls))
with Bench(lambda name: Path(sys.argv[1]) / name, sandbox=walls) as bench:
    program = bench.start_server_quietly("127.0.0.1", 0)
    bench.prints("here")
    print(*program.pids(), *(walls.zygotes.pids if walls.zygotes else ()), flush=True)
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGKILL)
"""


BROKEN = """
import os, sys
from dataclasses import replace
from pathlib import Path
from chatkit.system.sandbox import rootfs, sandbox
from chatkit.bench.bench import Bench

folder = Path(sys.argv[1])
rootfs.LOADER = folder / "cache"
walls = sandbox.enter()
assert walls.isolated, walls.why
if sys.argv[2] == "replaced":
    os.replace(folder / "new", folder / "cache")
else:
    walls = replace(walls, files=(*walls.files, "--ro-bind", "/no/such/file", "/file"))
with Bench(lambda name: folder / name, sandbox=walls) as bench:
    bench.start_client(str(folder / "cache"))
    bench.prints("the new one")
    bench.exits(1)
"""


@pytest.mark.parametrize("what", ["replaced", "missing"])
@needs_bubblewrap
def test_what_happens_to_the_sandbox_is_not_the_programs_fault(tmp_path: Path, what: str) -> None:
    """An update of the system replaces the loader's cache. What is missing is the kit's trouble."""
    for name, text in (("cache", "the old one"), ("new", "the new one")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    program = "import sys; print(open(sys.argv[-1]).read(), flush=True); sys.exit(1)"
    (tmp_path / "client.py").write_text(program, encoding="utf-8")

    command = [sys.executable, "-c", BROKEN, str(tmp_path), what]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)

    if what == "replaced":
        assert done.returncode == 0, done.stderr
    else:
        last = done.stderr.strip().splitlines()[-1]
        assert "SandboxError: bwrap: Can't find source path /no/such/file" in last


@needs_bubblewrap
def test_a_program_ends_with_the_worker_that_is_killed(by: str, tmp_path: Path) -> None:
    source = "import signal\nprint('here', flush=True)\nsignal.pause()\n"
    (tmp_path / "server.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-c", DIES, str(tmp_path), by]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as worker:
        assert worker.stdin and worker.stdout
        started = [psutil.Process(int(pid)) for pid in worker.stdout.readline().split()]
        worker.stdin.close()
    assert len(started) == 3  # two of bubblewrap, or process 1 and the zygote, and Python
    assert not psutil.wait_procs(started, timeout=20)[1]
