"""Every layout in which a class arrives: who is found, with which programs, and what is said."""

import io
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from chatkit.classroom.exports import handin
from chatkit.classroom.submissions.layouts import (
    canvas_mark,
    lesson_hinted,
    lesson_named,
    moodle_mark,
    other_named,
    program_named,
    safe_id,
)
from chatkit.classroom.submissions.submissions import (
    Found,
    Submission,
    SubmissionError,
    find_submissions,
)
from chatkit.course.lessons import Lesson, find_course

COURSE = find_course(Path(__file__).parent)
ECHO = COURSE.lesson("echo")
PROGRAMS = ("client.py", "server.py")


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def zipped(path: Path, files: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def tarred(path: Path, files: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def state(root: Path) -> dict[str, object]:
    """Everything about the submissions that must stay as it is."""
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_mode, path.lstat().st_size)
        for path in [root, *root.rglob("*")]
    }


def find(where: Path, lesson: Lesson | None = None) -> Found:
    """What is found; looking must change nothing, and copies lie elsewhere."""
    space = where.parent / "space"
    before = state(where)
    found = find_submissions(where, COURSE, space, lesson)
    assert state(where) == before
    for one in found.submissions:
        for folder in one.lessons.values():
            assert folder.is_relative_to(space)
            assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert {path.name for path in space.iterdir()} <= {"students"}
    return found


def refused(where: Path, lesson: Lesson | None = None) -> str:
    space = where.parent / "space"
    with pytest.raises(SubmissionError) as caught:
        find_submissions(where, COURSE, space, lesson)
    assert not space.exists() or list(space.iterdir()) == []
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def texts(one: Submission) -> dict[str, str]:
    """What the programs of a submission hold, as "01_echo/server.py": text."""
    return {
        f"{lesson}/{path.relative_to(folder).as_posix()}": path.read_text(encoding="utf-8")
        for lesson, folder in one.lessons.items()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def by_id(found: Found) -> dict[str, dict[str, str]]:
    return {one.student: texts(one) for one in found.submissions}


def only(found: Found) -> Submission:
    (one,) = found.submissions
    return one


BOTH = {"01_echo/server.py": "s", "01_echo/client.py": "c"}


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


def test_helpers_beside_the_programs_come_along(tmp_path: Path) -> None:
    files = {**BOTH, "01_echo/helper.py": "h", "01_echo/net/lines.py": "l"}
    write(tmp_path / "class/alice", {**files, "01_echo/__pycache__/x.pyc": "", "essay.txt": ""})
    write(tmp_path / "class/bob", BOTH)

    assert by_id(find(tmp_path / "class"))["alice"] == files


@pytest.mark.parametrize(
    ("names", "chosen", "said"),
    [
        (["Server.py"], "Server.py", "Server.py is taken for server.py."),
        (["SERVER.PY"], "SERVER.PY", "SERVER.PY is taken for server.py."),
        (["server (1).py"], "server (1).py", "server (1).py is taken for server.py."),
        (["server-2.py"], "server-2.py", "server-2.py is taken for server.py."),
        (["server - Copy.py"], "server - Copy.py", "server - Copy.py is taken for server.py."),
        (["server.py.txt"], "server.py.txt", "server.py.txt is taken for server.py."),
        (["server.py", "Server.py"], "server.py", "Server.py is left out: server.py counts."),
        (["server.py", "server (1).py"], "server.py", "server (1).py is left out"),
        (["Server.py", "server (1).py"], "Server.py", "server (1).py is left out"),
        (["server (9).py", "server (10).py"], "server (10).py", "server (9).py is left out"),
    ],
)
def test_a_program_with_an_odd_name_is_recognised_with_a_remark(
    tmp_path: Path, names: list[str], chosen: str, said: str
) -> None:
    write(tmp_path / "class/alice/01_echo", {name: name for name in names})
    write(tmp_path / "class/bob", BOTH)

    alice = find(tmp_path / "class").submissions[0]

    assert texts(alice) == {"01_echo/server.py": chosen}
    assert any(said in remark for remark in alice.remarks)


def test_what_lies_beside_the_lesson_folders_is_left_out_with_a_remark(tmp_path: Path) -> None:
    write(tmp_path / "class/alice", {**BOTH, "server.py": "stray"})
    write(tmp_path / "class/bob", {**BOTH, "echo/server.py": "again"})

    alice, bob = find(tmp_path / "class").submissions

    assert texts(alice) == BOTH and "beside the lesson folders: server.py" in alice.remarks[0]
    assert texts(bob) == BOTH
    assert bob.remarks == ("echo is left out: 01_echo was found before it.",)


def test_links_are_never_followed(tmp_path: Path) -> None:
    write(tmp_path / "secret", {"server.py": "secret", "01_echo/server.py": "secret"})
    write(tmp_path / "class/bob", {"01_echo/client.py": "c"})
    (tmp_path / "class/bob/01_echo/server.py").symlink_to(tmp_path / "secret/server.py")
    (tmp_path / "class/bob/01_echo/more").symlink_to(tmp_path / "secret")
    (tmp_path / "class/bob/02_broadcast").symlink_to(tmp_path / "secret/01_echo")
    (tmp_path / "class/alice").symlink_to(tmp_path / "secret")
    (tmp_path / "class/loop").symlink_to(tmp_path / "class")

    found = find(tmp_path / "class")

    assert by_id(found) == {"bob": {"01_echo/client.py": "c"}}
    assert "server.py is left out: it is a link; links are not followed." in only(found).remarks
    assert [what for what, _ in found.unplaced] == ["alice", "loop"]


def test_a_class_behind_a_link_of_the_instructor_is_found(tmp_path: Path) -> None:
    write(tmp_path / "class/bob", BOTH)
    (tmp_path / "link").symlink_to(tmp_path / "class")

    assert by_id(find(tmp_path / "link")) == {"bob": BOTH}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path / "class/bob", {"01_echo/client.py": "c"})
    os.mkfifo(tmp_path / "class/bob/01_echo/server.py")

    found = find(tmp_path / "class")

    assert by_id(found) == {"bob": {"01_echo/client.py": "c"}}
    assert "it is no plain file" in only(found).remarks[0]


