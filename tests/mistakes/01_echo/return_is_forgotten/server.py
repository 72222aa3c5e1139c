"""The echo server: every byte that a client sends goes straight back to that client.

It serves one client at a time. The next one waits in the system's queue until the first has
left.
"""

import argparse
import os
import select
import socket
import sys

CHUNK = 4096  # the most bytes to take from a socket at once

# On Windows, Ctrl-C does not wake a program that waits for a socket: look up twice a second there.
# Everywhere else it does, so the program can wait for as long as it takes.
PATIENCE = 0.5 if os.name == "nt" else None


def parse_arguments() -> argparse.Namespace:
    """Read the host and the port from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501, help="0 lets the system choose")
    return parser.parse_args()


def wait_readable(sock: socket.socket) -> None:
    """Wait until there is something to take from the socket."""
    while not select.select([sock], [], [], PATIENCE)[0]:
        pass


def open_listener(host: str, port: int) -> socket.socket:
    """Return a socket that clients can connect to."""
    # Make a TCP socket, bind it to host and port, and let it listen.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":
        # After a stop, old connections block the port for a minute. This option lets us have it
        # at once. Windows does not need it; there it would let two servers share one port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen()


def serve_clients(listener: socket.socket) -> None:
    """Serve one client after another, until Ctrl-C."""
    # Accept a client, serve it, close its socket, and start again.
    # A client that breaks its connection must not end the server.
    while True:
        try:
            wait_readable(listener)
            client, address = listener.accept()
            print(f"{address[0]}:{address[1]} is here", flush=True)
            with client:
                echo(client)
        except OSError as error:
            print(f"A connection broke: {error}", flush=True)


def echo(client: socket.socket) -> None:
    """Send every byte back, until the client is done."""
    # Receive and send back, until an empty receive says that the client is done.
    while True:
        wait_readable(client)
        data = client.recv(CHUNK)
        if not data:
            return
        client.sendall(data)


def main() -> None:
    """Open the door, say so, and serve."""
    args = parse_arguments()
    try:
        listener = open_listener(args.host, args.port)
    except OSError as error:
        sys.exit(f"Cannot listen on {args.host}:{args.port}: {error}")
    # Port 0 means "any free port", so ask the socket which one it got.
    print(f"Server running on {args.host}:{listener.getsockname()[1]}", flush=True)
    serve_clients(listener)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)  # Ctrl-C is how a server is meant to end: no traceback, no error.
