"""Broadcast server: two threads for each client."""

import argparse
import contextlib
import queue
import socket
import struct
import threading


def write(sock, outbox):
    with contextlib.suppress(OSError):
        while (line := outbox.get()) is not None:
            sock.sendall(line)
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def serve(sock, outbox):
    inbox = b""
    with contextlib.suppress(OSError):
        while data := sock.recv(4096):
            *lines, inbox = (inbox + data).split(b"\n")
            for line in lines:
                if line.strip():
                    with lock:
                        for other, queue_of_other in outboxes.items():
                            if other is not sock:
                                queue_of_other.put(line + b"\n")
    with lock:
        outboxes.pop(sock)
    outbox.put(None)


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
args = parser.parse_args()
lock = threading.Lock()
outboxes = {}
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((args.host, args.port))
listener.listen()
print(f"Server running on {args.host}:{listener.getsockname()[1]}", flush=True)
try:
    while True:
        sock, _ = listener.accept()
        outbox = queue.SimpleQueue()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 0, 500_000))
        with lock:
            outboxes[sock] = outbox
        threading.Thread(target=write, args=(sock, outbox), daemon=True).start()
        threading.Thread(target=serve, args=(sock, outbox), daemon=True).start()
except KeyboardInterrupt:
    pass
