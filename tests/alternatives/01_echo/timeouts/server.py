"""Echo server without blocking calls: each wait ends after a moment and is begun again.

That is how people write it who want Ctrl-C to work on every system. One client at a time.
"""

import argparse
import socket

MOMENT = 0.1


def wait_for_client(listener):
    while True:
        try:
            return listener.accept()[0]
        except TimeoutError:
            continue


def give_back(client, data):
    # sendall() would not say how much went out before its time was up, so send() and count.
    start = 0
    while start < len(data):
        try:
            start += client.send(data[start:])
        except TimeoutError:
            continue


def echo(client):
    client.settimeout(MOMENT)
    while True:
        try:
            data = client.recv(8192)
        except TimeoutError:
            continue
        if len(data) == 0:
            break
        give_back(client, data)


def start():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default=5501, type=int)
    args = parser.parse_args()

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.settimeout(MOMENT)
    listener.bind((args.host, args.port))
    listener.listen(50)
    print("Server running on", args.host + ":" + str(listener.getsockname()[1]), flush=True)

    while True:
        client = wait_for_client(listener)
        try:
            echo(client)
        except OSError as error:
            print("client lost:", error)
        finally:
            client.close()


try:
    start()
except KeyboardInterrupt:
    print("stopped")
