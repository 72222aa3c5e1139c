"""A clone is graded as it was at the deadline: real repositories, with commits at known times."""

import os
import subprocess
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chatkit.classroom.late.moments import read_moment
from chatkit.classroom.people.joining import join
from chatkit.classroom.people.lists import Lists, Person
from chatkit.classroom.rulesfile import read_rules
from chatkit.classroom.submissions.submissions import Submission, find_submissions
from chatkit.classroom.submissions.versions import DISORDER, at_deadlines
from chatkit.course.lessons import find_course
from chatkit.course.starters import starter

COURSE = find_course(Path(__file__).parent)
ECHO = COURSE.lesson("echo")
WHO = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
SERVER = "lessons/01_echo/server.py"
RULES = """
zone = "Europe/Berlin"
[deadline]
echo = 2026-03-02T23:59:00
[late]
grace_minutes = 10
"""
SUNDAY, MONDAY = "2026-03-01T12:00", "2026-03-02T23:05"
GRACE, TUESDAY, FRIDAY = "2026-03-03T00:08", "2026-03-03T10:00", "2026-03-06T10:00"


def git(clone: Path, *words: str, at: str = MONDAY) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(clone)}
    dates = dict.fromkeys(("GIT_COMMITTER_DATE", "GIT_AUTHOR_DATE"), f"{at}:00+01:00")
    subprocess.run(
        ["git", *WHO, *words], cwd=clone, check=True, capture_output=True, env=environment | dates
    )


def commit(clone: Path, at: str, files: dict[str, str]) -> None:
    """Write the files and commit them, at a time in Berlin."""
    clone.mkdir(parents=True, exist_ok=True)
    if not (clone / ".git").exists():
        git(clone, "init", "-q")
    for name, text in files.items():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text(text, encoding="utf-8")
    git(clone, "add", "--all")
    git(clone, "commit", "-qm", "work", at=at)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """One of two clones; in the other one nothing happens after the deadline."""
    commit(tmp_path / "class" / "chat1-bob", SUNDAY, {SERVER: "bob"})
    return tmp_path / "class" / "chat1-ada"


def graded(clone: Path, rules: str = RULES, lists: Lists | None = None) -> Submission:
    """What is graded of `clone` under the rules."""
    room = clone.parents[1]
    (room / "class.toml").write_text(rules, encoding="utf-8")
    found = find_submissions(clone.parent, COURSE, room / "work").submissions
    given = join(found, lists or Lists(), "GitHub Classroom clones").submissions

    every = at_deadlines(given, read_rules(room, COURSE), COURSE, None, room / "space")
    return every[0]


def told(one: Submission, lesson: str = "01_echo") -> tuple[str, str, str]:
    """What the program says, the time in Berlin, and the last remark."""
    text = (one.lessons[lesson] / "server.py").read_text(encoding="utf-8")
    moment = read_moment(one.when(lesson), UTC)
    when = f"{moment.astimezone(ZoneInfo('Europe/Berlin')):%Y-%m-%dT%H:%M}" if moment else ""
    return text, when, (one.remarks_on[lesson] or ("",))[-1]


def test_what_is_committed_after_the_deadline_makes_nothing_late(clone: Path) -> None:
    commit(clone, SUNDAY, {SERVER: "first"})
    commit(clone, MONDAY, {SERVER: "in time"})
    commit(clone, TUESDAY, {SERVER: "too late"})
    text, when, remark = told(graded(clone))

    assert (text, when) == ("in time", MONDAY)
    assert remark.endswith(
        "is the last one up to Tue 2026-03-03 00:09 (Europe/Berlin): this is the work as it was "
        "then."
    )
    assert (clone / SERVER).read_text() == "too late"  # the clone stays as it is


def test_grace_and_the_extension_of_one_student_move_it(clone: Path) -> None:
    commit(clone, MONDAY, {SERVER: "in time"})
    commit(clone, GRACE, {SERVER: "within the grace"})
    commit(clone, TUESDAY, {SERVER: "extended"})
    commit(clone, FRIDAY, {SERVER: "too late"})
    ada = Lists((Person("ada", github="ada"),))
    extension = f"{RULES}[extension.ada]\necho = 2026-03-05T12:00:00\n"

    assert told(graded(clone, extension, ada))[:2] == ("extended", TUESDAY)


def test_the_grace_counts(clone: Path) -> None:
    commit(clone, GRACE, {SERVER: "within the grace"})
    commit(clone, TUESDAY, {SERVER: "too late"})

    assert told(graded(clone))[:2] == ("within the grace", GRACE)


def test_work_on_another_lesson_makes_this_one_no_later(clone: Path) -> None:
    commit(clone, MONDAY, {SERVER: "in time"})
    commit(clone, FRIDAY, {"lessons/02_broadcast/server.py": "the next lesson"})
    one = graded(clone)

    assert told(one) == ("in time", MONDAY, "")
    assert told(one, "02_broadcast")[:2] == ("the next lesson", FRIDAY)


def test_a_starter_is_no_work_in_time(clone: Path) -> None:
    commit(clone, SUNDAY, {SERVER: starter(COURSE, ECHO, "server.py").decode()})
    commit(clone, TUESDAY, {SERVER: "began late"})
    commit(clone, FRIDAY, {"lessons/02_broadcast/server.py": "the next lesson"})
    text, when, remark = told(graded(clone))

    assert (text, when) == ("began late", TUESDAY)  # and not the day of the last commit
    assert remark.endswith("holds no more than the starter.")


