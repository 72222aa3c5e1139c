"""Tk itself watches the socket (createfilehandler), so this client needs Linux or macOS."""

import argparse
import socket
import threading
import tkinter as tk
from tkinter import simpledialog
from tkinter.scrolledtext import ScrolledText

SIZE = 4096


def connect(address, result):
    """Runs in a thread, because it may take long. The result is a socket or an error."""
    try:
        result.append(socket.create_connection(address, timeout=5))
    except OSError as error:
        result.append(error)


class Client:
    def __init__(self, root, name, address):
        self.root = root
        self.name = name
        self.address = address
        self.sock = None
        self.inbuf = b""
        self.outbuf = b""
        self.handshake = True
        self.tries = 0
        self.widgets()
        self.result = []
        threading.Thread(target=connect, args=(address, self.result), daemon=True).start()
        root.after(20, self.connected_yet)

    def widgets(self):
        self.root.title("chat as " + self.name)
        self.root.protocol("WM_DELETE_WINDOW", self.bye)
        tk.Label(self.root, text="Chat:").pack()
        self.text = ScrolledText(self.root, width=50, height=18)
        self.text.bind("<Key>", lambda event: "break")
        self.text.bind("<<Paste>>", lambda event: "break")
        self.text.bind("<<PasteSelection>>", lambda event: "break")
        self.text.config(state=tk.DISABLED)
        self.text.pack(fill=tk.BOTH, expand=1)
        tk.Label(self.root, text="Message").pack()
        line = tk.Frame(self.root)
        line.pack(fill=tk.X)
        self.box = tk.Entry(line)
        self.box.pack(side=tk.LEFT, fill=tk.X, expand=1)
        self.box.bind("<Return>", self.send)
        self.box.focus()
        tk.Button(line, text="Send", command=self.send).pack(side=tk.RIGHT)

    def print(self, text):
        self.text.config(state=tk.NORMAL)
        self.text.insert(tk.END, text + "\n")
        self.text.config(state=tk.DISABLED)
        self.text.see(tk.END)

    def connected_yet(self):
        if not self.result:
            self.root.after(20, self.connected_yet)
        elif isinstance(self.result[0], OSError):
            self.print("Cannot connect to %s:%d: %s" % (*self.address, self.result[0]))
        else:
            self.sock = self.result[0]
            self.sock.setblocking(False)
            self.watch()

    def watch(self):
        mask = tk.READABLE | (tk.WRITABLE if self.outbuf else 0)
        self.root.createfilehandler(self.sock, mask, self.ready)

    def ready(self, _file, mask):
        try:
            if mask & tk.WRITABLE:
                self.outbuf = self.outbuf[self.sock.send(self.outbuf):]
                self.watch()
            if mask & tk.READABLE:
                data = self.sock.recv(SIZE)
                if not data:
                    raise ConnectionError("end of the connection")
                *lines, self.inbuf = (self.inbuf + data).split(b"\n")
                for line in lines:
                    self.got(line.decode("utf-8", "replace").rstrip("\r"))
        except BlockingIOError:
            pass
        except OSError as error:
            self.root.deletefilehandler(self.sock)
            self.sock.close()
            self.sock = None
            self.print("Server lost: %s" % error)

    def put(self, text):
        self.outbuf += text.encode("utf-8", "replace") + b"\n"
        self.watch()

    def got(self, line):
        if self.handshake and line == "NICK":
            self.tries += 1
            if self.tries == 1:
                self.put(self.name)
            else:
                self.print("The name %s is not accepted, please close and start again." % self.name)
        else:
            if line == "Connected to the server":
                self.handshake = False
            self.print(line)

    def send(self, event=None):
        text = self.box.get().strip()
        if text and self.sock and not self.handshake:
            self.put(text)
            self.print(self.name + ": " + text)
            self.box.delete(0, tk.END)

    def bye(self):
        if self.sock:
            self.root.deletefilehandler(self.sock)
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.sock.close()
        self.root.destroy()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, default=5501)
    p.add_argument("--name")
    a = p.parse_args()
    root = tk.Tk()
    if a.name is None:
        root.withdraw()
        a.name = simpledialog.askstring("Name", "What is your name?", parent=root)
        if a.name is None:
            return
        root.deiconify()
    Client(root, a.name, (a.host, a.port))
    root.mainloop()


main()
