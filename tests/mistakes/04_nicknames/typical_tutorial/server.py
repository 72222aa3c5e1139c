"""Multi-user chat server with nicknames."""

import argparse
import socket
import threading
import time

clients = []
nicknames = []


def broadcast(message, sender=None):
    for client in clients:
        if client is sender:
            continue
        try:
            client.send(message)
            time.sleep(0.01)  # widens the window in which other messages arrive and the lists change
        except:
            index = clients.index(client)
            clients.remove(client)
            nicknames.pop(index)


def handle(client, nickname):
    while True:
        try:
            message = client.recv(1024)
            if not message:
                break
            broadcast(nickname.encode() + b": " + message, client)
        except:
            index = clients.index(client)
            clients.remove(client)
            client.close()
            nickname = nicknames[index]
            nicknames.remove(nickname)
            broadcast(f"{nickname} has left the chat.\n".encode())
            break


def receive(server):
    while True:
        client, address = server.accept()
        print(f"New connection from {address}")

        client.send(b"NICK\n")
        nickname = client.recv(1024).decode().strip()
        nicknames.append(nickname)
        clients.append(client)
        print(f"Nickname of the new client: {nickname}")

        client.send(b"Connected to the server\n")
        broadcast(f"{nickname} connected to the server!\n".encode(), client)

        thread = threading.Thread(target=handle, args=(client, nickname))
        thread.start()


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
args = parser.parse_args()

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((args.host, args.port))
server.listen()
print(f"Server running on {args.host}:{server.getsockname()[1]}", flush=True)
receive(server)
