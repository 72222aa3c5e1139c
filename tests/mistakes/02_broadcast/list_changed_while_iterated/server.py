"""Broadcast server: one loop asks all sockets who has something to read or room to write."""

import argparse
import selectors
import socket

members = []
selector = selectors.DefaultSelector()


class Member:
    def __init__(self, conn):
        self.conn = conn
        self.half_line = b""
        self.waiting = bytearray()
        self.gone = False

    def read(self):
        try:
            data = self.conn.recv(4096)
        except OSError:
            data = b""
        if not data:
            self.gone = True
            selector.unregister(self.conn)
            self.conn.close()
            return
        *lines, self.half_line = (self.half_line + data).split(b"\n")
        for line in lines:
            if line.strip():
                broadcast(line + b"\n", self)

    def write(self):
        try:
            sent = self.conn.send(self.waiting)
        except OSError:
            sent = len(self.waiting)
        del self.waiting[:sent]
        self.watch()

    def watch(self):
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.waiting else 0)
        selector.modify(self.conn, events, self)


def broadcast(line, sender):
    for member in members:
        if member.gone:
            members.remove(member)
        elif member is not sender:
            member.waiting += line
            member.watch()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((args.host, args.port))
    server.listen()
    selector.register(server, selectors.EVENT_READ)
    print(f"Server running on {args.host}:{server.getsockname()[1]}", flush=True)
    while True:
        for key, events in selector.select():
            if key.fileobj is server:
                conn, _ = server.accept()
                conn.setblocking(False)
                member = Member(conn)
                members.append(member)
                selector.register(conn, selectors.EVENT_READ, member)
                continue
            if events & selectors.EVENT_READ:
                key.data.read()
            if events & selectors.EVENT_WRITE and not key.data.gone:
                key.data.write()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
