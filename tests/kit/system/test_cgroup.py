"""The kernel bounds the memory of programs, where it lets us ask for that.

The program here keeps its memory in files without a disk. No look at processes finds it there, so
whatever ends it is the kernel. The bound is lower here, to take less of the machine.
"""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from chatkit.grading.options import RunOptions
from chatkit.grading.worker import Job, Worker
from chatkit.system.sandbox import cgroup
from chatkit.system.sandbox.sandbox import what_is_missing

ROOT = Path(__file__).parents[3]
BOUND = 256 << 20  # bytes: the worker has its place in it, and the hog has not
GOOD = ROOT / "solutions" / "01_echo"

HOG = """
import os
hoard = []
for number in range(40):
    hoard.append(os.memfd_create("hoard"))
    os.posix_fallocate(hoard[-1], 0, 10 << 20)  # a write would also copy: too slow for some
"""

KILLS_ITSELF = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n"

GRADER = """
import os, sys, threading
from chatkit.grading.worker import Worker
worker = Worker("processes")
print(worker.group.folder, worker.process.pid, flush=True)
threading.Event().wait()
"""


@pytest.fixture(autouse=True)
def bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for limits in cgroup.LIMITS.values():
        for name, limit in limits.items():
            monkeypatch.setitem(limits, name, min(limit, BOUND))


def program(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "student"
    folder.mkdir(exist_ok=True)
    (folder / "server.py").write_text(text + (GOOD / "server.py").read_text("utf-8"), "utf-8")
    return folder


@pytest.mark.parametrize("by", ["bubblewrap", "zygote"])
def test_a_hog_that_no_look_finds_is_ended_and_the_worker_goes_on(by: str, tmp_path: Path) -> None:
    with Worker("namespaces", warm=by == "zygote") as worker:
        if missing := what_is_missing():
            pytest.skip(missing)

        def finds(folder: Path) -> tuple[str, str]:
            job = Job(
                ROOT,
                "01_echo",
                folder,
                RunOptions(seed="seed", only=("echoes-a-line",)),
            )
            verdict = worker.grade(job).checks[0]
            return verdict.symptom or verdict.status, verdict.message

        symptom, told = finds(program(tmp_path, HOG))
        assert (symptom, cgroup.TOO_MUCH in told) == ("over-the-bounds", True), told
        assert finds(GOOD)[0] == "passed"
        # The kernel has not ended whoever ends in the same way later.
        assert finds(program(tmp_path, KILLS_ITSELF))[0] == "exited"
        assert worker.group and worker.group.folder.exists()

    assert not worker.group.folder.exists()


def test_what_a_killed_grader_leaves_is_removed_by_the_next_one() -> None:
    version, _ = cgroup._own() or (0, None)
    if version == 2:
        pytest.skip("there each grader is alone in a group that was given to it, and goes with it")
    with subprocess.Popen(
        [sys.executable, "-c", GRADER], stdout=subprocess.PIPE, encoding="utf-8"
    ) as grader:
        assert grader.stdout
        folder, pid = grader.stdout.readline().split()
        worker = psutil.Process(int(pid))
        assert Path(folder).exists()
        grader.kill()
    worker.wait(20)  # it leaves its group, and any grader that starts now removes it

    cgroup._home.cache_clear()  # this process may have looked before
    with Worker("processes") as next_one:
        assert next_one.group and not Path(folder).exists()


def test_what_is_left_in_a_group_ends_with_it() -> None:
    group = cgroup.make()
    assert group
    enters = "import os, sys; open(sys.argv[1] + '/cgroup.procs', 'w').write(str(os.getpid()))"
    with subprocess.Popen(
        [sys.executable, "-c", enters + "; print(flush=True); input()", str(group.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as left:
        assert left.stdout
        left.stdout.readline()
        group.remove()
        assert left.wait(20) == -signal.SIGKILL
    assert not group.folder.exists()


# Answers as the systemd of one user does for one unit, and as no other.
SYSTEMCTL = """#!/bin/sh
test "$1" = --user && for name; do :; done && test "$name" = run-1.scope && echo yes || echo no
"""
MANAGER = Path("/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service")


def test_whose_systemd_gave_the_group_away_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "systemctl").write_text(SYSTEMCTL, encoding="ascii")
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert cgroup._delegated(MANAGER / "app.slice" / "run-1.scope")
    assert not cgroup._delegated(MANAGER / "app.slice" / "run-2.scope")
    assert not cgroup._delegated(Path("/sys/fs/cgroup/system.slice/run-1.scope"))

    (tmp_path / "systemctl").unlink()
    assert not cgroup._delegated(MANAGER / "app.slice" / "run-1.scope")
