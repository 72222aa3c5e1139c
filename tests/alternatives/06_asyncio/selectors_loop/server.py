"""One thread, one selector. What a line means depends on whether its peer has a name yet."""

import argparse
import selectors
import socket

TOO_MUCH = 8_000_000  # bytes that may wait for a peer before it is given up

sel = selectors.DefaultSelector()
peers = {}  # socket -> Peer
taken = {}  # name without case -> Peer


class Peer:
    def __init__(self, sock):
        self.sock = sock
        self.name = None
        self.inp = bytearray()
        self.out = bytearray()

    def put(self, text):
        self.out += text.encode("utf-8", "surrogateescape") + b"\n"

    def flush(self):
        """Send what the kernel takes now; ask for EVENT_WRITE only while something is left."""
        while self.out:
            try:
                del self.out[: self.sock.send(self.out)]
            except BlockingIOError:
                break
        want = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.out else 0)
        if sel.get_key(self.sock).events != want:
            sel.modify(self.sock, want)
        return len(self.out) <= TOO_MUCH


def accept(listener):
    try:
        sock, _ = listener.accept()
    except OSError:
        return
    sock.setblocking(False)
    peer = peers[sock] = Peer(sock)
    sel.register(sock, selectors.EVENT_READ)
    peer.put("NICK")


def drop(peer):
    del peers[peer.sock]
    sel.unregister(peer.sock)
    peer.sock.close()
    if peer.name:
        del taken[peer.name.lower()]
        say(f"{peer.name} has left the chat.", peer)


def say(text, apart_from):
    """Nothing is sent here: that happens in flush_all, so nobody can drop out half-way."""
    for peer in taken.values():
        if peer is not apart_from:
            peer.put(text)


def flush_all():
    """A peer that drops out leaves a notice behind, which is to be flushed as well."""
    again = True
    while again:
        again = False
        for peer in list(peers.values()):
            try:
                fine = peer.flush()
            except OSError:
                fine = False
            if not fine:
                drop(peer)
                again = True


def baptize(peer, answer):
    name = answer.strip()
    # Bytes that are no UTF-8 have become surrogates, and these are not printable.
    good = 1 <= len(name) <= 20 and name.isprintable() and not set(name) & {" ", ":"}
    if not good or name.lower() in taken:
        if answer.strip():
            peer.put("This name cannot be used.")
        peer.put("NICK")
        return
    peer.name = name
    peer.put("Connected to the server")
    peer.put("Here: " + ", ".join(reversed([other.name for other in taken.values()])))
    say(f"{name} connected to the server!", peer)
    taken[name.lower()] = peer


def receive(peer):
    try:
        data = peer.sock.recv(65536)
    except BlockingIOError:
        return
    except OSError:
        data = b""
    if not data:
        drop(peer)
        return
    peer.inp += data
    *lines, rest = bytes(peer.inp).split(b"\n")
    peer.inp[:] = rest
    for line in lines:
        text = line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        if peer.name is None:
            baptize(peer, text)
        elif text.strip():
            say(f"{peer.name}: {text}", peer)


def run(host, port):
    with socket.create_server((host, port), backlog=128) as listener:
        sel.register(listener, selectors.EVENT_READ)
        print(f"Server running on {host}:{listener.getsockname()[1]}", flush=True)
        while True:
            for key, mask in sel.select():
                if key.fileobj is listener:
                    accept(listener)
                elif mask & selectors.EVENT_READ and key.fileobj in peers:
                    receive(peers[key.fileobj])
            flush_all()


if __name__ == "__main__":
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--host", default="127.0.0.1")
    ap.add_argument("--port", type=int, default=5501)
    ns = ap.parse_args()
    try:
        run(ns.host, ns.port)
    except KeyboardInterrupt:
        pass
