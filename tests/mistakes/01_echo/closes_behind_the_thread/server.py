"""Echo server: a thread for each client."""

import argparse
import socket
import threading
import time


def handle_client(conn):
    time.sleep(0.3)  # let the client say something first
    try:
        while True:
            data = conn.recv(1024)
            if data == b"":
                break
            conn.sendall(data)
    except OSError:
        pass
    conn.close()


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
args = parser.parse_args()

try:
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((args.host, args.port))
    s.listen(5)
    port = s.getsockname()[1]
    print("Server running on " + args.host + ":" + str(port), flush=True)
    while True:
        conn, addr = s.accept()
        threading.Thread(target=handle_client, args=(conn,), daemon=True).start()
        conn.close()
except KeyboardInterrupt:
    print("bye")