def test_nothing_before_the_deadline_is_late(clone: Path) -> None:
    commit(clone, TUESDAY, {SERVER: "late"})

    assert told(graded(clone))[:2] == ("late", TUESDAY)


@pytest.mark.parametrize(
    ("rule", "versions"),
    [
        ("last", [("too late", FRIDAY)]),
        ("best", [("in time", MONDAY), ("too late", FRIDAY)]),
        ("last-on-time", [("in time", MONDAY), ("too late", FRIDAY)]),
    ],
)
def test_the_rule_about_attempts_says_which_versions_there_are(
    clone: Path, rule: str, versions: list[tuple[str, str]]
) -> None:
    commit(clone, MONDAY, {SERVER: "in time"})
    commit(clone, FRIDAY, {SERVER: "too late"})
    one = graded(clone, f'attempts = "{rule}"\n{RULES}')

    assert [told(attempt)[:2] for attempt in one.attempts] == versions


def test_what_was_changed_and_changed_back_is_no_late_attempt(clone: Path) -> None:
    commit(clone, MONDAY, {SERVER: "in time"})
    commit(clone, TUESDAY, {SERVER: "changed"})
    commit(clone, FRIDAY, {SERVER: "in time"})
    one = graded(clone, f'attempts = "best"\n{RULES}')

    assert [told(attempt)[:2] for attempt in one.attempts] == [("in time", MONDAY)]


def test_a_group_has_one_version_and_each_member_a_deadline(clone: Path) -> None:
    commit(clone, MONDAY, {SERVER: "in time"})
    commit(clone, TUESDAY, {SERVER: "extended"})
    clone.rename(clone.with_name("team"))
    room = clone.parents[1]
    (room / "class.toml").write_text(
        f"{RULES}[extension.cy]\necho = 2026-03-05T12:00:00\n", encoding="utf-8"
    )
    found = find_submissions(clone.parent, COURSE, room / "work").submissions
    given = join(found, Lists(groups={"team": ("ada", "cy")}), "").submissions
    rules = read_rules(room, COURSE)
    every = at_deadlines(given, rules, COURSE, None, room / "space")
    ada, _, cy = every

    assert [told(one)[0] for one in (ada, cy)] == ["in time", "extended"]
    assert "Handed in once for the group team." in ada.remarks_on["01_echo"]


def test_times_that_go_back_are_pointed_out(clone: Path) -> None:
    commit(clone, MONDAY, {SERVER: "in time"})
    commit(clone, TUESDAY, {SERVER: "honest"})
    commit(clone, SUNDAY, {SERVER: "set back by hand"})
    one = graded(clone)

    assert told(one)[:2] == ("set back by hand", SUNDAY)  # nobody can know better
    assert DISORDER in one.remarks_on["01_echo"]


def test_a_shallow_clone_knows_no_earlier_state(clone: Path) -> None:
    origin = clone.parents[1] / "origin"
    commit(origin, MONDAY, {SERVER: "in time"})
    commit(origin, TUESDAY, {SERVER: "too late"})
    git(clone.parent, "clone", "-q", "--depth=1", f"file://{origin}", "chat1-ada")
    text, when, remark = told(graded(clone))

    assert (text, when) == ("too late", "")
    assert remark.endswith("In it, call git fetch --unshallow.")


def test_nothing_of_a_clone_is_run(clone: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    commit(clone, MONDAY, {SERVER: "in time", ".gitattributes": "*.py filter=evil text eol=crlf\n"})
    commit(clone, TUESDAY, {SERVER: "too late"})
    config = clone / ".git" / "config"
    touch = f"touch {ran}"
    config.write_text(
        f"{config.read_text()}[core]\n\tfsmonitor = {touch}\n"
        f"\tpager = {touch}\n\tsshCommand = {touch}\n"
        f'[filter "evil"]\n\tsmudge = {touch}\n\tclean = {touch}\n\tprocess = {touch}\n'
        f"[log]\n\tshowSignature = true\n[gpg]\n\tprogram = {touch}\n",
        encoding="utf-8",
    )

    assert told(graded(clone))[0] == "in time"
    assert not ran.exists()


def test_a_version_has_what_was_deleted_later_and_no_links(clone: Path) -> None:
    commit(clone, MONDAY, {SERVER: "in time", "lessons/01_echo/lines.py": "old"})
    (clone / "lessons/01_echo/lines.py").unlink()
    (clone / "lessons/01_echo/client.py").symlink_to("/etc/passwd")
    commit(clone, TUESDAY, {SERVER: "too late"})
    folder = graded(clone).lessons["01_echo"]

    assert sorted(one.name for one in folder.iterdir()) == ["lines.py", "server.py"]


def test_a_date_that_no_calendar_has_is_no_date(clone: Path) -> None:
    commit(clone, MONDAY, {SERVER: "in time"})
    tree = subprocess.check_output(["git", "write-tree"], cwd=clone, text=True).strip()
    text = f"tree {tree}\nauthor A <a> 1 +0000\ncommitter A <a> 99999999999999 +0000\n\nx\n"
    id = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        cwd=clone, input=text, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    (clone / ".git" / "refs" / "heads" / "odd").write_text(f"{id}\n")
    (clone / ".git" / "HEAD").write_text("ref: refs/heads/odd\n")

    assert told(graded(clone))[:2] == ("in time", "")


def test_no_deadline_leaves_clones_as_they_are(clone: Path) -> None:
    commit(clone, MONDAY, {SERVER: "first"})
    commit(clone, FRIDAY, {SERVER: "last"})

    assert told(graded(clone, ""))[:2] == ("last", FRIDAY)