@pytest.mark.parametrize(
    "content", [b"", b"not an archive", b"PK\3\4 but broken", b"Rar!\x1a\x07\x01\0"]
)
def test_an_unreadable_archive_of_one_student_is_a_remark(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "class/bob", BOTH)
    (tmp_path / "class/alice.zip").write_bytes(content)

    alice, bob = find(tmp_path / "class").submissions

    assert alice.lessons == {} and alice.remarks[0].startswith("alice.zip ")
    assert texts(bob) == BOTH


def test_an_archive_that_reaches_out_harms_only_itself(tmp_path: Path) -> None:
    zipped(tmp_path / "class/alice.zip", {"../../bob/01_echo/server.py": "evil", **BOTH})
    write(tmp_path / "class/bob", BOTH)

    alice, bob = find(tmp_path / "class").submissions

    assert texts(alice) == texts(bob) == BOTH
    assert "points to another place" in alice.remarks[0]


@pytest.mark.parametrize(
    "names",
    [
        ["alice/01_echo/server.py", "alice.zip"],
        ["alice/01_echo/server.py", "Alice/01_echo/server.py"],
        ["alice.zip", "alice.tar"],
        ["alice/01_echo/server.py", "alice_server.py"],
        ["alice_server.py", "Alice_server.py"],
        ["A_1_assignsubmission_file/server.py", "A_1_assignsubmission_file_/server.py"],
        ["\u00e9va/01_echo/server.py", "e\u0301va/01_echo/server.py"],
        ["a b/01_echo/server.py", "a-b/01_echo/server.py"],
    ],
)
def test_two_that_may_be_one_student_are_told_and_stop_nobody(
    tmp_path: Path, names: list[str]
) -> None:
    write(tmp_path / "class/bob", BOTH)
    ids = set()
    for some in (names, list(reversed(names))):  # whoever was there first
        for name in some:
            if name.endswith(".py"):
                write(tmp_path / "class", {name: name})
            else:
                make = zipped if name.endswith("zip") else tarred
                make(tmp_path / "class" / name, {"01_echo/server.py": name})
        found = find(tmp_path / "class", ECHO)
        shutil.rmtree(tmp_path / "space")
        ids.add(tuple(one.student for one in found.submissions))

    bob, *_ = [one for one in found.submissions if one.student == "bob"]
    assert len(found.submissions) == 3 and len(ids) == 1 and len(set(*ids)) == 3
    assert bob.name == "bob" and all(len(one.lessons) == 1 for one in found.submissions)
    (note,) = found.notes
    assert note.endswith("may be the same student: they are graded as two.")
    assert [note in one.remarks for one in found.submissions].count(True) == 2
    assert not bob.remarks


