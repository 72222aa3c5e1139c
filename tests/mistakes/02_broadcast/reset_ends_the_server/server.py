"""Broadcast server: one thread, a selector, two buffers for each client."""

import argparse
import selectors
import socket

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE

selector = selectors.DefaultSelector()
clients = []


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.inbox = b""
        self.outbox = bytearray()


def accept(server):
    sock, address = server.accept()
    sock.setblocking(False)
    client = Client(sock)
    clients.append(client)
    selector.register(sock, READ, client)


def drop(client):
    if client in clients:
        clients.remove(client)
        selector.unregister(client.sock)
        client.sock.close()


def broadcast(line, sender):
    for client in clients:
        if client is not sender:
            client.outbox += line + b"\n"
            selector.modify(client.sock, READ | WRITE, client)


def read(client):
    data = client.sock.recv(65536)
    if not data:
        drop(client)
        return
    client.inbox += data
    while b"\n" in client.inbox:
        line, client.inbox = client.inbox.split(b"\n", 1)
        if line.strip():
            broadcast(line, client)


def write(client):
    try:
        sent = client.sock.send(client.outbox)
    except ConnectionError:
        drop(client)
        return
    del client.outbox[:sent]
    if not client.outbox:
        selector.modify(client.sock, READ, client)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()

    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((args.host, args.port))
    server.listen()
    selector.register(server, READ)
    print(f"Server running on {args.host}:{server.getsockname()[1]}", flush=True)

    while True:
        for key, events in selector.select():
            client = key.data
            if client is None:
                accept(server)
                continue
            if events & WRITE and client in clients:
                write(client)
            if events & READ and client in clients:
                read(client)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("Server stopped")
