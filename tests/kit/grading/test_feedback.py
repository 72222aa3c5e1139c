"""What a student reads of a verdict: what to begin with, in a dozen lines, and nothing twice."""

from dataclasses import replace

import pytest

from chatkit.bench.transcript import Transcript
from chatkit.grading import feedback
from chatkit.grading.explain.ranking import explained
from chatkit.grading.verdict import Cause, LessonVerdict, Verdict

LONG = "server.py:17 does " + "something and " * 40 + "ends."
FIRST = Cause("first", "server.py:17 keeps what recv() returned. It is not a line.", "What is one?")
SECOND = Cause("second", "server.py:31 sends it on at once. Nobody waited for its end.")
TODO = Cause("todo-2", "TODO 2 in server.py comes next.", "Who waits?", "Echo")


def failed(id: str, *causes: Cause, symptom: str = "silent") -> Verdict:
    return Verdict(
        id,
        f"the title of {id}",
        "failed",
        0,
        5,
        "server.py",
        symptom=symptom,
        message="server.py is at rest and will not do it any more",
        expected="alice to get b'hello\\n'",
        received="server.py:17 stands at: data = client.recv(4096)",
        hint="the hint of the check",
        read='lessons/01_echo/README.md, "Lines"',
        again=f"chatkit check 1 --only {id} --show",
        causes=causes,
    )


def lesson(*checks: Verdict) -> LessonVerdict:
    return explained(LessonVerdict("01_echo", "Echo", checks, 1.0))


def told(*checks: Verdict) -> str:
    return "\n".join(feedback.begin(lesson(*checks)))


def test_one_thing_is_told_once_with_all_that_it_explains() -> None:
    text = told(failed("a"), failed("b", FIRST), failed("c", FIRST, SECOND))

    assert text.startswith("Begin here: b. The title of b.")
    assert text.count("server.py:17 keeps what recv() returned. It is not a line.") == 1
    assert "this one thing explains 2 of the 3 ✗: b, c" in text
    assert "server.py:31" not in text
    assert "What is one?" in text and "the hint of the check" not in text


def test_two_that_explain_the_very_same_are_told_in_a_line_each() -> None:
    text = told(failed("a", FIRST, SECOND), failed("b", FIRST, SECOND))

    assert "  likely    server.py:17 keeps what recv() returned.\n" in text
    assert "            server.py:31 sends it on at once.\n" in text
    assert "It is not a line." not in text
    assert "each of these explains all 2 ✗: a, b" in text


def test_without_evidence_nothing_is_likely() -> None:
    text = told(failed("a"), failed("b"))

    assert "likely" not in text and "explains" not in text
    assert "server.py:17 stands at: data = client.recv(4096)" in text
    assert "the hint of the check" in text


def test_a_program_that_crashed_is_not_asked_about_what_it_never_came_to() -> None:
    crashed = replace(failed("a"), symptom="crashed")

    assert "the hint of the check" not in told(crashed)
    assert "What is one?" in told(replace(crashed, causes=(FIRST,)))


@pytest.mark.parametrize("causes", [(), (replace(FIRST, sentence=LONG),), (FIRST, SECOND)])
def test_however_long_it_is_it_has_twelve_lines_and_every_part(causes: tuple[Cause, ...]) -> None:
    much = "\n".join([feedback.TRACEBACK, *(f'  File "x", line {n}' for n in range(30)), "OSError"])
    long = replace(failed("a", *causes), message=LONG, expected=LONG, received=much, hint=LONG)
    lines = feedback.begin(lesson(long, *(failed(f"check-{n}", *causes) for n in range(20))))

    assert len(lines) == 12
    labels = [line[2:12].strip() for line in lines[1:] if line[2] != " "]
    wanted = ["what", "expected", "received", "likely", "think", "read", "again"]
    assert labels == [one for one in wanted if one != "likely" or causes]
    assert max(map(len, lines)) <= feedback.WIDTH
    assert any(line.endswith("OSError") for line in lines), "a traceback says it at its end"


def test_what_is_written_and_wrong_comes_before_what_is_not_written_yet() -> None:
    todo = [failed(id, TODO, symptom="todo") for id in ("a", "b", "c")]

    assert told(*todo, failed("d", FIRST)).startswith("Begin here: d.")
    text = told(*todo)
    assert text.startswith("Begin here: a.")
    assert "  next      TODO 2 in server.py comes next." in text
    assert 'lessons/01_echo/README.md, "Echo"' in text and "Who waits?" in text
    assert "expected" not in text and "likely" not in text


def test_nothing_is_left_to_begin_with_when_all_has_passed() -> None:
    right = replace(failed("a"), status="passed", score=5)
    assert feedback.begin(lesson(right)) == []


def test_what_could_not_be_tried_is_told_where_nothing_failed() -> None:
    untried = replace(failed("a"), status="not_reached", message="nobody could connect")

    assert "nobody could connect" in told(untried)


def test_only_the_story_that_failed_is_drawn_and_it_is_named() -> None:
    transcript = Transcript()
    transcript.add("alice", "server", "data", b"before")
    transcript.begins_anew("Ctrl-C while connecting")
    transcript.add("bob", "server", "data", b"after")
    wrong = replace(failed("a"), transcript=tuple(transcript.events))

    text = feedback.plain(wrong)
    assert "b'after'" in text and "b'before'" not in text and "alice  " not in text
    assert "Only Ctrl-C while connecting: what came before went well." in text
    assert "what      Ctrl-C while connecting: server.py is at rest" in text
    whole = feedback.plain(replace(wrong, status="passed"))
    assert "b'before'" in whole and "b'after'" in whole and "Ctrl-C while connecting" in whole


def test_a_long_story_keeps_where_its_parts_begin() -> None:
    transcript = Transcript(most=10)
    for _ in range(6):
        transcript.add("alice", "server", "data", b"before")
    transcript.begins_anew("")
    for _ in range(40):
        transcript.add("alice", "server", "data", b"after")

    assert [one.text for one in transcript.events if one.kind == "visit"] == [
        "part 2 of this check"
    ]
    assert len(transcript.events) == 10


def test_a_traceback_stands_once() -> None:
    crash = f"{feedback.TRACEBACK}\n  File 'server.py', line 3\nOSError: no"
    checks = [replace(failed(id), received=crash, output=crash) for id in "ab"]

    texts = list(map(feedback.plain, feedback.traceback_once(checks)))
    assert texts[0].count("line 3") == 1
    assert "line 3" not in texts[1]
    assert "OSError: no  (the traceback is above, at a)" in texts[1]


def test_a_traceback_with_long_lines_is_not_printed_again_below_what_was_received() -> None:
    crash = f"{feedback.TRACEBACK}\n" + "  File 'x'\n" * 30 + "OSError: no"
    cut = "\n".join(crash.split("\n")[-20:])  # a verdict keeps so many lines of the output

    text = feedback.plain(replace(failed("a"), received=crash, output=cut))
    assert text.count("OSError: no") == 1 and "printed" not in text