def test_an_id_does_not_change_when_somebody_with_the_name_in_another_case_joins(
    tmp_path: Path,
) -> None:
    write(tmp_path / "class/alice", BOTH)
    write(tmp_path / "class/bob", BOTH)
    before = set(by_id(find(tmp_path / "class")))
    shutil.rmtree(tmp_path / "space")
    write(tmp_path / "class/Alice", {"01_echo/server.py": "other"})

    after = by_id(find(tmp_path / "class"))

    assert set(after) == before | {"Alice"}
    assert after["alice"] == BOTH and after["Alice"] == {"01_echo/server.py": "other"}


def test_late_is_a_lesson_and_not_a_student(tmp_path: Path) -> None:
    zipped(tmp_path / "class/ada_LATE_1_10_lesson-1.zip", {"server.py": "one"})
    zipped(tmp_path / "class/ada_1_11_lesson-2.zip", {"server.py": "two"})
    zipped(tmp_path / "class/bob_2_12_lesson-1.zip", {"server.py": "one"})

    ada, bob = find(tmp_path / "class").submissions

    assert (set(ada.lessons), ada.late_lessons) == ({"01_echo", "02_broadcast"}, {"01_echo"})
    assert bob.late_lessons == frozenset()


def test_a_remark_is_on_the_lesson_that_it_is_about(tmp_path: Path) -> None:
    write(tmp_path / "class/alice", {"01_echo/Server.py": "s", "02_broadcast/server.py": "s"})
    write(tmp_path / "class/bob", BOTH)

    alice = find(tmp_path / "class").submissions[0]

    said = ("Server.py is taken for server.py.",)
    assert alice.remarks_on == {"01_echo": said, "02_broadcast": ()}
    assert alice.remarks == said


def test_a_lesson_that_is_named_and_empty_is_told(tmp_path: Path) -> None:
    write(tmp_path / "class/alice", {**BOTH, "02_broadcast/essay.txt": ""})
    write(tmp_path / "class/bob", BOTH)

    alice, bob = find(tmp_path / "class").submissions

    assert (alice.without, bob.without) == ({"02_broadcast"}, frozenset())
    assert alice.remarks == ("There is no program in what is called like 02_broadcast.",)


@pytest.mark.parametrize("inside", ["", "all/"])
@pytest.mark.parametrize("gradebook", [False, True])
def test_the_folder_of_the_grades_is_no_student(
    tmp_path: Path, inside: str, gradebook: bool
) -> None:
    where = tmp_path / "class"
    for student in ("alice", "bob"):
        write(where / inside / student, BOTH)
    write(where / inside / "grades", {"students/alice.html": "", "index.html": ""})
    if gradebook:
        write(where / inside / "grades", {"gradebook.sqlite": ""})
    (out, space) = (where / inside / "grades", tmp_path / "space")

    found = find_submissions(where, COURSE, space, out=out)
    assert (set(by_id(found)), found.unplaced) == ({"alice", "bob"}, ())
    shutil.rmtree(space)
    if gradebook:  # of another run
        found = find_submissions(where, COURSE, space, out=tmp_path / "grades-2")
        assert set(by_id(found)) == {"alice", "bob"}
        assert found.unplaced == (("grades", "it holds the gradebook of a class run"),)


@pytest.mark.parametrize("out", ["class", "class/alice", "class/alice/01_echo/grades"])
def test_grades_in_a_student_s_work_are_refused(tmp_path: Path, out: str) -> None:
    write(tmp_path / "class/alice", BOTH)
    write(tmp_path / "class/bob", BOTH)
    (tmp_path / out).mkdir(exist_ok=True)

    with pytest.raises(SubmissionError, match="use another --out"):
        find_submissions(tmp_path / "class", COURSE, tmp_path / "space", out=tmp_path / out)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "is empty"),
        ({".DS_Store": ""}, "is empty"),
        ({"alice/essay.txt": "x"}, "no lesson found"),
        ({"alice/essay.txt": "x", "bob/essay.txt": "x"}, "First: alice: essay.txt is a document"),
        ({"alice.zip": "broken"}, "no lesson found"),
        ({"notes.txt": ""}, "no lesson found"),
        ({"01_echo/alice/server.py": "", "02_broadcast/alice/server.py": ""}, "no lesson found"),
    ],
)
def test_nothing_to_grade_is_refused(tmp_path: Path, files: dict[str, str], words: str) -> None:
    (tmp_path / "class").mkdir()

    assert words in refused(write(tmp_path / "class", files))


