"""Programs with windows, graded beside a desktop: they reach neither it nor each other.

The desktop here is an Xvfb that lets in whoever finds its socket, with a secret in its root window.
Programs are right ones, and right ones that do something else first; each ends itself with status 3
when it has reached what it should not. All are graded as root and as an ordinary user.
"""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from desktop_programs import (
    ALTERNATIVE,
    GRADER,
    HEAD,
    HOARDER,
    HOSTILE,
    ROOT,
    SECRET,
    SOLUTION,
    SOMEBODY,
    STEP,
    X,
)

from chatkit.system import linux
from chatkit.system.display import Display
from chatkit.system.sandbox.sandbox import what_is_missing

pytestmark = pytest.mark.skipif(
    not linux.LINUX or bool(what_is_missing()) or shutil.which("Xvfb") is None,
    reason="needs bubblewrap and Xvfb",
)


def speaks_x(address: str) -> Any:
    """A client of the X server at `address`, as the programs below are."""
    names: dict[str, Any] = {}
    exec(X, names)
    return names["X"](address)


@dataclass(frozen=True)
class Desktop:
    """What the user who grades works on meanwhile."""

    number: int
    server: subprocess.Popen[bytes]

    @property
    def socket(self) -> str:
        return f"/tmp/.X11-unix/X{self.number}"


@pytest.fixture
def desktop() -> Iterator[Desktop]:
    """The lowest display number that is free: that is what a real one has."""
    for number in range(100):
        names = (f"/tmp/.X{number}-lock", f"/tmp/.X11-unix/X{number}")
        if any(Path(name).exists() for name in names):
            continue
        readable, writable = os.pipe()
        server = subprocess.Popen(
            ["Xvfb", f":{number}", "-ac", "-noreset", "-displayfd", str(writable)],
            stderr=subprocess.DEVNULL,
            pass_fds=[writable],
        )
        os.close(writable)
        with os.fdopen(readable, "rb") as pipe:
            if pipe.readline():
                break
        server.wait(20)  # somebody else has just taken this number
    try:
        with socket.socket(socket.AF_UNIX) as bus:
            bus.bind(f"\0chatkit-bus-{number}")
            bus.listen()
            here = Desktop(number, server)
            assert speaks_x(here.socket).put(b"SECRET", SECRET.encode()) == SECRET.encode()
            yield here
    finally:
        server.terminate()
        server.wait(20)


@dataclass(frozen=True)
class World:
    by: str  # what puts up the walls
    folder: Path
    before: list[str]  # of a command that shall run as the one who grades
    user: int


@pytest.fixture(params=["bubblewrap", "zygote"])
def by(request: pytest.FixtureRequest) -> str:
    """What puts up the walls."""
    return str(request.param)


@pytest.fixture(params=["root", "ordinary user"])
def world(request: pytest.FixtureRequest, by: str) -> Iterator[World]:
    """Where a class is graded, and as whom."""
    root, ordinary = os.getuid() == 0, request.param != "root"
    if not root and not ordinary:
        pytest.skip("needs root")
    user = SOMEBODY if root and ordinary else os.getuid()
    with tempfile.TemporaryDirectory(prefix="chatkit-desktop-", dir="/tmp") as name:
        folder = Path(name)
        (folder / "tmp").mkdir()
        for path in (folder, folder / "tmp"):
            path.chmod(0o755)
            os.chown(path, user, -1)
        before = as_somebody(folder) if root and ordinary else []
        yield World(by, folder, before, user)


def as_somebody(folder: Path) -> list[str]:
    """The beginning of a command that shall run as an ordinary user, started by root.

    Python and the kit may lie where only root goes. There, for this command alone, is then nothing
    but these two.
    """
    needed = [Path(sys.base_prefix), ROOT]
    locked = {
        next((up for up in reversed(place.parents) if not up.stat().st_mode & stat.S_IXOTH), None)
        for place in needed
    } - {None}
    lines = ["set -e"]
    for number, place in enumerate(needed):
        (folder / f"keep{number}").mkdir()
        lines.append(f"mount --bind '{place}' '{folder}/keep{number}'")
    lines += [f"mount -t tmpfs -o mode=755 tmpfs '{up}'" for up in locked]
    for number, place in enumerate(needed):
        lines.append(f"mkdir -p '{place}'")
        if any(up in place.parents for up in locked):
            lines.append(f"mount --bind '{folder}/keep{number}' '{place}'")
        lines.append(f"umount '{folder}/keep{number}'")
    lines.append(f'exec setpriv --reuid={SOMEBODY} --regid={SOMEBODY} --clear-groups "$@"')
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(lines), "sh"]


