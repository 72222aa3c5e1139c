"""The chat client: send what is typed, print what arrives, whichever comes first.

The main thread waits for the server and for the keyboard at once. A selector can do that with
sockets only (on Windows it does not take the keyboard), so a second thread reads the keyboard
and passes each line on through a socket pair: what goes in at one end comes out at the other.
"""

import argparse
import contextlib
import io
import os
import selectors
import socket
import sys
import threading
from collections.abc import Iterator

CHUNK = 4096  # the most bytes to take from a socket at once

# On Windows, Ctrl-C does not wake a program that waits for a socket: look up twice a second there.
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


def read_keyboard(outlet: socket.socket) -> None:
    """The keyboard thread: put each typed line into the socket pair, and close it at the end."""
    with outlet, contextlib.suppress(OSError):
        for line in typed_lines():
            outlet.sendall(line + b"\n")


def talk(server: socket.socket, keyboard: socket.socket) -> None:
    """Print what arrives and send what is typed, until the server ends the conversation."""
    selector = selectors.DefaultSelector()
    selector.register(server, selectors.EVENT_READ)
    selector.register(keyboard, selectors.EVENT_READ)
    inbox = bytearray()
    typing = True
    while True:
        ready = [key.fileobj for key, _ in selector.select(PATIENCE)]
        if server in ready:
            data = server.recv(CHUNK)
            if not data and typing:
                raise ConnectionError("it closed the connection")
            if not data:
                return
            inbox += data
            for line in take_lines(inbox):
                print(line.decode(errors="replace"), flush=True)
        if keyboard in ready:
            data = keyboard.recv(CHUNK)
            if data:
                server.sendall(data)
            else:
                typing = False
                selector.unregister(keyboard)
                server.shutdown(socket.SHUT_WR)  # "I am done, but I am still listening."


def main() -> None:
    """Connect, start the keyboard thread, and talk."""
    args = parse_arguments()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Print "?" for a character that this console does not have.
        sys.stdout.reconfigure(errors="replace")
    server = connect(args.host, args.port)
    keyboard, outlet = socket.socketpair()
    # A daemon thread does not keep the program alive: it may wait for the keyboard for ever.
    threading.Thread(target=read_keyboard, args=(outlet,), daemon=True).start()
    try:
        talk(server, keyboard)
    except OSError as error:
        sys.exit(f"The server is gone: {error}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)  # Ctrl-C is a normal way to leave: no traceback, no error.
