"""Where the programs of a class lie: folders, archives, single files."""

import shutil
import zipfile
from pathlib import Path

import pytest
from submissions_on_disk import (
    BOTH,
    COURSE,
    ECHO,
    by_id,
    find,
    only,
    refused,
    tarred,
    texts,
    write,
    zipped,
)

from chatkit.classroom.exports import handin


@pytest.mark.parametrize(
    "files",
    [
        {"01_echo/server.py": "s", "01_echo/client.py": "c"},
        {"echo/server.py": "s", "echo/client.py": "c"},
        {"1/server.py": "s", "1/client.py": "c"},
        {"Lesson 1/server.py": "s", "Lesson 1/client.py": "c"},
        {"lesson_01-echo/server.py": "s", "lesson_01-echo/client.py": "c"},
        {"lessons/01_echo/server.py": "s", "lessons/01_echo/client.py": "c"},
        {"work/01_echo/server.py": "s", "work/01_echo/client.py": "c"},
        {"work/lessons/01_echo/server.py": "s", "work/lessons/01_echo/client.py": "c"},
        {"01_echo/src/server.py": "s", "01_echo/src/client.py": "c"},
    ],
)
def test_lesson_folders_are_found_under_many_names_and_one_level_deeper(
    tmp_path: Path, files: dict[str, str]
) -> None:
    write(tmp_path / "class/alice", files)
    write(tmp_path / "class/bob", BOTH)

    found = find(tmp_path / "class")

    assert by_id(found) == {"alice": BOTH, "bob": BOTH}
    assert found.kind == "student folders" and found.unplaced == ()
    assert all(one.remarks == () and not one.late for one in found.submissions)
    assert [one.source for one in found.submissions] == ["alice", "bob"]


@pytest.mark.parametrize(
    "files",
    [
        {"server.py": "s", "client.py": "c"},
        {"work/server.py": "s", "work/client.py": "c"},
    ],
)
def test_programs_straight_away_are_of_the_lesson_that_is_told(
    tmp_path: Path, files: dict[str, str]
) -> None:
    write(tmp_path / "class/alice", files)
    write(tmp_path / "class/bob", files)

    assert by_id(find(tmp_path / "class", ECHO)) == {"alice": BOTH, "bob": BOTH}


def test_programs_straight_away_without_a_lesson_told_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "class/alice", {"server.py": "s"})
    write(tmp_path / "class/bob", {"server.py": "s"})

    assert "say which lesson they are of, such as --lesson 1" in refused(tmp_path / "class")


def test_one_student_without_a_lesson_folder_does_not_hold_up_the_class(tmp_path: Path) -> None:
    write(tmp_path / "class/alice", {"server.py": "s"})
    write(tmp_path / "class/bob", BOTH)

    alice, bob = find(tmp_path / "class").submissions

    assert alice.lessons == {} and "which lesson is meant by: server.py" in alice.remarks[0]
    assert texts(bob) == BOTH


def test_programs_that_name_their_lessons_need_no_folder(tmp_path: Path) -> None:
    files = {"echo_server.py": "s", "echo_client.py": "c", "broadcast_server.py": "b"}
    write(tmp_path / "class/alice", files)
    write(tmp_path / "class/bob", BOTH)

    alice = find(tmp_path / "class").submissions[0]

    found = texts(alice)
    assert {name: found[name] for name in BOTH} == BOTH
    assert found["02_broadcast/server.py"] == "b"
    shutil.rmtree(tmp_path / "space")
    told = find(tmp_path / "class", ECHO).submissions[0]
    assert texts(told)["01_echo/server.py"] == "s"


def test_something_that_cannot_be_read_may_be_the_lesson_that_is_missing(tmp_path: Path) -> None:
    write(tmp_path / "class/alice", {**BOTH, "rest.rar": "Rar!\x1a\x07"})
    write(tmp_path / "class/bob", BOTH)

    alice, bob = find(tmp_path / "class").submissions

    assert list(alice.lessons) == ["01_echo"] and bob.why_not == ""
    assert alice.why_not == "rest.rar is a RAR archive: pack it again as .zip"


def test_of_a_download_everybody_is_there_also_when_nothing_can_be_graded(tmp_path: Path) -> None:
    """The platform's numbers say that these are students, and no odd folders."""
    with zipfile.ZipFile(tmp_path / "moodle.zip", "w") as archive:
        archive.writestr("Ada_1_assignsubmission_file_work.rar", b"Rar!\x1a\x07\x01\0")
        archive.writestr("Bob_2_assignsubmission_file_film.zip", bytes(300 << 20))

    ada, bob = find(tmp_path / "moodle.zip", ECHO).submissions

    assert (ada.name, ada.why_not) == ("Ada", "work.rar is a RAR archive: pack it again as .zip")
    assert (bob.name, bob.why_not) == (
        "Bob",
        "film.zip is left out: it is larger than 256 MiB",
    )


def test_single_files_are_put_together_by_the_student_s_name(tmp_path: Path) -> None:
    write(
        tmp_path / "class",
        {
            "alice_server.py": "s",
            "Alice_client.py": "c",
            "Bob Smith - Server (2).py": "new",
            "Bob Smith - server (1).py": "old",
            "notes.txt": "",
        },
    )

    found = find(tmp_path / "class", ECHO)

    assert by_id(found) == {"Alice": BOTH, "Bob-Smith": {"01_echo/server.py": "new"}}
    assert found.kind == "single files"
    assert found.submissions[1].remarks == (
        "Server (2).py is taken for server.py.",
        "server (1).py is left out: Server (2).py counts.",
    )
    assert [what for what, _ in found.unplaced] == ["notes.txt"]