def submission(world: World, desktop: Desktop, name: str, first: str = "") -> str:
    folder = world.folder / name / "05_gui"
    folder.mkdir(parents=True)
    source = ALTERNATIVE if name == "right_too" else SOLUTION
    text = source.read_text(encoding="utf-8")
    if first:
        head = (HEAD + textwrap.dedent(first)).replace("$desktop", str(desktop.number))
        text = f"exec({head!r}, {{}})\n{text}"
    (folder / "client.py").write_text(text, encoding="utf-8")
    return str(folder)


def grade(world: World, desktop: Desktop, *lists: list[str]) -> dict[str, list[str]]:
    """What was found of each program: "passed", or a text that says why not."""
    environment = {name: value for name, value in os.environ.items() if name != "XAUTHORITY"}
    environment |= {"DISPLAY": f":{desktop.number}", "TMPDIR": str(world.folder / "tmp")}
    environment |= {"HOME": str(world.folder), "PYTHONPATH": str(ROOT)}
    start = [*world.before, sys.executable, "-c", GRADER, str(ROOT), STEP, world.by]
    command = [*start, *map(json.dumps, lists)]
    with subprocess.Popen(
        command,
        env=environment,
        cwd=world.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as grader:
        try:
            told, errors = grader.communicate(timeout=300)
        except BaseException:
            os.killpg(grader.pid, signal.SIGKILL)
            raise
    assert grader.returncode == 0 and not errors, errors
    found: dict[str, list[str]] = {}
    for line in told.splitlines():
        tier, name, status, why = json.loads(line)
        assert tier == "namespaces"
        found.setdefault(name, []).append(status if status == "passed" else f"{status}: {why}")
    return found


def test_programs_with_windows_reach_neither_the_desktop_nor_each_other(
    world: World, desktop: Desktop
) -> None:
    inode = Path(desktop.socket).stat().st_ino
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    right = [submission(world, desktop, name) for name in ("right", "right_too")]
    hostile = [submission(world, desktop, name, first) for name, first in HOSTILE.items()]
    half = len(hostile) // 2

    found = grade(world, desktop, [right[0], *hostile[:half]], [*hostile[half:], right[1]])

    assert found == {name: ["passed"] for name in (*HOSTILE, "right", "right_too")}
    assert Path(desktop.socket).stat().st_ino == inode
    for address in (desktop.socket, f"\0{desktop.socket}"):
        assert speaks_x(address).get(b"SECRET") == SECRET.encode()
    assert_nothing_is_left(world)
    assert Path("/proc/self/mountinfo").read_text(encoding="utf-8") == mounts


def test_who_takes_every_connection_takes_none_from_a_neighbour(
    world: World, desktop: Desktop
) -> None:
    hoarder = submission(world, desktop, "hoarder", HOARDER)
    right = submission(world, desktop, "right")

    found = grade(world, desktop, [hoarder] * 2, [right] * 4)

    assert found["right"] == ["passed"] * 4
    assert len(found["hoarder"]) == 2
    assert speaks_x(desktop.socket).get(b"SECRET") == SECRET.encode()
    assert_nothing_is_left(world)


def assert_nothing_is_left(world: World) -> None:
    """No folder, and no key and no shared memory of the user. `GRADER` looks for processes."""
    assert not list((world.folder / "tmp").iterdir())
    if world.user != SOMEBODY:
        return  # others on this machine are this user as well
    for kind, place in (("shm", 7), ("sem", 4), ("msg", 7)):
        _, *lines = Path("/proc/sysvipc", kind).read_text(encoding="ascii").splitlines()
        assert not [line for line in lines if int(line.split()[place]) == SOMEBODY]
    until_no_key_of(SOMEBODY)


def until_no_key_of(user: int) -> None:
    """The kernel collects the keys of those who have gone a moment later: keyrings(7)."""
    for _ in range(200):
        lines = Path("/proc/key-users").read_text(encoding="ascii").splitlines()
        keys = [line for line in lines if int(line.split(":")[0]) == user]
        if not keys:
            return
        threading.Event().wait(0.1)
    raise AssertionError(keys)


def test_a_display_takes_no_number_that_a_desktop_has_without_a_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A desktop may have nothing but its socket: nothing else tells that the number is taken."""
    monkeypatch.delenv("DISPLAY", raising=False)
    with Display() as first:  # it makes the folder of sockets, if there is none
        number = next(one for one in range(100) if not Path(f"/tmp/.X11-unix/X{one}").exists())
        path = Path(f"/tmp/.X11-unix/X{number}")
        assert first.server
        with socket.socket(socket.AF_UNIX) as taken:
            taken.bind(str(path))
            taken.listen()
            inode = path.stat().st_ino
            try:
                with Display() as second:
                    assert second.environment["DISPLAY"] != f":{number}"
                assert path.stat().st_ino == inode
            finally:
                path.unlink(missing_ok=True)
