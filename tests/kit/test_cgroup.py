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

from chatkit.grading.station import Order, Station
from chatkit.harness import cgroup
from chatkit.harness.sandbox import what_is_missing

ROOT = Path(__file__).parents[2]
BOUND = 256 << 20  # bytes: the station has its place in it, and the hog has not
GOOD = ROOT / "solutions" / "01_echo"

HOG = """
import os
hoard, data = [], bytes(10 << 20)
for number in range(40):
    hoard.append(os.memfd_create("hoard"))
    os.write(hoard[-1], data)
"""

KILLS_ITSELF = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n"

GRADER = """
import os, sys, threading
from chatkit.grading.station import Station
station = Station("processes")
print(station.group.folder, station.process.pid, flush=True)
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


def test_a_hog_that_no_look_finds_is_ended_and_the_station_goes_on(tmp_path: Path) -> None:
    if missing := what_is_missing():
        pytest.skip(missing)
    with Station("namespaces") as station:

        def finds(folder: Path) -> tuple[str, str]:
            order = Order(ROOT, "01_echo", folder, "seed", only="echoes-a-line")
            verdict = station.grade(order).checks[0]
            return verdict.symptom or verdict.status, verdict.message

        symptom, told = finds(program(tmp_path, HOG))
        assert (symptom, cgroup.TOO_MUCH in told) == ("over-the-bounds", True), told
        assert finds(GOOD)[0] == "passed"
        # The kernel has not ended whoever ends in the same way later.
        assert finds(program(tmp_path, KILLS_ITSELF))[0] == "exited"
        assert station.group and station.group.folder.exists()

    assert not station.group.folder.exists()


def test_what_a_killed_grader_leaves_is_removed_by_the_next_one() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", GRADER], stdout=subprocess.PIPE, encoding="utf-8"
    ) as grader:
        assert grader.stdout
        folder, pid = grader.stdout.readline().split()
        station = psutil.Process(int(pid))
        assert Path(folder).exists()
        grader.kill()
    station.wait(20)  # it leaves its group, and any grader that starts now removes it

    cgroup._home.cache_clear()  # this process may have looked before
    with Station("processes") as next_one:
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
