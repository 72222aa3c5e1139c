"""Broadcast server with one selector."""

import argparse
import selectors
import socket

MOST = 1_500_000  # bytes that wait for a client


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.inbox = b""
        self.outbox = bytearray()


def broadcast(line, sender):
    for client in list(clients):
        if client is sender:
            continue
        client.outbox += line + b"\n"
        selector.modify(client.sock, BOTH, client)
        if len(client.outbox) > MOST:
            drop(client)


def drop(client):
    clients.discard(client)
    selector.unregister(client.sock)
    client.sock.close()


def read(client):
    try:
        data = client.sock.recv(4096)
    except OSError:
        data = b""
    if not data:
        drop(client)
        return
    *lines, client.inbox = (client.inbox + data).split(b"\n")
    for line in lines:
        if line.strip():
            broadcast(b" ".join(line.split()), client)


def write(client):
    try:
        sent = client.sock.send(client.outbox)
    except OSError:
        drop(client)
        return
    del client.outbox[:sent]
    if not client.outbox:
        selector.modify(client.sock, selectors.EVENT_READ, client)


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
args = parser.parse_args()
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((args.host, args.port))
listener.listen()
listener.setblocking(False)
print(f"Server running on {args.host}:{listener.getsockname()[1]}", flush=True)
BOTH = selectors.EVENT_READ | selectors.EVENT_WRITE
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
clients = set()
try:
    while True:
        for key, events in selector.select():
            client = key.data
            if client is None:
                sock, _ = listener.accept()
                sock.setblocking(False)
                client = Client(sock)
                clients.add(client)
                selector.register(sock, selectors.EVENT_READ, client)
                continue
            if events & selectors.EVENT_WRITE and client in clients:
                write(client)
            if events & selectors.EVENT_READ and client in clients:
                read(client)
except KeyboardInterrupt:
    pass
