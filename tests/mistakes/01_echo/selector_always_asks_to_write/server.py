"""Echo server with selectors: many clients, one thread."""

import argparse
import selectors
import socket

parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
args = parser.parse_args()

selector = selectors.DefaultSelector()
outbox = {}
done = set()


def leave(sock):
    selector.unregister(sock)
    outbox.pop(sock)
    done.discard(sock)
    sock.close()


def handle(sock, events):
    if events & selectors.EVENT_READ and sock not in done:
        data = sock.recv(4096)
        if not data:
            done.add(sock)
        outbox[sock] += data
    if events & selectors.EVENT_WRITE and outbox[sock]:
        sent = sock.send(outbox[sock])
        del outbox[sock][:sent]
    if sock in done and not outbox[sock]:
        leave(sock)


server = socket.create_server((args.host, args.port))
server.setblocking(False)
selector.register(server, selectors.EVENT_READ)
print(f"Server running on {args.host}:{server.getsockname()[1]}", flush=True)
try:
    while True:
        for key, events in selector.select():
            if key.fileobj is server:
                client, _ = server.accept()
                client.setblocking(False)
                outbox[client] = bytearray()
                selector.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE)
                continue
            try:
                handle(key.fileobj, events)
            except OSError:
                leave(key.fileobj)
except KeyboardInterrupt:
    pass
