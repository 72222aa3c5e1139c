"""A program finds the same files beside it in a class run as when its student checks it."""

import subprocess
import sys
from pathlib import Path

import pytest

from chatkit.classroom.submissions.submissions import find_submissions
from chatkit.course.lessons import find_course
from chatkit.system.linux import LINUX
from chatkit.system.programs.folder import MOST_FILES, copied
from chatkit.system.sandbox.namespaces import is_root
from chatkit.system.sandbox.sandbox import what_is_missing

ROOT = Path(__file__).parents[3]
COURSE = find_course(ROOT)
ECHO = COURSE.lesson("echo")

# Says which files it finds, and that it may change them.
LOOKS = """
import os, sys
from lines.cut import whole
from lines.deep.er import deeper
import plain
assert open("greetings.txt", encoding="utf-8").read() == "hello"
found = []
for here, folders, names in os.walk("."):
    folders[:] = [name for name in folders if name != "__pycache__"]
    for name in folders:
        found.append(os.path.relpath(os.path.join(here, name)) + "/")
    for name in names:
        path = os.path.relpath(os.path.join(here, name))
        found.append(f"{path} {os.path.getsize(path)}")
print(sorted(found))
if "--write" in sys.argv:
    for place in ("logs/a.log", "lines/deep/b.log"):
        open(place, "w").close()
print("written")
"""

RUN = """
import sys
from pathlib import Path
from chatkit.system.sandbox import sandbox
from chatkit.bench.bench import Bench
from chatkit.system.program import Program

walls = sandbox.enter(sys.argv[2]) if sys.argv[2] != "trusted" else None
assert not walls or walls.tier == sys.argv[2], walls.why
words = ["--write"] if walls else []
with Bench(lambda name: Path(sys.argv[1]) / name, sandbox=walls) as bench:
    bench.adopt(Program(bench.find("server.py"), words, sandbox=walls))
    bench.prints("written")
    print(bench.program.output.lines[0])
    bench.exits(0)
"""


def files_beside(folder: Path, tier: str) -> str:
    """What the program in `folder` finds when it is run in this isolation."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder), tier],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def alice(tmp_path: Path) -> Path:
    """The folder of lesson 1 of a student whose program has a package beside it."""
    folder = tmp_path / "class/alice/01_echo"
    for name, text in {
        "server.py": LOOKS,
        "client.py": "",
        "plain.py": "",
        "greetings.txt": "hello",
        ".settings": "dark",
        "lines/__init__.py": "",
        "lines/cut.py": "whole = 1",
        "lines/deep/er.py": "deeper = 1",
        "lines/deep/picture.png": "x" * 5000,
        "env/empty.txt": "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "logs").mkdir()
    return folder


def readable_by_all(path: Path) -> bool:
    return all(one.stat().st_mode & 0o005 == 0o005 for one in path.resolve().parents)


# Where root grades without walls, programs are another user's: that one has to reach this Python.
TIERS = ["namespaces"]
if not is_root() or (readable_by_all(Path(sys.executable)) and readable_by_all(ROOT / "chatkit")):
    TIERS.append("processes")


@pytest.mark.skipif(not LINUX or bool(what_is_missing()), reason="needs bubblewrap")
@pytest.mark.parametrize("tier", TIERS)
def test_a_class_run_lays_out_the_same_files_as_check(
    alice: Path, tmp_path: Path, tier: str
) -> None:
    mine = files_beside(alice, "trusted")
    assert "lines/deep/er.py" in mine and "logs/" in mine and ".settings" in mine
    (found,) = find_submissions(alice.parents[1], COURSE, tmp_path / "space").submissions

    assert files_beside(found.lessons[ECHO.name], tier) == mine


def test_a_program_with_too_much_beside_it_keeps_its_modules(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    for name in ("server.py", "zoo.py", "zoo/lion.py"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name, encoding="utf-8")
    (source / "film.mp4").touch()
    with (source / "film.mp4").open("wb") as film:
        film.truncate(300 << 20)
    for number in range(MOST_FILES):
        (source / f"{number}.txt").touch()
    (source / "elsewhere").symlink_to(tmp_path)
    target.mkdir()

    assert copied(source / "server.py", target) == target / "server.py"

    there = {path.relative_to(target).as_posix() for path in target.rglob("*")}
    assert {"server.py", "zoo.py", "zoo/lion.py"} <= there and len(there) <= MOST_FILES + 2
    assert not {"film.mp4", "elsewhere"} & there
