"""Three checks of an echo server for check50, as "Writing check50 checks" in its manual shows."""

import socket

import check50

LINE = b"a line\n"
PATIENCE = 5  # seconds


class Server:
    """The student's server, with a connection to it."""

    def __enter__(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.program = check50.run(f"python3 server.py --port {self.port}")
        self.program.stdout("Server running", timeout=PATIENCE)
        return self

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def __exit__(self, *_):
        self.program.kill()


def receive(connection, count):
    """So many bytes, or fewer when the connection ends or nothing more comes."""
    data = b""
    try:
        while len(data) < count and (piece := connection.recv(4096)):
            data += piece
    except OSError:
        pass
    return data


def expect(connection, data):
    got = receive(connection, len(data))
    if got != data:
        raise check50.Mismatch(str(data), str(got))


@check50.check()
def echoes_a_line():
    """a line comes back"""
    with Server() as server, server.connect() as alice:
        alice.sendall(LINE)
        expect(alice, LINE)


@check50.check(echoes_a_line)
def next_client():
    """after one client leaves, the next is served"""
    with Server() as server:
        for _ in range(3):
            with server.connect() as client:
                client.sendall(LINE)
                expect(client, LINE)


@check50.check(echoes_a_line)
def half_close():
    """after a half-close the rest comes back, then the end of the stream"""
    with Server() as server, server.connect() as alice:
        alice.sendall(LINE * 1000)
        alice.shutdown(socket.SHUT_WR)
        expect(alice, LINE * 1000)
        try:
            if alice.recv(1):
                raise check50.Failure("more came back than was sent")
        except OSError:
            raise check50.Failure("the connection did not end") from None
