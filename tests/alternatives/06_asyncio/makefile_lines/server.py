"""A chat server whose connections are files: `for line in file` does the cutting into lines.

No thread is a daemon here. On Ctrl-C the main thread shuts every connection down, which wakes
the threads that wait on it, and then they all end by themselves.
"""

import argparse
import queue
import re
import socket
import threading

# One to twenty characters; "\w" would be too strict, so say what must not be there.
NAME = re.compile(r"[^\s:]{1,20}")


class Connection:
    def __init__(self, sock, room):
        self.sock = sock
        self.room = room
        self.name = ""
        self.outgoing = queue.Queue()
        self.threads = [threading.Thread(target=self.read), threading.Thread(target=self.write)]

    def read(self):
        try:
            # Text mode needs newline="\n": the default would also end lines at a lone "\r".
            with self.sock.makefile("r", encoding="utf-8", errors="replace", newline="\n") as file:
                if self.get_named(file):
                    for line in file:
                        if line.endswith("\n") and not line.isspace():
                            self.room.tell_others(self, f"{self.name}: {line}")
        except OSError:
            pass
        self.room.leave(self)
        self.outgoing.put(None)

    def get_named(self, file):
        self.outgoing.put("NICK\n")
        for answer in file:
            if not answer.endswith("\n"):
                break
            name = answer.strip()
            if NAME.fullmatch(name) and name.isprintable() and self.room.enter(self, name):
                return True
            self.outgoing.put(f"Sorry, not {name[:40]!r}.\nNICK\n")
        return False

    def write(self):
        try:
            while True:
                text = self.outgoing.get()
                if text is None:
                    break
                self.sock.sendall(text.encode("utf-8"))
        except OSError:
            pass
        self.threads[0].join()  # the reader uses the socket too
        self.sock.close()
        self.room.forget(self)


class ChatRoom:
    def __init__(self):
        self.connections = set()  # everyone, for the end
        self.members = {}  # those with a name
        self.guard = threading.RLock()

    def remember(self, connection):
        with self.guard:
            self.connections.add(connection)

    def forget(self, connection):
        with self.guard:
            self.connections.discard(connection)

    def enter(self, connection, name):
        with self.guard:
            if name.lower() in self.members:
                return False
            connection.name = name
            there = ", ".join(sorted(other.name for other in self.members.values()))
            connection.outgoing.put(f"Connected to the server\nHere: {there}\n")
            self.tell_others(connection, f"{name} connected to the server!\n")
            self.members[name.lower()] = connection
        return True

    def leave(self, connection):
        with self.guard:
            if connection.name:
                del self.members[connection.name.lower()]
                self.tell_others(connection, f"{connection.name} has left the chat.\n")

    def tell_others(self, author, text):
        with self.guard:
            for member in self.members.values():
                if member is not author:
                    member.outgoing.put(text)

    def close(self):
        with self.guard:
            everyone = self.connections.copy()
        for connection in everyone:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve(listener, room):
    while True:
        sock, address = listener.accept()
        connection = Connection(sock, room)
        room.remember(connection)
        for thread in connection.threads:
            thread.start()


def main():
    parser = argparse.ArgumentParser(description="chat server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()

    room = ChatRoom()
    try:
        with socket.create_server((args.host, args.port), backlog=64) as listener:
            print("Server running on %s:%d" % (args.host, listener.getsockname()[1]), flush=True)
            serve(listener, room)
    except KeyboardInterrupt:
        room.close()


if __name__ == "__main__":
    main()
