"""Broadcast server without endless waits: every wait ends after a moment and looks at a flag.

So no thread has to be a daemon: on Ctrl-C the flag falls, all of them see it, and all are joined.
"""

import argparse
import queue
import socket
import threading

MOMENT = 0.1


class Client:
    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.present = True
        self.mailbox = queue.Queue()
        sock.settimeout(MOMENT)
        self.threads = [
            threading.Thread(target=self.runReader),
            threading.Thread(target=self.runWriter),
        ]

    def active(self):
        return self.present and self.server.running

    def runReader(self):
        half = b""
        try:
            while self.active():
                try:
                    data = self.sock.recv(16384)
                except TimeoutError:
                    continue
                if len(data) == 0:
                    break
                parts = (half + data).split(b"\n")
                half = parts[-1]
                for line in parts[:-1]:
                    if not (line == b"" or line.isspace()):
                        self.server.tellOthers(self, line + b"\n")
        except OSError:
            pass
        self.present = False
        self.server.forget(self)

    def runWriter(self):
        try:
            while self.active():
                try:
                    self.sendAll(self.mailbox.get(timeout=MOMENT))
                except queue.Empty:
                    continue
        except OSError:
            pass
        self.present = False
        # The reader still looks at the socket for a moment, so it is closed only after that.
        self.threads[0].join()
        self.sock.close()

    def sendAll(self, line):
        # sendall() would not say how much went out before its time was up, so send() and count.
        start = 0
        while start < len(line) and self.active():
            try:
                start += self.sock.send(line[start:])
            except TimeoutError:
                continue


class Server:
    def __init__(self):
        self.running = True
        self.clients = []
        self.lock = threading.Lock()

    def tellOthers(self, sender, line):
        with self.lock:
            for client in self.clients:
                if client is not sender:
                    client.mailbox.put(line)

    def forget(self, client):
        with self.lock:
            self.clients.remove(client)

    def serve(self, host, port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.settimeout(MOMENT)
        listener.listen(100)
        print("Server running on", host + ":" + str(listener.getsockname()[1]), flush=True)
        while True:
            try:
                sock, address = listener.accept()
            except TimeoutError:
                continue
            client = Client(self, sock)
            with self.lock:
                self.clients.append(client)
            for thread in client.threads:
                thread.start()


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", default=5501, type=int)
args = parser.parse_args()
server = Server()
try:
    server.serve(args.host, args.port)
except KeyboardInterrupt:
    server.running = False
    print("stopping, one moment", flush=True)
