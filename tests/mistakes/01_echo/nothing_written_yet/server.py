"""The echo server: every byte that a client sends goes straight back to that client."""

import argparse
import socket


def open_listener(host, port):
    """Return a socket that clients can connect to."""
    # TODO 1: make a TCP socket, bind it to host and port, and let it listen
    raise NotImplementedError("TODO 1: make a TCP socket, bind it to host and port, and let it listen")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    listener = open_listener(args.host, args.port)
    print(f"Server running on {args.host}:{listener.getsockname()[1]}", flush=True)
    # TODO 2: accept a client, serve it, close its socket, and start again
    raise NotImplementedError("TODO 2: accept a client, serve it, close its socket, and start again")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
