"""Echo client without blocking calls on the socket: each wait ends after a moment and begins again."""

import argparse
import socket
import sys

MOMENT = 0.1


class Lost(Exception):
    pass


def send(sock, data):
    while data:
        try:
            sent = sock.send(data)
        except TimeoutError:
            continue
        data = data[sent:]


def receive(sock):
    while True:
        try:
            return sock.recv(2048)
        except TimeoutError:
            continue


def show(line):
    sys.stdout.buffer.write(b"server: " + line + b"\n")
    sys.stdout.buffer.flush()


def talk(sock):
    received = b""
    while True:
        typed = sys.stdin.buffer.readline()
        if not typed:
            break
        try:
            send(sock, typed.rstrip(b"\r\n") + b"\n")
            while b"\n" not in received:
                piece = receive(sock)
                if not piece:
                    raise Lost
                received += piece
        except OSError:
            raise Lost from None
        line, _, received = received.partition(b"\n")
        show(line)

    try:
        sock.shutdown(socket.SHUT_WR)
        piece = b"to begin with"
        while piece:
            piece = receive(sock)
            *lines, received = (received + piece).split(b"\n")
            for line in lines:
                show(line)
    except OSError:
        pass


def start():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default=5501, type=int)
    args = parser.parse_args()
    sock = socket.socket()
    sock.settimeout(5)
    try:
        sock.connect((args.host, args.port))
    except OSError as error:
        print(f"{args.host}:{args.port}: {error}", file=sys.stderr)
        return 1
    sock.settimeout(MOMENT)
    try:
        talk(sock)
    except Lost:
        print("connection to the server lost", file=sys.stderr)
        return 1
    return 0


try:
    code = start()
except KeyboardInterrupt:
    code = 0
sys.exit(code)
