"""The room of `chatkit play`, without the command: its server and its port."""

import errno
import signal
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from chatkit._errors import Unavailable
from chatkit.cli.tools import play as command
from chatkit.course.lessons import find_course
from chatkit.tools import play

ROOT = Path(__file__).parents[3]
HERE = "127.0.0.1"


# --------------------------------------------------------------------------------- the server


def room_of(folder: Path, source: str) -> play.Room:
    (folder / "server.py").write_text(textwrap.dedent(source), encoding="utf-8")
    return play.Room(folder / "server.py", HERE, 0)


def test_a_server_that_does_not_hear_ctrl_c_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(play, "SECONDS", 0.1)
    source = """
        import signal
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("deaf", flush=True)
        while True:
            signal.pause()
        """
    with room_of(tmp_path, source) as room:
        assert room.line(30) == "deaf"

    assert room.forced and room.process.returncode == -signal.SIGKILL


def test_what_a_stranger_sends_cannot_steer_the_terminal(tmp_path: Path) -> None:
    with room_of(tmp_path, r"""print("\x1b[2Jeve\u202e has come", flush=True)""") as room:
        assert room.line(30) == "?[2Jeve? has come"
        assert room.line(30) is None and room.line(30) is None
        assert room.status() == 0


def test_a_hand_out_runs_the_server_that_it_gives_or_says_who_has_it(tmp_path: Path) -> None:
    course = find_course(ROOT)
    bare = [replace(lesson, solutions=tmp_path / "none") for lesson in course.lessons]

    given = play.finished_server(replace(course, lessons=tuple(bare)))

    assert given == ROOT / "lessons/05_gui/server.py"
    for count, mine in ((3, False), (4, True)):
        with pytest.raises(Unavailable, match="your instructor keeps the solutions") as why:
            play.finished_server(replace(course, lessons=tuple(bare[:count])))
        assert ("chatkit play --mine" in str(why.value)) is mine


def test_a_port_that_needs_rights_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = OSError(errno.EACCES, "Permission denied")
    monkeypatch.setattr("chatkit.system.ports.why_taken", lambda host, port: denied)

    with pytest.raises(command.Misuse, match="port 80 cannot be used: Permission denied"):
        command.must_be_free(HERE, 80)
