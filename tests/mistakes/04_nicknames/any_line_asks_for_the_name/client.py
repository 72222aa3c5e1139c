"""Lesson 4: the chat client that tells the server its name."""

import argparse
import os
import queue
import socket
import sys
import threading

turns = queue.Queue()  # "name": the server wants a name; "chat": we are connected
finished = threading.Event()


def end(status, message=""):
    if message:
        print(message, file=sys.stderr, flush=True)
    os._exit(status)


def receive(sock):
    connected = False
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
            text = line.decode("utf-8", errors="replace").rstrip("\r")
            print(text, flush=True)
            if connected:
                continue
            if text == "Connected to the server":
                connected = True
                turns.put("chat")
            else:
                turns.put("name")
    if not finished.is_set():
        end(1, "The server is gone.")


def say_name(sock, name):
    """Give the server a name each time it says something, until we are connected."""
    said = False
    while turns.get() == "name":
        if name is None:
            print("Your name:", flush=True)
            answer = sys.stdin.buffer.readline()
            if not answer:
                end(0)
        elif said:
            end(1, f"The server does not want the name {name}.")
        else:
            answer = name.encode()
        said = True
        sock.sendall(answer.rstrip(b"\r\n") + b"\n")


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

    receiver = threading.Thread(target=receive, args=(sock,), daemon=True)
    receiver.start()
    try:
        say_name(sock, args.name)
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
