"""Chat room with names on socketserver: its threads read, and each handler adds one that writes."""

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
        self.handlers = {}  # name in lower case -> handler
        self.handlers_lock = threading.Lock()

    def enter(self, handler, name):
        """Take the name and tell everyone, in one step. -> whether the name was free"""
        with self.handlers_lock:
            if name.lower() in self.handlers:
                return False
            here = ", ".join(other.nick for other in self.handlers.values())
            handler.nick = name
            self.handlers[name.lower()] = handler
            handler.mailbox.put(b"Connected to the server\n" + f"Here: {here}\n".encode())
            self._post(f"{name} connected to the server!\n".encode(), handler)
        print(f"{name} connected", flush=True)
        return True

    def leave(self, handler, name):
        with self.handlers_lock:
            del self.handlers[name.lower()]
            self._post(f"{name} has left the chat.\n".encode(), handler)
        print(f"{name} left", flush=True)

    def post(self, line, author):
        with self.handlers_lock:
            self._post(line, author)

    def _post(self, line, author):
        for handler in self.handlers.values():
            if handler is not author:
                handler.mailbox.put(line)


class ChatHandler(socketserver.StreamRequestHandler):
    def setup(self):
        super().setup()
        self.mailbox = queue.SimpleQueue()
        self.writer = threading.Thread(target=self.write_mail, daemon=True)
        self.writer.start()

    def handle(self):
        name = None
        try:
            name = self.ask_name()
            if name is not None:
                self.chat(name.encode())
        except OSError:
            pass  # reset: the client has gone, as with a clean end
        if name is not None:
            self.server.leave(self, name)

    def ask_name(self):
        """-> the name that this client has entered the room with, None if it went away first"""
        while True:
            self.mailbox.put(b"NICK\n")
            answer = self.rfile.readline()
            if not answer.endswith(b"\n"):
                return None
            try:
                name = answer.decode().strip()
            except UnicodeDecodeError:
                self.mailbox.put(b"That was no UTF-8.\n")
                continue
            if self.is_good(name) and self.server.enter(self, name):
                return name
            self.mailbox.put(b"Please choose another name.\n")

    @staticmethod
    def is_good(name):
        return (
            0 < len(name) <= 20
            and name.isprintable()
            and ":" not in name
            and not any(character.isspace() for character in name)
        )

    def chat(self, name):
        for line in self.rfile:
            if line.endswith(b"\n") and not line.isspace():
                self.server.post(name + b": " + line, self)

    def finish(self):
        self.mailbox.put(None)
        self.writer.join()
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
