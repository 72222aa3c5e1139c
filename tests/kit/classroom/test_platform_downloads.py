"""What Moodle, Canvas and GitHub Classroom give, and the names of people and lessons in it."""

import shutil
from pathlib import Path

import pytest
from submissions_on_disk import BOTH, COURSE, ECHO, by_id, find, texts, write, zipped

from chatkit.classroom.submissions.layouts import (
    canvas_mark,
    lesson_hinted,
    lesson_named,
    moodle_mark,
    other_named,
    program_named,
    safe_id,
)

PROGRAMS = ("client.py", "server.py")


@pytest.mark.parametrize("end", ["_", ""])
def test_moodle_folders(tmp_path: Path, end: str) -> None:
    folder = f"Ada Lovelace_123456_assignsubmission_file{end}"
    write(tmp_path / "class" / folder, {"server.py": "s", "client.py": "c"})
    write(
        tmp_path / "class/Ada Lovelace_123456_assignsubmission_onlinetext_",
        {"onlinetext.html": "<p>"},
    )
    zipped(
        tmp_path / f"class/Ada Lovelace_123457_assignsubmission_file{end}/my work.zip",
        {"my work/server.py": "other", "__MACOSX/my work/._server.py": ""},
    )
    write(tmp_path / "class/Zoë O'Neil_9_assignsubmission_onlinetext_", {"onlinetext.html": "x"})

    found = find(tmp_path / "class", ECHO)

    ada, other, zoe = found.submissions
    assert found.kind == "a Moodle download"
    assert (ada.student, ada.name, ada.number) == ("Ada-Lovelace_123456", "Ada Lovelace", "123456")
    assert texts(ada) == {**BOTH, "01_echo/onlinetext.html": "<p>"}
    assert texts(other) == {"01_echo/server.py": "other"}
    assert zoe.name == "Zoë O'Neil" and zoe.lessons == {}
    assert "What is there: onlinetext.html" in zoe.remarks[0]


def test_moodle_flat_files(tmp_path: Path) -> None:
    write(
        tmp_path / "class",
        {
            "Ada Lovelace_123456_assignsubmission_file_server.py": "s",
            "Ada Lovelace_123456_assignsubmission_file_client.py": "c",
            "Grace Hopper_7_assignsubmission_file_Server.py": "g",
        },
    )
    zipped(tmp_path / "class/Alan Turing_8_assignsubmission_file_handin.zip", BOTH)

    found = find(tmp_path / "class", ECHO)

    assert by_id(found) == {
        "Ada-Lovelace_123456": BOTH,
        "Alan-Turing_8": BOTH,
        "Grace-Hopper_7": {"01_echo/server.py": "g"},
    }
    assert found.submissions[2].remarks == ("Server.py is taken for server.py.",)


def test_canvas_files_the_newest_counts_and_late_is_late(tmp_path: Path) -> None:
    write(
        tmp_path / "class",
        {
            "lovelaceada_12345_67890_server.py": "s",
            "lovelaceada_12345_67891_client.py": "c",
            "hoppergrace_LATE_12346_67895_server-1.py": "second",
            "hoppergrace_LATE_12346_67892_server.py": "first",
            "hoppergrace_LATE_12346_67990_server-2.py": "third",
            "turingalan_12347_67999_server-1.py": "again",
            "textonly_12348_text.html": "<p>",
            "anon_a1B2c_68000_server.py": "a",
            "LATE_anon_x9Y8z_68001_server.py": "b",
        },
    )

    found = find(tmp_path / "class", ECHO)

    assert found.kind == "a Canvas download"
    assert by_id(found) == {
        "anon_a1B2c": {"01_echo/server.py": "a"},
        "anon_x9Y8z": {"01_echo/server.py": "b"},
        "hoppergrace_12346": {"01_echo/server.py": "third"},
        "lovelaceada_12345": BOTH,
        "textonly_12348": {},
        "turingalan_12347": {"01_echo/server.py": "again"},
    }
    late = {one.student for one in found.submissions if one.late}
    assert late == {"hoppergrace_12346", "anon_x9Y8z"}
    grace = found.submissions[2]
    assert grace.remarks == ("server-2.py counts: the newest of 3 versions.",)
    assert grace.number == "12346" and grace.name == "hoppergrace"


def test_canvas_archives_handed_in_again(tmp_path: Path) -> None:
    zipped(tmp_path / "class/adal_1_10_handin.zip", {"01_echo/server.py": "old"})
    zipped(tmp_path / "class/adal_1_11_handin-1.zip", {"01_echo/server.py": "new"})
    zipped(tmp_path / "class/bob_2_12_lesson-1.zip", {"server.py": "one"})
    zipped(tmp_path / "class/bob_2_13_lesson-2.zip", {"server.py": "two"})

    assert by_id(find(tmp_path / "class")) == {
        "adal_1": {"01_echo/server.py": "new"},
        "bob_2": {"01_echo/server.py": "one", "02_broadcast/server.py": "two"},
    }


@pytest.mark.parametrize("folder", ["hw1-submissions", "class"])
def test_github_classroom_clones(tmp_path: Path, folder: str) -> None:
    for user in ("ada-l", "ben"):
        clone = tmp_path / folder / f"hw1-{user}"
        write(clone, {f"lessons/{name}": text for name, text in BOTH.items()})
        write(clone, {".git/HEAD": "ref", "solutions/01_echo/server.py": "not mine"})

    found = find(tmp_path / folder)

    assert by_id(found) == {"hw1-ada-l": BOTH, "hw1-ben": BOTH}
    assert found.kind == "GitHub Classroom clones"


