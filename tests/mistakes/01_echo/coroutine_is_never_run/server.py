"""Echo server with asyncio."""

import argparse
import asyncio


async def echo(reader, writer):
    try:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    server = await asyncio.start_server(echo, args.host, args.port)
    port = server.sockets[0].getsockname()[1]
    print(f"Server running on {args.host}:{port}", flush=True)
    await server.serve_forever()


try:
    main()
except KeyboardInterrupt:
    pass
