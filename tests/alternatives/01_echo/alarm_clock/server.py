"""Echo server: once a second an alarm rings, and it goes on."""

import argparse
import signal
import socket


def echo(client):
    while data := client.recv(4096):
        client.sendall(data)


def ring(number, frame):
    signal.alarm(1)


signal.signal(signal.SIGALRM, ring)
signal.alarm(1)


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
