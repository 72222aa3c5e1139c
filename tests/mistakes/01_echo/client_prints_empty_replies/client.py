"""Echo client with a file for each direction."""

import argparse
import socket
import sys


def talk(sock):
    replies = sock.makefile("rb")
    for line in sys.stdin.buffer:
        try:
            sock.sendall(line.rstrip(b"\r\n") + b"\n")
            reply = replies.readline()
        except OSError:
            reply = b""
        print(reply.decode(errors="replace").rstrip(), flush=True)
    sock.shutdown(socket.SHUT_WR)
    for reply in replies:
        print(reply.decode(errors="replace").rstrip(), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    try:
        sock = socket.create_connection((args.host, args.port), timeout=5)
        sock.settimeout(None)
    except OSError as error:
        print(f"{args.host}:{args.port}: {error}", file=sys.stderr)
        sys.exit(1)
    talk(sock)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("Bye")
