"""Chat server with nicknames: a dictionary of names, and two threads for every client."""

import argparse
import queue
import socket
import threading


class Room:
    def __init__(self):
        self.users = {}  # name in small letters -> user
        self.lock = threading.Lock()

    def join(self, user, name):
        """Return True if the name was free."""
        with self.lock:
            if name.lower() in self.users:
                return False
            user.name = name
            user.send("Connected to the server\n")
            for other in self.users.values():
                other.send(f"{name} connected to the server!\n")
            self.users[name.lower()] = user
            return True

    def say(self, user, line):
        with self.lock:
            for other in self.users.values():
                if other is not user:
                    other.send(f"{user.name}: {line}\n")

    def leave(self, user):
        with self.lock:
            del self.users[user.name.lower()]
            self.tell_all(f"{user.name} has left the chat.\n")

    def tell_all(self, text):
        with self.lock:
            for other in self.users.values():
                other.send(text)


class User:
    def __init__(self, sock, room):
        self.sock = sock
        self.room = room
        self.name = None
        self.outbox = queue.SimpleQueue()

    def start(self):
        threading.Thread(target=self.read, daemon=True).start()
        threading.Thread(target=self.write, daemon=True).start()

    def send(self, text):
        self.outbox.put(text)

    def write(self):
        try:
            while (text := self.outbox.get()) is not None:
                self.sock.sendall(text.encode())
        except OSError:
            pass  # the reading thread will notice
        self.sock.close()

    def read(self):
        self.send("NICK\n")
        rest = b""
        try:
            while True:
                data = self.sock.recv(2048)
                if data == b"":
                    break
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self.handle_line(line.decode(errors="replace").rstrip())
        except OSError:
            pass
        finally:
            if self.name is not None:
                self.room.leave(self)
            self.outbox.put(None)

    def handle_line(self, line):
        if self.name is None:
            self.try_name(line.strip())
        elif line != "":
            self.room.say(self, line)

    def try_name(self, name):
        if not self.is_allowed(name):
            self.send("This name is not allowed\nNICK\n")
        elif not self.room.join(self, name):
            self.send("This name is taken\nNICK\n")

    def is_allowed(self, name):
        if name == "" or len(name) > 20:
            return False
        for letter in name:
            if letter == ":" or letter == " " or not letter.isprintable():
                return False
        return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()

    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((args.host, args.port))
    sock.listen(100)
    print(f"Server running on {args.host}:{sock.getsockname()[1]}", flush=True)
    room = Room()
    while True:
        connection, address = sock.accept()
        User(connection, room).start()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
