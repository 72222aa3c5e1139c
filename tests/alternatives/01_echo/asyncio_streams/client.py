"""Echo client on asyncio streams. The keyboard has a thread, because reading it blocks."""

import argparse
import asyncio
import os
import sys
import threading


def read_keyboard(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[bytes | None]) -> None:
    """Runs in a daemon thread. os.read holds no lock that could trouble the end of the program."""
    buffered = b""
    try:
        while data := os.read(0, 4096):
            *complete, buffered = (buffered + data).split(b"\n")
            for line in complete:
                loop.call_soon_threadsafe(lines.put_nowait, line)
        if buffered:
            loop.call_soon_threadsafe(lines.put_nowait, buffered)
        loop.call_soon_threadsafe(lines.put_nowait, None)
    except RuntimeError:
        pass  # the loop is closed: the program is about to end


async def talk(host: str, port: int) -> int:
    try:
        connecting = asyncio.open_connection(host, port, limit=2**20)
        reader, writer = await asyncio.wait_for(connecting, timeout=5)
    except (OSError, TimeoutError) as error:
        print(f"cannot reach {host}:{port}: {error or 'no answer'}", file=sys.stderr)
        return 1

    lines: asyncio.Queue[bytes | None] = asyncio.Queue()
    keyboard = (asyncio.get_running_loop(), lines)
    threading.Thread(target=read_keyboard, args=keyboard, daemon=True).start()

    try:
        while (line := await lines.get()) is not None:
            writer.write(line + b"\n")
            await writer.drain()
            reply = await reader.readline()
            if not reply.endswith(b"\n"):
                raise ConnectionResetError
            show(reply)
    except OSError:
        print("lost the server", file=sys.stderr)
        return 1

    try:
        writer.write_eof()
        async for rest in reader:
            show(rest)
    except OSError:
        pass
    return 0


def show(reply: bytes) -> None:
    print(reply.decode(errors="replace").rstrip("\r\n"), flush=True)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("--host", default="127.0.0.1")
    cli.add_argument("--port", default=5501, type=int)
    try:
        status = asyncio.run(talk(**vars(cli.parse_args())))
    except KeyboardInterrupt:
        status = 0
    sys.exit(status)
