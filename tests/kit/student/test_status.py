"""`chatkit` alone: where you are and what comes next, and the state that `chatkit check` keeps."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil

from chatkit.course.lessons import Course, Lesson
from chatkit.student.progress import FILE, LessonProgress, fingerprints, load
from chatkit.student.status import next_unfinished, status, statuses

ROOT = Path(__file__).parents[3]


def finish(lesson: Lesson) -> None:
    for program in lesson.asked:
        shutil.copy(ROOT / "solutions" / lesson.name / program, lesson.folder)


def begin(*arguments: object, cwd: Path, **variables: str) -> "subprocess.Popen[str]":
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", "chatkit", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": paths, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def chatkit(*arguments: object, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    process = begin(*arguments, cwd=cwd, **variables)
    out, errors = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, errors)


def known(lesson: Lesson, **statuses: str) -> LessonProgress:
    """The state after a run of all checks on the programs as they are; the rest has passed."""
    checks = {check.id: "passed" for check in lesson.checks()}
    checks |= {id.replace("_", "-"): status for id, status in statuses.items()}
    score = sum(one.points for one in lesson.checks() if checks[one.id] == "passed")
    return LessonProgress(checks, score, 100, fingerprints(lesson))


# Where one is


def test_each_stand_has_its_words_and_its_command(course: Course) -> None:
    echo = course.lesson("echo")
    untouched = status(echo, LessonProgress())
    tried = status(echo, known(echo, ready_line="failed"))  # chatkit check tries every lesson
    finish(echo)
    begun = status(echo, LessonProgress())
    done = status(echo, known(echo))
    failing = status(echo, known(echo, idle="failed", restart="not_reached"))
    part = status(echo, LessonProgress({"idle": "passed"}, 4, 100, fingerprints(echo)))
    nothing = LessonProgress({"idle": "skipped"}, 0, 0, fingerprints(echo))
    lacking = status(echo, nothing)
    before = known(echo)
    later = status(echo, replace(before, earlier=frozenset({"idle"})))
    (echo.folder / "server.py").write_text("changed", encoding="utf-8")
    changed = status(echo, before)
    (echo.folder / "server.py").unlink()
    missing = status(echo, before)

    found = [untouched, tried, begun, done, failing, part, lacking, later, changed, missing]
    assert [(one.words, one.command) for one in found] == [
        ("not begun", "chatkit watch 1"),
        ("not begun", "chatkit watch 1"),
        ("begun, not checked yet", "chatkit check 1"),
        ("done", ""),
        ("1 failed, 1 not tried", "chatkit hint 1"),
        ("only some checks have run: 1", "chatkit check 1"),
        ("skipped: this machine lacks something", "chatkit doctor"),
        ("not checked again since the change: 1", "chatkit check 1"),
        ("changed since the last check: server.py", "chatkit check 1"),
        ("server.py is missing, or cannot be read", "chatkit reset 1"),
    ]


def test_the_next_lesson_is_the_first_that_is_not_done(course: Course) -> None:
    for lesson in course.lessons[:2]:
        finish(lesson)
    state = load(course)
    for lesson in course.lessons[:2]:
        state._lessons[lesson.name] = known(lesson)

    following = next_unfinished(statuses(course, state))

    assert following and following.lesson.name == "03_threads"
    assert next_unfinished(statuses(course, state)[:2]) is None


def test_a_fresh_clone_says_how_to_begin_and_writes_nothing(course: Course) -> None:
    done = chatkit(cwd=course.root)

    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[2] == "  1  Echo         - of 100  not begun" and len(lines) < 20
    assert f"0 of {100 * len(course.lessons)} points so far." in lines
    assert "Next: lesson 1, Echo. Read lessons/01_echo/README.md" in lines
    assert "  chatkit watch 1" in lines
    assert max(map(len, lines)) <= 80 and "\x1b" not in done.stdout
    assert [path.name for path in course.root.iterdir()] == ["lessons"]


def test_it_imports_neither_pytest_nor_rich(course: Course) -> None:
    code = (
        "import sys; from chatkit.cli.main import main; main([], standalone_mode=False); "
        "sys.exit(str({'pytest', 'rich', 'psutil', 'jinja2'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=course.root, capture_output=True, text=True, timeout=60
    )

    assert done.stderr.strip() == "set()"


def test_a_check_is_remembered_and_a_change_after_it_is_said(course: Course) -> None:
    echo = course.lesson("echo")
    finish(echo)
    full = chatkit("check", 1, cwd=echo.folder)
    here = chatkit(cwd=course.root)
    with (echo.folder / "client.py").open("a", encoding="utf-8") as file:
        file.write("\n")
    changed = chatkit(cwd=course.root)

    assert full.returncode == 0 and full.stderr == ""
    assert "  1  Echo       100 of 100  done" in here.stdout
    assert f"100 of {100 * len(course.lessons)} points so far." in here.stdout
    assert "  chatkit watch 2" in here.stdout
    assert "changed since the last check: client.py" in changed.stdout
    assert "  chatkit check 1" in changed.stdout


def test_only_a_check_of_the_lessons_own_folder_is_remembered(course: Course) -> None:
    echo = course.lesson("echo")
    shutil.copytree(ROOT / "solutions", course.root / "solutions")
    shutil.copytree(echo.folder, course.root / "mine")

    for arguments in (("--solutions",), ("--dir", "mine")):
        chatkit("check", 1, "--only", "ready-line", *arguments, cwd=course.root)
        assert not (course.root / FILE).exists()
    done = chatkit("check", 1, "--only", "ready-line", "--dir", "lessons/01_echo", cwd=course.root)

    assert done.returncode == 1
    state = load(course).of(echo)
    assert state.statuses == {"ready-line": "failed"}
    assert state.halted == {"ready-line"} and (state.score, state.max_score) == (0, 100)


def test_a_state_that_cannot_be_kept_costs_one_line_and_no_verdict(course: Course) -> None:
    (course.root / FILE).write_text('{"schema": 2}', encoding="utf-8")

    check = chatkit("check", 1, "--only", "ready-line", "--json", cwd=course.root)
    alone = chatkit(cwd=course.root)

    assert json.loads(check.stdout)["lessons"][0]["checks"][0]["status"] == "failed"
    assert check.returncode == 1 and len(check.stderr.splitlines()) == 1
    assert "update the kit, or delete the file" in check.stderr
    assert alone.returncode == 2 and "update the kit" in alone.stderr and alone.stdout == ""
    assert (course.root / FILE).read_text(encoding="utf-8") == '{"schema": 2}'


# Made again from the verdicts


def test_a_broken_state_is_made_again_from_the_verdicts(course: Course) -> None:
    finish(course.lesson("echo"))
    (course.root / FILE).write_text('{"schema": 1,', encoding="utf-8")

    done = chatkit(cwd=course.root)

    assert done.returncode == 0
    assert done.stderr.startswith("chatkit: progress.json is broken: line 1: ")
    assert "Lesson 1 is checked again. Ctrl-C leaves everything as it is." in done.stderr
    assert "  1  Echo       100 of 100  done" in done.stdout
    assert load(course).of(course.lesson("echo")).full
    assert (course.root / f"{FILE}.broken").is_file()


def test_ctrl_c_leaves_things_as_they_were(course: Course) -> None:
    echo = course.lesson("echo")
    finish(echo)
    (echo.folder / "server.py").write_text("print(end='')\nwhile True: pass\n", encoding="utf-8")
    process = begin(cwd=course.root)
    assert process.stderr
    assert "there is no progress.json yet" in process.stderr.readline()
    ours = psutil.Process(process.pid)
    while not (started := ours.children()) and process.poll() is None:
        psutil.wait_procs([ours], timeout=0.02)

    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)

    assert process.returncode == 130 and out == ""
    assert "stopped; nothing has changed" in errors and "Traceback" not in errors
    assert started and not psutil.wait_procs(started, timeout=10)[1]
    assert [path.name for path in course.root.iterdir()] == ["lessons"]


# Beside a clone


def test_away_from_a_clone_it_says_how_to_get_lessons(tmp_path: Path) -> None:
    """An installed kit: the package, with the course inside it."""
    site = tmp_path / "site"
    shutil.copytree(
        ROOT / "chatkit", site / "chatkit", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "lessons", site / "chatkit/_course/lessons")
    (tmp_path / "away").mkdir()
    for arguments, ended, words in (
        ((), 0, "  chatkit init my-chat\n"),
        (("hint", "1"), 2, "chatkit init my-chat"),
        (("run", "1", "client", "--help"), 0, "chatkit init my-chat"),
    ):
        command = [sys.executable, "-P", "-m", "chatkit", *arguments]
        done = subprocess.run(
            command,
            cwd=tmp_path / "away",
            env={**os.environ, "PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == ended and words in done.stdout + done.stderr
    assert not list(tmp_path.rglob(f"{FILE}*"))
