"""Broadcast server: two threads for each guest, one reads and one writes from an outbox."""

import argparse
import queue
import socket
import threading

# Whoever has this much waiting has stopped reading for good.
TOO_MUCH = 64 * 1024 * 1024


class Guest:
    def __init__(self, room, sock):
        self.room = room
        self.sock = sock
        self.outbox = queue.SimpleQueue()
        self.waiting = 0
        self.counting = threading.Lock()

    def start(self):
        threading.Thread(target=self.read_lines, daemon=True).start()
        threading.Thread(target=self.write_lines, daemon=True).start()

    def read_lines(self):
        unfinished = bytearray()
        try:
            while received := self.sock.recv(65536):
                unfinished += received
                *lines, unfinished = unfinished.split(b"\n")
                for line in lines:
                    if line.strip():
                        self.room.pass_on(bytes(line) + b"\n", self)
        except OSError:
            pass
        self.room.remove(self)

    def write_lines(self):
        while (line := self.outbox.get()) is not None:
            try:
                self.sock.sendall(line)
            except OSError:
                break
            with self.counting:
                self.waiting -= len(line)
        self.room.remove(self)
        self.sock.close()

    def give(self, line):
        """Never waits: only the writing thread talks to the network."""
        with self.counting:
            self.waiting += len(line)
            hopeless = self.waiting > TOO_MUCH
        if hopeless:
            self.hang_up()
        else:
            self.outbox.put(line)

    def hang_up(self):
        self.outbox.put(None)
        try:
            # Wakes both threads, wherever they wait.
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Room:
    def __init__(self):
        self.guests = set()
        self.lock = threading.Lock()

    def add(self, guest):
        with self.lock:
            self.guests.add(guest)
        guest.start()

    def remove(self, guest):
        with self.lock:
            if guest not in self.guests:
                return
            self.guests.remove(guest)
        guest.hang_up()

    def pass_on(self, line, sender):
        # giving is quick, so the lock may stay: that keeps the order the same for everyone
        with self.lock:
            for guest in self.guests:
                if guest is not sender:
                    guest.give(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    room = Room()
    with socket.create_server((args.host, args.port), backlog=128) as listener:
        print(f"Server running on {args.host}:{listener.getsockname()[1]}", flush=True)
        while True:
            sock, _address = listener.accept()
            room.add(Guest(room, sock))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("Server stopped", flush=True)
