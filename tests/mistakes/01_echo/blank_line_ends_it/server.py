"""Echo server."""

import argparse
import socket


def echo(client):
    with client.makefile("rb") as lines:
        for line in lines:
            if line == b"\n":
                return
            client.sendall(line)


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
args = parser.parse_args()
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((args.host, args.port))
listener.listen()
print(f"Server running on {args.host}:{listener.getsockname()[1]}", flush=True)
try:
    while True:
        client, _ = listener.accept()
        with client:
            try:
                echo(client)
            except OSError:
                pass
except KeyboardInterrupt:
    pass
