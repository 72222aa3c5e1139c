"""`chatkit show`: recordings and verdicts are drawn, and what is none is told in one line."""

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatkit.bench.transcript import Event
from chatkit.grading import feedback
from chatkit.grading.verdict import LessonVerdict, Verdict, lesson_as_json, lesson_from_json
from chatkit.tools import recordings
from chatkit.tools.recordings import Recording, RecordingError, read

HELLO = Event(0.5, "client 1", "server", "data", r"hello\n")
FAILED = Verdict(
    *(
        "ready-line",
        "prints the ready line",
        "failed",
        0,
        5,
        "server.py",
        "timeout",
        "no line came",
    ),
    notes=("a note",),
    transcript=(Event(0.5, "client 1", "server", "data", "hello", "a remark"),),
)


def test_a_check_is_drawn_from_its_json_as_the_check_itself_draws_it(chatkit: Callable) -> None:
    verdict = chatkit("check", 2, "--solutions", "--only", "half-line", "--json").stdout
    (check,) = lesson_from_json(json.loads(verdict)["lessons"][0]).checks

    drawn = chatkit("show", "-", stdin=verdict)

    assert drawn.returncode == 0
    assert drawn.stdout.strip() == feedback.plain(check).strip()
    assert "├─ b'" in drawn.stdout
    assert chatkit("show", "-", "--only", "half-line", stdin=verdict).stdout == drawn.stdout
    assert (
        "there are: half-line" in chatkit("show", "-", "--only", "nonsense", stdin=verdict).stderr
    )


def broken_verdicts() -> Iterator[bytes]:
    """The output of `check --json` with a value of another kind in each of its places."""
    whole = json.dumps(
        {"lessons": [lesson_as_json(LessonVerdict("01_echo", "Echo", (FAILED,), 1))]}
    )
    for path in places(json.loads(whole)["lessons"], ("lessons",)):
        for value in (None, 5, "x", ["x"], {"x": 1}, [5], True):
            changed = json.loads(whole)
            inner = changed
            for key in path[:-1]:
                inner = inner[key]
            there = inner[path[-1]]
            if type(value) is not type(there) and not (value == 5 and isinstance(there, float)):
                inner[path[-1]] = value
                yield json.dumps(changed).encode()


def places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The way to each value that is read."""
    if not isinstance(value, dict | list):
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if key in ("notes", "begin") or (key in ("score", "max_score") and "checks" not in path):
            continue  # a text is a row of texts, too; what is worked out is not read
        yield (*path, key)
        yield from places(inner, (*path, key))


def test_a_status_that_there_is_not_is_one_clear_line(chatkit: Callable, tmp_path: Path) -> None:
    fields = lesson_as_json(LessonVerdict("01_echo", "Echo", (FAILED,), 1))
    fields["checks"][0]["status"] = "maybe"
    (tmp_path / "a").write_text(json.dumps({"lessons": [fields]}), encoding="utf-8")

    done = chatkit("show", tmp_path / "a")

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "is neither a recording of chatkit tap nor output of chatkit check --json" in line


def test_a_file_that_is_no_recording_is_one_clear_line(chatkit: Callable, tmp_path: Path) -> None:
    for number, text in enumerate(
        (
            b"",
            b"hello",
            b"\xff\xfe",
            b"[1, 2]",
            b"{}",
            b'{"lessons": [{}]}',
            b'{"lessons": [{"lesson": 1, "title": 2, "checks": 3, "seconds": 4}]}',
            b'{"t": NaN, "from": "a", "to": "b", "kind": "data"}',
            b'{"t": "0", "from": "a", "to": "b", "kind": "data"}',
            b'{"t": 0, "from": ["a"], "to": "b", "kind": "data"}',
            b'{"lessons": []}',
            *broken_verdicts(),
            b"[" * 100_000,
        )
    ):
        file = tmp_path / str(number)
        file.write_bytes(text)
        done = chatkit("show", file) if number < 3 else None  # a process for each takes long
        if done:
            assert done.returncode == 2 and done.stderr.count("\n") == 1, done
        with pytest.raises(RecordingError):
            read(text, "that file")
    for missing in (tmp_path / "nowhere", tmp_path):
        done = chatkit("show", missing)
        assert done.returncode == 2 and "cannot read" in done.stderr


def test_a_recording_whose_last_line_is_cut_is_read_up_to_there(tmp_path: Path) -> None:
    with contextlib.closing(Recording(tmp_path / "a")) as one:
        one.add(HELLO)
        one.add(HELLO)
    data = (tmp_path / "a").read_bytes()

    assert read(data, "a") == ([HELLO, HELLO], [])
    assert read(data[:-10], "a") == ([HELLO], [])
    Recording(tmp_path / "a").close()  # an earlier recording is replaced
    assert (tmp_path / "a").read_bytes() == b""


def test_a_recording_has_a_bound_and_says_when_it_is_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "MOST", 2)
    with contextlib.closing(Recording(tmp_path / "a")) as one:
        for _ in range(3):
            one.add(HELLO)

    assert one.count == 2 and one.trouble == "it is full: 2 events"
    assert len(read((tmp_path / "a").read_bytes(), "a")[0]) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_said_and_stops_nothing() -> None:
    one = Recording(Path("/dev/full"))
    one.add(HELLO)
    one.add(HELLO)
    one.close()

    assert one.count == 0 and one.trouble == "No space left on device"


def test_control_characters_of_a_file_never_reach_the_terminal(
    chatkit: Callable, tmp_path: Path
) -> None:
    evil = '{"t": 0, "from": "a\\u001b[31m", "to": "server", "kind": "note", "text": "\\u009b2J"}'
    (tmp_path / "a").write_text(evil + "\n")

    drawn = chatkit("show", tmp_path / "a")

    assert drawn.returncode == 0 and "[31m" in drawn.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", drawn.stdout)
