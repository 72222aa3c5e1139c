"""Broadcast on asyncio streams: one coroutine reads each client, nobody waits for a writer."""

import argparse
import asyncio
import contextlib
import socket

GIVE_UP_AT = 48_000_000  # bytes waiting for one client

writers: set[asyncio.StreamWriter] = set()


async def member(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writers.add(writer)
    try:
        async for line in reader:
            if line.endswith(b"\n") and not line.isspace():
                broadcast(line, writer)
    except OSError:
        pass  # a reset is a way to leave
    except ValueError:
        pass  # a line longer than the reader's limit: no chat line is
    except asyncio.CancelledError:
        pass  # Ctrl-C; passed on, Python 3.11 would report it with a traceback for each client
    finally:
        writers.discard(writer)
        writer.close()


def broadcast(line: bytes, sender: asyncio.StreamWriter) -> None:
    for writer in writers:
        if writer is sender:
            continue
        # Without drain(): write() only adds to the client's own buffer and returns.
        writer.write(line)
        if writer.transport.get_write_buffer_size() > GIVE_UP_AT:
            writer.transport.abort()


async def main(host: str, port: int) -> None:
    listener = socket.create_server((host, port))
    await asyncio.start_server(member, sock=listener, backlog=300, limit=200_000)
    print(f"Server running on {host}:{listener.getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("--host", default="127.0.0.1")
    cli.add_argument("--port", default=5501, type=int)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(**vars(cli.parse_args())))
