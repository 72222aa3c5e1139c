"""The shapes of other platforms' downloads, several attempts, and who is who."""

import subprocess
import zipfile
from datetime import UTC
from pathlib import Path

import pytest

from chatkit.classroom.late.moments import read_moment
from chatkit.classroom.people.joining import join
from chatkit.classroom.people.lists import ListError, Lists, Person, read_lists
from chatkit.classroom.submissions.submissions import Found, Submission, find_submissions
from chatkit.course.lessons import find_course

COURSE = find_course(Path(__file__).parent)
ECHO = COURSE.lesson("echo")


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def find(where: Path) -> Found:
    return find_submissions(where, COURSE, where.parent / "space", ECHO)


def servers(one: Submission) -> list[str]:
    """The server of each attempt, the oldest first."""
    return [(of.lessons["01_echo"] / "server.py").read_text() for of in one.attempts]


def test_blackboard_writes_the_time_of_each_attempt_into_the_names(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "Echo_ada_attempt_2026-03-02-23-05-11_server.py": "first",
        "Echo_ada_attempt_2026-03-02-23-05-11.txt": "Name: Ada Lovelace (ada)",
        "Echo_ada_attempt_2026-03-03-08-00-00_server.py": "second",
        "Echo_ada_attempt_2026-03-03-08-00-00.txt": "Name: Ada Lovelace (ada)",
        "Echo_bob_attempt_2026-03-01-10-00-00_server.py": "only",
        "Echo_bob_attempt_2026-03-01-10-00-00.txt": "Name: Bob Meyer (bob)",
    }
    found = find(write(tmp_path / "class", files))

    assert found.kind == "a Blackboard download"
    ada, bob = found.submissions
    assert (ada.student, servers(ada), ada.came) == (
        "ada",
        ["first", "second"],
        "2026-03-03T08:00:00",
    )
    assert (bob.student, servers(bob)) == ("bob", ["only"])


def test_brightspace_has_a_folder_or_files_for_each_attempt(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "1042-77310 - Ada Lovelace - Mar 2, 2026 1105 PM/server.py": "second",
        "1042-77310 - Ada Lovelace - Mar 2, 2026 905 AM/server.py": "first",
        "1043-77310 - Bob Meyer - Mar 1, 2026 1000 AM - server.py": "only",
        "index.html": "<p>",
    }
    found = find(write(tmp_path / "class", files))

    ada, bob = found.submissions
    assert (ada.name, ada.number, servers(ada)) == ("Ada Lovelace", "", ["first", "second"])
    assert (bob.name, servers(bob), bob.came) == ("Bob Meyer", ["only"], "Mar 1, 2026 1000 AM")
    assert [what for what, _ in found.unplaced] == ["index.html"]


def test_brightspace_writes_the_day_first_and_a_schools_number_before_the_name(
    tmp_path: Path,
) -> None:
    files: dict[str, str | bytes] = {
        "Echo/27236-46025 - 23304308 Lovelace - 05 March 2026 612 PM/server.py": "second",
        "Echo/27236-46025 - 23304308 Lovelace - 04 March 2026 1105 AM/server.py": "first",
        "Echo/27236-46025 - 23304309 Meyer - 5 März 2026 1812/server.py": "only",
        "Echo/index.html": "<p>",
    }
    found = find(write(tmp_path / "class", files))
    lists = Lists((Person("23304308", "Ada Lovelace"), Person("23304309", "Bob Meyer")))
    joined = join(found.submissions, lists, found.kind)

    ada, bob = joined.submissions
    assert (ada.name, servers(ada)) == ("Ada Lovelace", ["first", "second"])
    assert str(read_moment(ada.came, UTC)) == "2026-03-05 18:12:00+00:00"
    assert (bob.name, str(read_moment(bob.came, UTC))) == (
        "Bob Meyer",
        "2026-03-05 18:12:00+00:00",
    )


def test_two_of_one_name_in_brightspace_are_two_and_are_told(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "1042-77310 - Ada Lovelace - Mar 2, 2026 1105 PM/server.py": "one",
        "1043-77310 - Ada Lovelace - Mar 2, 2026 905 AM/server.py": "other",
        "1044-77310 - Bob Meyer - Mar 2, 2026 905 AM/server.py": "first",
        "1044-77310 - Bob Meyer - Mar 2, 2026 915 AM/server.py": "second",
    }
    found = find(write(tmp_path / "class", files))

    assert sorted(map(servers, found.submissions)) == [["first", "second"], ["one"], ["other"]]
    assert any("may be the same student" in note for note in found.notes)
    assert any(note.endswith("attempts of one student, Bob-Meyer.") for note in found.notes)


