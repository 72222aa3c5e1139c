"""The chat server on asyncio: one thread, and a task for each client.

To its clients it is the server with nicknames, with one line more: a newcomer is told who is here.
Only one task runs at a time, and it gives way only where it says await. So what stands between two
awaits happens in one go, and nothing here needs a lock.
"""

import argparse
import asyncio
import contextlib
import io
import sys
from collections.abc import AsyncIterator

CHUNK = 4096  # the most bytes to take from a connection at once
MAX_LINE = 64 * 1024  # a client whose line gets longer than this has to go
MAX_WAITING = 2 * 1024 * 1024  # so has a client that leaves more bytes than this unread


def parse_arguments() -> argparse.Namespace:
    """Read the host and the port from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501, help="0 lets the system choose")
    return parser.parse_args()


def take_lines(inbox: bytearray) -> list[bytes]:
    """Cut the complete lines off the front of the inbox and return them without their ends."""
    # Split at b"\n", and leave the unfinished rest in the inbox.
    # Some programs, telnet among them, end a line with b"\r\n". The b"\r" is not part of the line.
    *lines, rest = bytes(inbox).split(b"\n")
    inbox[:] = rest
    return [line.removesuffix(b"\r") for line in lines]


async def read_lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield each complete line that arrives, until the connection ends."""
    inbox = bytearray()
    while len(inbox) <= MAX_LINE:
        try:
            data = await reader.read(CHUNK)
        except OSError:
            return  # A broken connection is an end like any other.
        if not data:
            return
        inbox += data
        for line in take_lines(inbox):
            yield line


class Client:
    """One client: its connection, and the outbox with the lines that wait to be sent to it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.name = ""  # without a name it is not in the room
        self.outbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.waiting = 0  # bytes in the outbox, and those that are being sent

    def put(self, line: bytes) -> None:
        """Put a line into the outbox. This never waits."""
        data = line + b"\n"
        self.outbox.put_nowait(data)
        self.waiting += len(data)
        if self.waiting > MAX_WAITING:
            self.writer.transport.abort()  # both of its tasks see that the connection has ended

    async def write(self) -> None:
        """The writing task: send what comes into the outbox, until None says that it is over."""
        # Take lines out of the outbox and send them, until there comes a None.
        # Wait for each line until it has left: only then another one goes after it. Count it off.
        with contextlib.suppress(OSError):  # The reading task notices a broken connection, too.
            while (line := await self.outbox.get()) is not None:
                self.writer.write(line)
                await self.writer.drain()
                self.waiting -= len(line)


class Room:
    """Everybody who is connected. All tasks share it, and none of its changes contains an await."""

    def __init__(self) -> None:
        self.clients: list[Client] = []  # in the order in which they came

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it has gone, or until Ctrl-C cancels this task."""
        # asyncio started this task, and some versions print a traceback when it ends cancelled.
        with contextlib.suppress(asyncio.CancelledError):
            await self.serve(reader, writer)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The task of one client: let it in, pass on what it says, and tidy up."""
        client = Client(writer)
        self.clients.append(client)
        writing = asyncio.create_task(client.write())
        # Ask for a name, broadcast what is said under that name, leave, and tidy up.
        # Let the writing task finish before you close. If Ctrl-C cancels this task, only tidy up.
        try:
            lines = read_lines(reader)
            if await self.ask_name(client, lines):
                async for line in lines:
                    if line.strip():
                        self.broadcast(client.name.encode() + b": " + line, client)
                self.leave(client)
            client.outbox.put_nowait(None)
            await writing
        finally:
            self.clients.remove(client)
            writing.cancel()
            writer.close()

    async def ask_name(self, client: Client, lines: AsyncIterator[bytes]) -> bool:
        """Ask until the client has a name and is in the room; False if it leaves before that."""
        # Send NICK, read a name, try to join with it, and start again if that fails.
        # Decode a line, not a packet. Say what is wrong with a name before you ask again.
        client.put(b"NICK")
        async for line in lines:
            problem = self.join(client, line.decode(errors="replace").strip())
            if not problem:
                return True
            client.put(problem.encode())
            client.put(b"NICK")
        return False

    def join(self, client: Client, name: str) -> str:
        """Let the client into the room under this name, or return what is wrong with the name."""
        # Refuse a bad or a taken name, else greet, say who is here, tell the others.
        # There is no await in here. So nobody else can take the name between the look and the end.
        if not 1 <= len(name) <= 20 or not name.isprintable() or " " in name or ":" in name:
            return "A name has 1 to 20 characters, no space and no colon."
        if any(name.casefold() == other.name.casefold() for other in self.clients):
            return f"The name {name} is taken."
        here = ", ".join(other.name for other in self.clients if other.name)
        client.put(b"Connected to the server")
        client.put(f"Here: {here}".rstrip().encode())
        client.name = name
        self.broadcast(f"{name} connected to the server!".encode(), client)
        print(f"{name} has come", flush=True)
        return ""

    def leave(self, client: Client) -> None:
        """Take the client out of the room, and tell everybody else."""
        # Set the name free and tell the others.
        name, client.name = client.name, ""
        self.broadcast(f"{name} has left the chat.".encode(), client)
        print(f"{name} has gone", flush=True)

    def broadcast(self, line: bytes, sender: Client) -> None:
        """Put the line into the outbox of everybody in the room but its sender."""
        for client in self.clients:
            if client.name and client is not sender:
                client.put(line)


async def main() -> None:
    """Open the door, say so, and let clients in until Ctrl-C."""
    args = parse_arguments()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Print "?" for a character that this console does not have.
        sys.stdout.reconfigure(errors="replace")
    room = Room()
    try:
        server = await asyncio.start_server(room.welcome, args.host, args.port, backlog=200, reuse_address=False)
    except OSError as error:
        sys.exit(f"Cannot listen on {args.host}:{args.port}: {error}")
    # Port 0 means "any free port", so ask the socket which one it got.
    port = server.sockets[0].getsockname()[1]
    print(f"Server running on {args.host}:{port}", flush=True)
    # Ctrl-C cancels this wait, and asyncio.run() then cancels all other tasks. serve_forever()
    # would wait at the end until the last client has gone, from Python 3.12 on.
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)  # Ctrl-C is how a server is meant to end: no traceback, no error.
