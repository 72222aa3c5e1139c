"""What is odd about a submission is told, and harms only itself."""

import os
import shutil
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

from chatkit.classroom.submissions.submissions import (
    SubmissionError,
    find_submissions,
)


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
    assert "it is not a plain file" in only(found).remarks[0]


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
    assert "class.zip is not a zip or tar archive" in refused(tmp_path / "class.zip")
    assert "is not a folder, zip, tar or program" in refused(tmp_path / "class.docx")


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
