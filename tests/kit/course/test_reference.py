"""The reference programs as their users run them: by hand, with nc, five hundred at once.

The lesson checks grade the same programs one behaviour at a time. What stands here is either too
big for a check, or concerns the reference alone: that it runs in every way it is promised to run,
gives back what it takes, and ends well.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from reference_programs import (
    DEADLINE,
    REFERENCE,
    STEPS,
    Peer,
    Process,
    command,
    running_server,
    until,
)

posix_only = pytest.mark.skipif(os.name != "posix", reason="sends Ctrl-C as POSIX systems do")
needs_nc = pytest.mark.skipif(not shutil.which("nc"), reason="this machine has no nc")


@pytest.mark.parametrize("how", ["script", "module"])
@pytest.mark.parametrize("step", STEPS)
def test_server_and_client_run_as_script_and_as_module(step: str, how: str) -> None:
    name = ("--name", "alice") if step == "nicknames" else ()
    with running_server(step, how) as (_, port):
        client = Process(*command(step, "client", how), "--port", str(port), *name)
        with client:
            client.type("hello\n")
            client.popen.stdin.close()
            assert client.ends() == 0
            assert client.err == b""
    expected = {"echo": b"hello\n", "nicknames": b"Connected to the server\n"}
    assert client.out == expected.get(step, b"")


@pytest.mark.parametrize("step", STEPS)
def test_a_program_copied_alone_runs(step: str, tmp_path: Path) -> None:
    for program in ("server", "client"):
        alone = shutil.copy(REFERENCE / step / f"{program}.py", tmp_path)
        done = subprocess.run(
            [sys.executable, "-I", alone, "--help"], capture_output=True, timeout=DEADLINE
        )
        assert done.returncode == 0
        assert b"--port" in done.stdout


@pytest.mark.parametrize("step", STEPS)
def test_localhost_is_a_host(step: str) -> None:
    with Process(
        *command(step, "server", "script"), "--host", "localhost", "--port", "0"
    ) as server:
        port = re.fullmatch(r"Server running on localhost:(\d+)\n", server.prints("\n"))
        assert port
        name = ("--name", "alice") if step == "nicknames" else ()
        args = ("--host", "localhost", "--port", port[1], *name)
        with Process(*command(step, "client", "script"), *args) as client:
            client.popen.stdin.close()
            assert client.ends() == 0
            assert client.err == b""


@pytest.mark.parametrize("step", STEPS)
def test_a_port_in_use_is_said_in_one_line(step: str) -> None:
    with running_server(step) as (_, port):
        args = (*command(step, "server", "script"), "--port", str(port))
        with Process(*args) as second:
            assert second.ends() == 1
            assert second.err.startswith(f"Cannot listen on 127.0.0.1:{port}: ".encode())
            assert second.err.count(b"\n") == 1


def test_a_lesson_3_client_talks_through_a_lesson_4_server() -> None:
    with running_server("nicknames") as (_, port), Peer(port, "bob") as bob:
        client = Process(*command("threads", "client", "script"), "--port", str(port))
        with client:
            client.prints("NICK\n")
            client.type("BOB\n")
            client.prints("taken.\nNICK\n")
            client.type("alice\n")
            client.prints("Connected to the server\n")
            assert bob.line() == "alice connected to the server!"
            client.type("hello\n")
            assert bob.line() == "alice: hello"
            bob.say("NICK")
            client.prints("bob: NICK\n")
            client.popen.stdin.close()
            assert bob.line() == "alice has left the chat."
            assert client.ends() == 0


@needs_nc
def test_nc_talks_to_the_echo_server() -> None:
    with running_server("echo") as (_, port), nc(port) as alice:
        for word in ("hello", "again"):
            alice.type(f"{word}\n")
            alice.prints(f"{word}\n")


@needs_nc
@pytest.mark.parametrize("step", ["broadcast", "threads"])
def test_nc_talks_in_a_room(step: str) -> None:
    with running_server(step) as (_, port), Peer(port) as bob, nc(port) as alice:
        alice.type("hello\n")
        assert bob.line() == "hello"
        bob.say("hello alice")
        alice.prints("hello alice\n")
        assert alice.out == b"hello alice\n"


@needs_nc
def test_nc_talks_under_a_name() -> None:
    with running_server("nicknames") as (_, port), Peer(port, "bob") as bob, nc(port) as alice:
        alice.prints("NICK\n")
        alice.type("no name\n")
        alice.prints("no colon.\nNICK\n")
        alice.type("alice\n")
        alice.prints("Connected to the server\n")
        assert bob.line() == "alice connected to the server!"
        alice.type("hello\n")
        assert bob.line() == "alice: hello"
        bob.say("hello alice")
        alice.prints("bob: hello alice\n")
        alice.popen.kill()
        assert bob.line() == "alice has left the chat."


def nc(port: int) -> Process:
    return Process("nc", "127.0.0.1", str(port))


@posix_only
@pytest.mark.parametrize("step", STEPS)
def test_ctrl_c_ends_a_client_and_then_the_server_with_another_client(step: str) -> None:
    with running_server(step) as (server, port), contextlib.ExitStack() as stack:

        def join(name: str) -> Process:
            option = ("--name", name) if step == "nicknames" else ()
            args = (*command(step, "client", "script"), "--port", str(port), *option)
            return stack.enter_context(Process(*args))

        alice = join("alice")
        if step == "echo":  # one client at a time: bob would wait for alice
            alice.type("hello\n")
            alice.prints("hello\n")
        elif step == "nicknames":  # whoever is there first hears of the other
            alice.prints("Connected to the server\n")
        bob = join("bob")
        if step == "nicknames":
            alice.prints("bob connected to the server!\n")
        elif step != "echo":
            until_heard(lambda: alice.type("ping\n"), bob)
        alice.popen.send_signal(signal.SIGINT)
        assert (alice.ends(), bytes(alice.err)) == (0, b"")

        if step == "echo":
            bob.type("hello\n")
            bob.prints("hello\n")
        server.popen.send_signal(signal.SIGINT)
        assert (server.ends(), bytes(server.err)) == (0, b"")
        if step == "echo":
            bob.type("is anybody there?\n")
        assert bob.ends() == 1
        assert bob.err.count(b"\n") == 1


def until_heard(ping: Callable[[], None], listener: Process) -> None:
    """Say it again until it is heard: who joins later does not hear what was said before."""

    def heard() -> bool:
        ping()
        return b"ping\n" in listener.out

    until(heard, "no ping came")


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_server_is_said_in_one_line(step: str) -> None:
    client_command = command(step, "client", "script")
    with (
        running_server(step) as (server, port),
        Process(*client_command, "--port", str(port)) as client,
    ):
        if step == "echo":
            client.type("hello\n")
            client.prints("hello\n")
        elif step == "nicknames":
            client.prints("Your name: ")
        else:
            with Peer(port) as peer:
                until_heard(lambda: peer.say("ping"), client)
        server.popen.kill()
        if step == "echo":
            client.type("is anybody there?\n")
        assert client.ends() == 1
        assert client.err.startswith(b"The server is gone")
        assert client.err.count(b"\n") == 1
