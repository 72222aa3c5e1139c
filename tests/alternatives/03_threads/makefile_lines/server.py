"""A chat server whose connections are files: `for line in file` does the cutting into lines.

No thread is a daemon here. On Ctrl-C the main thread shuts every connection down, which wakes
the threads that wait on it, and then they all end by themselves.
"""

import argparse
import queue
import socket
import threading


class Connection:
    def __init__(self, sock, room):
        self.sock = sock
        self.room = room
        self.outgoing = queue.Queue()
        self.threads = [threading.Thread(target=self.read), threading.Thread(target=self.write)]

    def read(self):
        try:
            # Text mode needs newline="\n": the default would also end lines at a lone "\r".
            with self.sock.makefile("r", encoding="utf-8", errors="replace", newline="\n") as file:
                for line in file:
                    if line.endswith("\n") and not line.isspace():
                        self.room.tell_others(self, line)
        except OSError:
            pass
        self.room.leave(self)
        self.outgoing.put(None)

    def write(self):
        try:
            while True:
                line = self.outgoing.get()
                if line is None:
                    break
                self.sock.sendall(line.encode("utf-8"))
        except OSError:
            pass
        self.threads[0].join()  # the reader uses the socket too
        self.sock.close()


class ChatRoom:
    def __init__(self):
        self.connections = []
        self.guard = threading.RLock()

    def enter(self, connection):
        with self.guard:
            self.connections.append(connection)

    def leave(self, connection):
        with self.guard:
            self.connections.remove(connection)

    def tell_others(self, author, line):
        with self.guard:
            everyone = self.connections.copy()
            for connection in everyone:
                if connection is not author:
                    connection.outgoing.put(line)

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
        room.enter(connection)
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
