"""`chatkit init`: the lessons in a folder of one's own, where every command works."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chatkit.course.lessons import find_course
from chatkit.course.manifest import fingerprint
from chatkit.course.starters import starter
from chatkit.student import newfolder
from chatkit.student.newfolder import FolderError, new_folder

ROOT = Path(__file__).parents[3]
COURSE = find_course(ROOT)


@pytest.fixture(scope="module")
def made(chatkit: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "my chat"
    done = chatkit("init", "my chat", cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    *most, last = [lesson.name for lesson in COURSE.lessons]
    names = f"{', '.join(most)} and {last}"
    assert done.stdout.splitlines()[:4] == [
        f"my chat holds {names}.",
        "Next:",
        '  cd "my chat"',
        "  chatkit watch 1",
    ]
    return folder


def test_it_holds_the_text_and_the_untouched_programs_of_every_lesson(made: Path) -> None:
    for lesson in COURSE.lessons:
        inside = made / "lessons" / lesson.name
        names = {"README.md", "lesson.toml", *lesson.programs}
        assert {path.name for path in inside.iterdir()} == names
        for program in lesson.programs:
            assert (inside / program).read_bytes() == starter(COURSE, lesson, program)
    assert sorted(path.name for path in made.iterdir()) == ["docs", "lessons"]


def test_its_programs_are_untouched_also_when_those_of_the_clone_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path / "clone"
    for name in ("lessons", "chatkit/reference", "tests/lessons"):
        shutil.copytree(ROOT / name, clone / name)
    (clone / "lessons/01_echo/server.py").write_text("# solved\n", encoding="utf-8")
    monkeypatch.setattr(newfolder, "kit_course", lambda: find_course(clone))

    new_folder(tmp_path / "new")

    given = (tmp_path / "new/lessons/01_echo/server.py").read_bytes()
    assert given == starter(COURSE, COURSE.lesson("1"), "server.py")


def test_no_link_in_it_is_dead(made: Path) -> None:
    count = 0
    for page in made.rglob("*.md"):
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if "://" not in target:
                count += 1
                assert (page.parent / target).exists(), f"{page}: {target}"
    assert count > 5


def test_check_pack_reset_and_solution_work_inside(chatkit: Callable, made: Path) -> None:
    done = chatkit("check", 1, "--only", "ready-line", "--json", cwd=made)
    (lesson,) = json.loads(done.stdout)["lessons"]
    assert done.returncode == 1 and lesson["score"] == 0, done.stderr

    shutil.copy(COURSE.lesson("1").solutions / "server.py", made / "lessons/01_echo")
    done = chatkit("check", 1, "--only", "ready-line", cwd=made)
    assert done.returncode == 0, done.stdout + done.stderr
    done = chatkit("pack", cwd=made / "lessons/01_echo")
    assert "holds 01_echo. Hand in this file." in done.stdout, done.stderr
    done = chatkit("solution", 1, "server", "--yes", cwd=made)
    assert "is the solution, line for line" in done.stdout, done.stderr
    done = chatkit("reset", 1, "server", cwd=made)
    assert "server.py is the starter again" in done.stdout, done.stderr


def test_what_it_was_given_is_noted_for_a_later_update(made: Path) -> None:
    about = json.loads((made / "lessons/given.json").read_text(encoding="utf-8"))

    text = (made / "lessons/02_broadcast/client.py").read_bytes()
    assert about["files"]["lessons/02_broadcast/client.py"] == fingerprint(text)
    assert set(about["files"]) > {"docs/contract.md", "lessons/01_echo/README.md"}


def test_an_empty_folder_will_do_also_with_what_tools_keep_there(
    chatkit: Callable, tmp_path: Path
) -> None:
    for name in (".git", ".venv"):
        (tmp_path / name).mkdir()

    done = chatkit("init", ".", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "cd " not in done.stdout
    assert (tmp_path / "lessons/01_echo/server.py").is_file()


@pytest.mark.parametrize("name", ["notes.txt", "lessons", ".hidden"])
def test_a_folder_that_is_not_empty_stays_as_it_is(
    chatkit: Callable, tmp_path: Path, name: str
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / name).touch()

    done = chatkit("init", "there", cwd=tmp_path)

    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "there is not empty: name a new folder" in done.stderr
    assert [path.name for path in (tmp_path / "there").iterdir()] == [name]


def test_a_file_in_its_place_is_one_clear_line(chatkit: Callable, tmp_path: Path) -> None:
    (tmp_path / "there").touch()

    done = chatkit("init", "there", cwd=tmp_path)

    assert done.returncode == 2 and "there is a file" in done.stderr


@pytest.mark.parametrize("kind", [KeyboardInterrupt, OSError])
def test_stopped_half_way_nothing_is_there(
    tmp_path: Path, fails_at: Callable, kind: type[BaseException]
) -> None:
    with fails_at(9, kind, "write_bytes"), pytest.raises((KeyboardInterrupt, FolderError)):
        new_folder(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []

    new_folder(tmp_path / "new")  # what was left of an earlier try is in nobody's way
    assert len(find_course(tmp_path / "new").lessons) == len(COURSE.lessons)


def test_help_teaches_with_examples(chatkit: Callable) -> None:
    assert "chatkit init my-chat" in chatkit("init", "--help", cwd=ROOT).stdout
