"""One selector for both ends: the server's socket, and a socket pair that brings the keyboard.

A small machine: "out" (NICK has not come yet), "asked" (a name is to be typed), "named" (it has
been sent), "refused" (--name was no good), "in" (Connected has come).
"""

import argparse
import collections
import os
import selectors
import socket
import sys
import threading


def pump(pair_end):
    """The only thing that needs a thread: the keyboard cannot be selected on every system."""
    try:
        while data := os.read(0, 4096):
            pair_end.sendall(data)
        pair_end.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Lines:
    """Cuts a stream of bytes into lines."""

    def __init__(self):
        self.half = b""

    def feed(self, data):
        *lines, self.half = (self.half + data).split(b"\n")
        return [line.removesuffix(b"\r") for line in lines]


class Talk:
    def __init__(self, sock, name):
        self.sock = sock
        self.sock.setblocking(False)
        self.name = name
        self.state = "out"
        self.keys, other_end = socket.socketpair()
        self.typed = collections.deque()
        self.typing = True
        self.from_keys, self.from_server = Lines(), Lines()
        self.to_send = bytearray()
        self.half_closed = False
        self.sel = selectors.DefaultSelector()
        self.sel.register(self.sock, selectors.EVENT_READ)
        self.sel.register(self.keys, selectors.EVENT_READ)
        threading.Thread(target=pump, args=(other_end,), daemon=True).start()

    def run(self):
        """-> None, or what went wrong"""
        while True:
            for key, mask in self.sel.select():
                if key.fileobj is self.keys:
                    self.read_keys()
                elif mask & selectors.EVENT_READ and not self.read_server():
                    return None if self.half_closed else "the server has gone"
            if self.state == "refused":
                return f"the server refused the name {self.name}"
            if not self.use_typed():
                return None
            self.send()

    def read_keys(self):
        data = self.keys.recv(4096)
        self.typed.extend(self.from_keys.feed(data))
        if not data:
            self.typing = False
            self.sel.unregister(self.keys)

    def read_server(self):
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        for line in self.from_server.feed(data):
            self.hear(line)
        return bool(data)

    def hear(self, line):
        if self.state != "in" and line == b"NICK":
            if not self.name:
                print("name? ", end="", flush=True)
                self.state = "asked"
            elif self.state == "named":
                self.state = "refused"
            else:
                self.answer(self.name.encode())
            return
        if line == b"Connected to the server":
            self.state = "in"
        print(line.decode("utf-8", "replace"), flush=True)

    def answer(self, name):
        self.to_send += name + b"\n"
        self.state = "named"

    def use_typed(self):
        """-> False if the input has ended where a name was wanted"""
        if self.state == "asked" and self.typed:
            self.answer(self.typed.popleft())
        if self.state == "in":
            while self.typed:
                self.to_send += self.typed.popleft() + b"\n"
        return self.typing or self.typed or self.name or self.state in ("named", "in")

    def send(self):
        try:
            while self.to_send:
                del self.to_send[: self.sock.send(self.to_send)]
            if self.state == "in" and not self.typing and not self.half_closed:
                self.half_closed = True
                self.sock.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            self.to_send.clear()  # the next read says what has happened
        want = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.to_send else 0)
        self.sel.modify(self.sock, want)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--host", default="127.0.0.1")
    ap.add_argument("--port", type=int, default=5501)
    ap.add_argument("--name")
    ns = ap.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    try:
        sock = socket.create_connection((ns.host, ns.port), timeout=5)
    except OSError as err:
        print(f"cannot reach {ns.host}:{ns.port}: {err}", file=sys.stderr)
        return 1
    problem = Talk(sock, ns.name).run()
    if problem:
        print(f"{ns.host}:{ns.port}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
