"""`chatkit class handout`: what students get, that it works, and that it solves nothing."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from chatkit._files import WriteError
from chatkit.classroom.exports.handout import HandoutError, hand_out
from chatkit.course.lessons import Course, find_course

ROOT = Path(__file__).parents[3]
COURSE = find_course(ROOT)
KEPT = "your instructor keeps the solutions"  # what a command says when solutions are missing


def build_wheel(source: Path, folder: Path) -> Path:
    """Build the wheel of `source` without the network, and unpack it as pip would."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def unpacked(chatkit: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hand-out up to lesson 2, unpacked."""
    folder = tmp_path_factory.mktemp("student")
    done = chatkit("class", "handout", "--upto", 2, "--out", folder / "a.zip", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "lessons/02_broadcast/: README.md, client.py, lesson.toml, server.py" in done.stdout
    with zipfile.ZipFile(folder / "a.zip") as archive:
        archive.extractall(folder / "course")
    return folder / "course"


@pytest.fixture
def clone(tmp_path: Path) -> Course:
    """A copy of the lessons and their checks, to change."""
    shutil.copytree(ROOT / "lessons", tmp_path / "clone/lessons")
    shutil.copytree(ROOT / "tests/lessons", tmp_path / "clone/tests/lessons")
    return find_course(tmp_path / "clone")


# What is inside


@pytest.mark.parametrize("number", range(1, len(COURSE.lessons) + 1))
def test_nothing_inside_solves_a_lesson(number: int, tmp_path: Path) -> None:
    target = tmp_path / "a.zip"
    hand_out(COURSE, COURSE.lessons[number - 1], target)

    inside = entries(target)
    lessons = COURSE.lessons[:number]
    given = {(owner, program) for one in lessons for program, owner in one.given.items()}
    for lesson in COURSE.lessons:
        for program in lesson.asked:
            if (lesson.step, program) not in given:
                solution = (lesson.solutions / program).read_bytes()
                assert solution not in inside.values(), f"{lesson.name}/{program}"
    forbidden = re.compile(
        r"solutions/|chatkit/(reference|authoring|_course/(?!lessons/))|tests/(?!lessons/)"
        r"|.*__pycache__|.*\.pyc"
    )
    assert [name for name in inside if forbidden.match(name)] == []
    assert {name.split("/")[1] for name in inside if name.startswith("lessons/")} == {
        lesson.name for lesson in lessons
    }
    untouched = [name for name in inside if name.startswith("chatkit/_course/")]
    assert len(untouched) == sum(name.startswith("lessons/") for name in inside)
    for name in untouched:
        assert inside[name] == inside[name.removeprefix("chatkit/_course/")]
    checks = {name for name in inside if re.match(r"tests/lessons/test_", name)}
    assert checks == {f"tests/lessons/test_{lesson.name}.py" for lesson in lessons}
    about = json.loads(inside["handout.json"])
    assert about["handout"] == 1 and about["lessons"] == [lesson.name for lesson in lessons]


def test_every_link_in_it_leads_somewhere(unpacked: Path) -> None:
    count = 0
    for page in [unpacked / "README.md", *unpacked.glob("lessons/*/README.md")]:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)", re.sub(r"```.*?```", "", text, flags=re.S)):
            if not target.startswith("http"):
                count += 1
                assert (page.parent / target).exists(), f"{page}: {target}"
    assert count > 5


def test_the_same_course_gives_the_same_bytes(clone: Course, tmp_path: Path) -> None:
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    hand_out(clone, clone.lessons[0], first)
    for path in (clone.root / "lessons").rglob("*.py"):
        os.utime(path, (0, 0))
        path.chmod(0o600)
    (clone.lessons[0].folder / "notes.txt").write_text("mine", encoding="utf-8")  # stays behind

    hand_out(clone, clone.lessons[0], second)

    assert first.read_bytes() == second.read_bytes()


def test_its_metadata_is_that_of_the_kit() -> None:
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    path = ROOT / "chatkit/classroom/exports/handout_files/pyproject.toml"
    theirs = tomllib.loads(path.read_text(encoding="utf-8"))

    assert theirs["build-system"] == ours["build-system"]
    assert {key: ours["project"][key] for key in theirs["project"]} == theirs["project"]
    assert theirs["tool"]["hatch"]["version"] == ours["tool"]["hatch"]["version"]


# What students do with it


def test_a_student_gets_the_score_of_the_starter_and_then_of_the_work(
    chatkit: Callable, unpacked: Path
) -> None:
    done = chatkit("check", 1, "--json", kit=unpacked, cwd=unpacked)

    (lesson,) = json.loads(done.stdout)["lessons"]
    assert done.returncode == 1, done.stderr
    assert (lesson["score"], lesson["max_score"]) == (0, 100)

    solved = unpacked.parent / "solved"
    shutil.copytree(COURSE.lesson("1").solutions, solved)
    words = ["check", 1, "--only", "echoes-many", "--dir", solved]
    done = chatkit(*words, kit=unpacked, cwd=unpacked)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "words",
    ["check --solutions", "check 1 --solutions", "demo", "play", "author", "author check --quick"],
)
def test_what_needs_the_solutions_says_who_has_them(
    chatkit: Callable, unpacked: Path, words: str
) -> None:
    done = chatkit(*words.split(), kit=unpacked, cwd=unpacked)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and KEPT in done.stderr
    assert "solutions" in done.stderr and not done.stdout


