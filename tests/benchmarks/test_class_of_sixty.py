"""A class of 60 in five packings: every grade is right, however it is packed and graded.

This takes some minutes: `pytest tests/benchmarks/test_class_of_sixty.py`.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from chatkit.authoring.samples import Outcome, found_in, samples
from chatkit.classroom.gradebook import open_gradebook
from chatkit.course.lessons import find_course

ROOT = Path(__file__).parents[2]
COURSE = find_course(ROOT)
ECHO = COURSE.lesson("echo")
ALL_RIGHT = dict.fromkeys((check.id for check in ECHO.checks()), "passed")
NAMES = [f"Number{chr(65 + number // 26)}{chr(65 + number % 26)} Student" for number in range(60)]

# What a server does before it is an echo server. What is found then is its own affair: it must hurt
# nobody else.
HOSTILE = (
    "import os; os.fork()",
    "while True: pass",
    "import os\nwhile True: os.write(1, b'flood ' * 2000)",
    "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
    "hoard = []\nwhile True: hoard.append(bytes(10_000_000))",
    "raise SystemExit('<script>alert(1)</script>')",
)


class Pupil:
    """One student: the files that are handed in, and what must be found; None: anything."""

    def __init__(self, name: str, files: dict[str, bytes], outcome: Outcome | None) -> None:
        self.name, self.files, self.outcome = name, files, outcome


def solution(program: str) -> bytes:
    return (ECHO.solutions / program).read_bytes()


def the_class() -> list[Pupil]:
    """Mistakes, alternatives, hostile programs, and solutions up to 60."""
    found: list[tuple[dict[str, bytes], Outcome | None]] = []
    for kind in ("mistakes", "alternatives"):
        for sample in samples(COURSE, kind):
            if sample.lesson != ECHO or sample.expected.get("missing"):
                continue
            files = {program: solution(program) for program in ECHO.asked}
            own = [path for path in sample.folder.glob("*.py") if path.is_file()]
            if len(own) < len(list(sample.folder.glob("*.py"))):
                continue  # a folder in place of a program: not every packing can hold that
            files |= {path.name: path.read_bytes() for path in own}
            found.append((files, sample.outcome()))
    for source in HOSTILE:
        server = source.encode() + b"\n" + solution("server.py")
        found.append(({"server.py": server, "client.py": solution("client.py")}, None))
    while len(found) < len(NAMES):
        found.append(({program: solution(program) for program in ECHO.asked}, ALL_RIGHT))
    rows = zip(NAMES, found[: len(NAMES)], strict=True)
    return [Pupil(name, files, outcome) for name, (files, outcome) in rows]


def folders(where: Path, pupils: list[Pupil]) -> Path:
    for pupil in pupils:
        for name, data in pupil.files.items():
            put(where / pupil.name / ECHO.name / name, data)
    return where


def zipped(where: Path, pupils: list[Pupil]) -> Path:
    where.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(where.with_suffix(".zip"), "w") as archive:
        for pupil in pupils:
            for name, data in pupil.files.items():
                archive.writestr(f"class/{pupil.name}/{ECHO.name}/{name}", data)
    return where.with_suffix(".zip")


def moodle(where: Path, pupils: list[Pupil]) -> Path:
    for number, pupil in enumerate(pupils):
        folder = where / f"{pupil.name}_{100000 + number}_assignsubmission_file_"
        for name, data in pupil.files.items():
            put(folder / name, data)
    return where


def canvas(where: Path, pupils: list[Pupil]) -> Path:
    for number, pupil in enumerate(pupils):
        known = pupil.name.lower().replace(" ", "")
        late = "LATE_" if number % 7 == 0 else ""
        for place, (name, data) in enumerate(pupil.files.items()):
            put(where / f"{known}_{late}{500 + number}_{9000 + 2 * number + place}_{name}", data)
    return where


def github(where: Path, pupils: list[Pupil]) -> Path:
    for pupil in pupils:
        repository = where / f"chat-{pupil.name.lower().replace(' ', '-')}"
        put(repository / ".git" / "HEAD", b"ref: refs/heads/main\n")
        for name, data in pupil.files.items():
            put(repository / "lessons" / ECHO.name / name, data)
    return where


def put(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def grading(submissions: Path, out: Path, workers: int) -> "subprocess.Popen[str]":
    command = [*(sys.executable, "-m", "chatkit", "class", "grade", str(submissions))]
    command += ["--out", str(out), "--lesson", "1", "--workers", str(workers)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def judge(out: Path, pupils: list[Pupil]) -> None:
    """Compare every grade with what it must be."""
    with open_gradebook(out / "gradebook.sqlite") as book:
        students = {plain(one.name): one.id for one in book.students()}
        assert len(students) == len(pupils)
        wrong = []
        for pupil in pupils:
            id = next(id for name, id in students.items() if plain(pupil.name) in name)
            verdict = book.lesson_verdict(id, ECHO.name)
            assert verdict, pupil.name
            if pupil.outcome is not None and found_in(verdict) != pupil.outcome:
                wrong.append((pupil.name, found_in(verdict), pupil.outcome))
    assert not wrong


def plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


@pytest.mark.parametrize(
    ("pack", "workers"), [(folders, 1), (zipped, 2), (moodle, 4), (canvas, 2), (github, 2)]
)
def test_every_grade_is_right_in_every_packing(pack, workers: int, tmp_path: Path) -> None:
    pupils = the_class()

    run = grading(pack(tmp_path / "in", pupils), tmp_path / "out", workers)
    out, err = run.communicate(timeout=900)

    assert run.returncode == 0, out + err
    judge(tmp_path / "out", pupils)


def test_two_runs_at_once_and_one_of_them_killed(tmp_path: Path) -> None:
    pupils = the_class()
    there = folders(tmp_path / "in", pupils)

    one, two = (grading(there, tmp_path / name, 2) for name in ("one", "two"))
    assert two.stderr
    for _ in range(20):
        two.stderr.readline()
    two.kill()
    two.communicate()
    two = grading(there, tmp_path / "two", 4)
    told = one.communicate(timeout=900), two.communicate(timeout=900)

    assert (one.returncode, two.returncode) == (0, 0), told
    for name in ("one", "two"):
        judge(tmp_path / name, pupils)
