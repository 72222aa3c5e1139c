"""Console client: the main thread listens to the server, a second thread to the keyboard."""

import argparse
import os
import socket
import sys
import threading


class Typist(threading.Thread):
    """Sends what is typed, but only when told that it may.

    It reads the raw input: a daemon thread that holds the lock of a buffered standard input
    can abort the interpreter when the program ends.
    """

    def __init__(self, conn):
        super().__init__(daemon=True)
        self.conn = conn
        self.may_send = threading.Semaphore(0)  # one go a name, then one for all the rest
        self.inside = False
        self.finished = False

    def one_line(self):
        """Byte by byte: what is typed after the name has to stay where it is until later."""
        line = b""
        while not line.endswith(b"\n"):
            byte = sys.stdin.buffer.raw.read(1)
            if not byte:
                break
            line += byte
        return line

    def run(self):
        try:
            while True:
                self.may_send.acquire()
                if self.inside:
                    break
                name = self.one_line()
                if not name:
                    self.end_program(0)
                self.conn.sendall(name.rstrip(b"\r\n") + b"\n")
            while piece := sys.stdin.buffer.raw.read(8192):
                self.conn.sendall(piece)
            self.finished = True
            self.conn.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the main thread sees the same end and reports it

    @staticmethod
    def end_program(status):
        sys.stdout.flush()
        os._exit(status)  # the main thread waits for the server, nothing else would wake it


def conversation(conn, typist, name):
    """-> None, or a complaint for standard error"""
    answered = False
    with conn.makefile("rb") as incoming:
        for raw_line in incoming:
            line = raw_line.decode(errors="replace").rstrip("\r\n")
            if typist.inside or line != "NICK":
                print(line, flush=True)
                if line == "Connected to the server" and not typist.inside:
                    typist.inside = True
                    typist.may_send.release()
            elif name is None:
                print("Please type your name.", flush=True)
                typist.may_send.release()
            elif answered:
                return f"The name {name!r} was refused."
            else:
                conn.sendall(name.encode() + b"\n")
                answered = True
    if not typist.finished:
        return "The connection to the server was lost."
    return None


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--host", default="127.0.0.1")
    cli.add_argument("--port", type=int, default=5501)
    cli.add_argument("--name")
    args = cli.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    try:
        conn = socket.create_connection((args.host, args.port), timeout=5)
    except OSError as error:
        sys.exit(f"Could not connect to {args.host}:{args.port}: {error}")
    conn.settimeout(None)
    typist = Typist(conn)
    typist.start()
    try:
        complaint = conversation(conn, typist, args.name)
    except OSError as error:
        complaint = None if typist.finished else f"The connection to the server was lost: {error}"
    if complaint:
        sys.exit(complaint)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("Bye", flush=True)
