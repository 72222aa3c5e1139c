"""Lesson 3: the chat client with a receiving thread."""

import argparse
import socket
import sys
import threading

finished = threading.Event()


def receive(sock):
    buffer = b""
    while True:
        try:
            data = sock.recv(4096)
        except OSError:
            data = b""
        if not data:
            break
        buffer += data
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            print(line.decode("utf-8", errors="replace").rstrip("\r"), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    try:
        sock = socket.create_connection((args.host, args.port), timeout=5)
    except OSError as error:
        print(f"Cannot connect to {args.host}:{args.port}: {error}", file=sys.stderr)
        sys.exit(1)
    sock.settimeout(None)

    receiver = threading.Thread(target=receive, args=(sock,), daemon=True)
    receiver.start()
    try:
        for line in sys.stdin.buffer:
            sock.sendall(line.rstrip(b"\r\n") + b"\n")
        finished.set()
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    receiver.join()
    if not finished.is_set():
        sys.exit("The server is gone.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
