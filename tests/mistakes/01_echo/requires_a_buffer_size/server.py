"""Echo server: one client after the other."""

import argparse
import socket


def serve(client, size):
    while True:
        data = client.recv(size)
        if not data:
            break
        client.sendall(data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    parser.add_argument("--buffer", type=int, required=True)
    args = parser.parse_args()

    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((args.host, args.port))
    server.listen()
    print(f"Server running on {args.host}:{server.getsockname()[1]}", flush=True)

    while True:
        client, address = server.accept()
        try:
            serve(client, args.buffer)
        except OSError:
            print("lost", address)
        client.close()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("Server stopped")