def test_ilias_names_the_login_and_marks_late_files(tmp_path: Path) -> None:
    root = "Exercise/Echo"
    files: dict[str, str | bytes] = {
        f"{root}/Lovelace_Ada_ada_4711/server.py": "s",
        f"{root}/Meyer_Bob_bob_4712/Late Submission - server.py": "late",
        f"{root}/Young_Cy_cy_4713/Verspaetete Abgabe - server.py": "also late",
    }
    found = find(write(tmp_path / "class", files))

    assert found.kind == "an ILIAS download"
    assert [(one.name, one.number, one.late) for one in found.submissions] == [
        ("Ada Lovelace", "4711", False),
        ("Bob Meyer", "4712", True),
        ("Cy Young", "4713", True),
    ]
    assert found.submissions[1].reply == "multi_feedback/Meyer_Bob_bob_4712"


def test_teams_keeps_every_version_in_a_folder(tmp_path: Path) -> None:
    root = "Submitted files"
    files: dict[str, str | bytes] = {
        f"{root}/Lovelace, Ada/Lesson 1/Version 1/server.py": "first",
        f"{root}/Lovelace, Ada/Lesson 1/Version 2/server.py": "second",
        f"{root}/Meyer, Bob/Lesson 1/Version 1/server.py": "only",
    }
    found = find(write(tmp_path / "class", files))

    assert [servers(one) for one in found.submissions] == [["first", "second"], ["only"]]


@pytest.mark.parametrize(
    ("handed_in", "working"),
    [("Submitted files", "Working files"), ("Gesendete Dateien", "In Arbeit")],
)
def test_of_a_teams_library_only_what_was_handed_in_counts(
    tmp_path: Path, handed_in: str, working: str
) -> None:
    root = f"Student Work/{handed_in}"
    files: dict[str, str | bytes] = {
        f"{root}/Lovelace, Ada/Echo/Version 1/server.py": "first",
        f"{root}/Lovelace, Ada/Echo/Version 2/server.py": "second",
        f"{root}/Lovelace, Ada/Broadcast/Version 1/server.py": "the next lesson",
        f"{root}/Meyer, Bob/Echo/Version 1/server.py": "only",
        f"Student Work/{working}/Lovelace, Ada/Echo/server.py": "not yet",
        f"Student Work/{working}/Meyer, Bob/Echo/server.py": "not yet",
    }
    found = find(write(tmp_path / "class", files))

    ada, bob = found.submissions
    assert (servers(ada), servers(bob)) == (["first", "second"], ["only"])
    assert (ada.lessons["02_broadcast"] / "server.py").read_text() == "the next lesson"
    assert found.unplaced == ((working, f"what was handed in lies in {handed_in}, beside it"),)


@pytest.mark.parametrize(
    "names", [("v1", "v2"), ("attempt 1", "attempt 2"), ("Versuch-1", "Versuch-2")]
)
def test_folders_of_versions_are_attempts(tmp_path: Path, names: tuple[str, str]) -> None:
    files: dict[str, str | bytes] = {f"ada/{name}/01_echo/server.py": name for name in names} | {
        "bob/01_echo/server.py": "only"
    }
    ada, _ = find(write(tmp_path / "class", files)).submissions

    assert servers(ada) == list(names)
    assert [one.source for one in ada.attempts] == [f"ada/{name}" for name in names]


def test_archives_that_came_again_are_attempts(tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    for name, text in (
        ("ada.zip", "1"),
        ("ada (1).zip", "2"),
        ("bob_v1.zip", "1"),
        ("bob_v2.zip", "2"),
    ):
        with zipfile.ZipFile(tmp_path / "class" / name, "w") as archive:
            archive.writestr("01_echo/server.py", text)
    found = find(tmp_path / "class").submissions

    assert {one.student: servers(one) for one in found} == {"ada": ["1", "2"], "bob": ["1", "2"]}


def test_a_file_that_came_once_belongs_to_the_attempts_after_it(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "lovelaceada_2001_11_server.py": "s1",
        "lovelaceada_2001_12_client.py": "c1",
        "lovelaceada_2001_13_server-1.py": "s2",
        "lovelaceada_2001_15_client-1.py": "c2",
        "lovelaceada_2001_14_server-2.py": "s3",
    }
    (ada,) = find(write(tmp_path / "class", files)).submissions

    assert servers(ada) == ["s1", "s2", "s3"]
    assert ada.reply == "lovelaceada_2001_14"


def test_a_program_in_utf_16_is_read(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"ada/01_echo/server.py": "print('grüß')".encode("utf-16")}
    (ada,) = find(write(tmp_path / "class", files | {"bob/01_echo/server.py": "x"})).submissions[:1]

    assert servers(ada) == ["print('grüß')"]
    assert "server.py was saved in UTF-16 and is read as UTF-8." in ada.remarks_on["01_echo"]


def test_a_clone_came_when_its_last_commit_was_made(tmp_path: Path) -> None:
    clone = write(tmp_path / "class", {"chat1-ada/lessons/01_echo/server.py": "s"}) / "chat1-ada"
    write(tmp_path / "class", {"chat1-bob/lessons/01_echo/server.py": "s"})
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "done")):
        subprocess.run(
            ["git", *words],
            cwd=clone,
            check=True,
            env={
                "PATH": "/usr/bin:/bin",
                "GIT_COMMITTER_DATE": "2026-03-02T23:05:00+01:00",
                "HOME": "/",
            },
        )
    # What the clone itself asks for is never run.
    config = clone / ".git" / "config"
    config.write_text(config.read_text() + f"[core]\n\tfsmonitor = touch {tmp_path / 'ran'}\n")
    ada, bob = find(tmp_path / "class").submissions

    assert (ada.came, bob.came) == ("2026-03-02T22:05:00+00:00", "")
    assert not (tmp_path / "ran").exists()


