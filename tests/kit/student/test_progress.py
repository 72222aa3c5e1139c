"""The state file: what it keeps, and that nothing that happens to it costs a student anything."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from chatkit.classroom.exports.handin import pack
from chatkit.classroom.exports.handout import hand_out
from chatkit.course import lessons
from chatkit.course.lessons import Course, find_course
from chatkit.grading.verdict import LessonVerdict, Status, Verdict
from chatkit.student import progress
from chatkit.student.progress import FILE, LessonProgress, ProgressError, fingerprints, load

ROOT = Path(__file__).parents[3]


def found(course: Course, key: str, statuses: Mapping[str, Status]) -> LessonVerdict:
    """What a run says that has tried these checks."""
    lesson = course.lesson(key)
    checks = {check.id: check for check in lesson.checks()}
    verdicts = [
        Verdict(
            id,
            checks[id].title,
            status,
            score=checks[id].points if status == "passed" else 0,
            max_score=0 if status == "skipped" else checks[id].points,
            program=checks[id].program,
        )
        for id, status in statuses.items()
    ]
    return LessonVerdict(lesson.name, lesson.title, tuple(verdicts), 1.0)


def all_checks(course: Course, key: str, status: Status) -> dict[str, Status]:
    return {check.id: status for check in course.lesson(key).checks()}


def test_what_a_run_found_is_there_for_the_next_command(course: Course) -> None:
    echo = course.lesson("echo")
    run = {**all_checks(course, "echo", "passed"), "idle": "failed", "ctrl-c": "not_reached"}

    load(course).record(echo, found(course, "echo", run))

    now = load(course)
    assert now.trouble == ""
    assert now.of(echo).statuses == run and list(now.of(echo).statuses) == list(run)
    assert (now.of(echo).score, now.of(echo).max_score) == (92, 100)
    assert now.of(echo).programs == fingerprints(echo) and len(fingerprints(echo)) == 2
    assert now.of(course.lesson("gui")) == LessonProgress()


def test_the_file_is_small_and_can_be_read(course: Course) -> None:
    for lesson in course.lessons:
        verdict = found(course, lesson.name, all_checks(course, lesson.name, "passed"))
        load(course).record(lesson, verdict)

    text = (course.root / FILE).read_text(encoding="utf-8")
    facts = json.loads(text)
    assert len(text) < 8000 and text.endswith("}\n") and len(text.splitlines()) > 100
    assert facts["schema"] == 1
    assert facts["lessons"]["01_echo"]["checks"]["ready-line"] == "passed"
    assert sorted(path.name for path in course.root.iterdir()) == ["lessons", FILE]


def test_a_run_of_one_check_changes_that_one_only(course: Course) -> None:
    echo = course.lesson("echo")
    load(course).record(echo, found(course, "echo", all_checks(course, "echo", "failed")))
    load(course).record(echo, found(course, "echo", {"half-close": "passed"}))

    now = load(course).of(echo)
    assert now.statuses == {**all_checks(course, "echo", "failed"), "half-close": "passed"}
    assert (now.score, now.max_score, now.earlier) == (8, 100, frozenset())


def test_checks_that_never_saw_a_change_are_of_an_earlier_program(course: Course) -> None:
    echo = course.lesson("echo")
    load(course).record(echo, found(course, "echo", all_checks(course, "echo", "passed")))
    with (echo.folder / "client.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")

    load(course).record(echo, found(course, "echo", {"client-ctrl-c": "passed"}))

    client = {check.id for check in echo.checks() if check.program == "client.py"}
    assert load(course).of(echo).earlier == client - {"client-ctrl-c"}
    rest = dict.fromkeys(sorted(client - {"client-ctrl-c", "client-no-server"}), "passed")
    load(course).record(echo, found(course, "echo", rest))
    assert load(course).of(echo).earlier == {"client-no-server"}
    load(course).record(echo, found(course, "echo", all_checks(course, "echo", "passed")))
    assert load(course).of(echo).earlier == frozenset() and load(course).of(echo).full


def test_a_program_saved_during_the_run_is_not_the_one_that_was_checked(course: Course) -> None:
    echo = course.lesson("echo")
    before = fingerprints(echo)
    (echo.folder / "server.py").write_text("saved meanwhile", encoding="utf-8")

    run = found(course, "echo", all_checks(course, "echo", "passed"))
    load(course).record(echo, run, before)

    assert load(course).of(echo).programs == before != fingerprints(echo)


def test_what_this_machine_cannot_run_does_not_count(course: Course) -> None:
    gui = course.lesson("gui")
    load(course).record(gui, found(course, "gui", all_checks(course, "gui", "skipped")))

    assert load(course).of(gui).max_score == 0 and not load(course).of(gui).full


def test_hints_stay_open_and_survive_a_run(course: Course) -> None:
    echo = course.lesson("echo")
    state = load(course)
    state.open_hint(echo, 2)
    state.open_hint(echo, 2)
    state.open_hint(echo, 5)
    load(course).record(echo, found(course, "echo", {"idle": "failed"}))

    assert load(course).of(echo).hints == {2: 2, 5: 1}


def test_two_commands_at_once_keep_each_others_news(course: Course) -> None:
    echo, threads = course.lesson("echo"), course.lesson("threads")
    watch, check = load(course), load(course)  # both read before either writes

    watch.record(echo, found(course, "echo", {"idle": "passed"}))
    check.record(threads, found(course, "threads", {"idle": "failed"}))
    watch.open_hint(echo, 1)

    now = load(course)
    assert now.of(echo).statuses == {"idle": "passed"} and now.of(echo).hints == {1: 1}
    assert now.of(threads).statuses == {"idle": "failed"}
    assert watch.of(threads).statuses == {"idle": "failed"}  # it has read that on its way


MANY = """
import sys
import zipfile
from pathlib import Path
from chatkit.course.lessons import find_course
from chatkit.student.progress import load
course = find_course(Path(sys.argv[1]))
for _ in range(20):
    load(course).open_hint(course.lesson("echo"), int(sys.argv[2]))
