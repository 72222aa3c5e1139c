"""Broadcast with socketserver: it starts the reading threads, each handler starts a writing one."""

import argparse
import queue
import socket
import socketserver
import threading


class ChatHandler(socketserver.StreamRequestHandler):
    def setup(self):
        super().setup()
        self.outgoing = queue.Queue()
        threading.Thread(target=self.deliver, daemon=True).start()
        self.server.join(self)

    def handle(self):
        try:
            for line in self.rfile:
                # the last line of a connection may have no end: drop it
                if line.endswith(b"\n") and line.strip():
                    self.server.broadcast(line, self)
        except ConnectionError:
            pass

    def finish(self):
        self.server.leave(self)
        self.outgoing.put(None)
        # A writer that is stuck in sendall() would never see the None.
        try:
            self.request.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        super().finish()

    def deliver(self):
        try:
            for line in iter(self.outgoing.get, None):
                self.request.sendall(line)
        except OSError:
            self.server.leave(self)


class ChatServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args):
        self.lock = threading.Lock()
        self.handlers = []
        super().__init__(*args)

    def join(self, handler):
        with self.lock:
            self.handlers.append(handler)

    def leave(self, handler):
        with self.lock:
            if handler in self.handlers:
                self.handlers.remove(handler)

    def broadcast(self, line, sender):
        with self.lock:
            for handler in self.handlers:
                if handler is not sender:
                    handler.outgoing.put(line)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--host", default="127.0.0.1")
    ap.add_argument("--port", type=int, default=5501)
    ns = ap.parse_args()
    with ChatServer((ns.host, ns.port), ChatHandler) as server:
        print(f"Server running on {ns.host}:{server.server_address[1]}", flush=True)
        server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
