"""The echo client: send each typed line to the server, and print the line that comes back."""

import argparse
import io
import os
import select
import socket
import sys

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


def wait_readable(sock: socket.socket) -> None:
    """Wait until there is something to take from the socket."""
    while not select.select([sock], [], [], PATIENCE)[0]:
        pass


def connect(host: str, port: int) -> socket.socket:
    """Return a connection to the server, or end the program with one line that says why not."""
    # Connect to the server, and give up after 5 seconds.
    try:
        server = socket.create_connection((host, port), timeout=5)
    except OSError as error:
        print(f"No server at {host}:{port}: {error}", file=sys.stderr)
    server.settimeout(None)  # the 5 seconds are for connecting, not for talking
    return server


def receive_line(server: socket.socket, inbox: bytearray) -> bytes | None:
    """Return the next line from the server, without its end, or None if the server is done."""
    # Receive into the inbox until it holds a whole line, then cut that line off.
    # One line may come in many pieces, and one piece may hold more than one line.
    while b"\n" not in inbox:
        wait_readable(server)
        data = server.recv(CHUNK)
        if not data:
            return None
        inbox += data
    line, _, rest = bytes(inbox).partition(b"\n")
    inbox[:] = rest
    return line


def talk(server: socket.socket) -> None:
    """Send each line that is typed, and print the reply to it."""
    # For each typed line, send it and print the reply; at the end, half-close.
    # After the half-close print every line that still comes. No reply to a line is an error.
    inbox = bytearray()
    for line in sys.stdin.buffer if sys.stdin else []:
        server.sendall(line.rstrip(b"\r\n") + b"\n")
        reply = receive_line(server, inbox)
        if reply is None:
            raise ConnectionError("it closed the connection")
        print(reply.decode(errors="replace"), flush=True)

    server.shutdown(socket.SHUT_WR)  # "I am done, but I am still listening"
    while (reply := receive_line(server, inbox)) is not None:
        print(reply.decode(errors="replace"), flush=True)


def main() -> None:
    """Connect, and talk until there is nothing more to type."""
    args = parse_arguments()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Print "?" for a character that this console does not have.
        sys.stdout.reconfigure(errors="replace")
    with connect(args.host, args.port) as server:
        try:
            talk(server)
        except OSError as error:
            sys.exit(f"The server is gone: {error}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)  # Ctrl-C is a normal way to leave: no traceback, no error.
