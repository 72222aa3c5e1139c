"""The chat window. Threads connect, listen and speak; the window looks into the inbox."""

import argparse
import socket
import threading
import tkinter as tk
from queue import Queue
from tkinter import simpledialog, ttk


class ChatClient:
    def __init__(self, root, name, host, port):
        self.root = root
        self.name = name
        self.host = host
        self.port = port
        self.sock = None
        self.inbox = Queue()
        self.outbox = Queue()
        self.inside = False
        self.named = False
        self.build()
        threading.Thread(target=self.connect, daemon=True).start()
        self.look()

    def build(self):
        self.root.title(f"{self.name} is chatting")
        self.root.protocol("WM_DELETE_WINDOW", self.close)
        ttk.Label(self.root, text="Chat:").grid(row=0, column=0, sticky="w")
        self.chat = tk.Text(self.root, width=60, height=20, wrap="word")
        self.chat.grid(row=1, column=0, columnspan=2, sticky="nsew")
        ttk.Label(self.root, text="Message").grid(row=2, column=0, sticky="w")
        self.box = ttk.Entry(self.root)
        self.box.grid(row=3, column=0, sticky="ew")
        self.box.bind("<Return>", lambda event: self.send())
        self.box.focus()
        self.button = ttk.Button(self.root, text="Send", command=self.send)
        self.button.grid(row=3, column=1)
        self.status = tk.StringVar(self.root, "connecting ...")
        ttk.Label(self.root, textvariable=self.status).grid(row=4, column=0, sticky="w")
        self.root.columnconfigure(0, weight=1)
        self.root.rowconfigure(1, weight=1)

    def connect(self):
        try:
            self.sock = socket.create_connection((self.host, self.port), timeout=5)
        except OSError as e:
            self.inbox.put(("end", f"No server at {self.host}:{self.port} ({e})"))
            return
        self.sock.settimeout(None)
        self.inbox.put(("start", ""))

    def listen(self):
        buffer = b""
        while True:
            try:
                data = self.sock.recv(4096)
            except OSError:
                break
            if not data:
                break
            buffer += data
            while b"\n" in buffer:
                line, buffer = buffer.split(b"\n", 1)
                self.inbox.put(("line", line.rstrip(b"\r").decode(errors="replace")))
        self.inbox.put(("end", "The connection to the server is lost"))

    def speak(self):
        try:
            while True:
                text = self.outbox.get()
                self.sock.sendall(text.encode(errors="replace") + b"\n")
        except OSError:
            pass

    def look(self):
        for _ in range(150):
            if self.inbox.empty():
                break
            self.work(*self.inbox.get())
        self.root.after(30, self.look)

    def work(self, what, text):
        if what == "start":
            threading.Thread(target=self.listen, daemon=True).start()
            threading.Thread(target=self.speak, daemon=True).start()
        elif what == "end":
            self.inside = False
            self.status.set("not connected")
            self.show(text)
        elif text == "NICK" and not self.inside:
            self.answer_nick()
        else:
            if text == "Connected to the server":
                self.inside = True
                self.status.set("connected")
            self.show(text)

    def answer_nick(self):
        if self.named:
            self.status.set(f"the name {self.name} was refused")
        else:
            self.named = True
            self.outbox.put(self.name)

    def show(self, text):
        self.chat.insert("end", text + "\n")
        self.chat.see("end")

    def send(self):
        text = self.box.get().strip()
        if not text or not self.inside:
            return
        self.box.delete(0, "end")
        self.outbox.put(text)
        self.show(f"{self.name}: {text}")

    def close(self):
        if self.sock:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.root.destroy()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    parser.add_argument("--name")
    args = parser.parse_args()
    root = tk.Tk()
    name = args.name
    if name is None:
        root.withdraw()
        name = simpledialog.askstring("Chat", "What is your name?", parent=root)
        if name is None:
            root.destroy()
            return
        root.deiconify()
    ChatClient(root, name, args.host, args.port)
    root.mainloop()


if __name__ == "__main__":
    main()
