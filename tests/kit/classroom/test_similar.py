"""Similar programs: copies are found, independent work is not, and no hand-in does harm."""

import random
import shutil
import time
from pathlib import Path

import pytest
from similar_class import COURSE, DESIGNS, ECHO, ROOT, Class, disguised, program, solved

from chatkit.classroom.similar import (
    LONGEST,
    SOLUTION,
    TOO_LITTLE,
    find_similar,
    read_program,
    tokens,
)
from chatkit.classroom.submissions.submissions import Submission
from chatkit.course.lessons import Lesson, find_course


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
    assert "not text" in why["binary"]
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
