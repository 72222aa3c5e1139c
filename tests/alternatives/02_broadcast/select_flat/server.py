# chat server with select, no functions, tells everything it does
import argparse
import select
import socket

p = argparse.ArgumentParser()
p.add_argument("--host", default="127.0.0.1")
p.add_argument("--port", type=int, default=5501)
args = p.parse_args()

try:
	print("making the socket")
	main_socket = socket.socket()
	main_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	main_socket.bind((args.host, args.port))
	main_socket.listen(100)
	main_socket.setblocking(False)
	print("Server running on " + args.host + ":" + str(main_socket.getsockname()[1]), flush=True)

	inbox = {}  # socket -> the start of a line that has no end yet
	outbox = {}  # socket -> bytes that wait for it
	gone = []  # sockets to throw out at the end of a round

	while True:
		want_write = [s for s in outbox if outbox[s]]
		can_read, can_write, _ = select.select([main_socket] + list(inbox), want_write, [])
		print("round:", len(can_read), "to read,", len(can_write), "to write")

		for s in can_write:
			try:
				n = s.send(outbox[s])
				del outbox[s][:n]
				print("sent", n, "bytes,", len(outbox[s]), "wait")
			except BlockingIOError:
				pass
			except OSError as e:
				print("cannot send:", e)
				gone.append(s)

		for s in can_read:
			if s is main_socket:
				try:
					new, where = main_socket.accept()
				except OSError:
					print("somebody came and was gone before we looked")
					continue
				print("hello", where)
				new.setblocking(False)
				inbox[new] = b""
				outbox[new] = bytearray()
				continue

			try:
				data = s.recv(20000)
			except BlockingIOError:
				continue
			except OSError as e:
				print("cannot receive:", e)
				gone.append(s)
				continue
			if not data:
				print("end of a connection")
				gone.append(s)
				continue

			inbox[s] += data
			while b"\n" in inbox[s]:
				line, inbox[s] = inbox[s].split(b"\n", 1)
				print("a line:", line[:60])
				if line.strip() == b"":
					print("but it is blank")
					continue
				for other in outbox:
					if other is not s:
						outbox[other] += line + b"\n"

		for s in gone:
			if s in inbox:
				print("goodbye")
				del inbox[s]
				del outbox[s]
				s.close()
		gone = []
except KeyboardInterrupt:
	print("stopped by Ctrl-C")
