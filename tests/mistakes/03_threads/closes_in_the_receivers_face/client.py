"""Chat client: the main thread prints what comes, another thread sends what I type."""

import argparse
import os
import socket
import sys
import threading

done_typing = False


def type_lines(sock):
    global done_typing
    rest = b""
    try:
        while True:
            typed = os.read(0, 1024)
            if not typed:
                break
            rest += typed
            while b"\n" in rest:
                line, rest = rest.split(b"\n", 1)
                sock.sendall(line + b"\n")
        done_typing = True
        sock.shutdown(socket.SHUT_RDWR)
        sock.close()
    except OSError:
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    args = parser.parse_args()
    sock = socket.socket()
    try:
        sock.settimeout(5)
        sock.connect((args.host, args.port))
        sock.settimeout(None)
    except OSError:
        sys.exit(f"No chat server at {args.host}:{args.port}")
    threading.Thread(target=type_lines, args=(sock,), daemon=True).start()

    incoming = sock.makefile("rb")
    try:
        for line in incoming:
            print(line.decode(errors="replace").rstrip(), flush=True)
    except OSError:
        pass
    if not done_typing:
        sys.exit("Lost the server")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