def test_a_clone_keeps_its_name_whoever_joins(tmp_path: Path) -> None:
    """What the clones shared, "hw1-a-", changed with each student, and the ids with it."""
    for user in ("a-x", "a-y"):
        write(tmp_path / f"class/hw1-{user}", {**BOTH, ".git/HEAD": "ref"})
    before = set(by_id(find(tmp_path / "class")))
    shutil.rmtree(tmp_path / "space")
    write(tmp_path / "class/hw1-ben", {**BOTH, ".git/HEAD": "ref"})

    assert set(by_id(find(tmp_path / "class"))) == before | {"hw1-ben"}


# The names alone


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Lovelace_12_assignsubmission_file_", ("Ada Lovelace", "12", "")),
        ("Ada Lovelace_12_assignsubmission_file", ("Ada Lovelace", "12", "")),
        ("Ada_12_assignsubmission_file_my_server.py", ("Ada", "12", "my_server.py")),
        ("Team 3_assignsubmission_file_server.py", ("Team 3", "", "server.py")),
        ("assignsubmission_file_server.py", None),
    ],
)
def test_names_of_moodle(name: str, expected: tuple[str, str, str] | None) -> None:
    mark = moodle_mark(name)
    assert (mark and (mark.name, mark.number, mark.file)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lovelaceada_12345_67890_server.py", ("lovelaceada_12345", "server.py", 67890, False)),
        ("l_LATE_1_2_server-1.py", ("l_1", "server-1.py", 2, True)),
        ("o_neil_1_2_my_3_server.py", ("o_neil_1", "my_3_server.py", 2, False)),
        ("日本_1_2_server.py", ("日本_1", "server.py", 2, False)),
        ("anon_12345_2_server.py", ("anon_12345", "server.py", 2, False)),
        ("LATE_anon_aB1_2_server.py", ("anon_aB1", "server.py", 2, True)),
        ("anon_LATE_aB1_2_server.py", ("anon_aB1", "server.py", 2, True)),
        ("ada_1_text.html", ("ada_1", "text.html", 0, False)),
        ("alice_server.py", None),
        ("alice_1_server.py", None),
    ],
)
def test_names_of_canvas(name: str, expected: tuple[str, str, int, bool] | None) -> None:
    mark = canvas_mark(name)
    assert (mark and (mark.key, mark.file, mark.age, mark.late)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("server.py", ("server.py", 0)),
        ("SERVER.py", ("server.py", 1)),
        ("server.py.txt", ("server.py", 2)),
        ("client copy 2.py", ("client.py", 1001)),
        ("server-0f8fad5b-d9cb-469f-a165-70867728950e.py", ("server.py", 1002)),
        ("server2.py", None),
        ("myserver.py", None),
        ("server.pyc", None),
        (".py", None),
        ("", None),
    ],
)
def test_names_of_programs(name: str, expected: tuple[str, int] | None) -> None:
    assert program_named(name, PROGRAMS) == expected


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("echo_server.py", "server.py"),
        ("MyServer.py", "server.py"),
        ("server2.py", "server.py"),
        ("chatclient.py", "client.py"),
        ("client_final.py.txt", "client.py"),
        ("client_server.py", None),
        ("test_server.py", None),
        ("server_utils.py", None),
        ("ClientHandler.py", None),
        ("clienthandler.py", None),
        ("clients.py", None),
        ("observer.py", None),
        ("server.txt", None),
        ("chat.py", None),
    ],
)
def test_other_names_of_programs(name: str, program: str | None) -> None:
    assert other_named(name, PROGRAMS) == program


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("echo_server.py", "echo"),
        ("server_thread.py", "threads"),
        ("nick-client.py", "nicknames"),
        ("lesson2_server.py", "broadcast"),
        ("server2.py", None),
        ("my_server.py", None),
        ("echo_broadcast_server.py", None),
    ],
)
def test_lessons_that_names_of_programs_speak_of(name: str, step: str | None) -> None:
    found = lesson_hinted(name, COURSE)
    assert (found and found.step) == step


@pytest.mark.parametrize(
    ("name", "step", "strict"),
    [
        ("01_echo", "echo", "echo"),
        ("Echo", "echo", "echo"),
        ("2", "broadcast", None),
        ("02", "broadcast", None),
        ("lesson2", "broadcast", "broadcast"),
        ("Lesson - 02 Broadcast", "broadcast", "broadcast"),
        ("2-broadcast", "broadcast", "broadcast"),
        ("2_echo", None, None),
        ("99", None, None),
        ("alice", None, None),
        ("", None, None),
    ],
)
def test_names_of_lessons(name: str, step: str | None, strict: str | None) -> None:
    for wanted, found in (
        (step, lesson_named(name, COURSE)),
        (strict, lesson_named(name, COURSE, strict=True)),
    ):
        assert (found and found.step) == wanted


def test_ids_are_safe_stable_and_tell_students_apart() -> None:
    plain = ["alice", "Ada Lovelace", "anon_x1", "日本", "é", "a.b-c_d"]
    assert [safe_id(name) for name in plain] == [
        *("alice", "Ada-Lovelace", "anon_x1", "日本", "é", "a.b-c_d"),
    ]
    odd = ["a/b", "a:b", "../b", "-rf", "=1+1", "", ".", "..", "\x00", "😀", "😁", "x" * 999, "nul"]
    ids = [safe_id(name) for name in odd]
    assert len(set(ids)) == len(odd) and not set(ids) & set(odd)
    assert all(len(one) <= 60 and one[0] not in ".-" for one in ids)
    assert ids == [safe_id(name) for name in odd]
