"""Echo server: one client after the other."""

import argparse
import logging
import socket


def serve(client):
    while True:
        data = client.recv(4096)
        if not data:
            break
        client.sendall(data)


def main():
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()

    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((args.host, args.port))
    server.listen()
    logging.info("Server running on %s:%d", args.host, server.getsockname()[1])

    while True:
        client, address = server.accept()
        try:
            serve(client)
        except OSError:
            logging.info("lost %s", address)
        client.close()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("Server stopped")
