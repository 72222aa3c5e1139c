"""Broadcast server with select."""

import argparse
import select
import socket

inbox = {}
outbox = {}


def forget(sock):
    del inbox[sock]
    del outbox[sock]
    sock.close()


def receive(sock):
    try:
        data = sock.recv(65536)
    except OSError:
        print("somebody was cut off")
        forget(sock)
        return
    if not data:
        print("somebody has left")
        sock.close()
        return
    inbox[sock] += data
    *lines, inbox[sock] = inbox[sock].split(b"\n")
    for line in lines:
        if line.strip() == b"":
            continue
        for other in outbox:
            if other is not sock:
                outbox[other] += line + b"\n"


def send(sock):
    try:
        count = sock.send(outbox[sock])
    except OSError:
        forget(sock)
        return
    outbox[sock] = outbox[sock][count:]


def run(server):
    while True:
        waiting = [sock for sock in outbox if outbox[sock]]
        readable, writable, _ = select.select([server, *inbox], waiting, [])
        for sock in readable:
            if sock is server:
                new, _ = server.accept()
                new.setblocking(False)
                inbox[new] = b""
                outbox[new] = b""
            else:
                receive(sock)
        for sock in writable:
            if sock in outbox:
                send(sock)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((args.host, args.port))
    server.listen()
    print(f"Server running on {args.host}:{server.getsockname()[1]}", flush=True)
    run(server)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("Server stopped")
