"""Lesson 4: the chat client that tells the server its name."""

import argparse
import os
import socket
import sys
import threading

finished = threading.Event()


def end(status, message=""):
    if message:
        print(message, file=sys.stderr, flush=True)
    os._exit(status)


def lines_from(sock):
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
            yield line.decode("utf-8", errors="replace").rstrip("\r")


def receive(lines):
    for line in lines:
        print(line, flush=True)
    if not finished.is_set():
        end(1, "The server is gone.")


def say_name(sock, lines, name):
    """Give the server a name each time it wants one, until we are connected."""
    tries = 0
    for line in lines:
        if line != "NICK":
            print(line, flush=True)
            if line == "Connected to the server":
                return
            continue
        tries += 1
        if name is None:
            print("Your name:", flush=True)
            answer = sys.stdin.buffer.readline()
            if not answer:
                end(0)
        elif tries > 1:
            end(1, f"The name {name} was refused.")
        else:
            answer = name.encode()
        sock.sendall(answer.rstrip(b"\r\n") + b"\n")
    end(1, "The server is gone.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    parser.add_argument("--name")
    args = parser.parse_args()
    try:
        sock = socket.create_connection((args.host, args.port), timeout=5)
    except OSError as error:
        print(f"Cannot connect to {args.host}:{args.port}: {error}", file=sys.stderr)
        sys.exit(1)
    sock.settimeout(None)

    lines = lines_from(sock)
    try:
        say_name(sock, lines, args.name)
    except OSError:
        end(1, "The server is gone.")
    receiver = threading.Thread(target=receive, args=(lines,), daemon=True)
    receiver.start()
    try:
        for line in sys.stdin.buffer:
            sock.sendall(line.rstrip(b"\r\n") + b"\n")
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
