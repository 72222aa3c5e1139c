# 聊天室服务器：一个线程，没有函数，从上往下读就行
import argparse
import select
import socket

xuanxiang = argparse.ArgumentParser()
xuanxiang.add_argument("--host", default="127.0.0.1")
xuanxiang.add_argument("--port", type=int, default=5501)
xuanxiang = xuanxiang.parse_args()

try:
	men = socket.socket()  # 门：新人从这里进来
	men.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	men.bind((xuanxiang.host, xuanxiang.port))
	men.listen(128)
	men.setblocking(False)
	print("Server running on %s:%d" % (xuanxiang.host, men.getsockname()[1]), flush=True)

	guancha = select.poll()
	guancha.register(men, select.POLLIN)
	ren = {}  # 号码 -> 连接
	banhang = {}  # 号码 -> 还没有结尾的半行
	daifa = {}  # 号码 -> 等着发给他的字节

	while True:
		zou = set()  # 这一轮里离开的人
		for haoma, shijian in guancha.poll():
			if haoma == men.fileno():
				try:
					xinren, dizhi = men.accept()
				except OSError:
					print("有人敲门，又走了")
					continue
				print("来了", dizhi)
				xinren.setblocking(False)
				guancha.register(xinren, select.POLLIN)
				ren[xinren.fileno()] = xinren
				banhang[xinren.fileno()] = b""
				daifa[xinren.fileno()] = bytearray()
				continue

			if shijian & select.POLLOUT:
				try:
					fale = ren[haoma].send(daifa[haoma])
				except BlockingIOError:
					fale = 0
				except OSError as cuowu:
					print("发不出去：", cuowu)
					zou.add(haoma)
					continue
				del daifa[haoma][:fale]
				print("发了", fale, "字节，还剩", len(daifa[haoma]))

			if shijian & ~select.POLLOUT:
				try:
					shuju = ren[haoma].recv(16384)
				except BlockingIOError:
					continue
				except OSError as cuowu:
					print("断了：", cuowu)
					shuju = b""
				if not shuju:
					zou.add(haoma)
					continue
				# 先按 \n 切开字节。这里从来不解码，所以坏字节也不要紧
				*zhenghang, banhang[haoma] = (banhang[haoma] + shuju).split(b"\n")
				for hang in zhenghang:
					if not hang.strip():
						print("空行，不转发")
						continue
					for bieren in ren:
						if bieren != haoma:
							daifa[bieren] += hang + b"\n"

		for haoma in zou:
			print("再见", haoma)
			guancha.unregister(haoma)
			ren.pop(haoma).close()
			del banhang[haoma], daifa[haoma]
		for haoma in ren:
			# 只有还有东西要发的时候，才问能不能写
			guancha.modify(haoma, select.POLLIN | (select.POLLOUT if daifa[haoma] else 0))
except KeyboardInterrupt:
	print("停了")
