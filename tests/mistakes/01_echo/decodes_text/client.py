"""Echo client."""

import argparse
import socket
import sys


def read_line(sock, buffer):
    """Return the next whole line and what came after it."""
    while b"\n" not in buffer:
        piece = sock.recv(1024)
        if not piece:
            raise ConnectionError("the server closed the connection")
        buffer += piece
    line, _, rest = buffer.partition(b"\n")
    return line, rest


def talk(sock):
    buffer = b""
    for typed in sys.stdin:
        sock.sendall(typed.decode().rstrip("\n") + "\n")
        line, buffer = read_line(sock, buffer)
        print(line.decode(errors="replace"), flush=True)

    # No more input: say so, and print what still arrives.
    sock.shutdown(socket.SHUT_WR)
    while True:
        try:
            line, buffer = read_line(sock, buffer)
        except ConnectionError:
            return
        print(line.decode(errors="replace"), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    try:
        sock = socket.create_connection((args.host, args.port), timeout=5)
    except OSError as error:
        sys.exit(f"No server on {args.host}:{args.port}: {error}")
    sock.settimeout(None)
    try:
        talk(sock)
    except OSError as error:
        sys.exit(f"The server is gone: {error}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("Bye")
