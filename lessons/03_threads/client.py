"""The chat client with threads: one thread receives, another one speaks.

Each thread may wait for as long as it likes, because the other one goes on. The main thread
only waits for the end: of the connection, or by Ctrl-C, which Python always gives to the main
thread.
"""

import argparse
import contextlib
import io
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator

CHUNK = 4096  # the most bytes to take from a socket at once
MAX_LINE = 64 * 1024  # a server whose line gets longer than this is no chat server

# On Windows, Ctrl-C does not wake a program that waits for a thread: look up twice a second there.
# Everywhere else it does, so the program can wait for as long as it takes.
PATIENCE = 0.5 if os.name == "nt" else None


def parse_arguments() -> argparse.Namespace:
    """Read the server's host and port from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    return parser.parse_args()


def connect(host: str, port: int) -> socket.socket:
    """Return a connection to the server, or end the program with one line that says why not."""
    # Connect to the server, and give up after 5 seconds.
    try:
        server = socket.create_connection((host, port), timeout=5)
    except OSError as error:
        sys.exit(f"No server at {host}:{port}: {error}")
    server.settimeout(None)  # the 5 seconds are for connecting, not for talking
    return server


def take_lines(inbox: bytearray) -> list[bytes]:
    """Cut the complete lines off the front of the inbox and return them without their ends."""
    # Split at b"\n", and leave the unfinished rest in the inbox.
    # Some programs, telnet among them, end a line with b"\r\n". The b"\r" is not part of the line.
    *lines, rest = bytes(inbox).split(b"\n")
    inbox[:] = rest
    return [line.removesuffix(b"\r") for line in lines]


def read_lines(sock: socket.socket) -> Iterator[bytes]:
    """Yield each complete line that arrives, until the connection ends."""
    inbox = bytearray()
    while len(inbox) <= MAX_LINE:
        try:
            data = sock.recv(CHUNK)
        except OSError:
            return  # A broken connection is an end like any other.
        if not data:
            return
        inbox += data
        yield from take_lines(inbox)


def typed_lines() -> Iterator[bytes]:
    """Yield each line that is typed, until the end of input."""
    if sys.stdin is None:
        return
    # Open the keyboard once more, without a buffer. A thread that waits for sys.stdin itself holds
    # the lock of its buffer, and Python wants that lock when the program ends.
    inbox = bytearray()
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as keyboard:
        while data := keyboard.read(CHUNK):
            inbox += data
            yield from take_lines(inbox)
    if inbox:
        yield bytes(inbox)  # The last line counts without Enter, too.


class Chat:
    """One conversation: a thread receives, a thread speaks, the main thread waits for the end."""

    def __init__(self, server: socket.socket) -> None:
        self.server = server
        self.trouble = "The server is gone: it closed the connection"  # to be said at the end

    def run(self) -> None:
        """Start both threads, and wait for the end of the receiving thread."""
        # TODO 7: hand Ctrl-C to on_ctrl_c(), start both threads, wait for the receiving one
        # The keyboard thread must be a daemon: nothing can wake it, so nothing may wait for it.
        raise NotImplementedError(
            "TODO 7: hand Ctrl-C to on_ctrl_c(), start both threads, wait for the receiving one"
        )

    def receive(self) -> None:
        """The receiving thread: print each line that arrives, until the connection ends."""
        # TODO 8: print each line that read_lines() finds, at once
        raise NotImplementedError("TODO 8: print each line that read_lines() finds, at once")

    def speak(self) -> None:
        """The keyboard thread: send each line that is typed; at the end of input, half-close."""
        # TODO 9: send each typed line; at the end of input forget the trouble and half-close
        # Keep quiet about a broken connection: the receiving thread notices it, too.
        raise NotImplementedError(
            "TODO 9: send each typed line; at the end of input forget the trouble and half-close"
        )

    def on_ctrl_c(self, *_: object) -> None:
        """What to do on Ctrl-C, instead of a KeyboardInterrupt wherever the main thread is."""
        self.trouble = ""
        self.hang_up()

    def hang_up(self) -> None:
        """End the connection. This wakes the receiving thread, even from a recv()."""
        with contextlib.suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)


def main() -> None:
    """Connect, chat, and say what went wrong, if anything did."""
    args = parse_arguments()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Print "?" for a character that this console does not have.
        sys.stdout.reconfigure(errors="replace")
    # TODO 6: connect, run a chat, and at the end say what the trouble was, if there was any
    raise NotImplementedError(
        "TODO 6: connect, run a chat, and at the end say what the trouble was, if there was any"
    )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)  # Ctrl-C is a normal way to leave: no traceback, no error.
