"""`chatkit class one`: one hand-in goes in, one file that a platform reads comes out."""

import json
import shutil
import subprocess
import sys
import zipfile
from base64 import b64encode
from pathlib import Path
from xml.etree import ElementTree

import pytest

from chatkit.classroom.exports.single import OneError, find_one, within
from chatkit.classroom.submissions.submissions import SubmissionError
from chatkit.course.lessons import find_course

ROOT = Path(__file__).parents[3]
COURSE = find_course(ROOT)
ECHO, BROADCAST = COURSE.lesson("echo"), COURSE.lesson("broadcast")
MISTAKE = ROOT / "tests/mistakes/01_echo/client_no_server_status"


def one(*words: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path[0] = {str(ROOT)!r}; from chatkit.cli.main import main; main()"
    command = [sys.executable, "-c", code, "class", "one", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=240)


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*.py")):
            archive.write(path, path.relative_to(folder))
    return target


# What is graded


@pytest.mark.parametrize(
    "place",
    ["01_echo", "lessons/01_echo", ".", "old/01_echo", "alice/01_echo"],
)
@pytest.mark.parametrize("packed", [False, True])
def test_the_work_is_found_wherever_it_lies(tmp_path: Path, place: str, packed: bool) -> None:
    folder = tmp_path / "work"
    shutil.copytree(ECHO.solutions, folder / place)
    where = zipped(folder, tmp_path / "work.zip") if packed else folder

    work = find_one(where, COURSE, tmp_path / "space", [ECHO])

    ((lesson, found),) = work.lessons
    assert lesson is ECHO
    for program in ECHO.asked:
        assert (found / program).read_bytes() == (ECHO.solutions / program).read_bytes()


def test_what_else_lies_in_a_repository_is_nobodys(tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(ECHO.solutions, work / "01_echo")
    shutil.copytree(BROADCAST.folder, work / "02_broadcast")
    for folder in ("old", "bob"):  # these alone would be two students
        shutil.copytree(ECHO.folder, work / folder)
    (work / ".git").mkdir()

    found = find_one(work, COURSE, tmp_path / "space", []).lessons

    assert [lesson for lesson, _ in found] == [ECHO, BROADCAST]
    expected = (ECHO.solutions / "server.py").read_bytes()
    assert (found[0][1] / "server.py").read_bytes() == expected


def test_a_wanted_lesson_that_is_missing_is_an_empty_folder(tmp_path: Path) -> None:
    shutil.copytree(ECHO.solutions, tmp_path / "work/01_echo")

    work = find_one(tmp_path / "work", COURSE, tmp_path / "space", [ECHO, BROADCAST])

    assert [lesson for lesson, _ in work.lessons] == [ECHO, BROADCAST]
    assert list(work.lessons[1][1].iterdir()) == []
    assert work.remarks == ("02_broadcast is not there: all its checks fail.",)


def test_a_lesson_that_is_not_wanted_is_left_out(tmp_path: Path) -> None:
    for lesson in (ECHO, BROADCAST):
        shutil.copytree(lesson.solutions, tmp_path / "work" / lesson.name)

    work = find_one(tmp_path / "work", COURSE, tmp_path / "space", [BROADCAST])

    assert [lesson for lesson, _ in work.lessons] == [BROADCAST]


def test_several_students_are_no_one(tmp_path: Path) -> None:
    for student in ("alice", "bob"):
        shutil.copytree(ECHO.solutions, tmp_path / "work" / student / "01_echo")
    with (tmp_path / "work/bob/01_echo/server.py").open("a", encoding="utf-8") as program:
        program.write("# by bob\n")

    with pytest.raises(OneError, match="holds the work of 2 students: chatkit class grade"):
        find_one(tmp_path / "work", COURSE, tmp_path / "space", [])


def test_a_lesson_that_may_be_in_what_cannot_be_read_is_not_0(tmp_path: Path) -> None:
    shutil.copytree(ECHO.solutions, tmp_path / "work/01_echo")
    (tmp_path / "work/02_broadcast.7z").write_bytes(b"7z\xbc\xaf\x27\x1c")

    with pytest.raises(OneError, match=r"02_broadcast cannot be graded: .* is a 7-Zip archive"):
        find_one(tmp_path / "work", COURSE, tmp_path / "space", [ECHO, BROADCAST])
    work = find_one(tmp_path / "work", COURSE, tmp_path / "again", [ECHO])
    assert [lesson for lesson, _ in work.lessons] == [ECHO]


def test_programs_of_no_lesson_need_a_lesson(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="say which lesson"):
        find_one(ECHO.solutions.parent / "01_echo", COURSE, tmp_path / "space", [])


# What comes out


def test_gradescope_gets_points_and_progress_is_told(tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(ECHO.solutions, work)
    shutil.copy(MISTAKE / "client.py", work)

    done = one(work, "--as", "gradescope", "--out", tmp_path / "r.json", "--lesson", "1")

    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    failed = {one["tags"][0] for one in result["tests"] if one.get("status") == "failed"}
    assert failed == {"client-no-server"}
    assert result["score"] == 97
    checks = [line for line in done.stdout.splitlines() if line.startswith("01_echo ")]
    assert [("✗" in line) for line in checks] == [
        check.id == "client-no-server" for check in ECHO.checks()
    ]
    assert done.stdout.splitlines()[-1].startswith("97 of 100 points.")


def test_progress_is_told_while_it_grades(tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    command = [sys.executable, "-m", "chatkit", "class", "one", ECHO.solutions, "--as", "junit"]
    with subprocess.Popen(
        [*map(str, command), "--out", str(out), "--lesson", "1"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as grading:
        assert grading.stdout
        first = next(line for line in grading.stdout if line.startswith("01_echo "))
        written = out.exists()
        grading.terminate()
        grading.wait(timeout=30)

    assert "ready line" in first
    assert not written and not out.exists()
    assert grading.returncode == 130  # stopped in the middle: nothing is written


def test_the_checks_are_the_kits_and_junit_names_them(tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(ROOT / "lessons", work / "lessons")
    shutil.copytree(ROOT / "tests/lessons", work / "tests/lessons")
    forged = (
        "from chatkit.course import check\n\n@check('free', 'free', points=100, hint='', read='', "
    )
    forged += "rule='')\ndef test_free(bench):\n    pass\n"
    (work / "tests/lessons/test_01_echo.py").write_text(forged, encoding="utf-8")

    done = one(".", "--as", "junit", "--out", tmp_path / "r.xml", "--lesson", "1", cwd=work)

    assert done.returncode == 0, done.stderr
    (suite,) = ElementTree.parse(tmp_path / "r.xml").getroot()
    assert suite.get("name") == "01_echo"
    assert [case.get("name", "").split(":")[0] for case in suite] == [
        check.id for check in ECHO.checks()
    ]
    assert "0 of 100 points" in done.stdout


def test_a_missing_lesson_gets_no_points_and_counts(tmp_path: Path) -> None:
    shutil.copytree(ECHO.folder, tmp_path / "work/01_echo")
    words = ["--as", "github", "--out", tmp_path / "r.json", "--lesson", "broadcast"]

    done = one(tmp_path / "work", *words)

    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (result["status"], result["max_score"]) == ("fail", 100)
    assert sum(one["score"] for one in result["tests"]) == 0
    assert "02_broadcast is not there" in done.stdout


def test_a_result_for_github_fits_into_an_environment_variable() -> None:
    tests = [{"name": str(size), "message": "│" * size} for size in (10, 90_000, 90_000)]
    result = {"version": 1, "tests": tests}

    cut = within(result, 100_000)

    assert len(b64encode(json.dumps(cut, ensure_ascii=False, indent=1).encode())) <= 100_000
    assert cut["tests"][0] == tests[0]
    assert all(one["message"].endswith("│…") for one in cut["tests"][1:])
    assert len(cut["tests"][1]["message"]) > 5_000
    assert within({"tests": tests[:1]}, 100_000) == {"tests": tests[:1]}


# What goes wrong


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere", "--as", "junit"], "there is no folder or archive nowhere"),
        (["empty", "--as", "junit"], "empty is empty"),
        (["class", "--as", "junit"], "holds the work of 2 students"),
        (["loose", "--as", "junit"], "say which lesson they are of, such as --lesson 1"),
        (["loose", "--as", "junit", "--lesson", "9"], "there is no lesson '9'"),
        (["notes.txt", "--as", "junit"], "notes.txt is a document, not a program"),
        (["loose", "--as", "moodle"], "'moodle' is not one of"),
        (["loose"], "Missing option '--as'"),
    ],
)
def test_wrong_use_leaves_the_earlier_result(tmp_path: Path, words: list[str], told: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("Dear teacher", encoding="utf-8")
    (tmp_path / "r").write_text("earlier", encoding="utf-8")
    shutil.copytree(ECHO.solutions, tmp_path / "loose")
    for student in ("alice", "bob"):
        shutil.copytree(ECHO.solutions, tmp_path / "class" / student / "01_echo")
    (tmp_path / "class/bob/01_echo/server.py").write_text("# by bob", encoding="utf-8")

    done = one(*words, "--out", "r", cwd=tmp_path)

    assert done.returncode == 2
    assert told in done.stderr and "Traceback" not in done.stderr
    assert (tmp_path / "r").read_text(encoding="utf-8") == "earlier"


def test_a_result_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    shutil.copytree(ECHO.folder, tmp_path / "01_echo")

    for out, told in ((tmp_path, "is a folder"), (tmp_path / "file/r.json", "cannot be written")):
        done = one(tmp_path / "01_echo", "--as", "github", "--out", out, "--lesson", "1")
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1 and told in done.stderr


def test_a_kit_that_fails_is_status_3_and_writes_nothing(tmp_path: Path) -> None:
    kit = tmp_path / "course"
    shutil.copytree(ROOT / "lessons", kit / "lessons")
    shutil.copytree(ROOT / "tests/lessons", kit / "tests/lessons")
    (kit / "tests/lessons/test_01_echo.py").write_text("raise RuntimeError('worn out')\n")

    words = ["--as", "gradescope", "--out", tmp_path / "r.json", "--lesson", "1"]
    done = one(ECHO.solutions, *words, cwd=kit)

    assert done.returncode == 3
    assert "the kit itself failed" in done.stderr and "worn out" in done.stderr
    assert not (tmp_path / "r.json").exists()


def test_help_teaches_with_examples() -> None:
    done = one("--help")

    assert done.returncode == 0
    assert "chatkit class one alice/ --as gradescope --out results.json" in done.stdout
