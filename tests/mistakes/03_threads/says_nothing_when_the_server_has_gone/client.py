import argparse, socket, sys, threading
p = argparse.ArgumentParser()
p.add_argument("--host", default="127.0.0.1")
p.add_argument("--port", type=int, default=5501)
a = p.parse_args()
try:
    s = socket.create_connection((a.host, a.port), timeout=5)
except OSError as e:
    sys.exit(f"no server at {a.host}:{a.port}: {e}")
except KeyboardInterrupt:
    sys.exit(0)
s.settimeout(None)
done = False

def listen():
    buf = b""
    while True:
        try:
            data = s.recv(1024)
        except OSError:
            data = b""
        if not data:
            break
        buf += data
        while b"\n" in buf:
            line, buf = buf.split(b"\n", 1)
            print(line.decode(errors="replace"), flush=True)
    import os
    os._exit(0)

t = threading.Thread(target=listen, daemon=True)
t.start()
try:
    for line in sys.stdin:
        s.sendall(line.rstrip("\n").encode() + b"\n")
    done = True
    s.shutdown(socket.SHUT_WR)
    t.join()
except OSError:
    t.join()
except KeyboardInterrupt:
    sys.exit(0)
