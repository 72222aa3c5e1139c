"""The chat client with asyncio; a thread reads the keyboard and hands it to the loop."""

import argparse
import asyncio
import contextlib
import os
import sys
import threading


class Goodbye(Exception):
    """Ends the program: args are the exit status and what to say on standard error."""


def watch_keyboard(loop, typed_lines):
    """Give the loop each line that is typed, and None when the input ends."""
    rest = b""
    more = True
    while more:
        try:
            piece = os.read(0, 65536)
        except OSError:
            piece = b""
        more = bool(piece)
        *lines, rest = (rest + piece).split(b"\n")
        if not more:
            lines += [rest, None] if rest else [None]
        for line in lines:
            try:
                loop.call_soon_threadsafe(typed_lines.put_nowait, line)
            except RuntimeError:  # the loop has ended
                return


class Chat:
    def __init__(self, reader, writer, name):
        self.reader = reader
        self.writer = writer
        self.name = name
        self.typed_lines = asyncio.Queue()
        self.finished_typing = False

    async def next_line(self):
        try:
            line = await self.reader.readline()
        except OSError:
            line = b""
        if not line:
            if self.finished_typing:
                raise Goodbye(0, "")
            raise Goodbye(1, "The server has gone.")
        return line.decode(errors="replace").rstrip("\r\n")

    async def get_in(self):
        """Answer NICK until the server says that we are connected."""
        refused = False
        while (line := await self.next_line()) != "Connected to the server":
            if line != "NICK":
                print(line, flush=True)
            elif self.name and refused:
                raise Goodbye(1, f"The server does not want the name {self.name!r}.")
            else:
                refused = True
                self.send(self.name.encode() if self.name else await self.ask())
        print(line, flush=True)

    async def ask(self):
        """Wait for a typed name, and notice meanwhile when the server goes away."""
        print("Your name: ", end="", flush=True)
        typing = asyncio.create_task(self.typed_lines.get())
        listening = asyncio.create_task(self.next_line())
        while not typing.done():
            await asyncio.wait({typing, listening}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                print(listening.result(), flush=True)  # or the end of the server
                listening = asyncio.create_task(self.next_line())
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        if typing.result() is None:
            raise Goodbye(0, "")
        return typing.result()

    def send(self, line):
        self.writer.write(line + b"\n")

    async def type_on(self):
        while (line := await self.typed_lines.get()) is not None:
            self.send(line)
        self.finished_typing = True
        with contextlib.suppress(OSError):
            self.writer.write_eof()

    async def run(self):
        loop = asyncio.get_running_loop()
        keyboard = threading.Thread(
            target=watch_keyboard, args=(loop, self.typed_lines), daemon=True
        )
        keyboard.start()
        await self.get_in()
        self.typist = asyncio.create_task(self.type_on())
        while True:
            print(await self.next_line(), flush=True)


async def main(host, port, name):
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(host, port, limit=2**20)
    except OSError as problem:
        raise Goodbye(1, f"No server at {host}:{port} ({problem})") from None
    await Chat(reader, writer, name).run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    parser.add_argument("--name", default="")
    options = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    try:
        asyncio.run(main(options.host, options.port, options.name))
    except KeyboardInterrupt:
        sys.exit(0)
    except Goodbye as goodbye:
        status, words = goodbye.args
        if words:
            print(words, file=sys.stderr)
        sys.exit(status)
