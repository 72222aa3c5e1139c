"""Echo client."""

import argparse
import os
import threading
import socket
import sys


over = False


def receive(sock):
    with sock.makefile("rb") as replies:
        for reply in replies:
            print(reply.decode(errors="replace").rstrip("\n"), flush=True)
    if not over:
        print("the server is gone", file=sys.stderr, flush=True)
        os._exit(1)


def talk(sock):
    global over
    threading.Thread(target=receive, args=(sock,), daemon=True).start()
    for typed in sys.stdin.buffer:
        sock.sendall(typed.rstrip(b"\r\n") + b"\n")
    over = True
    sock.shutdown(socket.SHUT_WR)


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
args = parser.parse_args()
try:
    sock = socket.create_connection((args.host, args.port), timeout=5)
except OSError as error:
    sys.exit(f"no server at {args.host}:{args.port}: {error}")
except KeyboardInterrupt:
    sys.exit(0)
sock.settimeout(None)
try:
    talk(sock)
except KeyboardInterrupt:
    pass
except OSError as error:
    sys.exit(f"the server is gone: {error}")