def test_a_later_lesson_is_not_known_in_it(chatkit: Callable, unpacked: Path) -> None:
    done = chatkit("check", 3, kit=unpacked, cwd=unpacked)

    assert done.returncode == 2
    assert "The lessons are: 1 (echo), 2 (broadcast)." in done.stderr


def test_it_has_the_untouched_programs_beside_those_that_students_edit(
    chatkit: Callable, unpacked: Path, tmp_path: Path
) -> None:
    course = tmp_path / "course"
    shutil.copytree(unpacked, course)
    server = course / "lessons/01_echo/server.py"
    starter = server.read_bytes()
    server.write_text("# mine\n", encoding="utf-8")

    done = chatkit("reset", 1, kit=course, cwd=course)

    assert done.returncode == 0 and server.read_bytes() == starter, done.stderr


def test_away_from_its_folder_it_checks_what_the_student_edits(unpacked: Path) -> None:
    code = "from chatkit.course.lessons import find_course; print(find_course().root)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=unpacked.parent,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == str(unpacked.resolve()), done.stderr


def test_it_can_be_built_and_installed_without_solutions(
    chatkit: Callable, unpacked: Path, tmp_path: Path
) -> None:
    site = build_wheel(unpacked, tmp_path)

    done = chatkit("init", "my-chat", kit=site, cwd=tmp_path)

    assert "my-chat holds 01_echo and 02_broadcast." in done.stdout, done.stderr
    assert (site / "chatkit/_course/lessons/02_broadcast/server.py").is_file()
    assert not (site / "chatkit/_course/solutions").exists()
    done = chatkit("check", 1, "--json", "--only", "ready-line", kit=site, cwd=tmp_path / "my-chat")
    assert done.returncode == 1, done.stderr


# Where it is made


def test_a_hand_out_of_a_hand_out_is_the_same(
    chatkit: Callable, unpacked: Path, tmp_path: Path
) -> None:
    words = ["class", "handout", "--upto", "2", "--out", tmp_path / "b.zip"]
    done = chatkit(*words, kit=unpacked, cwd=unpacked)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "b.zip").read_bytes() == (unpacked.parent / "a.zip").read_bytes()


def test_an_installed_kit_makes_the_same(chatkit: Callable, unpacked: Path, tmp_path: Path) -> None:
    site = build_wheel(ROOT, tmp_path)

    words = ["class", "handout", "--upto", "2", "--out", tmp_path / "b.zip"]
    done = chatkit(*words, kit=site, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert entries(tmp_path / "b.zip") == entries(unpacked.parent / "a.zip")


# What goes wrong


@pytest.mark.parametrize("number", ["0", "9", "-1", "x", ""])
def test_a_lesson_that_is_not_there_is_one_clear_line(
    chatkit: Callable, number: str, tmp_path: Path
) -> None:
    words = ["class", "handout", f"--upto={number}", "--out", tmp_path / "a.zip"]
    done = chatkit(*words, cwd=ROOT)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "The lessons are: 1 (echo)" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_only_an_earlier_hand_out_is_replaced(chatkit: Callable, tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_text("my notes", encoding="utf-8")
    (tmp_path / "folder.zip").mkdir()
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("README.md", "mine")
    for name in ("notes.zip", "folder.zip", "other.zip"):
        words = ["class", "handout", "--upto", "1", "--out", tmp_path / name]
        done = chatkit(*words, cwd=ROOT)
        assert done.returncode == 2 and done.stderr.count("\n") == 1
        assert f"{name} is there already and is not a hand-out" in done.stderr
    assert (tmp_path / "notes.zip").read_text(encoding="utf-8") == "my notes"
    assert set(entries(tmp_path / "other.zip")) == {"README.md"}

    for last in COURSE.lessons[:2]:
        hand_out(COURSE, last, tmp_path / "a.zip")
    assert "lessons/02_broadcast/server.py" in entries(tmp_path / "a.zip")


def test_a_starter_that_was_solved_in_place_is_not_given_out(clone: Course, tmp_path: Path) -> None:
    shutil.copy(COURSE.lesson("2").solutions / "server.py", clone.lesson("2").folder)
    hand_out(clone, clone.lessons[0], tmp_path / "a.zip")

    with pytest.raises(
        HandoutError, match=r"server\.py is not a starter any more, TODO 1 is done"
    ) as told:
        hand_out(clone, clone.lessons[1], tmp_path / "b.zip")
    assert "chatkit reset 2 server, which keeps your version" in str(told.value)

    assert not (tmp_path / "b.zip").exists()


def test_a_missing_file_is_named(clone: Course, tmp_path: Path) -> None:
    (clone.lessons[0].folder / "client.py").unlink()

    with pytest.raises(HandoutError, match=r"client\.py cannot be read: No such file"):
        hand_out(clone, clone.lessons[0], tmp_path / "a.zip")


def test_a_write_that_fails_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    target = tmp_path / "a.zip"
    hand_out(COURSE, COURSE.lessons[0], target)
    before = target.read_bytes()
    monkeypatch.setattr(Path, "write_bytes", full)

    with pytest.raises(WriteError, match="No space left"):
        hand_out(COURSE, COURSE.lessons[1], target)

    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_help_teaches_with_examples(chatkit: Callable) -> None:
    done = chatkit("class", "handout", "--help", cwd=ROOT)

    assert done.returncode == 0
    assert "chatkit class handout --upto 1 --out week1.zip" in done.stdout
