"""The chat with names on asyncio. One loop runs everything, so what they share needs no lock."""

import argparse
import asyncio
import contextlib

LONGEST = 2**20  # a longer line is thrown away


class Guest:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader = reader
        self.writer = writer
        self.name = ""
        self.mail: asyncio.Queue[str | None] = asyncio.Queue()

    def tell(self, text):
        self.mail.put_nowait(text)

    async def deliver(self):
        with contextlib.suppress(OSError):
            while (text := await self.mail.get()) is not None:
                self.writer.write(f"{text}\n".encode())
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
            yield line.decode(errors="replace").rstrip("\r\n")


class Room:
    def __init__(self):
        self.guests: dict[str, Guest] = {}  # the key is the name without case

    def tell_others(self, text, guest):
        for other in self.guests.values():
            if other is not guest:
                other.tell(text)

    def objection(self, name):
        """Why this name cannot be had, or None."""
        if not name:
            return "A name needs at least one character."
        if len(name) > 20:
            return "A name has at most 20 characters."
        if not name.isprintable() or " " in name or ":" in name:
            return "A name is one word without a colon."
        if name.casefold() in self.guests:
            return "This name is taken."
        return None

    def come_in(self, guest, name):
        guest.name = name
        guest.tell("Connected to the server")
        guest.tell(" ".join(["Here:", ", ".join(other.name for other in self.guests.values())]).strip())
        self.tell_others(f"{name} connected to the server!", guest)
        self.guests[name.casefold()] = guest
        print(name, "came", flush=True)

    def go_out(self, guest):
        if guest.name:
            del self.guests[guest.name.casefold()]
            self.tell_others(f"{guest.name} has left the chat.", guest)
            print(guest.name, "went", flush=True)

    async def talk(self, guest):
        guest.tell("NICK")
        async for line in guest.lines():
            if guest.name:
                if line.strip():
                    self.tell_others(f"{guest.name}: {line}", guest)
            elif problem := self.objection(line.strip()):
                guest.tell(problem)
                guest.tell("NICK")
            else:
                self.come_in(guest, line.strip())

    async def welcome(self, reader, writer):
        guest = Guest(reader, writer)
        postman = asyncio.create_task(guest.deliver())
        try:
            await self.talk(guest)
            self.go_out(guest)
            guest.mail.put_nowait(None)
            await postman
        except asyncio.CancelledError:
            postman.cancel()  # Ctrl-C: there is nobody left to tell
        finally:
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