"""


def test_many_at_once_lose_nothing(course: Course) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", MANY, str(course.root), str(number % 2 + 1)])
        for number in range(3)
    ]
    assert [process.wait(60) for process in processes] == [0] * 3

    assert load(course).of(course.lesson("echo")).hints == {1: 40, 2: 20}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "line 1"),
        (b'{"schema": 1,\n "lessons": {', "line 2"),
        (b"[]", "does not say"),
        (b"[" * 100_000, "does not say"),
        (b"\xff\xfe\x00", "does not say"),
        (b'{"lessons": {}}', "does not say"),
        (b'{"schema": 0, "lessons": {}}', "does not say"),
        (b'{"schema": "1", "lessons": {}}', "does not say"),
        (b'{"schema": 1, "lessons": []}', "does not say"),
        (b'{"schema": 1, "lessons": {"01_echo": {}}}', "does not say"),
        (b'{"schema": 1, "lessons": {"01_echo": {"score": Infinity}}}', "does not say"),
    ],
)
def test_a_broken_file_says_so_and_is_kept_beside(
    course: Course, content: bytes, words: str
) -> None:
    (course.root / FILE).write_bytes(content)

    state = load(course)

    assert state.trouble.startswith("progress.json is broken: ") and words in state.trouble
    assert "\n" not in state.trouble and state.of(course.lesson("echo")) == LessonProgress()
    assert (course.root / FILE).read_bytes() == content  # reading changes nothing
    state.open_hint(course.lesson("echo"), 1)
    assert (course.root / f"{FILE}.broken").read_bytes() == content
    assert state.trouble == "" and load(course).of(course.lesson("echo")).hints == {1: 1}


def test_a_status_that_nobody_gives_is_broken(course: Course) -> None:
    load(course).record(course.lesson("echo"), found(course, "echo", {"idle": "failed"}))
    text = (course.root / FILE).read_text(encoding="utf-8")
    (course.root / FILE).write_text(text.replace('"failed"', '"fine"'), encoding="utf-8")

    assert "broken" in load(course).trouble


def test_a_missing_file_is_said_and_a_folder_of_its_name_too(course: Course) -> None:
    assert load(course).trouble == "there is no progress.json yet"
    (course.root / FILE).mkdir()

    assert "cannot be read" in load(course).trouble
    load(course).open_hint(course.lesson("echo"), 1)
    assert load(course).trouble == "" and (course.root / f"{FILE}.broken").is_dir()


def test_the_file_of_a_newer_kit_is_refused_and_never_overwritten(course: Course) -> None:
    content = '{"schema": 2, "mood": "good"}'
    state = load(course)  # a watch that was running when the newer kit wrote
    (course.root / FILE).write_text(content, encoding="utf-8")

    with pytest.raises(ProgressError, match="update the kit, or delete the file") as refused:
        load(course)
    with pytest.raises(ProgressError, match="newer chatkit"):
        state.open_hint(course.lesson("echo"), 1)
    with pytest.raises(ProgressError, match="your programs are not touched"):
        state.record(course.lesson("echo"), found(course, "echo", {"idle": "failed"}))

    assert "\n" not in str(refused.value)
    assert [path.name for path in course.root.iterdir() if path.is_file()] == [FILE]
    assert (course.root / FILE).read_text(encoding="utf-8") == content


def test_lessons_of_another_kit_stay_in_the_file(course: Course, tmp_path: Path) -> None:
    later = tmp_path / "clone/lessons/06_files"
    shutil.copytree(course.lessons[0].folder, later)
    more = find_course(course.root)
    load(more).open_hint(more.lesson("files"), 1)
    shutil.rmtree(later)

    load(course).open_hint(course.lesson("echo"), 1)

    facts = json.loads((course.root / FILE).read_text(encoding="utf-8"))
    assert facts["lessons"]["06_files"]["hints"] == {"1": 1}


def test_a_write_that_fails_leaves_the_earlier_file_and_says_why(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    echo = course.lesson("echo")
    load(course).open_hint(echo, 1)
    before = (course.root / FILE).read_bytes()
    monkeypatch.setattr(Path, "write_bytes", full)

    with pytest.raises(ProgressError, match=r"not kept: .*No space left"):
        load(course).open_hint(echo, 1)

    assert (course.root / FILE).read_bytes() == before
    assert sorted(path.name for path in course.root.iterdir()) == ["lessons", FILE]


def test_a_kit_without_a_clone_has_no_state(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lessons, "INSTALLED", course.root)
    monkeypatch.setattr(progress, "INSTALLED", course.root)
    (course.root / FILE).write_text("not ours", encoding="utf-8")

    state = load(course)
    state.open_hint(course.lesson("echo"), 1)
    state.record(course.lesson("echo"), found(course, "echo", {"idle": "failed"}))

    assert state.trouble == "" and state.of(course.lesson("echo")) == LessonProgress()
    assert (course.root / FILE).read_text(encoding="utf-8") == "not ours"


def test_a_program_that_cannot_be_read_has_no_fingerprint(course: Course) -> None:
    echo = course.lesson("echo")
    (echo.folder / "client.py").unlink()

    assert list(fingerprints(echo)) == ["server.py"]


def test_neither_git_nor_a_hand_in_nor_a_hand_out_takes_it_along(
    course: Course, tmp_path: Path
) -> None:
    echo = course.lesson("echo")
    load(course).open_hint(echo, 1)
    shutil.copy(course.root / FILE, echo.folder)  # nor when it lies in the wrong place

    hand_out(course, course.lessons[1], tmp_path / "out.zip")
    pack(course, tmp_path / "in.zip", course.lessons)

    for name in ("out.zip", "in.zip"):
        with zipfile.ZipFile(tmp_path / name) as archive:
            assert not [entry for entry in archive.namelist() if entry.endswith(FILE)]
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert f"/{FILE}*" in lines
