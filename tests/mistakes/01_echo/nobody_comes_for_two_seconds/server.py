"""Echo server."""

import argparse
import socket


def echo(client):
    client.settimeout(None)
    while data := client.recv(4096):
        client.sendall(data)


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
    listener.settimeout(2)
    while True:
        try:
            client, _ = listener.accept()
        except TimeoutError:
            break
        with client:
            try:
                echo(client)
            except OSError:
                pass
except KeyboardInterrupt:
    pass
