"""Echo server with selectors: many clients, one thread."""

import argparse
import selectors
import socket

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE

selector = selectors.DefaultSelector()
outbox = {}


def leave(sock):
    selector.unregister(sock)
    del outbox[sock]
    sock.close()


def handle(sock, events):
    if events & READ:
        data = sock.recv(4096)
        if not data:
            leave(sock)
            return
        outbox[sock] += data
    if outbox[sock]:
        try:
            sent = sock.send(outbox[sock])
        except BlockingIOError:
            sent = 0
        del outbox[sock][:sent]
    selector.modify(sock, READ | WRITE if outbox[sock] else READ)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()

    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Small buffers: there may be many clients.
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
    server.bind((args.host, args.port))
    server.listen()
    selector.register(server, READ)
    print(f"Server running on {args.host}:{server.getsockname()[1]}", flush=True)

    while True:
        for key, events in selector.select():
            if key.fileobj is server:
                client, _ = server.accept()
                client.setblocking(False)
                outbox[client] = bytearray()
                selector.register(client, READ)
                continue
            try:
                handle(key.fileobj, events)
            except OSError:
                leave(key.fileobj)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
