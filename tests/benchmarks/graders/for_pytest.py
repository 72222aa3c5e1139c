"""The same three checks for plain pytest: the program of the current folder, in a fixture."""

import socket
import subprocess
import sys

import pytest

LINE = b"a line\n"
PATIENCE = 5  # seconds


@pytest.fixture
def port():
    """The port of a running server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "server.py", "--port", str(port)], stdout=subprocess.PIPE
    ) as program:
        try:
            assert program.stdout.readline().startswith(b"Server running")
            yield port
        finally:
            program.kill()


def connect(port):
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def receive(connection, count):
    data = b""
    while len(data) < count and (piece := connection.recv(4096)):
        data += piece
    return data


def test_echoes_a_line(port):
    with connect(port) as alice:
        alice.sendall(LINE)
        assert receive(alice, len(LINE)) == LINE


def test_next_client(port):
    for _ in range(3):
        with connect(port) as client:
            client.sendall(LINE)
            assert receive(client, len(LINE)) == LINE


def test_half_close(port):
    with connect(port) as alice:
        alice.sendall(LINE * 1000)
        alice.shutdown(socket.SHUT_WR)
        assert receive(alice, 1000 * len(LINE)) == LINE * 1000
        assert alice.recv(1) == b""
