# Cliente de chat con ventana. Los mensajes están en un Treeview de una sola columna.
import argparse
import queue
import socket
import threading
import tkinter as tk
from tkinter import simpledialog, ttk


class Red:
	"""Todo lo que tiene que ver con la red. Aquí nadie toca la ventana."""

	def __init__(self, host, puerto):
		self.host = host
		self.puerto = puerto
		self.conexion = None
		self.recibido = queue.Queue()
		self.por_enviar = queue.Queue()

	def empezar(self):
		threading.Thread(target=self.recibir, daemon=True).start()

	def recibir(self):
		try:
			self.conexion = socket.create_connection((self.host, self.puerto), timeout=5)
		except OSError as error:
			self.recibido.put((False, f"No hay servidor en {self.host}:{self.puerto}: {error}"))
			return
		self.conexion.settimeout(None)
		threading.Thread(target=self.enviar_todo, daemon=True).start()
		resto = b""
		while True:
			try:
				trozo = self.conexion.recv(4096)
			except OSError:
				trozo = b""
			if trozo == b"":
				self.recibido.put((False, "Se ha perdido la conexión con el servidor."))
				return
			resto += trozo
			fin = resto.find(b"\n")
			while fin >= 0:
				# primero se corta y después se descodifica
				linea = resto[:fin].decode("utf-8", errors="replace")
				self.recibido.put((True, linea.rstrip("\r")))
				resto = resto[fin + 1:]
				fin = resto.find(b"\n")

	def enviar_todo(self):
		try:
			while True:
				linea = self.por_enviar.get()
				self.conexion.sendall(linea.encode("utf-8", errors="replace") + b"\n")
		except OSError:
			return

	def colgar(self):
		if self.conexion is None:
			return
		try:
			self.conexion.shutdown(socket.SHUT_RDWR)
		except OSError:
			pass


class App(tk.Tk):
	MAXIMO = 5500

	def __init__(self, red, nombre):
		super().__init__()
		self.red = red
		self.nombre = nombre
		self.dentro = False
		self.nombre_enviado = False
		self.protocol("WM_DELETE_WINDOW", self.cerrar)
		self.construir()

	def construir(self):
		ttk.Label(self, text="Chat:").grid(row=0, column=0, sticky="w")
		self.arbol = ttk.Treeview(self, show="tree", height=16, selectmode="none")
		self.arbol.column("#0", width=520)
		barra = ttk.Scrollbar(self, orient="vertical", command=self.arbol.yview)
		self.arbol.configure(yscrollcommand=barra.set)
		self.arbol.grid(row=1, column=0, sticky="nsew")
		barra.grid(row=1, column=1, sticky="ns")
		ttk.Label(self, text="Message").grid(row=2, column=0, sticky="w")
		self.texto = tk.StringVar(self)
		self.caja = ttk.Entry(self, textvariable=self.texto)
		self.caja.grid(row=3, column=0, sticky="ew")
		self.caja.bind("<Return>", self.enviar)
		self.boton = ttk.Button(self, text="Send", command=self.enviar)
		self.boton.grid(row=3, column=1)
		self.rowconfigure(1, weight=1)
		self.columnconfigure(0, weight=1)

	def arrancar(self):
		"""Devuelve False si no se quiere dar un nombre."""
		if self.nombre is None:
			self.withdraw()
			self.nombre = simpledialog.askstring("Nombre", "¿Cómo te llamas?", parent=self)
			if self.nombre is None:
				return False
			self.deiconify()
		self.title(f"Chat de {self.nombre}")
		self.caja.focus_set()
		self.red.empezar()
		self.mirar()
		return True

	def mirar(self):
		# como mucho 100 líneas por vuelta, para que la ventana siga viva
		nuevas = []
		while len(nuevas) < 100:
			try:
				nuevas.append(self.red.recibido.get_nowait())
			except queue.Empty:
				break
		for viene_del_servidor, texto in nuevas:
			if viene_del_servidor:
				self.tratar(texto)
			else:
				self.dentro = False
				self.poner(texto)
		self.after(20, self.mirar)

	def tratar(self, texto):
		if not self.dentro and texto == "NICK":
			if self.nombre_enviado:
				self.poner(f"El nombre {self.nombre} no vale. Cierra la ventana y elige otro.")
			else:
				self.nombre_enviado = True
				self.red.por_enviar.put(self.nombre)
			return
		if texto == "Connected to the server":
			self.dentro = True
		self.poner(texto)

	def poner(self, texto):
		ultimo = self.arbol.insert("", "end", text=texto)
		lineas = self.arbol.get_children()
		if len(lineas) > self.MAXIMO:
			self.arbol.delete(lineas[0])
		self.arbol.see(ultimo)

	def enviar(self, evento=None):
		texto = self.texto.get().strip()
		if texto == "" or not self.dentro:
			return
		self.red.por_enviar.put(texto)
		self.poner(f"{self.nombre}: {texto}")
		self.texto.set("")

	def cerrar(self):
		self.red.colgar()
		self.destroy()


if __name__ == "__main__":
	opciones = argparse.ArgumentParser()
	opciones.add_argument("--host", default="127.0.0.1")
	opciones.add_argument("--port", type=int, default=5501)
	opciones.add_argument("--name")
	elegido = opciones.parse_args()
	app = App(Red(elegido.host, elegido.port), elegido.name)
	if app.arrancar():
		app.mainloop()
