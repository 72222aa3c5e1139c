# echo server with select, no functions, tells everything it does
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

	to_send = {}  # socket -> bytes that wait for it
	finished = set()  # sockets that will send us nothing more

	while True:
		# Whoever has much to take back is not read for now: first things first.
		want_read = [main_socket]
		want_write = []
		for s in to_send:
			if s not in finished and len(to_send[s]) < 200000:
				want_read.append(s)
			if to_send[s]:
				want_write.append(s)
		can_read, can_write, _ = select.select(want_read, want_write, [])

		for s in can_read:
			if s is main_socket:
				try:
					new, where = main_socket.accept()
				except OSError:
					print("somebody came and was gone before we looked")
					continue
				print("hello", where)
				new.setblocking(False)
				to_send[new] = b""
				continue
			try:
				data = s.recv(50000)
			except BlockingIOError:
				continue
			except OSError as e:
				print("a client broke off:", e)
				del to_send[s]
				finished.discard(s)
				s.close()
				continue
			print("got", len(data), "bytes")
			if data:
				to_send[s] += data
			else:
				finished.add(s)

		for s in can_write:
			if s not in to_send:
				continue  # it broke off a moment ago
			try:
				n = s.send(to_send[s])
			except BlockingIOError:
				continue
			except OSError as e:
				print("a client broke off:", e)
				del to_send[s]
				finished.discard(s)
				s.close()
				continue
			print("sent", n, "bytes")
			to_send[s] = to_send[s][n:]

		for s in list(finished):
			if not to_send[s]:
				print("goodbye")
				del to_send[s]
				finished.discard(s)
				s.close()
except KeyboardInterrupt:
	print("stopped by Ctrl-C")
