# echo client, no functions, tells everything it does
import argparse
import socket
import sys

p = argparse.ArgumentParser()
p.add_argument("--host", default="127.0.0.1")
p.add_argument("--port", type=int, default=5501)
args = p.parse_args()

try:
	print("connecting ...", flush=True)
	s = socket.socket()
	s.settimeout(5)
	try:
		s.connect((args.host, args.port))
	except OSError as e:
		print("could not connect to", args.host, "port", args.port, "-", e, file=sys.stderr)
		sys.exit(2)
	s.settimeout(None)
	print("connected, type something", flush=True)

	buffer = b""
	while True:
		line = sys.stdin.buffer.readline()
		if not line:
			break
		try:
			s.sendall(line.rstrip(b"\r\n") + b"\n")
			print("sent, now waiting", flush=True)
			while b"\n" not in buffer:
				piece = s.recv(1000)
				if not piece:
					raise ConnectionError("the server has closed the connection")
				print("a piece of", len(piece), "bytes came", flush=True)
				buffer += piece
		except OSError as e:
			print("the server is lost:", e, file=sys.stderr)
			sys.exit(3)
		reply, buffer = buffer.split(b"\n", 1)
		sys.stdout.buffer.write(b"the reply: " + reply + b"\n")
		sys.stdout.buffer.flush()

	print("no more input", flush=True)
	try:
		s.shutdown(socket.SHUT_WR)
		while True:
			piece = s.recv(1000)
			if not piece:
				break
			buffer += piece
	except OSError:
		print("the connection broke at the very end", flush=True)
	while b"\n" in buffer:
		reply, buffer = buffer.split(b"\n", 1)
		sys.stdout.buffer.write(b"the reply: " + reply + b"\n")
		sys.stdout.buffer.flush()
	print("done", flush=True)
except KeyboardInterrupt:
	print("stopped by Ctrl-C", flush=True)
