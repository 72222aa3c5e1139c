"""Chat room on socketserver: its threads read, and each handler adds a thread that writes."""

import argparse
import queue
import socketserver
import threading


class ChatServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address):
        super().__init__(address, ChatHandler)
        self.mailboxes = {}
        self.mailboxes_lock = threading.Lock()

    def post(self, line, author):
        with self.mailboxes_lock:
            for handler, mailbox in self.mailboxes.items():
                if handler is not author:
                    mailbox.put(line)


class ChatHandler(socketserver.StreamRequestHandler):
    def setup(self):
        super().setup()
        self.mailbox = queue.SimpleQueue()
        self.writer = threading.Thread(target=self.write_mail, daemon=True)
        self.writer.start()
        with self.server.mailboxes_lock:
            self.server.mailboxes[self] = self.mailbox
        print("+", *self.client_address, flush=True)

    def handle(self):
        try:
            for line in self.rfile:
                if line.endswith(b"\n") and not line.isspace():
                    self.server.post(line, self)
        except OSError:
            pass  # reset: the client has gone, as with a clean end

    def finish(self):
        with self.server.mailboxes_lock:
            del self.server.mailboxes[self]
        self.mailbox.put(None)
        self.writer.join()
        print("-", *self.client_address, flush=True)
        super().finish()

    def write_mail(self):
        try:
            while (line := self.mailbox.get()) is not None:
                self.request.sendall(line)
        except OSError:
            pass


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--host", default="127.0.0.1")
    cli.add_argument("--port", type=int, default=5501)
    args = cli.parse_args()
    with ChatServer((args.host, args.port)) as server:
        print(f"Server running on {args.host}:{server.server_address[1]}", flush=True)
        server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("Bye", flush=True)
