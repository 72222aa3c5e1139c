"""My chat server, with one class and two threads for every client."""

import argparse
import socket
import threading
from queue import Queue


class ChatServer:
    def __init__(self, host, port):
        self.host = host
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((host, port))
        self.sock.listen(100)
        self.outboxes = {}
        self.lock = threading.Lock()

    def run(self):
        print(f"Server running on {self.host}:{self.sock.getsockname()[1]}", flush=True)
        while True:
            connection, address = self.sock.accept()
            outbox = Queue()
            with self.lock:
                self.outboxes[connection] = outbox
            threading.Thread(target=self.read, args=(connection,), daemon=True).start()
            threading.Thread(target=self.write, args=(connection, outbox), daemon=True).start()

    def read(self, connection):
        rest = b""
        last = b""
        try:
            while True:
                data = connection.recv(2048)
                if data == b"":
                    break
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if not line.strip() or line == last:
                        continue  # sent twice by mistake, probably
                    last = line
                    self.send_to_others(connection, line + b"\n")
        except OSError:
            pass
        finally:
            self.remove(connection)

    def write(self, connection, outbox):
        broken = False
        while True:
            data = outbox.get()
            if data is None:
                break
            if not broken:
                try:
                    connection.sendall(data)
                except OSError:
                    broken = True
        connection.close()

    def remove(self, connection):
        with self.lock:
            outbox = self.outboxes.pop(connection)
        outbox.put(None)

    def send_to_others(self, sender, data):
        with self.lock:
            for connection, outbox in self.outboxes.items():
                if connection != sender:
                    outbox.put(data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    server = ChatServer(args.host, args.port)
    server.run()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
