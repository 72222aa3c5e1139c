"""Broadcast server: each client has a thread that listens and an outbox with a thread that sends."""

import argparse
import queue
import socket
import threading

members = []
lock = threading.Lock()


class Member:
    def __init__(self, conn):
        self.conn = conn
        self.outbox = queue.Queue()
        self.gone = False

    def start(self):
        threading.Thread(target=self.listen, daemon=True).start()
        threading.Thread(target=self.send, daemon=True).start()

    def listen(self):
        rest = b""
        while True:
            try:
                data = self.conn.recv(4096)
            except OSError:
                data = b""
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.strip():
                    broadcast(line + b"\n", self)
        self.gone = True
        self.outbox.put(None)

    def send(self):
        try:
            for line in iter(self.outbox.get, None):
                self.conn.sendall(line)
        except OSError:
            pass
        self.conn.close()


def broadcast(line, sender):
    with lock:
        for member in members:
            if member.gone:
                members.remove(member)
            elif member is not sender:
                member.outbox.put(line)


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
    while True:
        conn, _ = server.accept()
        member = Member(conn)
        with lock:
            members.append(member)
        member.start()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
