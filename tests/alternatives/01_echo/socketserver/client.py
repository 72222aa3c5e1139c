"""The shortest echo client that keeps all its promises: a file for each direction."""

import argparse
import socket
import sys


def run(host, port):
    try:
        sock = socket.create_connection((host, port), 5)
    except OSError as err:
        return f"{host}:{port} does not answer: {err}"
    sock.settimeout(None)
    replies = sock.makefile("rb")
    try:
        while line := sys.stdin.buffer.readline():
            sock.sendall(line.rstrip(b"\r\n") + b"\n")
            reply = replies.readline()
            if not reply.endswith(b"\n"):
                return "the server hung up"
            print("<", reply.decode("utf-8", "replace").strip("\r\n"), flush=True)
        sock.shutdown(socket.SHUT_WR)
        for reply in replies:
            print("<", reply.decode("utf-8", "replace").strip("\r\n"), flush=True)
    except OSError as err:
        return f"the server is gone: {err}"
    return 0


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--host", default="127.0.0.1")
    ap.add_argument("--port", type=int, default=5501)
    ns = ap.parse_args()
    sys.stdout.reconfigure(errors="replace")
    try:
        sys.exit(run(ns.host, ns.port))
    except KeyboardInterrupt:
        sys.exit(0)
