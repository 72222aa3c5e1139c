"""The chat server: a room where everybody has a name.

It grew out of the server with threads. A new client is asked for its name first, in its own
reading thread, so it keeps nobody waiting. Only then it is in the room, and the server writes
its name before each of its lines: nobody can speak for somebody else.
"""

import argparse
import contextlib
import io
import os
import queue
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator

CHUNK = 4096  # the most bytes to take from a socket at once
MAX_LINE = 64 * 1024  # a client whose line gets longer than this has to go
MAX_WAITING = 2 * 1024 * 1024  # so has a client that leaves more bytes than this unread


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


def ring_on_ctrl_c(button: socket.socket) -> None:
    """Let Ctrl-C put a byte into one end of a socket pair, and do nothing else."""
    # Python answers Ctrl-C with a KeyboardInterrupt wherever the main thread is, even half-way
    # through starting another thread. A byte is not lost: it waits until the main thread looks.
    button.setblocking(False)
    signal.set_wakeup_fd(button.fileno())
    signal.signal(signal.SIGINT, lambda *_: None)


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


class Client:
    """One client: its socket, and the outbox with the lines that wait to be sent to it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.name = ""  # without a name it is not in the room
        self.outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.writer = threading.Thread(target=self.write)
        # Two threads must not change one number. So one counts what goes into the outbox, the
        # other counts what has left it, and the difference is what still waits.
        self.bytes_in = 0
        self.bytes_out = 0

    def put(self, line: bytes) -> None:
        """Put a line into the outbox. Only one thread at a time may do this."""
        data = line + b"\n"
        self.outbox.put(data)
        self.bytes_in += len(data)
        if self.bytes_in - self.bytes_out > MAX_WAITING:
            self.hang_up()

    def write(self) -> None:
        """The writing thread: send what comes into the outbox, until None says that it is over."""
        # Take lines out of the outbox and send them, until there comes a None.
        # Nobody else sends to this socket, so two lines can never mix. Count what has left.
        with contextlib.suppress(OSError):  # The reading thread notices a broken connection, too.
            while (line := self.outbox.get()) is not None:
                self.sock.sendall(line)
                self.bytes_out += len(line)

    def hang_up(self) -> None:
        """End the connection. This wakes both threads, wherever they wait."""
        self.outbox.put(None)
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class Room:
    """Everybody who is connected. All threads share it, so they take turns: that is the lock."""

    def __init__(self) -> None:
        # region TODO 1: make what all threads share, a set for the clients and a lock
        # join() and leave() hold the lock and call broadcast(), which takes it again. A Lock would
        # wait for itself for ever. An RLock may be taken again by the thread that holds it.
        self.clients: set[Client] = set()
        self.lock = threading.RLock()
        # endregion

    def welcome(self, listener: socket.socket, bell: socket.socket) -> None:
        """Let one client after another in, until Ctrl-C."""
        # Wait for a client, add it to the room, start its two threads, and repeat.
        # Wait for the bell as well. Whatever waits for this one client belongs into its threads.
        while True:
            ready, _, _ = select.select([listener, bell], [], [])
            if bell in ready:
                return
            try:
                sock, _ = listener.accept()
            except OSError:
                threading.Event().wait(0.1)  # Too many open files, perhaps: take a breath.
                continue
            client = Client(sock)
            with self.lock:
                self.clients.add(client)
            client.writer.start()
            threading.Thread(target=self.serve, args=(client,)).start()

    def serve(self, client: Client) -> None:
        """The reading thread: pass on what the client says, and tidy up when it has gone."""
        # region TODO 2: ask for a name, broadcast what is said under that name, leave, and tidy up
        # The name and the first words may come in one packet: read both from the same lines.
        try:
            lines = read_lines(client.sock)
            if self.ask_name(client, lines):
                for line in lines:
                    if line.strip():
                        self.broadcast(client.name.encode() + b": " + line, client)
                self.leave(client)
        finally:
            client.outbox.put(None)
            client.writer.join()
            with self.lock:
                self.clients.remove(client)
            client.sock.close()
        # endregion

    def ask_name(self, client: Client, lines: Iterator[bytes]) -> bool:
        """Ask until the client has a name and is in the room; False if it leaves before that."""
        # region TODO 3: send NICK, read a name, try to join with it, and start again if that fails
        # Decode a line, not a packet. Say what is wrong with a name before you ask again.
        client.put(b"NICK")
        for line in lines:
            problem = self.join(client, line.decode(errors="replace").strip())
            if not problem:
                return True
            client.put(problem.encode())
            client.put(b"NICK")
        return False
        # endregion

    def join(self, client: Client, name: str) -> str:
        """Let the client into the room under this name, or return what is wrong with the name."""
        # region TODO 4: refuse a bad or a taken name, else greet the client and tell the others
        # Hold the lock from the look at the names to the end, or two could take one name at once.
        if not 1 <= len(name) <= 20:
            return f"A name has 1 to 20 characters, and this one has {len(name)}."
        if " " in name or ":" in name:
            return "A name has no space and no colon."
        if not name.isprintable():
            return "One of its characters cannot be printed."
        with self.lock:
            if any(name.casefold() == other.name.casefold() for other in self.clients):
                return f"The name {name} is taken."
            client.put(b"Connected to the server")
            client.name = name
            self.broadcast(f"{name} connected to the server!".encode(), client)
        print(f"{name} has come", flush=True)
        return ""
        # endregion

    def leave(self, client: Client) -> None:
        """Take the client out of the room, and tell everybody else."""
        # region TODO 5: set the name free and tell the others, both while you hold the lock
        with self.lock:
            name, client.name = client.name, ""
            self.broadcast(f"{name} has left the chat.".encode(), client)
        print(f"{name} has gone", flush=True)
        # endregion

    def broadcast(self, line: bytes, sender: Client) -> None:
        """Put the line into the outbox of everybody in the room but its sender."""
        # Hold the lock, and put the line into each outbox but the sender's.
        # Putting is quick. Sending is not, so it must never happen while the lock is held.
        with self.lock:
            for client in self.clients:
                if client.name and client is not sender:
                    client.put(line)

    def close(self) -> None:
        """End every connection. All threads wake up, and tidy up after themselves."""
        with self.lock:
            for client in self.clients:
                client.hang_up()


def main() -> None:
    """Open the door, say so, and let clients in until Ctrl-C."""
    args = parse_arguments()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Print "?" for a character that this console does not have.
        sys.stdout.reconfigure(errors="replace")
    try:
        listener = open_listener(args.host, args.port)
    except OSError as error:
        sys.exit(f"Cannot listen on {args.host}:{args.port}: {error}")
    room = Room()
    bell, button = socket.socketpair()
    ring_on_ctrl_c(button)
    # Port 0 means "any free port", so ask the socket which one it got.
    print(f"Server running on {args.host}:{listener.getsockname()[1]}", flush=True)
    room.welcome(listener, bell)
    room.close()  # Python waits for all threads before it ends the program.


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)  # Ctrl-C is how a server is meant to end: no traceback, no error.
