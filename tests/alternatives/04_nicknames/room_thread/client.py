# عميل دردشة. له حالتان: قبل الترحيب وبعده، ولكل حالة صنف.
import argparse
import os
import queue
import socket
import sys
import threading

TARHIB = "Connected to the server"


class Nihaya(Exception):
	"""نهاية البرنامج: الحالة والسبب."""


def iqra(min_ayn, iqra_qita, ahdath):
	"""خيط يحول القطع إلى سطور. None يعني النهاية."""
	baqi = b""
	while True:
		try:
			qita = iqra_qita(4096)
		except OSError:
			qita = b""
		*sutur, baqi = (baqi + qita).split(b"\n")
		for satr in sutur:
			ahdath.put((min_ayn, satr.decode("utf-8", "replace").removesuffix("\r")))
		if not qita:
			ahdath.put((min_ayn, None))
			return


class QablAlTarhib:
	"""الخادم يسأل عن الاسم، وما يكتب ينتظر."""

	def __init__(self, silk, ism):
		self.silk = silk
		self.ism = ism
		self.ursil = False  # هل أرسلنا الاسم الذي في --name
		self.sual = False  # هل ينتظر الخادم اسما من لوحة المفاتيح
		self.maktub = []
		self.intaha = False

	def min_alkhadim(self, satr):
		if satr == "NICK":
			if self.ism is None:
				print("اسمك؟", flush=True)
				self.sual = True
				return self.ajib()
			if self.ursil:
				raise Nihaya(4, f"{self.ism}: the name was refused")
			self.ursil = True
			arsil(self.silk, self.ism)
			return self
		print(satr, flush=True)
		return self if satr != TARHIB else BadAlTarhib(self.silk, self.maktub, self.intaha)

	def min_allawha(self, satr):
		if satr is None:
			self.intaha = True
		else:
			self.maktub.append(satr)
		return self.ajib()

	def ajib(self):
		"""أول سطر مكتوب هو الاسم."""
		if self.sual and self.maktub:
			self.sual = False
			arsil(self.silk, self.maktub.pop(0))
		elif self.sual and self.intaha:
			raise Nihaya(0, "")
		return self

	def inqata(self):
		raise Nihaya(3, "the server is gone")


class BadAlTarhib:
	"""نحن في الغرفة: كل سطر كلام."""

	def __init__(self, silk, maktub, intaha):
		self.silk = silk
		self.intaha = False
		for satr in maktub:
			self.min_allawha(satr)
		if intaha:
			self.min_allawha(None)

	def min_alkhadim(self, satr):
		print(satr, flush=True)
		return self

	def min_allawha(self, satr):
		if satr is not None:
			arsil(self.silk, satr)
		else:
			self.intaha = True
			self.silk.shutdown(socket.SHUT_WR)  # انتهى الكلام ولم ينته السمع
		return self

	def inqata(self):
		raise Nihaya(0, "") if self.intaha else Nihaya(3, "the server is gone")


def arsil(silk, satr):
	silk.sendall(satr.encode() + b"\n")


def haditha(silk, ism):
	ahdath = queue.SimpleQueue()
	for min_ayn, iqra_qita in (
		("lawha", lambda adad: os.read(0, adad)),
		("khadim", silk.recv),
	):
		threading.Thread(target=iqra, args=(min_ayn, iqra_qita, ahdath), daemon=True).start()
	hala = QablAlTarhib(silk, ism)
	while True:
		min_ayn, satr = ahdath.get()
		try:
			if min_ayn == "lawha":
				hala = hala.min_allawha(satr)
			elif satr is not None:
				hala = hala.min_alkhadim(satr)
			else:
				hala.inqata()
		except OSError:
			raise Nihaya(3, "the server is gone") from None


def ibda():
	khiyarat = argparse.ArgumentParser()
	khiyarat.add_argument("--host", default="127.0.0.1")
	khiyarat.add_argument("--port", type=int, default=5501)
	khiyarat.add_argument("--name")
	khiyarat = khiyarat.parse_args()
	try:
		silk = socket.create_connection((khiyarat.host, khiyarat.port), timeout=5)
	except OSError as sabab:
		raise Nihaya(2, f"no server at {khiyarat.host}:{khiyarat.port}: {sabab}") from None
	silk.settimeout(None)
	haditha(silk, khiyarat.name)


try:
	ibda()
except Nihaya as nihaya:
	halat_alkhuruj, sabab = nihaya.args
	if sabab:
		print(sabab, file=sys.stderr)
	sys.exit(halat_alkhuruj)
except KeyboardInterrupt:
	pass
