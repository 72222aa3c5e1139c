"""An echo server: it sends back what it gets, to one client after the other."""

import argparse
import socket


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((args.host, args.port))
    server.listen()
    print(f"Server running on {args.host}:{server.getsockname()[1]}", flush=True)
    try:
        while True:
            client, address = server.accept()
            data = client.recv(4096)
            while data:
                client.sendall(data)
                data = client.recv(4096)
            client.close()
    except KeyboardInterrupt:
        print("bye")
    except OSError as error:
        print("a client has gone:", error)


main()
