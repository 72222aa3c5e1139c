"""Lesson 3: the chat room with threads."""

import argparse
import queue
import socket
import threading
import time

clients = []
lock = threading.Lock()
buffer = b""
buffer_lock = threading.Lock()


class Client:
    def __init__(self, sock, addr):
        self.sock = sock
        self.addr = addr
        self.outbox = queue.Queue()


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
    global buffer
    writer = threading.Thread(target=send_lines, args=(client,), daemon=True)
    writer.start()
    while True:
        try:
            data = client.sock.recv(2048)
        except OSError:
            break
        if not data:
            break
        with buffer_lock:
            buffer += data
            while b"\n" in buffer:
                line, buffer = buffer.split(b"\n", 1)
                if line.strip():
                    broadcast(line, client)
        if buffer:
            time.sleep(0.0005)  # widens the window in which another thread adds to the buffer
    with lock:
        clients.remove(client)
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
