"""A chat room: every member has a thread that reads and a thread that writes."""

import argparse
import queue
import socket
import threading

members = set()
lock = threading.Lock()


class Member:
    def __init__(self, sock):
        self.sock = sock
        self.outbox = queue.Queue()
        self.writer = threading.Thread(target=self.write, daemon=True)

    def write(self):
        while True:
            line = self.outbox.get()
            if line is None:
                return
            try:
                self.sock.sendall(line)
            except OSError:
                return


def tell_others(line, sender):
    with lock:
        for member in members:
            if member is not sender:
                member.outbox.put(line)


def serve(member):
    rest = b""
    try:
        while data := member.sock.recv(4096):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.strip():
                    tell_others(line + b"\n", member)
    except OSError:
        pass
    with lock:
        members.remove(member)
    member.outbox.put(None)
    member.writer.join()
    member.sock.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((args.host, args.port))
    door.listen()
    print(f"Server running on {args.host}:{door.getsockname()[1]}", flush=True)
    while True:
        sock, address = door.accept()
        member = Member(sock)
        with lock:
            members.add(member)
        member.writer.start()
        threading.Thread(target=serve, daemon=True).start()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
