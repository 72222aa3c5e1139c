"""Broadcast server: a thread for each client."""

import argparse
import socket
import threading

room = []
lock = threading.Lock()


def tell_the_others(line, sender):
    with lock:
        for conn in room:
            if conn is not sender:
                try:
                    conn.sendall(line)
                except OSError:
                    pass  # its own thread will see it


def listen_to(conn):
    rest = b""
    while True:
        data = conn.recv(4096)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line.strip():
                tell_the_others(line + b"\n", conn)


def serve(conn):
    with lock:
        room.append(conn)
    try:
        listen_to(conn)
    except OSError:
        pass
    with lock:
        room.remove(conn)
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
