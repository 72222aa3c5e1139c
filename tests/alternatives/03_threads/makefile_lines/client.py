"""A chat client whose connection is a file. The main thread types, the second one prints."""

import argparse
import os
import socket
import sys
import threading

typing_is_over = threading.Event()


def leave_now(status):
    """End the program at once, though the main thread may wait in a read."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def print_incoming(file):
    try:
        for line in file:
            sys.stdout.write(line.rstrip("\r\n") + "\n")
            sys.stdout.flush()
    except OSError:
        pass
    if not typing_is_over.is_set():
        sys.stderr.write("The server closed the connection.\n")
        leave_now(1)


def main():
    parser = argparse.ArgumentParser(description="chat client")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8", errors="replace")

    try:
        sock = socket.create_connection((args.host, args.port), timeout=5)
        sock.settimeout(None)
    except OSError as error:
        sys.stderr.write("Nobody answers at %s:%d (%s)\n" % (args.host, args.port, error))
        return 1

    incoming = sock.makefile("r", encoding="utf-8", errors="replace", newline="\n")
    outgoing = sock.makefile("w", encoding="utf-8", errors="replace", newline="\n")
    printer = threading.Thread(target=print_incoming, args=(incoming,), daemon=True)
    printer.start()
    try:
        for line in sys.stdin:
            outgoing.write(line.rstrip("\r\n") + "\n")
            outgoing.flush()
        typing_is_over.set()
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the printer sees the same end
    printer.join()
    return 0


if __name__ == "__main__":
    try:
        STATUS = main()
    except KeyboardInterrupt:
        STATUS = 0
    # `outgoing` may still hold a line for a server that has gone: do not let its clean-up complain.
    leave_now(STATUS)