def test_a_missing_place_and_a_broken_class_archive_are_refused(tmp_path: Path) -> None:
    assert "there is no folder or archive" in refused(tmp_path / "nowhere")
    for name in ("class.zip", "class.docx"):
        (tmp_path / name).write_text("broken", encoding="utf-8")
    assert "class.zip is no zip or tar archive" in refused(tmp_path / "class.zip")
    assert "is no folder, zip, tar or program" in refused(tmp_path / "class.docx")


def test_copies_never_go_into_the_submissions(tmp_path: Path) -> None:
    write(tmp_path / "class/alice", BOTH)

    for space in (tmp_path / "class", tmp_path / "class/space", tmp_path / "class/alice/x"):
        with pytest.raises(SubmissionError, match="lies inside the submissions"):
            find_submissions(tmp_path / "class", COURSE, space)

    assert [path.name for path in (tmp_path / "class").iterdir()] == ["alice"]


def test_a_space_that_holds_something_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "class/alice", BOTH)
    write(tmp_path / "space", {"mine": ""})

    with pytest.raises(SubmissionError, match="is not empty"):
        find_submissions(tmp_path / "class", COURSE, tmp_path / "space")

    assert (tmp_path / "space/mine").exists()


def test_a_full_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    write(tmp_path / "class/alice", BOTH)
    monkeypatch.setattr(Path, "write_bytes", full)

    assert "No space left on device" in refused(tmp_path / "class")


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


def test_the_rules_of_the_class_are_nobody_s_work(tmp_path: Path) -> None:
    write(tmp_path / "class", {"alice/01_echo/server.py": "s", "class.toml": "", "grades.csv": ""})

    assert [what for what, _ in find(tmp_path / "class").unplaced] == ["grades.csv"]


def test_rules_that_are_not_those_of_the_class_are_told(tmp_path: Path) -> None:
    write(tmp_path / "alice", {**BOTH, "class.toml": ""})
    ((what, why),) = find(tmp_path / "alice").unplaced
    assert what == "class.toml" and "this student's own" in why

    shutil.rmtree(tmp_path / "space")
    everybody = {"alice/01_echo/server.py": "s", "bob/01_echo/server.py": "s", "class.toml": ""}
    found = find(zipped(tmp_path / "class.zip", everybody))
    assert [what for what, _ in found.unplaced] == ["class.toml"]


@pytest.mark.parametrize(
    "name", ["=cmd|' -C'!A0", "<script>alert(1)</script>".replace("/", "∕"), "a\nb", "日本", "CON"]
)
def test_hostile_names_have_a_safe_id_and_stay_as_people_wrote_them(
    tmp_path: Path, name: str
) -> None:
    write(tmp_path / "class" / name, BOTH)
    write(tmp_path / "class/bob", BOTH)

    found = find(tmp_path / "class")

    (one,) = [one for one in found.submissions if one.student != "bob"]
    assert one.name == name and texts(one) == BOTH
    assert one.student[0].isalnum() or one.student[0] == "_"
    assert all(letter.isalnum() or letter in "._-" for letter in one.student)
    assert one.source.isprintable()


def test_a_name_of_odd_bytes_can_be_printed_and_stored(tmp_path: Path) -> None:
    try:
        write(tmp_path / "class/caf\udce9", BOTH)
    except OSError:
        pytest.skip("this system takes only names of text")
    write(tmp_path / "class/bob", BOTH)

    one = find(tmp_path / "class").submissions[1]

    assert one.name == "caf\ufffd" and one.source == "caf\\xe9"
    assert one.student.startswith("café-")


def test_a_student_with_too_many_files_is_cut_not_copied_whole(tmp_path: Path) -> None:
    write(tmp_path / "class/alice", BOTH)
    write(tmp_path / "class/alice/01_echo", {f"{number}.txt": "" for number in range(300)})
    with (tmp_path / "class/alice/01_echo/client.py").open("wb") as file:
        file.truncate(20 * 1024 * 1024)

    one = only(find(tmp_path / "class"))

    assert len(texts(one)) == 200 and texts(one)["01_echo/server.py"] == "s"
    assert "Only 200 files of a lesson are copied." in one.remarks
    assert any(remark.startswith("client.py is left out: only 16 MiB") for remark in one.remarks)


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
