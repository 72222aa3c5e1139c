"""Echo server: one client after the other."""

import socket
import sys


def serve(client):
    while True:
        data = client.recv(4096)
        if not data:
            break
        client.sendall(data)


def main():
    if len(sys.argv) != 3:
        print("usage: python server.py HOST PORT")
        sys.exit(1)
    host = sys.argv[1]
    port = int(sys.argv[2])

    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, port))
    server.listen()
    print(f"Server running on {host}:{server.getsockname()[1]}", flush=True)

    while True:
        client, address = server.accept()
        try:
            serve(client)
        except OSError:
            print("lost", address)
        client.close()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("Server stopped")
