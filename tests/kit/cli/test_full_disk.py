"""A disk that is really full: a small one of memory, in a mount namespace of its own."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chatkit.classroom.gradebook import FILE, open_gradebook
from chatkit.course.lessons import find_course

ROOT = Path(__file__).parents[3]
ECHO = find_course(ROOT).lesson("echo")
STUDENTS = ("alice", "bob", "carol")
ENDS_AT_ONCE = "print('not yet')\n" + "# a line that makes its transcript no longer\n"

# A gradebook without verdicts needs some 100 KiB, one lesson some 15 more. What is on the small
# disk is copied out of it: it goes with the namespace.
SCRIPT = """
set -u
mount -t tmpfs -o size={size}k tmpfs "$OUT"
{grade}; echo "first: $?"
cp "$OUT/{file}" "$KEPT"
mount -o remount,size=50m "$OUT"
{grade}; echo "second: $?"
cp "$OUT/{file}" "$WHOLE"
"""


@pytest.fixture
def namespace() -> list[str]:
    """The command that runs another one where it may mount. See unshare(1)."""
    command = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"nothing can be mounted here: {tried.stderr}")
    return command


@pytest.mark.parametrize("size", [64, 128])  # KiB: full before the first lesson lands, and after
def test_a_full_disk_ends_the_run_with_a_clear_line_and_the_next_goes_on(
    size: int, namespace: list[str], tmp_path: Path
) -> None:
    school = tmp_path / "school"
    for student in STUDENTS:
        shutil.copytree(ECHO.solutions, school / student / ECHO.name)
        for program in ECHO.asked:
            (school / student / ECHO.name / program).write_text(ENDS_AT_ONCE, encoding="utf-8")
    places = {name: tmp_path / name.lower() for name in ("OUT", "KEPT", "WHOLE")}
    places["OUT"].mkdir()
    command = [sys.executable, "-m", "chatkit", "class", "grade", str(school), "--lesson", "1"]
    command += ["--out", str(places["OUT"]), "--workers", "2"]
    script = SCRIPT.format(size=size, grade=shlex.join(command), file=FILE)

    done = subprocess.run(
        [*namespace, "sh", "-c", script],
        cwd=ROOT,
        env={**os.environ, **{name: str(place) for name, place in places.items()}},
        capture_output=True,
        text=True,
        timeout=240,
    )
    print(done.stdout, done.stderr)

    assert "first: 2" in done.stdout and "second: 0" in done.stdout
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if "the disk is full: make room for" in line]
    assert len(said) == 1
    kept = {student: landed(places["KEPT"], student) for student in STUDENTS}
    count = list(kept.values()).count(True)
    assert count < len(STUDENTS)
    assert (count > 0) == (size > 64)
    assert f"{count} graded before" in done.stdout.partition("first: 2")[2]
    assert all(landed(places["WHOLE"], student) for student in STUDENTS)


def landed(gradebook: Path, student: str) -> bool:
    """Whether the gradebook, which must open, has the whole lesson."""
    with open_gradebook(gradebook) as book:
        verdict = book.lesson_verdict(student, ECHO.name)
    return verdict is not None and len(verdict.checks) == len(ECHO.checks())
