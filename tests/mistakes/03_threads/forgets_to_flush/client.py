"""Lesson 3: the chat client with a receiving thread."""

import argparse
import os
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
    if not finished.is_set():
        print("The server is gone.", file=sys.stderr, flush=True)
        os._exit(1)


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
    outgoing = sock.makefile("wb")
    try:
        for line in sys.stdin.buffer:
            outgoing.write(line.rstrip(b"\r\n") + b"\n")
        outgoing.close()
        finished.set()
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    receiver.join()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
