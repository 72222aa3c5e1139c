"""Similar programs: copies are found, independent work is not, and no hand-in does harm."""

import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from chatkit.classroom.reports.similar import lines, pair_page, write_similar
from chatkit.classroom.similar import (
    LONGEST,
    SOLUTION,
    THRESHOLD,
    TOO_LITTLE,
    Findings,
    Pair,
    Side,
    find_similar,
    read_program,
    tokens,
)
from chatkit.classroom.submissions.submissions import Submission
from chatkit.cli.classroom.classroom import classroom
from chatkit.course.lessons import Lesson, find_course

ROOT = Path(__file__).parents[3]
COURSE = find_course(ROOT)
ECHO = COURSE.lesson("echo")
DESIGNS = ROOT / "tests" / "alternatives"


def program(design: str, lesson: Lesson = ECHO, name: str = "server.py") -> str:
    return (DESIGNS / lesson.name / design / name).read_text(encoding="utf-8")


def solved(*functions: str) -> str:
    """The starter of the echo server, with these functions as the solution has them."""
    text = (ECHO.folder / "server.py").read_text(encoding="utf-8")
    solution = (ECHO.solutions / "server.py").read_text(encoding="utf-8")
    for name in functions:
        body = re.compile(rf"^def {name}\(.*?(?=^def )", re.MULTILINE | re.DOTALL)
        (done,) = body.findall(solution)
        text = body.sub(lambda _, done=done: done, text)
    return text


def disguised(text: str) -> str:
    """The same program with other names, comments, docstrings, texts and spaces."""
    kept = {"import", "from", "as", "self", "__init__", "__name__"}
    defined = set(re.findall(r"(?:def|class) (\w+)|^ *(\w+) = ", text, re.MULTILINE))
    for name in sorted({one for pair in defined for one in pair if one} - kept):
        text = re.sub(rf"\b{name}\b", f"my_{name[::-1]}", text)
    text = re.sub(r"^(def .*:)$", r'\1\n    """All my own work."""', text, flags=re.MULTILINE)
    text = re.sub(r"^( +)(return|while|if)", r"\1# I thought of this\n\n\1\2", text, flags=re.M)
    return text.replace("    ", "  ")


