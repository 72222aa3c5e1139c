"""The reference programs as their users run them: by hand, with nc, five hundred at once.

The lesson checks grade the same programs one behaviour at a time. What stands here is either too
big for a check, or concerns the reference alone: that it runs in every way it is promised to run,
gives back what it takes, and ends well.
"""

import contextlib
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = ROOT / "chatkit" / "reference"
STEPS = ("echo", "broadcast", "threads", "nicknames")
ROOMS = STEPS[1:]
DEADLINE = 20.0
CROWD = 500

posix_only = pytest.mark.skipif(os.name != "posix", reason="sends Ctrl-C as POSIX systems do")
linux_only = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="reads /proc")
needs_nc = pytest.mark.skipif(not shutil.which("nc"), reason="this machine has no nc")


def command(step: str, program: str, how: str) -> list[str]:
    """How to start a reference program: as a script or as a module."""
    if how == "module":
        return [sys.executable, "-u", "-m", f"chatkit.reference.{step}.{program}"]
    return [sys.executable, "-u", str(REFERENCE / step / f"{program}.py")]


class Process:
    """A running program whose output is read at all times, so that it never waits for us."""

    def __init__(self, *args: str) -> None:
        self.popen = subprocess.Popen(
            args,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=restore_ctrl_c if os.name == "posix" else None,
        )
        self.news = threading.Condition()
        self.out = bytearray()
        self.err = bytearray()
        self.readers = [
            threading.Thread(target=self.drain, args=pipe, daemon=True)
            for pipe in ((self.popen.stdout, self.out), (self.popen.stderr, self.err))
        ]
        for reader in self.readers:
            reader.start()

    def drain(self, pipe, text: bytearray) -> None:
        while data := pipe.read1(65536):
            with self.news:
                text += data
                self.news.notify_all()

    def type(self, text: str) -> None:
        self.popen.stdin.write(text.encode())
        self.popen.stdin.flush()

    def prints(self, wanted: str) -> str:
        """Wait until the output holds `wanted`; return all of the output."""
        with self.news:
            there = self.news.wait_for(lambda: wanted.encode() in self.out, DEADLINE)
        assert there, f"{wanted!r} never came: {self.out!r} {self.err!r}"
        return self.out.decode()

    def ends(self) -> int:
        """Wait for the end of the process and of its output; return the exit status."""
        status = self.popen.wait(DEADLINE)
        for reader in self.readers:
            reader.join(DEADLINE)
        return status

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *exception: object) -> None:
        self.popen.kill()
        self.ends()
        for pipe in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            with contextlib.suppress(OSError):
                pipe.close()


