# خادم دردشة بالأسماء. خيط واحد يملك الغرفة كلها، والخيوط الأخرى تكتب له ما حدث.
# لا حاجة إلى قفل: لا أحد غير هذا الخيط يلمس قائمة الحاضرين.
import argparse
import queue
import socket
import threading


class Zair:
	"""زائر: خيط يقرأ منه، وخيط يكتب إليه."""

	def __init__(self, silk):
		self.silk = silk
		self.ism = ""  # فارغ حتى يقبله صاحب الغرفة
		self.sadir = queue.SimpleQueue()

	def qul(self, nass):
		self.sadir.put(nass.encode() + b"\n")

	def iqra(self, ahdath):
		baqi = b""
		try:
			while qita := self.silk.recv(8192):
				*sutur, baqi = (baqi + qita).split(b"\n")
				for satr in sutur:
					# السطر كامل هنا، فلا ينقسم حرف عند فك الترميز
					ahdath.put((self, satr.decode("utf-8", "replace").removesuffix("\r")))
		except OSError:
			pass  # الانقطاع مثل الخروج
		ahdath.put((self, None))

	def uktub(self):
		try:
			while (satr := self.sadir.get()) is not None:
				self.silk.sendall(satr)
		except OSError:
			pass
		self.silk.close()


class Ghurfa(threading.Thread):
	"""الغرفة وصاحبها."""

	def __init__(self):
		super().__init__(daemon=True)
		self.ahdath = queue.SimpleQueue()
		self.hadirun = {}  # الاسم بحروف صغيرة -> الزائر

	def adkhil(self, silk):
		zair = Zair(silk)
		zair.qul("NICK")
		threading.Thread(target=zair.uktub, daemon=True).start()
		threading.Thread(target=zair.iqra, args=(self.ahdath,), daemon=True).start()

	def run(self):
		while True:
			zair, satr = self.ahdath.get()
			if satr is None:
				self.waddi(zair)
			elif not zair.ism:
				self.sammi(zair, satr.strip())
			elif satr.strip():
				print(zair.ism, ":", len(satr))
				self.lil_akharin(zair, f"{zair.ism}: {satr}")

	def lil_akharin(self, zair, nass):
		for akhar in self.hadirun.values():
			if akhar is not zair:
				akhar.qul(nass)

	def sammi(self, zair, ism):
		tawil = not 1 <= len(ism) <= 20
		gharib = any(harf.isspace() or harf == ":" or not harf.isprintable() for harf in ism)
		if tawil or gharib or ism.casefold() in self.hadirun:
			print("اسم مرفوض", ascii(ism))
			zair.qul("This name cannot be used.")
			zair.qul("NICK")
			return
		zair.ism = ism
		zair.qul("Connected to the server")
		zair.qul("Here: " + ", ".join(akhar.ism for akhar in self.hadirun.values()))
		self.hadirun[ism.casefold()] = zair
		self.lil_akharin(zair, f"{ism} connected to the server!")
		print("دخل", ism)

	def waddi(self, zair):
		if zair.ism:
			del self.hadirun[zair.ism.casefold()]
			self.lil_akharin(zair, f"{zair.ism} has left the chat.")
			print("خرج", zair.ism)
		zair.sadir.put(None)


khiyarat = argparse.ArgumentParser()
khiyarat.add_argument("--host", default="127.0.0.1")
khiyarat.add_argument("--port", type=int, default=5501)
khiyarat = khiyarat.parse_args()

bab = socket.socket()
bab.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
bab.bind((khiyarat.host, khiyarat.port))
bab.listen(100)
print(f"Server running on {khiyarat.host}:{bab.getsockname()[1]}", flush=True)
ghurfa = Ghurfa()
ghurfa.start()
try:
	while True:
		ghurfa.adkhil(bab.accept()[0])
except KeyboardInterrupt:
	print("توقف الخادم")
