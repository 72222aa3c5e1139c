"""A chat server as many tutorials show it. Nearly every line of it is a small mistake."""

import argparse
import socket
import threading

parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
options = parser.parse_args()

chat_server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
chat_server.bind((options.host, options.port))
chat_server.listen()
print("Server running")

people = []


def send_to_everybody(message, me):
    for person in people:
        if person != me:
            try:
                person.send(message)
            except:
                people.remove(person)
                person.close()


def chat_with(person):
    while True:
        try:
            message = person.recv(1024)
            if not message:
                break
            send_to_everybody(message, person)
        except:
            break
    person.close()


while True:
    person, address = chat_server.accept()
    print("New connection:", address)
    people.append(person)
    threading.Thread(target=chat_with, args=(person,)).start()
