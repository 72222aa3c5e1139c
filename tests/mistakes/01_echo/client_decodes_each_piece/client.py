"""Echo client."""

import argparse
import socket
import sys


def show_line(sock, at_the_end=False):
    text = ""
    while not text.endswith("\n"):
        data = sock.recv(2048)
        if not data and at_the_end:
            print(text, end="", flush=True)
            return False
        if not data:
            raise ConnectionError("it closed the connection")
        text += data.decode(errors="replace")
    print(text, end="", flush=True)
    return True


def talk(sock):
    for typed in sys.stdin.buffer:
        sock.sendall(typed.rstrip(b"\r\n") + b"\n")
        show_line(sock)
    sock.shutdown(socket.SHUT_WR)
    while show_line(sock, at_the_end=True):
        pass


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
