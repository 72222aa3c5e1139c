"""`chatkit tap` and `chatkit show` as a user types them, in a pipe and in a terminal."""

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import chatkit
from chatkit.bench.transcript import Event
from chatkit.course.lessons import find_course
from chatkit.grading import feedback
from chatkit.grading.verdict import LessonVerdict, Verdict, lesson_as_json, lesson_from_json
from chatkit.tools import recordings
from chatkit.tools.recordings import Recording, RecordingError, read

ROOT = find_course(Path(__file__).parent).root
SCHEMA = json.loads((Path(chatkit.__file__).parent / "grading/verdict.schema.json").read_text())
DEADLINE = 30.0
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

posix_only = pytest.mark.skipif(os.name != "posix", reason="sends Ctrl-C as POSIX systems do")


class Typed:
    """A chatkit command that runs, with its output as it comes."""

    def __init__(self, *arguments: object, tty: bool = False) -> None:
        command = [sys.executable, "-m", "chatkit", *map(str, arguments)]
        self.keys = None
        if tty:
            import pty

            self.screen, inside = pty.openpty()
            self.keys = self.screen
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=inside, stdout=inside, stderr=inside, preexec_fn=to_front
            )
            os.close(inside)
        else:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                preexec_fn=restore_ctrl_c,
            )
            assert self.process.stdout
            self.screen = self.process.stdout.fileno()
        self.output = ""

    def prints(self, pattern: str) -> re.Match[str]:
        """Wait until the output holds it."""
        deadline = time.monotonic() + DEADLINE
        while not (found := re.search(pattern, self.output)):
            left = deadline - time.monotonic()
            assert left > 0 and self.read(left), f"{pattern!r} never came: {self.output}"
        return found

    def read(self, seconds: float) -> bool:
        if not select.select([self.screen], [], [], seconds)[0]:
            return False
        data = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            data = os.read(self.screen, 65536)
        self.output += data.decode("utf-8", "replace")
        return bool(data)

    def port(self) -> int:
        return int(self.prints(r"connect to 127\.0\.0\.1:(\d+)")[1])

    def ends(self) -> int:
        while self.read(DEADLINE):
            pass
        return self.process.wait(DEADLINE)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.ends()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.keys:
            os.close(self.keys)
        elif self.process.stdout:
            self.process.stdout.close()


def restore_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def to_front() -> None:
    """Make the terminal on standard input the one of this process, and in the foreground."""
    import fcntl
    import termios

    restore_ctrl_c()
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextlib.contextmanager
def typed(*arguments: object, tty: bool = False) -> Iterator[Typed]:
    one = Typed(*arguments, tty=tty)
    try:
        yield one
    finally:
        one.close()


@contextlib.contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)
        yield listener


