"""Echo client: one thread for the keyboard, one for the network, written as a class.

It does not wait for a reply before the next line, and it notices at once when the server goes away.
"""

import argparse
import os
import socket
import sys
import threading


class EchoClient:
    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=5)
        self.socket.settimeout(None)
        self.inputHasEnded = threading.Event()
        self.receiver = threading.Thread(target=self.receiveLines, daemon=True)

    def run(self):
        self.receiver.start()
        try:
            for line in sys.stdin.buffer:
                self.socket.sendall(line.rstrip(b"\r\n") + b"\n")
        except OSError:
            # The receiver sees the same loss and ends the program.
            self.receiver.join()
        self.inputHasEnded.set()
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.receiver.join()

    def receiveLines(self):
        waiting = b""
        while True:
            try:
                received = self.socket.recv(4096)
            except OSError:
                received = b""
            if received == b"":
                break
            waiting += received
            while b"\n" in waiting:
                line, waiting = waiting.split(b"\n", 1)
                sys.stdout.buffer.write(line + b"\n")
                sys.stdout.buffer.flush()
        if not self.inputHasEnded.is_set():
            # The main thread still waits for the keyboard, and only a hard exit gets past that.
            os.write(2, b"The server has gone away.\n")
            os._exit(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    options = parser.parse_args()
    try:
        client = EchoClient(options.host, options.port)
    except OSError as problem:
        sys.exit(f"No server on {options.host}:{options.port} ({problem})")
    client.run()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        # The receiver may be printing; a hard exit does not wait for its lock on the output.
        os._exit(0)
