"""What a killed grader leaves: the next run removes it, and nothing of anybody who lives."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from chatkit.course.lessons import find_course
from chatkit.system.leftovers import LOCK, OwnFolder, sweep
from chatkit.system.linux import LINUX

ROOT = Path(__file__).parents[3]
ECHO = find_course(ROOT).lesson("echo")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has no flock")


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the system, for this test alone."""
    room = tmp_path / "tmp"
    room.mkdir()
    room.chmod(0o1777)
    monkeypatch.setenv("TMPDIR", str(room))
    monkeypatch.setattr("tempfile.tempdir", None)
    return room


def test_only_what_belongs_to_nobody_any_more_is_removed(room: Path) -> None:
    maker = "import sys; from chatkit.system.leftovers import OwnFolder; f = OwnFolder('class');"
    for ending in (
        "(f.path / 'x').touch(); (f.path / 'deep').mkdir(mode=0); import os; os._exit(1)",
    ):
        subprocess.run([sys.executable, "-c", f"{maker} {ending}"], cwd=ROOT, check=False)
    (dead,) = room.iterdir()
    (room / "chatkit-without-a-lock").mkdir()
    (room / "chatkit-file").touch()
    (room / "chatkit-link").symlink_to(dead)
    (room / "mine").mkdir()
    (room / "mine" / LOCK).touch()

    with OwnFolder("class") as alive:  # sweeps
        (alive.path / "x").touch()
        assert not dead.exists()
        assert sweep() == []
        assert (alive.path / "x").exists()

    assert {path.name for path in room.iterdir()} == {
        *("chatkit-without-a-lock", "chatkit-file", "chatkit-link", "mine"),
    }


@pytest.mark.skipif(not LINUX, reason="what outlives a killed grader is known on Linux")
@pytest.mark.parametrize("isolation", ["namespaces", "processes"])
def test_the_next_run_removes_the_copies_of_a_killed_one(
    tmp_path: Path, room: Path, isolation: str
) -> None:
    shutil.copytree(ECHO.solutions, tmp_path / "school/alice/01_echo")
    shutil.copytree(ECHO.solutions, tmp_path / "school/bob/01_echo")
    command = [sys.executable, "-m", "chatkit", "class", "grade", str(tmp_path / "school")]
    command += ["--out", str(tmp_path / "out"), "--workers", "1", "--isolation", isolation]
    environment = {**os.environ, "TMPDIR": str(room)}
    killed = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment
    )
    assert killed.stderr
    killed.stderr.readline()  # one of the two is graded, the other one has begun
    started = psutil.Process(killed.pid).children(recursive=True)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stderr.close()
    assert not psutil.wait_procs(started, timeout=10)[1]
    left = [path for path in room.rglob("server.py") if path.is_file()]
    assert left, "this test needs something to find"

    again = subprocess.run(command, cwd=ROOT, capture_output=True, env=environment, timeout=240)

    # Without namespaces root's programs are another user's, who may not be able to run Python.
    assert again.returncode == 0 or isolation == "processes", again.stderr
    assert list(room.iterdir()) == []
