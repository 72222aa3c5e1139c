"""A module that a lesson gives is there for its program, in whatever folder that lies."""

import shutil
from pathlib import Path

from chatkit.classroom.exports.handin import left_behind
from chatkit.classroom.exports.handout import kit_files
from chatkit.classroom.submissions.search import all_programs
from chatkit.course.lessons import find_course
from chatkit.course.starters import starter
from chatkit.grading.checkrun import CheckRunner
from chatkit.grading.options import RunOptions
from chatkit.student.newfolder import lessons_of

COURSE = find_course(Path(__file__).parent)
GUI = COURSE.lesson("gui")
LOOK = GUI.folder / "look.py"


def test_a_folder_without_the_module_is_run_on_a_copy_that_has_it(tmp_path: Path) -> None:
    client = Path(shutil.copy(GUI.solutions / "client.py", tmp_path))
    (tmp_path / "notes.txt").write_text("mine")

    with CheckRunner(GUI, tmp_path, RunOptions(seed="1")) as runner:
        found = runner.find("client.py")
        assert found == runner.find("client.py") != client
        assert found.read_bytes() == client.read_bytes()
        assert (found.parent / "look.py").read_bytes() == LOOK.read_bytes()
        assert (found.parent / "notes.txt").read_text() == "mine"
        assert runner.find("server.py") == GUI.folder / "server.py"
    assert not found.exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["client.py", "notes.txt"]


def test_a_folder_that_needs_no_copy_is_run_as_it_is(tmp_path: Path) -> None:
    client = tmp_path / "client.py"
    for text in ("import tkinter\ndef look(): ...\n", "from look import Chat\n"):
        client.write_text(text)
        with CheckRunner(GUI, tmp_path, RunOptions(seed="1")) as runner:
            assert runner.find("client.py") == client
        (tmp_path / "look.py").write_text("class Chat: ...")  # one's own counts


def test_new_folders_and_hand_outs_hold_it_and_hand_ins_name_a_changed_one(
    tmp_path: Path,
) -> None:
    name = "lessons/05_gui/look.py"
    assert lessons_of(COURSE)[name] == LOOK.read_bytes()
    out = kit_files(COURSE, COURSE.lessons)
    assert out[name] == out[f"chatkit/_course/{name}"] == LOOK.read_bytes()
    assert starter(COURSE, GUI, "look.py") == LOOK.read_bytes()
    assert all_programs(COURSE) == ("client.py", "server.py")

    shutil.copytree(COURSE.root / "lessons", tmp_path / "lessons")
    course = find_course(tmp_path)
    assert left_behind(course, course.lesson("gui")) == []
    with (tmp_path / name).open("a") as file:
        file.write("# mine\n")
    told = left_behind(course, course.lesson("gui"))
    assert told == ["05_gui: look.py not packed; a hand-in carries client.py only"]