class Class:
    """Submissions of the echo server, by student."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.students: list[Submission] = []

    def add(
        self, student: str, content: str | bytes, name: str = "", lesson: Lesson = ECHO
    ) -> None:
        folder = self.folder / student / lesson.name
        folder.mkdir(parents=True)
        data = content if isinstance(content, bytes) else content.encode()
        (folder / "server.py").write_bytes(data)
        one = Submission(student, name or student, {lesson.name: folder}, False, student, ())
        self.students.append(one)

    def found(self, threshold: int = THRESHOLD, lesson: Lesson = ECHO) -> Findings:
        return find_similar(self.students, [lesson], threshold)

    def pairs(self, threshold: int = THRESHOLD) -> set[tuple[str, str]]:
        return {(one.first.student, one.second.name) for one in self.found(threshold).pairs}


@pytest.fixture
def school(tmp_path: Path) -> Class:
    return Class(tmp_path / "school")


@pytest.fixture(scope="session")
def run(chatkit: Callable) -> Callable:
    """`chatkit class similar` in a process of its own."""
    return partial(chatkit, "class", "similar")


# What is found


def test_a_copy_with_other_names_and_comments_is_found(school: Class) -> None:
    copy = disguised(program("threads"))
    assert copy != program("threads")
    compile(copy, "copy", "exec")
    school.add("alice", program("threads"))
    school.add("bob", copy)
    school.add("carol", program("asyncio_streams"))

    (pair,) = school.found().pairs

    assert (pair.first.student, pair.second.student) == ("alice", "bob")
    assert pair.share > 0.95


def test_code_around_a_copy_does_not_hide_it(school: Class) -> None:
    more = (DESIGNS / ECHO.name / "asyncio_protocols" / "client.py").read_text(encoding="utf-8")
    school.add("alice", program("threads"))
    school.add("bob", program("threads") + more + more)

    (pair,) = school.found().pairs

    assert pair.first.share == 1
    assert pair.second.share < 0.6


def test_a_starter_that_was_left_nearly_untouched_is_like_nothing(school: Class) -> None:
    school.add("alice", solved("open_listener"))
    school.add("bob", solved("open_listener") + "\n# I will go on tomorrow\n")
    school.add("carol", solved())

    found = school.found(threshold=1)

    assert not found.pairs
    assert [(one.name, one.why) for one in found.left_out] == [
        (name, TOO_LITTLE) for name in ("alice", "bob", "carol")
    ]


def test_what_the_lesson_gives_does_not_count(school: Class) -> None:
    lesson = COURSE.lesson("broadcast")
    given = (lesson.folder / "client.py").read_text(encoding="utf-8")
    school.add("alice", program("timeouts", lesson) + given, lesson=lesson)
    school.add("bob", program("asyncio_streams", lesson) + given, lesson=lesson)

    assert not school.found(lesson=lesson).pairs


def test_a_copy_of_the_solution_is_told_as_such(school: Class) -> None:
    solution = (ECHO.solutions / "server.py").read_text(encoding="utf-8")
    school.add("alice", solution)
    school.add("bob", disguised(solution))
    school.add("carol", program("threads"))

    found = school.found()

    assert found.pairs[0].second.name == SOLUTION  # before what follows from it
    told = {(one.first.name, one.second.name): one.near_solution for one in found.pairs}
    assert told == {
        ("alice", SOLUTION): False,
        ("bob", SOLUTION): False,
        ("alice", "bob"): True,
    }


def test_two_who_copied_from_each_other_are_not_said_to_be_near_the_solution(
    school: Class,
) -> None:
    school.add("alice", program("threads"))
    school.add("bob", program("threads"))

    assert [one.near_solution for one in school.found().pairs] == [False]


def test_a_hand_out_has_no_solution_to_compare_with(school: Class, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "lessons", tmp_path / "lessons")
    (tmp_path / "solutions").mkdir()
    lesson = find_course(tmp_path).lesson("echo")
    school.add("alice", (ECHO.solutions / "server.py").read_text(encoding="utf-8"))

    found = school.found(threshold=1, lesson=lesson)

    assert (found.programs, found.pairs) == (1, ())


# Alternatives that were made from another one by changing what they are about: they are alike.
VARIANTS = {
    "alarm_clock",
    "box_of_several_lines",
    "dual_stack",
    "dualstack",
    "forking_and_cmd",
    "generators_match",
    "interval_timer",
    "name_above_its_line",
    "name_beside_its_line",
    "placeholder_in_the_box",
    "print_to_the_buffer",
    "read_only_by_keys",
    "receive_timeout",
    "select_ok",
    "sendmsg",
    "status_in_a_read_only_entry",
    "task_group",
    "thread_pool",
    "timer_file",
    "two_columns",
    "two_lists",
    "welcome_line",
}


@pytest.mark.parametrize(
    ("lesson", "name"), [(one, name) for one in COURSE.lessons for name in one.asked]
)
def test_independent_designs_stay_below_the_threshold(
    tmp_path: Path, lesson: Lesson, name: str
) -> None:
    students = [
        Submission(folder.name, folder.name, {lesson.name: folder}, False, "", ())
        for folder in sorted((DESIGNS / lesson.name).iterdir())
        if folder.name not in VARIANTS
    ]
    assert len(students) > 3

    found = find_similar(students, [lesson])

    assert found.programs > len(students)  # none was left out; the solution is among them
    assert not [one for one in found.pairs if one.program == name]


def test_a_mistake_and_its_twin_are_found() -> None:
    lesson = COURSE.lesson("threads")
    twins = ("run_instead_of_start", "writing_threads_never_end")
    students = [
        Submission(
            name, name, {lesson.name: ROOT / "tests/mistakes" / lesson.name / name}, False, "", ()
        )
        for name in twins
    ]

    (pair,) = find_similar(students, [lesson]).pairs

    assert pair.share > 0.9


def test_the_most_alike_come_first(school: Class) -> None:
    school.add("alice", program("threads"))
    school.add("bob", program("threads") + program("select_flat"))
    school.add("carol", program("select_flat") + "\nprint('mine', 1, len([]))\n")

    shares = [one.share for one in school.found(threshold=20).pairs]

    assert len(shares) > 1
    assert shares == sorted(shares, reverse=True)


# Reading what a stranger wrote


def test_layout_names_texts_and_comments_make_no_difference() -> None:
    first = 'def f(a):\n    """Doc."""\n    return a + "x"  # why\n'
    second = "def  other( b ) :\n\treturn b+'yz'"

    assert tokens(first)[0] == tokens(second)[0]


def test_words_that_cannot_be_renamed_make_a_difference() -> None:
    assert tokens("while x: len(y)")[0] != tokens("for x: print(y)")[0]


def test_each_token_knows_its_place() -> None:
    text = "\n\nx = 'a b' # c\nprint(x)\n"

    assert [text[start:end] for start, end in tokens(text)[1]] == [
        *("x", "=", "'a b'", "print", "(", "x", ")")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_copy_in_another_encoding_is_found(school: Class, encoding: str) -> None:
    text = program("threads")
    school.add("alice", text)
    school.add("bob", f"# für mich\r\n{text}".encode(encoding))

    (pair,) = school.found().pairs

    assert pair.share == 1
    if encoding != "latin-1":
        assert pair.second.text.startswith("# für mich\n")


def test_what_is_no_program_is_left_out_or_like_nothing(school: Class) -> None:
    school.add("alice", program("threads"))
    school.add("binary", bytes(range(256)) * 40)
    school.add("empty", b"")
    school.add("huge", b"x = 1\n" * LONGEST)
    school.add("long", b"#" * (LONGEST + 1))
    school.add(
        "prose", "".join(random.Random(1).choices('it\'s "no" program {[(#;\u00fc\n', k=9000))
    )

    found = school.found(threshold=1)

    why = {one.name: one.why for one in found.left_out}
    assert set(why) == {"binary", "empty", "huge", "long"}
    assert "no text" in why["binary"]
    assert "more than" in why["huge"] and "more than" in why["long"]
    assert not found.pairs


def test_a_link_is_not_followed(school: Class, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text(program("threads"), encoding="utf-8")
    school.add("alice", program("threads"))
    school.add("bob", "")
    link = school.students[1].lessons[ECHO.name] / "server.py"
    link.unlink()
    link.symlink_to(tmp_path / "secret.py")

    assert not school.found(threshold=1).pairs


@pytest.mark.parametrize(
    "piece", ['"', "'''\\'", '"""\\"', "\\", "(", "\n" + " " * 50, "rb", '"\\"""', "1_", "\u00b2"]
)
def test_no_text_takes_long_to_read(piece: str) -> None:
    started = time.monotonic()
    tokens((piece * LONGEST)[:LONGEST] + "\\")

    assert time.monotonic() - started < 5


def test_a_file_that_is_gone_is_no_text(tmp_path: Path) -> None:
    assert read_program(tmp_path / "nothing.py") is None


# Pages

EVIL = '<script>alert("x")</script>\u202e'


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(attributes)


def test_names_and_programs_are_escaped(school: Class, tmp_path: Path) -> None:
    evil = f'{program("threads")}\nx = """{EVIL}</li></ol><img src=x onerror=y>"""\n'
    school.add("alice", evil, name=EVIL)
    school.add("bob", evil)
    school.add("carol", b"\0", name=EVIL)

    pages = [file.read_text(encoding="utf-8") for file in write_similar(school.found(), tmp_path)]

    assert len(pages) == 2
    for page in pages:
        found = Tags(page)
        assert not {"script", "img", "link", "iframe"} & set(found.tags)
        assert not {"src", "onerror"} & set(found.attributes)
        assert "&lt;script&gt;" in page
        assert "\u202e" not in page
        assert "http://" not in page.replace("http://127.0.0.1", "")


def test_the_overview_leads_to_pages_that_lead_back(school: Class, tmp_path: Path) -> None:
    school.add("alice", program("threads"), name="Al Ice")
    school.add("bob", program("threads"), name="Al Ice")

    overview, page = write_similar(school.found(), tmp_path)

    (address,) = re.findall(r'href="(similar/[^"]+)"', overview.read_text(encoding="utf-8"))
    assert tmp_path / address == page
    text = page.read_text(encoding="utf-8")
    assert (page.parent / re.findall(r'href="([^"]+)"', text)[0]).resolve() == overview
    assert "Al Ice (alice)" in text and "Al Ice (bob)" in text
    for one in (overview, page):
        assert "a reason to look and to talk, not a proof" in one.read_text(encoding="utf-8")


def test_a_page_marks_what_is_alike_and_keeps_every_character() -> None:
    text = "import os\n\n    alike <here>\n  and here\nnot here\n"
    start = text.index("alike")
    end = text.index(" here\nnot")
    parts = list(lines(text, [(start, end)]))

    assert "\n".join("".join(part for part, _ in line) for line in parts) == text[:-1]
    assert [part for line in parts for part, alike in line if alike] == ["alike <here>", "and"]
    side = Side("alice", "alice", text, 0.7, ((start, end),))
    page = pair_page(Pair("01_echo", "server.py", 120, side, side))
    assert page.count("<mark>alike &lt;here&gt;</mark>") == 2


def test_two_marks_on_one_line_are_two() -> None:
    assert list(lines("abcdef\nx", [(0, 2), (3, 5)])) == [
        (("ab", True), ("c", False), ("de", True), ("f", False)),
        (("x", False),),
    ]


def test_a_class_that_copied_one_program_makes_a_report_of_bounded_size(tmp_path: Path) -> None:
    side = Side("a", "a", "x\n", 1.0, ())
    pairs = tuple(
        Pair("01_echo", "server.py", 200, side, Side(f"s{n}", f"s{n}", "x\n", 1.0, ()))
        for n in range(510)
    )

    written = write_similar(Findings(pairs, (), 511, 60), tmp_path)

    assert len(written) == 501
    assert "10 more pairs" in written[0].read_text(encoding="utf-8")


# The command


@pytest.fixture
def hand_ins(tmp_path: Path) -> Path:
    folder = tmp_path / "hand-ins"
    for student in ("alice", "bob"):
        shutil.copytree(DESIGNS / ECHO.name / "threads", folder / student / ECHO.name)
    return folder


def test_the_command_names_the_pairs_and_changes_nothing(
    run: Callable, hand_ins: Path, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in hand_ins.rglob("*.py")}

    done = run(hand_ins, "--out", tmp_path / "out")

    assert done.returncode == 0, done.stderr
    assert "100 % 01_echo server.py: alice and bob" in done.stdout
    assert "not a proof" in done.stdout
    assert done.stderr == ""
    assert (tmp_path / "out" / "similar.html").is_file()
    assert len(list((tmp_path / "out" / "similar").iterdir())) == 2
    assert {path: path.read_bytes() for path in hand_ins.rglob("*") if path.is_file()} == before


def test_only_the_lesson_that_is_named_is_compared(
    run: Callable, hand_ins: Path, tmp_path: Path
) -> None:
    done = run(hand_ins, "--out", tmp_path / "out", "--lesson", "2")

    assert done.returncode == 0, done.stderr
    assert "0 programs compared" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere", "--out", "out"], "nowhere"),
        (["hand-ins", "--out", "out", "--lesson", "99"], "no lesson '99'"),
        (["hand-ins", "--out", "out", "--threshold", "0"], "0 is not in the range"),
        (["hand-ins", "--out", "hand-ins/alice/01_echo/server.py"], "exists"),
    ],
)
def test_bad_input_is_one_clear_line(
    run: Callable, hand_ins: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    paths = [
        str(tmp_path / one) if "-ins" in one or one in ("nowhere", "out") else one
        for one in arguments
    ]

    done = run(*paths)

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_library_one_line_says_how_to_get_it(
    hand_ins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "copydetect", None)  # what import takes for "not there"

    done = CliRunner().invoke(classroom, ["similar", str(hand_ins), "--out", str(tmp_path / "out")])

    assert done.exit_code == 2
    (line,) = done.output.strip().splitlines()
    assert 'pip install --editable ".[similarity]"' in line
    assert not (tmp_path / "out").exists()


def test_the_library_is_loaded_by_nothing_but_the_comparison() -> None:
    code = "import sys, chatkit.cli.classroom.similar; sys.exit('copydetect' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_no_window_and_no_browser_opens(
    school: Class,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    opened: list[object] = []
    monkeypatch.setattr("webbrowser.open", lambda *about: opened.append(about))
    school.add("alice", program("threads"))
    school.add("bob", program("threads"))

    write_similar(school.found(), tmp_path / "out")

    assert not opened
    assert capfd.readouterr() == ("", "")
