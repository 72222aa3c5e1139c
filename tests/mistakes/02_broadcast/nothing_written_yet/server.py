"""The broadcast server: every line that a client sends goes to every other client in the room."""

import argparse
import selectors
import socket
import sys


def open_listener(host, port):
    """Return a socket that clients can connect to."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen()
    return listener


class Room:
    """Everybody who is connected, and the selector that watches their sockets."""

    def __init__(self, listener):
        # TODO 1: start with no clients, and let a selector watch the listener for reading
        raise NotImplementedError(
            "TODO 1: start with no clients, and let a selector watch the listener for reading"
        )

    def run(self):
        while True:
            for key, events in self.selector.select():
                self.receive(key.data)

    def receive(self, client):
        # TODO 3: fill the inbox, broadcast its complete lines, drop a client that has left
        raise NotImplementedError(
            "TODO 3: fill the inbox, broadcast its complete lines, drop a client that has left"
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    listener = open_listener(args.host, args.port)
    room = Room(listener)
    print(f"Server running on {args.host}:{listener.getsockname()[1]}", flush=True)
    room.run()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
