"""Echo server: each answer comes a moment later, when a timer rings."""

import argparse
import signal
import socket


def echo(client):
    while data := client.recv(4096):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        signal.sigwait([signal.SIGALRM])
        client.sendall(data)


signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
args = parser.parse_args()
listener = socket.create_server((args.host, args.port))
listener.listen()
print(f"Server running on {args.host}:{listener.getsockname()[1]}", flush=True)
try:
    while True:
        client, _ = listener.accept()
        with client:
            try:
                echo(client)
            except OSError:
                pass
except KeyboardInterrupt:
    pass