def restore_ctrl_c() -> None:
    """A shell's background jobs ignore Ctrl-C, and what they start inherits that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def running_server(step: str, how: str = "script") -> Iterator[tuple[Process, int]]:
    """A server on a free port, and that port."""
    with Process(*command(step, "server", how), "--port", "0") as server:
        server.prints("\n")
        ready = re.match(r"Server running on 127\.0\.0\.1:(\d+)\n", server.out.decode())
        assert ready, (server.out, server.err)
        yield server, int(ready[1])


class Peer:
    """A plain connection that reads line by line."""

    def __init__(self, port: int, name: str = "") -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self.lines = self.sock.makefile("rb")
        if name:
            assert self.line() == "NICK"
            self.say(name)
            assert self.line() == "Connected to the server"

    def say(self, text: str) -> None:
        self.sock.sendall(text.encode() + b"\n")

    def line(self) -> str:
        return self.lines.readline().decode().removesuffix("\n")

    def close(self) -> None:
        self.lines.close()
        self.sock.close()

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def until(holds: Callable[[], bool], what: str) -> None:
    """Look again and again until it holds."""
    end = time.monotonic() + DEADLINE
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < end, what
        pause.wait(0.005)


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


@linux_only
@pytest.mark.parametrize("step", ROOMS)
def test_500_clients_hear_one_line_each_and_nothing_is_left(step: str) -> None:
    named = step == "nicknames"
    with running_server(step) as (server, port):

        def held() -> tuple[int, int]:
            """How many threads and open files the server has."""
            proc = Path(f"/proc/{server.popen.pid}")
            return len(list((proc / "task").iterdir())), len(list((proc / "fd").iterdir()))

        before = held()
        crowd = [f"guest{number}" for number in range(CROWD)]
        with contextlib.ExitStack() as stack:
            guests = [stack.enter_context(Guest(port, name, named)) for name in crowd]
            threads_each = 0 if step == "broadcast" else 2
            all_in = (before[0] + threads_each * CROWD, before[1] + CROWD)
            until(lambda: held() == all_in, f"wanted {all_in} threads and files")
            everybody_says_one_line(guests)

        everything = {guest.name: guest.heard(named) for guest in guests}
        for name, heard in everything.items():
            assert sorted(heard) == sorted(set(crowd) - {name})
        until(lambda: held() == before, f"{before} threads and files before")
        assert server.err == b""


class Guest:
    """One of many: says its own name, and keeps what it receives."""

    def __init__(self, port: int, name: str, named: bool) -> None:
        self.name = name
        self.inbox = bytearray()
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        if named:
            self.sock.sendall(f"{name}\n".encode())
            while b"Connected to the server\n" not in self.inbox:
                self.inbox += self.sock.recv(65536)

    def heard(self, named: bool) -> list[str]:
        """Who has said a line, once for each line. In a room with names, the server says who."""
        lines = self.inbox.decode().splitlines()
        if not named:
            return [line.removeprefix("I am ") for line in lines]
        spoken = [line.split(": I am ") for line in lines if ": " in line]
        assert all(speaker == name for speaker, name in spoken)
        return [speaker for speaker, _ in spoken]

    def __enter__(self) -> "Guest":
        return self

    def __exit__(self, *exception: object) -> None:
        self.sock.close()


def everybody_says_one_line(guests: list[Guest]) -> None:
    """Let each guest say a line, and receive until each has heard all the others."""
    for guest in guests:
        guest.sock.sendall(f"I am {guest.name}\n".encode())
    waiting = set(guests)
    end = time.monotonic() + 3 * DEADLINE  # a thousand threads take turns: measured, about 6 s
    with selectors.DefaultSelector() as selector:
        for guest in guests:
            selector.register(guest.sock, selectors.EVENT_READ, guest)
        while waiting:
            ready = selector.select(max(0.0, end - time.monotonic()))
            assert ready, f"{len(waiting)} guests have not heard everything"
            for guest in (key.data for key, _ in ready):
                data = guest.sock.recv(65536)
                assert data, f"the server dropped {guest.name}"
                guest.inbox += data
                if guest.inbox.count(b"I am ") == len(guests) - 1:
                    waiting.discard(guest)


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


@linux_only
@pytest.mark.parametrize("step", ROOMS)
def test_an_endless_line_and_a_full_outbox_end_in_a_drop(step: str) -> None:
    named = step == "nicknames"
    with running_server(step) as (_, port), Peer(port, "alice" if named else "") as alice:
        with Peer(port) as endless, contextlib.suppress(ConnectionError):
            end = time.monotonic() + DEADLINE
            while time.monotonic() < end:
                endless.sock.sendall(b"x" * 4096)
            pytest.fail("a line without end was never cut off")
        with Peer(port, "sloth" if named else "") as sloth:
            if named:
                assert alice.line() == "sloth connected to the server!"
            else:
                sloth.say("zzz")
                assert alice.line() == "zzz"
            text = "y" * 4000
            for _ in range(6000):  # more than the outbox and all buffers of the system hold
                alice.say(text)
            if named:
                assert alice.line() == "sloth has left the chat."
            with contextlib.suppress(ConnectionError):
                while sloth.line():
                    pass
        with Peer(port, "bob" if named else "") as bob:
            bob.say("still here?")
            if named:
                assert alice.line() == "bob connected to the server!"
            assert alice.line().endswith("still here?")
