"""Echo server: one socket for both kinds of addresses."""

import argparse
import socket


def echo(client):
    while data := client.recv(4096):
        client.sendall(data)


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
args = parser.parse_args()
listener = socket.create_server(
    (args.host if ":" in args.host else f"::ffff:{args.host}", args.port),
    family=socket.AF_INET6,
    dualstack_ipv6=True,
)
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
