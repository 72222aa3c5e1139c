"""Echo server: recv() waits for a moment only, and then again."""

import argparse
import struct
import socket


def echo(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 200_000))
    while True:
        try:
            data = client.recv(4096)
        except BlockingIOError:
            continue  # the moment is over
        if not data:
            return
        client.sendall(data)


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
args = parser.parse_args()
listener = socket.create_server((args.host, args.port))
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
