"""The chat room with asyncio: two coroutines a guest instead of two threads."""

import argparse
import asyncio
import contextlib

LONGEST = 2**20  # a longer line is thrown away; asyncio's own limit of 64 KiB would do as well


class Guest:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader = reader
        self.writer = writer
        self.mail: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def deliver(self):
        with contextlib.suppress(OSError):
            while (line := await self.mail.get()) is not None:
                self.writer.write(line)
                await self.writer.drain()  # waits for this guest alone

    async def lines(self):
        while True:
            try:
                line = await self.reader.readline()
            except ValueError:  # too long
                continue
            except OSError:  # reset: the same as a good-bye
                return
            if not line.endswith(b"\n"):
                return
            if line.strip():
                yield line


class Room:
    def __init__(self):
        self.guests: set[Guest] = set()

    async def welcome(self, reader, writer):
        guest = Guest(reader, writer)
        postman = asyncio.create_task(guest.deliver())
        self.guests.add(guest)
        try:
            async for line in guest.lines():
                for other in self.guests - {guest}:
                    other.mail.put_nowait(line)
            self.guests.discard(guest)
            guest.mail.put_nowait(None)
            await postman
        except asyncio.CancelledError:
            postman.cancel()  # Ctrl-C: there is nobody left to tell
        finally:
            self.guests.discard(guest)
            writer.close()


async def main(host, port):
    server = await asyncio.start_server(Room().welcome, host, port, limit=LONGEST, backlog=200)
    real_port = server.sockets[0].getsockname()[1]
    print(f"Server running on {host}:{real_port}", flush=True)
    # Not serve_forever(): from Python 3.12 on it waits at the end until the last guest has gone.
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(options.host, options.port))
