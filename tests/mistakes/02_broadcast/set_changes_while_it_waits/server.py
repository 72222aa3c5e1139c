import argparse
import asyncio

p = argparse.ArgumentParser()
p.add_argument("--host", default="127.0.0.1")
p.add_argument("--port", type=int, default=5501)
a = p.parse_args()
writers = set()


async def client(reader, writer):
    writers.add(writer)
    try:
        while line := await reader.readline():
            if not line.endswith(b"\n"):
                break
            if line.strip():
                for other in writers:
                    if other is not writer:
                        other.write(line)
                        await other.drain()
    except (OSError, ValueError, asyncio.CancelledError):
        pass
    finally:
        writers.discard(writer)
        writer.close()


async def main():
    server = await asyncio.start_server(client, a.host, a.port)
    print(f"Server running on {a.host}:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
