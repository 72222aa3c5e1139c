"""Echo server with selectors: many clients, one thread."""

import argparse
import selectors
import socket

selector = selectors.DefaultSelector()


def new_client(server):
    client, address = server.accept()
    client.setblocking(False)
    selector.register(client, selectors.EVENT_READ, data=echo)


def echo(client):
    try:
        data = client.recv(8192)
        if data:
            client.send(data)
            return
    except BlockingIOError:
        return  # the client is busy right now
    except OSError:
        pass
    selector.unregister(client)
    client.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()

    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 200_000)
    server.bind((args.host, args.port))
    server.listen()
    selector.register(server, selectors.EVENT_READ, data=new_client)
    print(f"Server running on {args.host}:{server.getsockname()[1]}", flush=True)

    while True:
        for key, events in selector.select():
            key.data(key.fileobj)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("Server stopped")
