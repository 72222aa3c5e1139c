"""Hostile programs: each gets the verdict that its behaviour deserves, and hurts nobody else.

All of them run in the first tier of the sandbox; where this machine cannot have that, they do not
run at all. Each is an echo server with something extra.
"""

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from hostile_programs import HOSTILE, ROOT

from chatkit.grading.options import RunOptions
from chatkit.grading.verdict import Verdict
from chatkit.grading.worker import Job, Worker
from chatkit.system.sandbox.sandbox import what_is_missing


@dataclass(frozen=True)
class World:
    """What a hostile program would like to reach."""

    folder: Path
    names: dict[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if missing := what_is_missing():
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("class")
    canary, neighbour = folder / "canary", folder / "neighbour"
    for place in (canary, neighbour):
        place.mkdir()
        (place / "keep.txt").write_text("keep me", encoding="utf-8")
    os.environ["CANARY"] = secret = "a-secret-of-the-grader"
    with socket.create_server(("127.0.0.1", 0)) as outside:
        yield World(
            folder,
            {
                "canary": str(canary),
                "neighbour": str(neighbour),
                "root": str(ROOT),
                "secret": secret,
                "port": str(outside.getsockname()[1]),
                "grader": str(os.getpid()),
                "as_root": str(os.getuid() == 0),
            },
        )
    del os.environ["CANARY"]


@pytest.fixture(scope="module", params=["bubblewrap", "zygote"])
def worker(request: pytest.FixtureRequest, world: World) -> Iterator[Worker]:
    with Worker("namespaces", warm=request.param == "zygote") as worker:
        assert worker.space
        yield worker
    assert not worker.space.room.exists()


def grade(worker: Worker, folder: Path) -> tuple[str, Verdict]:
    """The tier, and the verdict of one check."""
    done = worker.grade(
        Job(ROOT, "01_echo", folder, RunOptions(seed="seed", only=("echoes-a-line",)))
    )
    return done.isolation, done.checks[0]


def is_clean(worker: Worker) -> bool:
    """Whether the worker has no process below it: all that was started is gone.

    Zygotes stay. Unlike programs they are in the worker's own space of processes.
    """
    own = space(worker.process.pid)
    below = psutil.Process(worker.process.pid).children(recursive=True)
    return not [child for child in below if space(child.pid) != own]


def space(pid: int) -> str:
    return str(Path(f"/proc/{pid}/ns/pid").readlink())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_program_gets_what_it_deserves_and_hurts_nobody(
    name: str, world: World, worker: Worker
) -> None:
    hostile = HOSTILE[name]
    mine = world.folder / name
    shutil.rmtree(mine, ignore_errors=True)
    mine.mkdir()
    text = hostile.text(world.names)
    (mine / "server.py").write_bytes(text)
    (mine / "link").symlink_to(world.folder / "canary")
    shutil.copy(ROOT / "solutions" / "01_echo" / "server.py", world.folder / "neighbour")

    tier, verdict = grade(worker, mine)
    _, neighbour = grade(worker, world.folder / "neighbour")

    assert tier == "namespaces"
    assert (verdict.symptom or verdict.status) == hostile.finds, verdict.message
    assert neighbour.status == "passed"
    assert is_clean(worker)
    assert (mine / "server.py").read_bytes() == text
    assert sorted(path.name for path in mine.iterdir()) == ["link", "server.py"]
    assert (world.folder / "canary" / "keep.txt").read_text(encoding="utf-8") == "keep me"
    assert worker.space
    assert len(list(worker.space.path.iterdir())) == 1  # where the root of programs is
    # a tab and a line end may be shown as they are
    assert not set(verdict.output) & {chr(code) for code in (*range(9), *range(11, 32), 127)}


def test_there_are_at_least_thirty() -> None:
    assert len(HOSTILE) >= 30
