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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from chatkit.course.lessons import find_course

ROOT = find_course(Path(__file__).parent).root
DEADLINE = 30.0
CHATKIT = (sys.executable, "-m", "chatkit")
posix_only = pytest.mark.skipif(os.name != "posix", reason="sends Ctrl-C as POSIX systems do")


class Typed:
    """A chatkit command that runs, with its output as it comes."""

    def __init__(
        self, *arguments: object, tty: bool = False, command: Sequence[str] = CHATKIT
    ) -> None:
        command = [*command, *map(str, arguments)]
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
def typed(
    *arguments: object, tty: bool = False, command: Sequence[str] = CHATKIT
) -> Iterator[Typed]:
    one = Typed(*arguments, tty=tty, command=command)
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
    chatkit: Callable, tmp_path: Path, schema: Any
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
        jsonschema.validate(json.loads(line), {"$defs": schema["$defs"], "$ref": "#/$defs/event"})
    drawn = chatkit("show", file)
    assert drawn.returncode == 0
    assert r"├─ b'hello\n' ─" in drawn.stdout and r"◀─" in drawn.stdout
    assert all(len(row) <= 80 for row in drawn.stdout.splitlines())
    assert chatkit("show", file, "--only", "1").stdout == drawn.stdout
    assert chatkit("show", file, "--only", "client 2").returncode == 2
    assert chatkit("show", file, "--only", "1", "--only", "1").stdout == drawn.stdout
    assert chatkit("show", file, "--only", "1", "--only", "2").returncode == 2


STOPPED_WHILE_IT_HANGS_UP = """
import os, signal, sys
from chatkit.cli.main import main
from chatkit.tools.tap import Tap

watch = Tap.watch
def watch_and_be_stopped(tap, what, events, act):
    watch(tap, what, events, act)
    if any(one.client.fileno() == -1 for one in tap.connections):  # it hangs up just now
        os.kill(os.getpid(), signal.SIGINT)

Tap.watch = watch_and_be_stopped
main(sys.argv[1:], prog_name="chatkit")
"""


@posix_only
def test_ctrl_c_never_comes_in_the_middle_of_a_step() -> None:
    with listening() as listener:
        command = [sys.executable, "-c", STOPPED_WHILE_IT_HANGS_UP]
        to = listener.getsockname()[1]
        with typed("tap", "--listen", 0, "--to", to, command=command) as tap:
            talk(listener, tap.port())
            assert tap.ends() == 0
            assert "The tap has ended" in tap.output


@posix_only
def test_keys_switch_faults_and_the_terminal_is_given_back() -> None:
    import termios

    with listening() as listener:
        to = listener.getsockname()[1]
        with typed("tap", "--listen", 0, "--to", to, tty=True) as tap:
            port = tap.port()
            tap.prints("q       end the tap")
            for key, note in (
                ("b", r"\* bytes on: every byte goes alone"),
                ("f", r"\* changes now the bytes from: client"),
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
            (("--listen", 0, "--record", mine), "is not a recording: choose another"),
            (("--listen", 0, "--record", tmp_path / "no/such/folder"), "cannot write"),
        ):
            done = chatkit("tap", *arguments)
            assert done.returncode == 2, done
            assert cure in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert mine.read_text() == "print('mine')\n"
