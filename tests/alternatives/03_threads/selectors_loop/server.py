"""One thread, one selector, non-blocking sockets. What cannot go out yet waits in a buffer."""

import argparse
import selectors
import socket

TOO_MUCH = 8_000_000  # bytes that may wait for a client before it is given up

sel = selectors.DefaultSelector()
peers = {}  # socket -> its two buffers


class Buffers:
    def __init__(self):
        self.inp = bytearray()
        self.out = bytearray()


def accept(listener):
    try:
        sock, _ = listener.accept()
    except OSError:
        return
    sock.setblocking(False)
    peers[sock] = Buffers()
    sel.register(sock, selectors.EVENT_READ, serve)


def drop(sock):
    if peers.pop(sock, None) is not None:
        sel.unregister(sock)
        sock.close()


def flush(sock):
    """Send what the kernel takes now. Ask for EVENT_WRITE only while something is left."""
    out = peers[sock].out
    try:
        while out:
            sent = sock.send(out)
            del out[:sent]
    except BlockingIOError:
        pass
    except OSError:
        drop(sock)
        return
    if len(out) > TOO_MUCH:
        drop(sock)
        return
    want = selectors.EVENT_READ | (selectors.EVENT_WRITE if out else 0)
    if sel.get_key(sock).events != want:
        sel.modify(sock, want, serve)


def say(line, sender):
    for sock in list(peers):
        if sock is not sender and sock in peers:
            peers[sock].out += line
            flush(sock)


def receive(sock):
    try:
        data = sock.recv(65536)
    except BlockingIOError:
        return
    except OSError:
        data = b""
    if not data:
        drop(sock)
        return
    inp = peers[sock].inp
    inp += data
    end = inp.rfind(b"\n") + 1
    whole = bytes(inp[:end])
    del inp[:end]
    for line in whole.split(b"\n"):
        if line.strip():
            say(line + b"\n", sock)


def serve(sock, mask):
    if mask & selectors.EVENT_WRITE:
        flush(sock)
    if mask & selectors.EVENT_READ and sock in peers:
        receive(sock)


def run(host, port):
    with socket.create_server((host, port), backlog=128) as listener:
        sel.register(listener, selectors.EVENT_READ, lambda sock, mask: accept(sock))
        print(f"Server running on {host}:{listener.getsockname()[1]}", flush=True)
        while True:
            for key, mask in sel.select():
                if key.fileobj is listener or key.fileobj in peers:
                    key.data(key.fileobj, mask)


if __name__ == "__main__":
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--host", default="127.0.0.1")
    ap.add_argument("--port", type=int, default=5501)
    ns = ap.parse_args()
    try:
        run(ns.host, ns.port)
    except KeyboardInterrupt:
        pass
