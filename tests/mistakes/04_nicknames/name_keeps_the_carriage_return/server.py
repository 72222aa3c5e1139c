"""Lesson 4: the chat room in which everybody has a name."""

import argparse
import queue
import socket
import threading

members = []
lock = threading.Lock()


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.name = ""
        self.buffer = b""
        self.outbox = queue.Queue()

    def put(self, text):
        self.outbox.put(text.encode("utf-8") + b"\n")

    def read_line(self):
        """Return the next line, or None when the client has gone."""
        while b"\n" not in self.buffer:
            try:
                data = self.sock.recv(4096)
            except OSError:
                return None
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode("utf-8", errors="replace")

    def send_lines(self):
        while True:
            line = self.outbox.get()
            if line is None:
                break
            try:
                self.sock.sendall(line)
            except OSError:
                break


def tell_others(text, me):
    """Call this only while you hold the lock."""
    for member in members:
        if member is not me:
            member.put(text)


def is_good_name(name):
    name = name.strip()
    if len(name) < 1 or len(name) > 20:
        return False
    return name.isprintable() and " " not in name and ":" not in name


def name_is_taken(name):
    for member in members:
        if member.name.lower() == name.lower():
            return True
    return False


def ask_name(client):
    """Ask until the name is good, and join. Return False when the client has gone."""
    while True:
        client.put("NICK")
        answer = client.read_line()
        if answer is None:
            return False
        name = answer.strip(" ")
        with lock:
            if is_good_name(name) and not name_is_taken(name):
                client.name = name
                client.put("Connected to the server")
                tell_others(f"{name} connected to the server!", client)
                members.append(client)
                return True
        client.put("Please take another name.")


def chat(client):
    while True:
        line = client.read_line()
        if line is None:
            break
        if line.strip():
            with lock:
                tell_others(f"{client.name}: {line}", client)


def leave(client):
    with lock:
        members.remove(client)
        tell_others(f"{client.name} has left the chat.", client)


def serve(client):
    writer = threading.Thread(target=client.send_lines, daemon=True)
    writer.start()
    if ask_name(client):
        chat(client)
        leave(client)
    client.outbox.put(None)
    writer.join()
    client.sock.close()


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
        client = Client(sock)
        threading.Thread(target=serve, args=(client,), daemon=True).start()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("bye", flush=True)
