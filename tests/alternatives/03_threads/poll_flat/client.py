# 聊天客户端：同时等键盘和网络，没有线程，也没有函数
import argparse
import os
import select
import socket
import sys

xuanxiang = argparse.ArgumentParser()
xuanxiang.add_argument("--host", default="127.0.0.1")
xuanxiang.add_argument("--port", type=int, default=5501)
xuanxiang = xuanxiang.parse_args()

try:
	print("正在连接", flush=True)
	try:
		xian = socket.create_connection((xuanxiang.host, xuanxiang.port), timeout=5)
	except OSError as cuowu:
		print(xuanxiang.host, xuanxiang.port, "没有服务器：", cuowu, file=sys.stderr)
		sys.exit(2)
	xian.setblocking(False)
	print("连上了", flush=True)

	guancha = select.poll()
	guancha.register(0, select.POLLIN)
	guancha.register(xian, select.POLLIN)
	dazi = b""  # 键盘上还没有打完的一行
	tingdao = b""  # 网络上还没有到齐的一行
	daifa = bytearray()
	dawanle = False  # 键盘没有更多了
	shuowanle = False  # 已经告诉服务器

	while True:
		for nali, shijian in guancha.poll():
			if nali == 0:
				jian = os.read(0, 4096)
				dazi += jian
				if not jian:
					print("没有更多输入", flush=True)
					guancha.unregister(0)
					dawanle = True
					if dazi:
						dazi += b"\n"
				*zhenghang, dazi = dazi.split(b"\n")
				for hang in zhenghang:
					daifa += hang.rstrip(b"\r") + b"\n"
				continue

			try:
				if shijian & select.POLLOUT:
					del daifa[: xian.send(daifa)]
				if shijian & ~select.POLLOUT:
					shuju = xian.recv(4096)
					if not shuju and not shuowanle:
						raise ConnectionError("服务器关了")
					if not shuju:
						print("完了", flush=True)
						sys.exit(0)
					*zhenghang, tingdao = (tingdao + shuju).split(b"\n")
					for hang in zhenghang:
						print("听到：", hang.decode(errors="replace"), flush=True)
			except BlockingIOError:
				pass
			except OSError as cuowu:
				print("和服务器的连接断了：", cuowu, file=sys.stderr)
				sys.exit(3)

		if dawanle and not daifa and not shuowanle:
			shuowanle = True
			try:
				xian.shutdown(socket.SHUT_WR)  # 说完了，但是还在听
			except OSError:
				pass  # 下一次 recv() 会告诉我们
		guancha.modify(xian, select.POLLIN | (select.POLLOUT if daifa else 0))
except KeyboardInterrupt:
	print("停了", flush=True)
