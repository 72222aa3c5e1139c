"""A chat client whose connection is a file. The main thread types, the second one prints."""

import argparse
import os
import queue
import socket
import sys
import threading

turns = queue.Queue()  # what the main thread may do next: give a "name", or "talk"
typing_is_over = threading.Event()


def leave_now(status, words=""):
    """End the program at once, though the main thread may wait in a read."""
    sys.stdout.flush()
    if words:
        sys.stderr.write(words + "\n")
    sys.stderr.flush()
    os._exit(status)


def show(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def print_incoming(file):
    talking = False
    try:
        for line in file:
            line = line.rstrip("\r\n")
            if talking:
                show(line)
            elif line == "NICK":
                turns.put("name")
            else:
                show(line)
                if line == "Connected to the server":
                    talking = True
                    turns.put("talk")
    except OSError:
        pass
    if not typing_is_over.is_set():
        leave_now(1, "The server closed the connection.")


def get_named(outgoing, name):
    """Give one name each time the server wants one. -> False when nobody types any more"""
    tries = 0
    while turns.get() == "name":
        tries += 1
        if name is not None and tries > 1:
            leave_now(1, "The server refused the name " + name)
        answer = name
        if answer is None:
            show("Your name, please:")
            answer = sys.stdin.readline()
            if not answer:
                return False
        outgoing.write(answer.rstrip("\r\n") + "\n")
        outgoing.flush()
    return True


def main():
    parser = argparse.ArgumentParser(description="chat client")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    parser.add_argument("--name")
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
        if not get_named(outgoing, args.name):
            return 0
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
