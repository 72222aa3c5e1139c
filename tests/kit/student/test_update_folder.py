"""`chatkit update` in a folder that `chatkit init` has made: the lessons of the installed kit."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from test_update_command import CLIENT, MINE, NEW, ROOT, SERVER, contents, take

from chatkit.course.lessons import find_course
from chatkit.course.manifest import fingerprint
from chatkit.course.starters import starter
from chatkit.student.newfolder import FolderError, new_folder


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder of `init` that an older kit has made: it had another server, and no lesson 3."""
    new_folder(tmp_path / "my-chat")
    root = tmp_path / "my-chat"
    file = root / "lessons/given.json"
    about = json.loads(file.read_text(encoding="utf-8"))
    shutil.rmtree(root / "lessons/03_threads")
    older = b"# an older starter\n"
    for name in (SERVER, CLIENT):
        (root / name).write_bytes(older)
        about["files"][name] = fingerprint(older)
    file.write_text(json.dumps(about | {"kit": "0.0.1"}), encoding="utf-8")
    return root


def test_a_folder_of_init_takes_the_lessons_of_the_installed_kit(made: Path) -> None:
    (made / SERVER).write_text(MINE, encoding="utf-8")
    course = find_course(ROOT)

    changes = take(made)

    client, server = (starter(course, course.lesson("1"), x) for x in ("client.py", "server.py"))
    assert (made / SERVER).read_text(encoding="utf-8") == MINE
    assert (made / NEW).read_bytes() == server
    assert (made / CLIENT).read_bytes() == client
    assert "lessons/03_threads/server.py" in changes.names("new")
    assert not changes.install
    assert take(made).names("new", "replaced", "beside", "removed") == []


def test_a_folder_of_init_that_is_new_has_nothing_to_take(
    chatkit: Callable, tmp_path: Path
) -> None:
    assert chatkit("init", "my-chat", cwd=tmp_path).returncode == 0
    before = contents(tmp_path)

    done = chatkit("update", cwd=tmp_path / "my-chat")

    assert done.returncode == 0 and done.stdout.startswith("Nothing is new: this is chatkit ")
    assert contents(tmp_path) == before


def test_without_knowing_what_was_given_everything_that_differs_counts_as_edited(
    made: Path,
) -> None:
    (made / "lessons/given.json").write_text("{broken", encoding="utf-8")

    changes = take(made)

    assert changes.names("beside") == [SERVER, CLIENT]
    assert (made / CLIENT).read_bytes() == b"# an older starter\n"


def test_names_in_given_json_never_lead_out_of_the_folder(made: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_bytes(b"x")
    file = made / "lessons/given.json"
    about = json.loads(file.read_text(encoding="utf-8"))
    about["files"] |= {
        "../outside.py": fingerprint(b"x"),
        "lessons/01_echo/../../../outside.py": "",
    }
    file.write_text(json.dumps(about), encoding="utf-8")

    take(made)

    assert outside.read_bytes() == b"x"


def test_given_json_of_a_later_kit_is_not_guessed_at(made: Path) -> None:
    (made / "lessons/given.json").write_text('{"given": 2}', encoding="utf-8")

    with pytest.raises(FolderError, match="written by another kit"):
        take(made)


def test_lessons_from_nowhere_are_one_clear_line(chatkit: Callable, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "lessons/01_echo", tmp_path / "lessons/01_echo")

    done = chatkit("update", cwd=tmp_path)

    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "chatkit init my-chat" in done.stderr
