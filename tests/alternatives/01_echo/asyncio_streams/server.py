"""Echo server on asyncio streams: one coroutine for each connection."""

import argparse
import asyncio
import contextlib
import socket


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(32_768):
            writer.write(data)
            # Waits while the client reads slowly, so that nothing piles up here.
            await writer.drain()
    except OSError:
        pass  # a reset: this client is gone
    except asyncio.CancelledError:
        pass  # Ctrl-C; passed on, Python 3.11 would report it with a traceback for each client
    finally:
        writer.close()


async def main(host: str, port: int) -> None:
    # A socket of our own: asyncio would give "localhost" two sockets, with two ports if port is 0.
    listener = socket.create_server((host, port))
    await asyncio.start_server(echo, sock=listener, backlog=200)
    print(f"Server running on {host}:{listener.getsockname()[1]}", flush=True)
    await asyncio.Event().wait()  # nobody sets it: only Ctrl-C ends the wait


if __name__ == "__main__":
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("--host", default="127.0.0.1")
    cli.add_argument("--port", default=5501, type=int)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(**vars(cli.parse_args())))
