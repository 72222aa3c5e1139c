"""Echo server: one thread for each connection, written as classes."""

import argparse
import socket
import threading


class Connection(threading.Thread):
    """One client. It lives as long as the client talks."""

    def __init__(self, clientSocket):
        # A daemon: a client that never leaves must not keep the server alive after Ctrl-C.
        super().__init__(daemon=True)
        self.clientSocket = clientSocket

    def run(self):
        with self.clientSocket:
            try:
                self.echoUntilTheEnd()
            except OSError:
                # The client has reset the connection: for everyone else it has just left.
                pass

    def echoUntilTheEnd(self):
        while True:
            received = self.clientSocket.recv(65536)
            if received == b"":
                return
            self.clientSocket.sendall(received)


class EchoServer:
    def __init__(self, host, port):
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((host, port))
        self.listener.listen()
        realPort = self.listener.getsockname()[1]
        print(f"Server running on {host}:{realPort}", flush=True)

    def runForever(self):
        while True:
            clientSocket, address = self.listener.accept()
            Connection(clientSocket).start()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    options = parser.parse_args()
    try:
        EchoServer(options.host, options.port).runForever()
    except KeyboardInterrupt:
        print("Bye")