def talk(listener: socket.socket, port: int) -> None:
    """One word there and one back through the tap, and the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client:
        client.sendall(b"hello\n")
        with listener.accept()[0] as server:
            server.settimeout(DEADLINE)
            assert server.recv(100) == b"hello\n"
            server.sendall("ä\x1b[2J\n".encode())
            assert client.recv(100) == "ä\x1b[2J\n".encode()
            client.shutdown(socket.SHUT_WR)
            assert server.recv(100) == b""
        assert client.recv(100) == b""


@posix_only
def test_it_shows_what_passes_records_it_and_ends_on_ctrl_c_with_status_0(
    chatkit: Callable, tmp_path: Path
) -> None:
    file = tmp_path / "monday.jsonl"
    with listening() as listener:
        to = listener.getsockname()[1]
        with typed("tap", "--listen", 0, "--to", to, "--record", file) as tap:
            talk(listener, tap.port())
            tap.prints(r"client 1  ◀── end of stream")
            assert r"client 1  ──▶ b'hello\n'" in tap.output
            assert r"client 1  ◀── b'\xc3\xa4\x1b[2J\n'" in tap.output
            assert "Keys" not in tap.output and "\x1b" not in tap.output

            assert max(map(len, tap.output.splitlines())) <= 80, tap.output
            assert tap.interrupt() == 0
            assert f"chatkit show {file}" in tap.output

    for line in file.read_text(encoding="utf-8").splitlines():
        jsonschema.validate(json.loads(line), {"$defs": SCHEMA["$defs"], "$ref": "#/$defs/event"})
    drawn = chatkit("show", file)
    assert drawn.returncode == 0
    assert r"├─ b'hello\n' ─" in drawn.stdout and r"◀─" in drawn.stdout
    assert all(len(row) <= 80 for row in drawn.stdout.splitlines())
    assert chatkit("show", file, "--only", "1").stdout == drawn.stdout
    assert chatkit("show", file, "--only", "client 2").returncode == 2
    assert chatkit("show", file, "--only", "1", "--only", "1").stdout == drawn.stdout
    assert chatkit("show", file, "--only", "1", "--only", "2").returncode == 2


@posix_only
def test_keys_make_mischief_and_the_terminal_is_given_back() -> None:
    import termios

    with listening() as listener:
        to = listener.getsockname()[1]
        with typed("tap", "--listen", 0, "--to", to, tty=True) as tap:
            port = tap.port()
            tap.prints("q       end the tap")
            for key, note in (
                ("b", r"\* bytes on: every byte goes alone"),
                ("f", r"\* mischief touches the bytes from: client"),
                ("f", r"from: server"),
                ("b", r"\* bytes off"),
                ("r", r"\* reset on \(from the server\)"),
                ("x", r"r  on   reset"),
            ):
                os.write(tap.screen, key.encode())
                tap.prints(note)
            with (
                socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client,
                listener.accept()[0] as server,
            ):
                server.sendall(b"hello\n")
                assert client.recv(10) == b"he"
                with pytest.raises(ConnectionResetError):
                    client.recv(10)
            tap.prints("client 1  ◀── reset: by the tap")
            assert not termios.tcgetattr(tap.screen)[3] & termios.ICANON
            os.write(tap.screen, b"q")
            tap.prints("The tap has ended")
            assert tap.process.wait(DEADLINE) == 0
            assert termios.tcgetattr(tap.screen)[3] & termios.ICANON


@posix_only
def test_a_terminal_that_does_not_control_it_is_a_keyboard_too() -> None:
    import pty

    keys, inside = pty.openpty()
    with (
        os.fdopen(keys, "wb", buffering=0) as keyboard,
        subprocess.Popen(
            [sys.executable, "-m", "chatkit", "tap", "--listen", "0"],
            cwd=ROOT,
            stdin=inside,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as tap,
    ):
        os.close(inside)
        assert tap.stdout
        first = tap.stdout.readline()
        keyboard.write(b"q")
        said, _ = tap.communicate(timeout=DEADLINE)
    assert tap.returncode == 0 and "Traceback" not in first + said


@posix_only
def test_a_terminal_that_takes_nothing_does_not_stop_the_tap() -> None:
    with listening() as listener:
        to = listener.getsockname()[1]
        with typed("tap", "--listen", 0, "--to", to) as tap:
            port = tap.port()
            with (
                socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client,
                listener.accept()[0] as server,
            ):
                server.settimeout(DEADLINE)
                for number in range(4000):  # its rows fill the pipe, which nobody reads
                    client.sendall(b"%6d\n" % number)
                    assert server.recv(100) == b"%6d\n" % number
            assert tap.interrupt() == 0
            assert "rows are not shown" in tap.output


def test_no_server_is_said_and_the_tap_goes_on() -> None:
    with listening() as free:
        port = free.getsockname()[1]
    with typed("tap", "--listen", 0, "--to", port) as tap:
        for number in (1, 2):
            with (
                pytest.raises(ConnectionResetError),  # it may come while we still connect
                socket.create_connection(("127.0.0.1", tap.port()), timeout=DEADLINE) as client,
            ):
                client.recv(1)
            tap.prints(rf"client {number}  ◀── refused: no server at 127.0.0.1:{port}")


def test_a_full_disk_ends_the_tap_with_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "chatkit", "tap", "--listen", "0"]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            timeout=DEADLINE,
        )
    assert done.returncode == 1
    assert done.stderr == "chatkit: the output cannot be written: No space left on device\n"


def test_wrong_use_is_one_line_with_the_cure(chatkit: Callable, tmp_path: Path) -> None:
    mine = tmp_path / "server.py"
    mine.write_text("print('mine')\n")
    with listening() as listener:
        free = listener.getsockname()[1]
    with listening() as taken:
        port = taken.getsockname()[1]
        for arguments, cure in (
            (("--listen", port), "chatkit tap --listen 0"),
            (("--listen", free, "--to", free), "cannot be its own server"),
            (("--to", "nonsense"), "write 5501 or localhost:5501"),
            (("--to", "no-such-host.invalid:5501", "--listen", 0), "there is no host"),
            (("--listen", 0, "--record", mine), "is no recording: choose another"),
            (("--listen", 0, "--record", tmp_path / "no/such/folder"), "cannot write"),
        ):
            done = chatkit("tap", *arguments)
            assert done.returncode == 2, done
            assert cure in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert mine.read_text() == "print('mine')\n"


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
    assert "is no recording of chatkit tap and no output of chatkit check --json" in line


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
