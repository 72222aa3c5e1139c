"""The broadcast server: every line that a client sends goes to every other client in the room.

One thread looks after all sockets. A selector tells it which of them need it now, so it never
waits for one client while another has something to say. What cannot be dealt with at once
stays in a buffer: half a line in the client's inbox, unsent bytes in its outbox.
"""

import argparse
import contextlib
import errno
import os
import selectors
import socket
import sys

CHUNK = 4096  # the most bytes to take from a socket at once
MAX_LINE = 64 * 1024  # a client whose line gets longer than this has to go
MAX_WAITING = 2 * 1024 * 1024  # so has a client that leaves more bytes than this unread
READ_AND_WRITE = selectors.EVENT_READ | selectors.EVENT_WRITE

# On Windows, Ctrl-C does not wake a program that waits for a socket: look up twice a second there.
# Everywhere else it does, so the program can wait for as long as it takes.
PATIENCE = 0.5 if os.name == "nt" else None


def parse_arguments() -> argparse.Namespace:
    """Read the host and the port from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501, help="0 lets the system choose")
    return parser.parse_args()


def open_listener(host: str, port: int) -> socket.socket:
    """Return a socket that clients can connect to."""
    # Make a TCP socket, bind it to host and port, and let it listen.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":
        # After a stop, old connections block the port for a minute. This option lets us have it
        # at once. Windows does not need it; there it would let two servers share one port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen()
    return listener


def take_lines(inbox: bytearray) -> list[bytes]:
    """Cut the complete lines off the front of the inbox and return them without their ends."""
    # Split at b"\n", and leave the unfinished rest in the inbox.
    # Some programs, telnet among them, end a line with b"\r\n". The b"\r" is not part of the line.
    *lines, rest = bytes(inbox).split(b"\n")
    inbox[:] = rest
    return [line.removesuffix(b"\r") for line in lines]


class Client:
    """One client: its socket, and what is on the way from it and to it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.inbox = bytearray()  # received, but not a complete line yet
        self.outbox = bytearray()  # to be sent as soon as the socket takes it


class Room:
    """Everybody who is connected, and the selector that watches their sockets."""

    def __init__(self, listener: socket.socket) -> None:
        # Start with no clients, and let a selector watch the listener for reading.
        # The listener must not block: with one thread, waiting for one socket stops all the others.
        self.clients: set[Client] = set()
        self.listener = listener
        self.listener.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(listener, selectors.EVENT_READ)

    def run(self) -> None:
        """Wait until some sockets need us, look after each of them, and wait again."""
        while True:
            for key, events in self.selector.select(PATIENCE):
                client = key.data
                if client is None:
                    self.welcome()
                    continue
                # Looking after one client can drop another one, so ask each time who is still here.
                if events & selectors.EVENT_WRITE and client in self.clients:
                    self.send(client)
                if events & selectors.EVENT_READ and client in self.clients:
                    self.receive(client)

    def welcome(self) -> None:
        """Let the next client in."""
        try:
            sock, _ = self.listener.accept()
        except OSError as error:
            if error.errno == errno.EMFILE:  # Too many open files: the room is full.
                self.selector.unregister(self.listener)
            return
        sock.setblocking(False)
        client = Client(sock)
        self.clients.add(client)
        self.selector.register(sock, selectors.EVENT_READ, client)

    def receive(self, client: Client) -> None:
        """Take what this client has sent, and pass its complete lines on."""
        # Fill the inbox, broadcast its complete lines, drop a client that has left.
        # A broken connection is a leave, too. Blank lines go nowhere. Nor may a line be endless.
        try:
            data = client.sock.recv(CHUNK)
        except OSError:
            data = b""
        client.inbox += data
        for line in take_lines(client.inbox):
            if line.strip():
                self.broadcast(line, client)
        if not data or len(client.inbox) > MAX_LINE:
            self.drop(client)

    def broadcast(self, line: bytes, sender: Client) -> None:
        """Put the line into the outbox of everybody but its sender."""
        # Add the line and its end to each outbox, and watch its socket for writing.
        # Drop a client with too much in its outbox. That changes the set, so walk through a copy.
        for client in self.clients - {sender}:
            client.outbox += line + b"\n"
            self.selector.modify(client.sock, READ_AND_WRITE)
            if len(client.outbox) > MAX_WAITING:
                self.drop(client)

    def send(self, client: Client) -> None:
        """Send as much of the outbox as the socket takes now."""
        # Send, cut off what was sent, and stop watching for writing once all is sent.
        # A socket can nearly always take more, so the selector would call us again and again.
        try:
            sent = client.sock.send(client.outbox)
        except OSError:
            self.drop(client)
            return
        del client.outbox[:sent]
        if not client.outbox:
            self.selector.modify(client.sock, selectors.EVENT_READ, client)

    def drop(self, client: Client) -> None:
        """Forget this client and close its socket."""
        self.clients.remove(client)
        self.selector.unregister(client.sock)
        with contextlib.suppress(OSError):
            client.sock.send(client.outbox)  # It may only have stopped talking, and still listen.
        client.sock.close()
        if self.listener not in self.selector.get_map():
            self.selector.register(self.listener, selectors.EVENT_READ)  # There is room again.


def main() -> None:
    """Open the door, say so, and look after the room."""
    args = parse_arguments()
    try:
        listener = open_listener(args.host, args.port)
    except OSError as error:
        sys.exit(f"Cannot listen on {args.host}:{args.port}: {error}")
    room = Room(listener)
    # Port 0 means "any free port", so ask the socket which one it got.
    print(f"Server running on {args.host}:{listener.getsockname()[1]}", flush=True)
    room.run()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)  # Ctrl-C is how a server is meant to end: no traceback, no error.
