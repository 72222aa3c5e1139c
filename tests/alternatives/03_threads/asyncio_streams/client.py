"""The chat client with asyncio; a thread reads the keyboard and hands it to the loop."""

import argparse
import asyncio
import os
import sys
import threading


def watch_keyboard(loop, on_typed):
    """Give the loop whatever is typed, and b"" when the input ends."""
    while True:
        try:
            typed = os.read(0, 65536)
        except OSError:
            typed = b""
        try:
            loop.call_soon_threadsafe(on_typed, typed)
        except RuntimeError:  # the loop has ended
            return
        if not typed:
            return


async def chat(host, port):
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(host, port, limit=2**20)
    except OSError as problem:
        print(f"No server at {host}:{port} ({problem})", file=sys.stderr)
        return 1

    finished_typing = False
    last_byte = b"\n"

    def on_typed(typed):
        nonlocal finished_typing, last_byte
        if typed:
            last_byte = typed[-1:]
            writer.write(typed)
            return
        finished_typing = True
        try:
            if last_byte != b"\n":
                writer.write(b"\n")  # the last line had no end
            writer.write_eof()
        except OSError:
            pass  # the reader below hears of it

    loop = asyncio.get_running_loop()
    threading.Thread(target=watch_keyboard, args=(loop, on_typed), daemon=True).start()

    try:
        while line := await reader.readline():
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
    except OSError:
        pass
    if finished_typing:
        return 0
    print(f"The server at {host}:{port} has gone.", file=sys.stderr)
    return 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    options = parser.parse_args()
    try:
        return asyncio.run(chat(options.host, options.port))
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
