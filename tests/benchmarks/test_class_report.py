"""The reports of 500 students with all lessons: how long they take, how large they are.

`pytest tests/benchmarks/test_class_report.py -s` prints the figures. Two students are graded, a
right one and one with a mistake in each lesson, and their verdicts stand for everybody.
"""

import resource
import shutil
import subprocess
import sys
from pathlib import Path

from chatkit.classroom.gradebook import FILE, HandIn, Student, open_gradebook
from chatkit.course.lessons import find_course

ROOT = Path(__file__).parents[2]
COURSE = find_course(ROOT)
STUDENTS = 500
MISTAKES = ("never_sees_the_end", "waits_for_the_line_end", "quit_is_a_command")
MISTAKES += ("says_goodbye_twice", "updates_without_a_pause")
MOST_SECONDS = 20  # of processor time
MEGABYTE = 1_000_000
MOST_WRITTEN = MOST_MEMORY = 60  # megabytes
MOST_OVERVIEW = 2  # megabytes


def chatkit(*words: object) -> None:
    command = [sys.executable, "-m", "chatkit", "class", *map(str, words)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def test_the_reports_of_500_students(tmp_path: Path) -> None:
    school, out = tmp_path / "school", tmp_path / "out"
    for lesson, mistake in zip(COURSE.lessons, MISTAKES, strict=True):
        for student in ("right", "wrong"):
            shutil.copytree(lesson.solutions, school / student / lesson.name)
        wrong = ROOT / "tests" / "mistakes" / lesson.name / mistake
        for program in wrong.glob("*.py"):
            shutil.copy(program, school / "wrong" / lesson.name)
    chatkit("grade", school, "--out", tmp_path / "two")
    with open_gradebook(tmp_path / "two" / FILE) as book:
        found = {
            (student, lesson.name): book.lesson_verdict(student, lesson.name)
            for student in ("right", "wrong")
            for lesson in COURSE.lessons
        }
    out.mkdir()
    with open_gradebook(out / FILE) as book, book.together():
        book.ask([lesson.name for lesson in COURSE.lessons])
        for number in range(STUDENTS):
            id = f"kid{number:03}"
            book.enrol(Student(id, f"Kid {number}"))
            for place, lesson in enumerate(COURSE.lessons):
                verdict = found["wrong" if (number + place) % 3 else "right", lesson.name]
                assert verdict
                book.hand_in(id, lesson.name, HandIn(source=f"{id}.zip", key="k", work=id))
                book.keep(id, lesson.name, "k", "s", verdict, id)

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    chatkit("report", "--out", out)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    sizes = {file: file.stat().st_size / MEGABYTE for file in out.rglob("*") if file.is_file()}
    written = sum(size for file, size in sizes.items() if file.name != FILE)
    memory = memory_of("report", "--out", out)
    overview = sizes[out / "index.html"]
    checks = sum(len(lesson.checks()) for lesson in COURSE.lessons)
    print(
        f"\n{STUDENTS} students, {checks} checks: {seconds:.1f} s of processor time, "
        f"{memory:.0f} MB of memory, {written:.1f} MB written, overview {overview:.2f} MB"
    )
    assert seconds < MOST_SECONDS
    assert written < MOST_WRITTEN
    assert memory < MOST_MEMORY
    assert overview < MOST_OVERVIEW


def memory_of(*words: object) -> float:
    """The most memory that the command needs, in megabytes: a process that starts only it."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-m", "chatkit", "class", *map(str, words)]
    said = subprocess.check_output([sys.executable, "-c", code, *command], cwd=ROOT, text=True)
    return int(said) * 1024 / MEGABYTE
