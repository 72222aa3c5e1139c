"""`chatkit raw` as a user types it: real sockets, a real pipe, a real terminal."""

import contextlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator

import pytest

from chatkit.tools.raw import EscapeError, unescaped

DEADLINE = 30.0
posix_only = pytest.mark.skipif(os.name != "posix", reason="sends Ctrl-C as POSIX systems do")


@contextlib.contextmanager
def raw(
    *options: str, stdin: int = subprocess.PIPE
) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """The command, and the server's end of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)
        command = [sys.executable, "-m", "chatkit", "raw", *options, str(listener.getsockname()[1])]
        with subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        ) as process:
            try:
                server, _ = listener.accept()
                server.settimeout(DEADLINE)
                with server:
                    yield process, server
            finally:
                process.kill()


def gets(server: socket.socket, data: bytes) -> None:
    """The server gets exactly this."""
    got = b""
    while len(got) < len(data):
        got += server.recv(4096) or pytest.fail(f"the stream ended after {got!r}")
    assert got == data


def ends(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=DEADLINE)
    return process.returncode, out.decode(), err.decode()


def test_typed_lines_go_out_as_utf8_and_what_comes_back_is_shown_as_bytes() -> None:
    with raw() as (process, server):
        assert process.stdin and process.stdout
        process.stdin.write("café\n".encode())
        process.stdin.flush()
        gets(server, "café\n".encode())
        server.sendall("é\x1b\n".encode())
        assert process.stdout.readline() == rb"b'\xc3\xa9\x1b\n'" + b"\n"
        process.stdin.close()
        assert server.recv(100) == b""  # the end of input is a half-close …
        server.sendall(b"and still I talk\n")
        assert process.stdout.readline() == rb"b'and still I talk\n'" + b"\n"  # … it listens on
        server.close()
        process.stdin = None

        assert ends(process) == (
            0,
            "",
            "The server has ended the connection: recv() returned b''.\n",
        )


def test_a_last_line_without_an_end_gets_none() -> None:
    with raw() as (process, server):
        assert process.stdin
        process.stdin.write(b"one\r\nhel")
        process.stdin.close()
        gets(server, b"one\nhel")
        assert server.recv(1) == b""


def test_crlf_ends_lines_as_telnet_does() -> None:
    with raw("--crlf") as (process, server):
        assert process.stdin
        process.stdin.write(b"one\ntwo\n")
        process.stdin.flush()
        gets(server, b"one\r\ntwo\r\n")


def test_with_escapes_half_a_line_and_half_a_character_can_be_sent() -> None:
    with raw("--escapes") as (process, server):
        assert process.stdin
        for typed, sent in (
            (rb"hel\c", b"hel"),
            (rb"lo", b"lo\n"),
            (rb"caf\xc3\c", b"caf\xc3"),
            (rb"\xa9", b"\xa9\n"),
            (rb"one\ntwo", b"one\ntwo\n"),
        ):
            process.stdin.write(typed + b"\n")
            process.stdin.flush()
            gets(server, sent)
        process.stdin.write(b"\\q\nend\n")
        process.stdin.flush()
        gets(server, b"end\n")
        server.close()

        status, _, said = ends(process)
        assert status == 0 and r"\q means nothing: use \n" in said and "Nothing was sent." in said


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        (b"", b"!"),
        (rb"\c", b""),
        (rb"a\\c", rb"a\c!"),
        (rb"a\\\c", b"a\\"),
        (rb"\0\t\r\n\\\x41\xC3", b"\0\t\r\n\\A\xc3!"),
        ("é".encode(), "é!".encode()),
    ],
)
def test_what_escapes_mean(line: bytes, sent: bytes) -> None:
    assert unescaped(line, b"!") == sent


@pytest.mark.parametrize(
    "line", [b"\\", rb"\q", rb"\x4", rb"\xzz", rb"a\cb", rb"\u00e9", b"\\\xc3"]
)
def test_an_escape_that_there_is_not_is_said(line: bytes) -> None:
    with pytest.raises(EscapeError, match="means nothing"):
        unescaped(line, b"\n")


def test_a_reset_is_said_with_status_1_after_what_came_before() -> None:
    with raw() as (process, server):
        server.sendall(b"goodbye\n")
        assert process.stdout and process.stdout.readline() == rb"b'goodbye\n'" + b"\n"
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.close()

        assert ends(process) == (1, "", "Error: the connection was reset\n")


def test_a_server_that_does_not_read_keeps_nobody_from_listening() -> None:
    with raw() as (process, server):
        assert process.stdin and process.stdout
        text = b"x" * 65_000 + b"\n"
        while select.select([], [process.stdin], [], 0.5)[1]:  # until all buffers are full
            os.write(process.stdin.fileno(), text[:4096])
        server.sendall(b"slow down\n")

        assert process.stdout.readline() == rb"b'slow down\n'" + b"\n"


def test_no_server_and_wrong_use_are_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for words, status, told in (
        (["127.0.0.1", str(port)], 1, f"no server at 127.0.0.1:{port}"),
        (["nonsense"], 2, "is not an address: write 5501"),
        (["127.0.0.1", "0"], 2, "is not an address"),
        (["::1:5501"], 2, "write an address of IPv6 in brackets, [::1]:5501"),
        (["a", "b", "5501"], 2, "chatkit raw HOST PORT"),
    ):
        command = [sys.executable, "-m", "chatkit", "raw", *words]
        done = subprocess.run(command, capture_output=True, timeout=DEADLINE, encoding="utf-8")
        assert done.returncode == status, done
        assert told in done.stderr and done.stderr.count("\n") == 1


@posix_only
def test_in_a_terminal_ctrl_d_half_closes_and_ctrl_c_ends_it_without_a_traceback() -> None:
    import pty

    keys, inside = pty.openpty()
    try:
        with raw(stdin=inside) as (process, server):
            os.write(keys, b"hello\n")
            gets(server, b"hello\n")
            os.write(keys, b"\x04")
            assert server.recv(1) == b""
            process.send_signal(signal.SIGINT)

            assert ends(process) == (130, "", "")
    finally:
        os.close(keys)
        os.close(inside)
