"""Chat client: send a line, then look what the others have said."""

import argparse
import socket
import sys

rest = b""


def print_lines(data):
    global rest
    *lines, rest = (rest + data).split(b"\n")
    for line in lines:
        print(line.decode(errors="replace").rstrip(), flush=True)


def print_what_is_there(sock):
    sock.setblocking(False)
    try:
        while True:
            data = sock.recv(1024)
            if not data:
                sys.exit("Lost the server")
            print_lines(data)
    except BlockingIOError:
        pass  # that was all for now
    sock.setblocking(True)


def chat(sock):
    while True:
        typed = sys.stdin.readline()
        if not typed:
            break
        sock.sendall(typed.encode())
        print_what_is_there(sock)
    sock.shutdown(socket.SHUT_WR)
    while True:
        data = sock.recv(1024)
        if not data:
            break
        print_lines(data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    sock = socket.socket()
    try:
        sock.settimeout(5)
        sock.connect((args.host, args.port))
        sock.settimeout(None)
    except OSError:
        sys.exit(f"No chat server at {args.host}:{args.port}")
    try:
        chat(sock)
    except OSError:
        sys.exit("Lost the server")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
