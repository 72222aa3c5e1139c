"""Broadcast server on generators: each yield says what a task waits for, one loop wakes them.

A home-made asyncio: a task that yields ("read", sock) goes on when sock has something to read.
"""

import argparse
import select
import socket


class Loop:
    def __init__(self):
        self.waiting = {"read": {}, "write": {}}

    def start(self, task):
        try:
            direction, sock = next(task)
        except StopIteration:
            return
        self.waiting[direction][sock] = task

    def forget(self, sock):
        for tasks in self.waiting.values():
            tasks.pop(sock, None)

    def run(self):
        reading, writing = self.waiting["read"], self.waiting["write"]
        while True:
            readable, writable, _ = select.select(list(reading), list(writing), [])
            # A task that ran a moment ago may have closed a socket of another: hence the None.
            for sock in writable:
                if task := writing.pop(sock, None):
                    self.start(task)
            for sock in readable:
                if task := reading.pop(sock, None):
                    self.start(task)


class Chat:
    def __init__(self, loop):
        self.loop = loop
        self.outgoing = {}

    def doorman(self, listener):
        while True:
            yield "read", listener
            try:
                sock, _ = listener.accept()
            except OSError:
                continue
            sock.setblocking(False)
            self.outgoing[sock] = bytearray()
            self.loop.start(self.listen_to(sock))

    def listen_to(self, sock):
        rest = b""
        while True:
            yield "read", sock
            try:
                data = sock.recv(32768)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                self.remove(sock)
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.strip():
                    self.tell_others(sock, line + b"\n")

    def talk_to(self, sock):
        outgoing = self.outgoing[sock]
        while outgoing:
            yield "write", sock
            try:
                count = sock.send(outgoing)
            except BlockingIOError:
                continue
            except OSError:
                self.remove(sock)
                return
            del outgoing[:count]

    def tell_others(self, sender, line):
        for sock, outgoing in self.outgoing.items():
            if sock is sender:
                continue
            idle = not outgoing
            outgoing += line
            if idle:
                self.loop.start(self.talk_to(sock))

    def remove(self, sock):
        self.loop.forget(sock)
        del self.outgoing[sock]
        sock.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    options = parser.parse_args()
    listener = socket.create_server((options.host, options.port))
    listener.setblocking(False)
    loop = Loop()
    loop.start(Chat(loop).doorman(listener))
    print("Server running on {}:{}".format(options.host, listener.getsockname()[1]), flush=True)
    loop.run()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
