"""Echo server: each answer comes a moment later: a timer is a file that one can read."""

import argparse
import ctypes
import os
import struct
import socket


def echo(client):
    while data := client.recv(4096):
        libc.timerfd_settime(timer, 0, struct.pack("llll", 0, 0, 0, 10_000_000), None)
        os.read(timer, 8)
        client.sendall(data)


libc = ctypes.CDLL(None)
timer = libc.timerfd_create(1, os.O_CLOEXEC)  # CLOCK_MONOTONIC


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
