"""Lesson 3: the chat room with threads."""

import argparse
import queue
import socket
import threading

clients = []
lock = threading.Lock()
left = queue.Queue()


class Client:
    def __init__(self, sock, addr):
        self.sock = sock
        self.addr = addr
        self.outbox = queue.Queue()
        self.writer = threading.Thread(target=send_lines, args=(self,), daemon=True)


def broadcast(line, sender):
    with lock:
        for client in clients:
            if client is not sender:
                client.outbox.put(line + b"\n")


def send_lines(client):
    while True:
        line = client.outbox.get()
        if line is None:
            break
        try:
            client.sock.sendall(line)
        except OSError:
            break


def serve(client):
    client.writer.start()
    buffer = b""
    while True:
        try:
            data = client.sock.recv(4096)
        except OSError:
            break
        if not data:
            break
        buffer += data
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            if line.strip():
                broadcast(line, client)
    with lock:
        clients.remove(client)
    left.put(client)


def tidy_up():
    """End the writing threads of those who have left, and close their sockets."""
    client = left.get()  # nobody can have left before
    while True:
        if client:
            client.outbox.put(None)
            client.writer.join()
            client.sock.close()
            print("left:", client.addr, flush=True)
        try:
            client = left.get_nowait()
        except queue.Empty:
            client = None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()

    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((args.host, args.port))
    server.listen()
    port = server.getsockname()[1]
    print(f"Server running on {args.host}:{port}", flush=True)

    threading.Thread(target=tidy_up, daemon=True).start()
    while True:
        sock, addr = server.accept()
        client = Client(sock, addr)
        with lock:
            clients.append(client)
        thread = threading.Thread(target=serve, args=(client,), daemon=True)
        thread.start()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("bye", flush=True)