@pytest.mark.parametrize("make", [zipped, tarred])
@pytest.mark.parametrize(
    "files",
    [
        BOTH,
        {f"alice/{name}": text for name, text in BOTH.items()},
        {f"alice/lessons/{name}": text for name, text in BOTH.items()},
    ],
)
def test_archives_of_students(tmp_path: Path, make: object, files: dict[str, str]) -> None:
    name = "alice.zip" if make is zipped else "alice.tar.gz"
    make(tmp_path / "class" / name, files)  # type: ignore[operator]
    make(tmp_path / "class" / name.replace("alice", "bob"), files)  # type: ignore[operator]

    found = find(tmp_path / "class")

    assert by_id(found) == {"alice": BOTH, "bob": BOTH}
    assert found.kind == "student archives"


@pytest.mark.parametrize("name", ["class.zip", "class.tgz"])
@pytest.mark.parametrize("around", ["", "submissions/"])
def test_an_archive_of_the_whole_class(tmp_path: Path, name: str, around: str) -> None:
    make = zipped if name.endswith("zip") else tarred
    files = {
        f"{around}{student}/{name}": text
        for student in ("alice", "bob")
        for name, text in BOTH.items()
    }

    assert by_id(find(make(tmp_path / name, files))) == {"alice": BOTH, "bob": BOTH}


def test_an_archive_in_a_lesson_s_place_and_one_around_it(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"01_echo/server.py": "s", "01_echo/client.py": "c"})
    flat = zipped(tmp_path / "flat.zip", {"server.py": "s", "client.py": "c"})
    write(tmp_path / "class/carol", BOTH)
    for student, archive in (("alice", inner), ("bob", flat)):
        (tmp_path / "class" / student).mkdir()
        shutil.copy(archive, tmp_path / "class" / student / "01_echo.zip")

    assert by_id(find(tmp_path / "class")) == {"alice": BOTH, "bob": BOTH, "carol": BOTH}


def test_what_pack_makes_is_read_without_a_remark(tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    for student in ("alice", "bob"):
        handin.pack(COURSE, tmp_path / "class" / f"{student}.zip", COURSE.lessons)

    found = find(tmp_path / "class")

    for one in found.submissions:
        assert list(one.lessons) == [lesson.name for lesson in COURSE.lessons]
        assert one.remarks == ()
    assert list(by_id(found)["alice"]) == [
        f"{lesson.name}/{program}" for lesson in COURSE.lessons for program in sorted(lesson.asked)
    ]


def test_the_hand_in_of_one_student_is_a_class_of_one(tmp_path: Path) -> None:
    handin.pack(COURSE, tmp_path / "alice.zip", [ECHO])

    found = find(tmp_path / "alice.zip")

    assert only(found).student == "alice" and list(only(found).lessons) == ["01_echo"]
    assert found.kind == "one student's work"


def test_a_manifest_is_compared_with_what_is_there(tmp_path: Path) -> None:
    text = '{"handin": 1, "kit": "0.0.7\\u001b", "lessons": ["01_echo", "02_broadcast", "../x"]}'
    zipped(tmp_path / "class/alice.zip", {**BOTH, "chatkit.json": text})
    zipped(tmp_path / "class/bob.zip", BOTH)

    alice = find(tmp_path / "class").submissions[0]

    assert texts(alice) == BOTH
    assert alice.remarks[0].startswith("Packed with chatkit 0.0.7\\x1b; this is ")
    assert alice.remarks[1] == "02_broadcast is named in chatkit.json and is not there."


def test_what_the_kit_keeps_for_a_student_is_no_work(tmp_path: Path) -> None:
    earlier = {f"alice/lessons/01_echo/backups/{number:03}/server.py": "" for number in range(250)}
    files = {
        "alice/lessons/01_echo/server.py": "mine",
        "alice/lessons/01_echo/server.new.py": "the kit's",
        "alice/lessons/01_echo/words.py": "",
        "alice/lessons/given.json": "{}",
        "alice/progress.json": "{}",
        "alice/chatkit/_course/lessons/01_echo/server.py": "untouched",
        "alice/.chatkit-before/chatkit/_course/lessons/01_echo/server.py": "older",
    }

    found = find(write(tmp_path / "class", files | earlier))

    (alice,) = found.submissions
    assert alice.student == "alice" and not alice.remarks
    copied = {path.name for path in alice.lessons["01_echo"].rglob("*")}
    assert copied == {"server.py", "words.py"}
    assert (alice.lessons["01_echo"] / "server.py").read_text(encoding="utf-8") == "mine"


def test_one_student_s_folder_is_a_class_of_one(tmp_path: Path) -> None:
    write(tmp_path / "alice", BOTH)
    write(tmp_path / "bob", {"server.py": "s", "client.py": "c"})

    assert by_id(find(tmp_path / "alice")) == {"alice": BOTH}
    shutil.rmtree(tmp_path / "space")
    assert by_id(find(tmp_path / "bob", ECHO)) == {"bob": BOTH}


def test_lesson_folders_full_of_students_are_not_one_student(tmp_path: Path) -> None:
    for student in ("alice", "bob"):
        write(tmp_path / f"class/01_echo/{student}", {"server.py": student})
    write(tmp_path / "class/carol", BOTH)

    found = find(tmp_path / "class", ECHO)

    assert by_id(found) == {"carol": BOTH}
    ((what, why),) = found.unplaced
    assert what == "01_echo" and "called like a lesson" in why
    shutil.rmtree(tmp_path / "space")
    assert set(by_id(find(tmp_path / "class/01_echo", ECHO))) == {"alice", "bob"}
