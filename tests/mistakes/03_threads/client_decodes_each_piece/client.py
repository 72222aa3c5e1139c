"""The chat client with threads: one thread receives, another one speaks.

Each thread may wait for as long as it likes, because the other one goes on. The main thread
only waits for the end: of the connection, or by Ctrl-C, which Python always gives to the main
thread.
"""

import argparse
import contextlib
import io
import signal
import socket
import sys
import threading
from collections.abc import Iterator

CHUNK = 4096  # the most bytes to take from a socket at once
MAX_LINE = 64 * 1024  # a server whose line gets longer than this is no chat server

CTRL_C = bytes([signal.SIGINT])  # what the bell gives after Ctrl-C


def parse_arguments() -> argparse.Namespace:
    """Read the server's host and port from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    return parser.parse_args()


def ring_on_ctrl_c(button: socket.socket) -> None:
    """Let Ctrl-C put a byte into one end of a socket pair, and do nothing else."""
    # Python answers Ctrl-C with a KeyboardInterrupt wherever the main thread is, even half-way
    # through starting another thread. A byte is not lost: it waits until the main thread looks.
    button.setblocking(False)
    signal.set_wakeup_fd(button.fileno())
    signal.signal(signal.SIGINT, lambda *_: None)


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
            data = sock.recv(CHUNK).decode(errors="replace").encode()
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
        self.bell, self.button = socket.socketpair()  # the button wakes the main thread
        ring_on_ctrl_c(self.button)

    def run(self) -> None:
        """Start both threads, and wait until the connection ends or somebody presses Ctrl-C."""
        # Start both threads, wait for the bell, hang up, and wait for the receiver.
        # The keyboard thread must be a daemon: nothing can wake it, so nothing may wait for it.
        receiver = threading.Thread(target=self.receive)
        receiver.start()
        threading.Thread(target=self.speak, daemon=True).start()
        if self.bell.recv(1) == CTRL_C:
            self.trouble = ""
        self.hang_up()
        receiver.join()

    def receive(self) -> None:
        """The receiving thread: print each line that arrives, until the connection ends."""
        try:
            # Print each line that read_lines() finds, at once.
            for line in read_lines(self.server):
                print(line.decode(errors="replace"), flush=True)
        finally:
            self.button.send(b"\0")

    def speak(self) -> None:
        """The keyboard thread: send each line that is typed; at the end of input, half-close."""
        # Send each typed line; at the end of input forget the trouble and half-close.
        # Keep quiet about a broken connection: the receiving thread notices it, too.
        with contextlib.suppress(OSError):
            for line in typed_lines():
                self.server.sendall(line + b"\n")
            self.trouble = ""
            self.server.shutdown(socket.SHUT_WR)

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
    # Connect, run a chat, and at the end say what the trouble was, if there was any.
    chat = Chat(connect(args.host, args.port))
    chat.run()
    if chat.trouble:
        sys.exit(chat.trouble)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)  # Ctrl-C is a normal way to leave: no traceback, no error.
