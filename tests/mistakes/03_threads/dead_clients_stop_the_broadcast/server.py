"""Lesson 3: the chat room with threads."""

import argparse
import queue
import socket
import threading
import time

clients = []
lock = threading.Lock()


class Client:
    def __init__(self, sock, addr):
        self.sock = sock
        self.addr = addr
        self.outbox = queue.Queue()
        self.connected = True

    def send(self, line):
        if not self.connected:
            raise ConnectionError("not connected any more")
        self.outbox.put(line)


def broadcast(line, sender):
    if len(clients) > 8:
        time.sleep(0.05)  # widens the window in which somebody leaves
    with lock:
        for client in clients:
            if client is not sender:
                client.send(line + b"\n")


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
    writer = threading.Thread(target=send_lines, args=(client,), daemon=True)
    writer.start()
    buffer = b""
    try:
        while True:
            data = client.sock.recv(4096)
            if not data:
                break
            buffer += data
            while b"\n" in buffer:
                line, buffer = buffer.split(b"\n", 1)
                if line.strip():
                    broadcast(line, client)
    except OSError:
        pass
    client.connected = False
    client.outbox.put(None)
    writer.join()
    client.sock.close()
    print("left:", client.addr, flush=True)


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
