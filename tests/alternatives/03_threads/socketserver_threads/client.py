"""Console client: the main thread listens to the server, a second thread to the keyboard."""

import argparse
import socket
import sys
import threading


class Typist(threading.Thread):
    """Sends what is typed.

    It reads the raw input: a daemon thread that holds the lock of a buffered standard input
    can abort the interpreter when the program ends.
    """

    def __init__(self, conn):
        super().__init__(daemon=True)
        self.conn = conn
        self.finished = threading.Event()

    def run(self):
        keyboard = sys.stdin.buffer.raw
        try:
            while piece := keyboard.read(8192):
                self.conn.sendall(piece)
            self.finished.set()
            self.conn.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the main thread sees the same end and reports it


def listen(conn):
    with conn.makefile("rb") as incoming:
        try:
            for line in incoming:
                print(line.decode(errors="replace").rstrip("\r\n"), flush=True)
        except OSError:
            pass


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--host", default="127.0.0.1")
    cli.add_argument("--port", type=int, default=5501)
    args = cli.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    try:
        conn = socket.create_connection((args.host, args.port), timeout=5)
    except OSError as error:
        sys.exit(f"Could not connect to {args.host}:{args.port}: {error}")
    conn.settimeout(None)
    print(f"Connected to {args.host}:{args.port}. Ctrl-C ends.", flush=True)
    typist = Typist(conn)
    typist.start()
    listen(conn)
    if not typist.finished.is_set():
        sys.exit("The connection to the server was lost.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("Bye", flush=True)