# Who is who


def test_the_instructors_lists_are_nobodys_hand_in(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        **dict.fromkeys(("people.csv", "groups.csv", "classroom_roster.csv", "class.toml"), "x"),
        "ada/01_echo/server.py": "s",
    }

    assert find(write(tmp_path / "class", files)).unplaced == ()


def submission(student: str, name: str, number: str = "", source: str = "") -> Submission:
    return Submission(
        student, name, {}, False, source or student, (), number, remarks_on={"01_echo": ()}
    )


ADA = Person("ada", "Ada Lovelace", "ada@example.org", "adalove", ("1001", "1742"), "2001")
BOB = Person("bob", "Bob Meyer", "bob@example.org", "bobm", ("1002",), "2002")


@pytest.mark.parametrize(
    ("kind", "one", "id"),
    [
        ("a Moodle download", submission("Ada-Lovelace_1742", "Ada Lovelace", "1742"), "ada"),
        ("a Moodle download", submission("Participant_1742", "Participant", "1742"), "ada"),
        # 1002 was Bob's number in another assignment: the name is stronger.
        ("a Moodle download", submission("Ada-Lovelace_1002", "Ada Lovelace", "1002"), "ada"),
        ("a Canvas download", submission("lovelaceada_2001", "lovelaceada", "2001"), "ada"),
        ("GitHub Classroom clones", submission("chat1-adalove", "chat1-adalove"), "ada"),
        ("student folders", submission("ADA", "ADA"), "ada"),
        ("student folders", submission("ada-example.org", "ada@example.org"), "ada"),
        ("student folders", submission("eve", "eve"), "eve"),  # nobody is guessed
    ],
)
def test_the_list_of_people_joins_the_platforms(kind: str, one: Submission, id: str) -> None:
    joined = join([one], Lists((ADA, BOB)), kind)

    assert [of.student for of in joined.submissions] == [id]
    assert bool(joined.notes) == (id == "eve")


def test_the_roster_of_github_classroom_is_read(tmp_path: Path) -> None:
    text = '"identifier","github_username","github_id","name"\n"ada@example.org","adalove","7",""\n'
    write(tmp_path, {"classroom_roster.csv": text})
    (person,) = read_lists([tmp_path]).people

    assert person.id.startswith("ada-example.org") and person.github == "adalove"


def test_a_group_hands_in_once_and_each_member_has_a_grade() -> None:
    lists = Lists((ADA, BOB), {"team-1": ("ada", "bob")})
    for one in (submission("team-1", "team-1"), submission("ada", "ada")):
        joined = join([one], lists, "student folders").submissions
        assert [(of.student, of.name) for of in joined] == [
            ("ada", joined[0].name),
            ("bob", "Bob Meyer"),
        ]
        assert "Handed in once for the group team-1." in joined[1].remarks_on["01_echo"]


@pytest.mark.parametrize("name", ["team-1", "Team 1", "team1"])
def test_the_hand_in_of_a_group_is_known_under_the_names_of_the_platforms(name: str) -> None:
    """Moodle puts the group's number behind its name, which may be that of somebody's row; Canvas
    takes out all blanks and marks."""
    lists = Lists((ADA, BOB), {"team-1": ("ada", "bob"), "team-11": (), "1-team": ()})
    one = submission(f"{name.replace(' ', '-')}_1001", name, "1001")
    joined = join([one], lists, "a Moodle download").submissions

    assert [of.student for of in joined] == ["ada", "bob"]


def test_two_hand_ins_of_a_group_are_not_given_to_the_third() -> None:
    cy = Person("cy", "Cy Young")
    lists = Lists((ADA, BOB, cy), {"team-1": ("ada", "bob", "cy")})
    joined = join([submission("ada", "ada"), submission("bob", "bob")], lists, "student folders")

    assert [of.student for of in joined.submissions] == ["ada", "bob"]
    assert "both handed in" in joined.notes[0]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"people.csv": "name\nAda\n"}, "no column id"),
        ({"people.csv": "id,name\nada,A\nada,B\n"}, "ada is there twice"),
        ({"people.csv": "id,github\nada,x\nbob,X\n"}, "have the same github"),
        ({"people.csv": "id\nada\n", "groups.csv": "group,student\nt,eve\n"}, "no student eve"),
        ({"groups.csv": "group,student\na,ada\nb,ada\n"}, "ada is in a and in b"),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(
    tmp_path: Path, files: dict[str, str | bytes], said: str
) -> None:
    write(tmp_path, files)
    with pytest.raises(ListError) as wrong:
        read_lists([tmp_path])
    assert said in str(wrong.value)
