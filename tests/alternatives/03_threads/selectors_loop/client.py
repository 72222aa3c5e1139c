"""One selector for both ends: the server's socket, and a socket pair that brings the keyboard."""

import argparse
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


class Talk:
    def __init__(self, sock):
        self.sock = sock
        self.keys, other_end = socket.socketpair()
        threading.Thread(target=pump, args=(other_end,), daemon=True).start()
        self.to_send = bytearray()
        self.half = b""
        self.typing = True
        self.over = False
        self.sel = selectors.DefaultSelector()
        self.sel.register(self.sock, selectors.EVENT_READ)
        self.sel.register(self.keys, selectors.EVENT_READ)
        self.sock.setblocking(False)

    def run(self):
        while not self.over:
            for key, mask in self.sel.select():
                if key.fileobj is self.keys:
                    self.from_keys()
                elif mask & selectors.EVENT_READ:
                    self.from_server()
            self.send()
        return 1 if self.typing else 0

    def from_keys(self):
        data = self.keys.recv(4096)
        if data:
            self.to_send += data
        else:
            self.typing = False
            self.sel.unregister(self.keys)
            if not self.to_send:
                self.hang_up()

    def from_server(self):
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.over = not data
        *lines, self.half = (self.half + data).split(b"\n")
        for line in lines:
            print(line.decode("utf-8", "replace").rstrip("\r"), flush=True)

    def send(self):
        if self.over:
            return
        if self.to_send:
            try:
                del self.to_send[: self.sock.send(self.to_send)]
            except BlockingIOError:
                pass
            except OSError:
                self.to_send.clear()  # the next read says what has happened
            if not self.to_send and not self.typing:
                self.hang_up()
        want = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.to_send else 0)
        self.sel.modify(self.sock, want)

    def hang_up(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--host", default="127.0.0.1")
    ap.add_argument("--port", type=int, default=5501)
    ns = ap.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    try:
        sock = socket.create_connection((ns.host, ns.port), timeout=5)
    except OSError as err:
        print(f"cannot reach {ns.host}:{ns.port}: {err}", file=sys.stderr)
        return 1
    status = Talk(sock).run()
    if status:
        print(f"lost the server {ns.host}:{ns.port}", file=sys.stderr)
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
