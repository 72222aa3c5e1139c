"""The reference programs with many clients, and with one that sends or reads too much."""

import contextlib
import selectors
import socket
import time
from pathlib import Path

import pytest
from reference_programs import DEADLINE, ROOMS, Peer, linux_only, running_server, until

CROWD = 500


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
