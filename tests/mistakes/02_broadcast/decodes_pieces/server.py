"""Broadcast server: two threads for each client, one listens and one sends."""

import argparse
import queue
import socket
import threading

room = {}  # connection -> queue of what it still has to get
lock = threading.Lock()


def send_lines(conn, outbox):
    try:
        for line in iter(outbox.get, None):
            conn.sendall(line)
    except OSError:
        pass


def tell_the_others(line, sender):
    with lock:
        for conn, outbox in room.items():
            if conn is not sender:
                outbox.put(line)


def listen_to(conn):
    rest = ""
    while True:
        data = conn.recv(65536)
        if not data:
            return
        text = data.decode("utf-8", errors="replace")
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            if line.strip():
                tell_the_others(line.encode() + b"\n", conn)


def serve(conn):
    outbox = queue.Queue()
    with lock:
        room[conn] = outbox
    threading.Thread(target=send_lines, args=(conn, outbox), daemon=True).start()
    try:
        listen_to(conn)
    except OSError:
        pass
    with lock:
        del room[conn]
    try:
        conn.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    outbox.put(None)  # wakes the sending thread
    conn.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((args.host, args.port))
    listener.listen()
    print(f"Server running on {args.host}:{listener.getsockname()[1]}", flush=True)

    while True:
        conn, address = listener.accept()
        threading.Thread(target=serve, args=(conn,), daemon=True).start()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
