"""Echo client."""

import argparse
import socket
import sys


def read_line(sock, inbox):
    while b"\n" not in inbox:
        data = sock.recv(2048)
        if not data:
            return None
        inbox += data
    line, _, rest = bytes(inbox).partition(b"\n")
    inbox[:] = rest
    return line


def talk(sock):
    inbox = bytearray()
    for typed in sys.stdin.buffer:
        sock.sendall(typed.rstrip(b"\r\n") + b"\n")
        reply = read_line(sock, inbox)
        if reply is None:
            raise ConnectionError("it closed the connection")
        print(reply.decode(errors="replace"), flush=True)
    sock.shutdown(socket.SHUT_WR)
    while (reply := read_line(sock, inbox)) is not None:
        print(reply.decode(), flush=True)


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
