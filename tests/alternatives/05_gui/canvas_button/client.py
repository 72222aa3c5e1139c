"""Chat client with widgets of its own, since the normal ones look so old."""

import argparse
import queue
import socket
import sys
import threading
import tkinter as tk
from tkinter import simpledialog

DARK, LIGHT, BLUE = "#22252a", "#e8e8e8", "#2f6feb"


class Box(tk.Frame):
    """A Text with a thin border. The Text is inside: use insert(), get() and clear()."""

    def __init__(self, master, height, readonly=False):
        super().__init__(master, bg=BLUE, padx=1, pady=1)
        self.readonly = readonly
        self._text = tk.Text(
            self, height=height, width=54, bg=DARK, fg=LIGHT, insertbackground=LIGHT, bd=0
        )
        self._text.pack(fill="both", expand=True)
        if readonly:
            self._text.configure(state="disabled")

    def insert(self, text):
        if self.readonly:
            self._text.configure(state="normal")
        self._text.insert("end", text)
        if self.readonly:
            self._text.configure(state="disabled")
        self._text.see("end")

    def get(self):
        return self._text.get("1.0", "end-1c")

    def clear(self):
        self._text.delete("1.0", "end")

    def on_enter(self, function):
        def pressed(event):
            function()
            return "break"

        self._text.bind("<Return>", pressed)
        self._text.focus_set()


class RoundButton(tk.Canvas):
    def __init__(self, master, text, command):
        super().__init__(master, width=90, height=30, bg=DARK, highlightthickness=0)
        self.shape = self.create_oval(0, 0, 30, 30, fill=BLUE, outline="")
        self.create_oval(60, 0, 90, 30, fill=BLUE, outline="")
        self.create_rectangle(15, 0, 75, 30, fill=BLUE, outline="")
        self.create_text(45, 15, text=text, fill="white")
        self.command = command
        self.bind("<Button-1>", lambda event: self.command())


class Network(threading.Thread):
    def __init__(self, host, port):
        super().__init__(daemon=True)
        self.host, self.port = host, port
        self.sock = None
        self.events = queue.Queue()
        self.out = queue.Queue()

    def run(self):
        try:
            self.sock = socket.create_connection((self.host, self.port), 5)
        except OSError as exc:
            self.events.put(("bad", "No connection to {}:{} - {}".format(self.host, self.port, exc)))
            return
        self.sock.settimeout(None)
        threading.Thread(target=self.write_all, daemon=True).start()
        pending = b""
        try:
            while True:
                data = self.sock.recv(1024)
                if not data:
                    break
                pieces = (pending + data).split(b"\n")
                pending = pieces.pop()
                for piece in pieces:
                    self.events.put(("line", piece.rstrip(b"\r").decode("utf-8", "replace")))
        except OSError:
            pass
        self.events.put(("bad", "The server went away."))

    def write_all(self):
        try:
            while True:
                self.sock.sendall(self.out.get())
        except OSError:
            pass

    def send(self, text):
        self.out.put((text + "\n").encode("utf-8", "replace"))

    def stop(self):
        if self.sock:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Window:
    def __init__(self, root, network, name):
        self.root, self.network, self.name = root, network, name
        self.ready = False
        self.gave_name = False
        root.configure(bg=DARK)
        root.title("Chat - " + name)
        root.protocol("WM_DELETE_WINDOW", self.close)
        self.label("Chat:")
        self.chat = Box(root, 18, readonly=True)
        self.chat.pack(padx=10, fill="both", expand=True)
        self.label("Message")
        self.message = Box(root, 3)
        self.message.pack(padx=10, fill="x")
        self.message.on_enter(self.send)
        RoundButton(root, "Send", self.send).pack(pady=10)
        self.check()

    def label(self, text):
        tk.Label(self.root, text=text, bg=DARK, fg=LIGHT).pack(anchor="w", padx=10)

    def check(self):
        count = 0
        while count < 150 and not self.network.events.empty():
            kind, text = self.network.events.get()
            if kind == "line":
                self.line(text)
            else:
                self.ready = False
                self.chat.insert("(" + text + ")\n")
            count += 1
        self.root.after(20, self.check)

    def line(self, text):
        if text == "NICK" and not self.ready:
            if self.gave_name:
                self.chat.insert("(The server says no to the name " + self.name + ")\n")
            else:
                self.network.send(self.name)
                self.gave_name = True
            return
        if text == "Connected to the server":
            self.ready = True
        self.chat.insert(text + "\n")

    def send(self):
        text = self.message.get().replace("\n", " ")
        if self.ready and text.strip():
            self.network.send(text)
            self.chat.insert("{}: {}\n".format(self.name, text))
            self.message.clear()

    def close(self):
        self.network.stop()
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
        name = simpledialog.askstring("Chat", "Name:", parent=root)
        if name is None:
            sys.exit()
        root.deiconify()
    network = Network(args.host, args.port)
    Window(root, network, name)
    network.start()
    root.mainloop()


if __name__ == "__main__":
    main()
