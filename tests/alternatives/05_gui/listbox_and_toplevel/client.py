#!/usr/bin/env python3
"""Chat client: the windows are Toplevels, the root stays hidden. The chat is a Listbox."""

import argparse
import socket
import threading
import tkinter as tk
from collections import deque
from tkinter import ttk

KEEP = 5000


class AskName(tk.Toplevel):
    def __init__(self, root, hint):
        super().__init__(root)
        self.title("Name")
        self.answer = None
        self.protocol("WM_DELETE_WINDOW", self.destroy)
        ttk.Label(self, text=hint).grid(row=0, column=0, columnspan=2, padx=10, pady=10)
        self.field = ttk.Entry(self)
        self.field.grid(row=1, column=0, columnspan=2, padx=10, sticky="ew")
        ttk.Button(self, text="OK", command=self.ok).grid(row=2, column=0, pady=10)
        ttk.Button(self, text="Cancel", command=self.destroy).grid(row=2, column=1)
        self.bind("<Return>", self.ok)
        self.bind("<Escape>", lambda event: self.destroy())
        self.field.focus_set()
        self.wait_window()

    def ok(self, event=None):
        text = self.field.get().strip()
        if text:
            self.answer = text
            self.destroy()


class Connection:
    """Two threads that know nothing about tkinter. They share two deques with the window."""

    def __init__(self, host, port):
        self.host, self.port = host, port
        self.sock = None
        self.arrived = deque()
        self.error = None
        self.outgoing = deque()
        self.something_to_send = threading.Event()
        threading.Thread(target=self.reading, daemon=True).start()

    def reading(self):
        where = f"{self.host}:{self.port}"
        try:
            self.sock = socket.create_connection((self.host, self.port), timeout=5)
            self.sock.settimeout(None)
        except OSError as e:
            self.error = f"{where} cannot be reached ({e})"
            return
        threading.Thread(target=self.writing, daemon=True).start()
        try:
            with self.sock.makefile("rb") as file:
                for line in file:
                    if line.endswith(b"\n"):
                        self.arrived.append(line.rstrip(b"\r\n").decode("utf-8", "replace"))
        except OSError:
            pass
        self.error = f"{where} has closed the connection"

    def writing(self):
        try:
            while True:
                self.something_to_send.wait()
                self.something_to_send.clear()
                while self.outgoing:
                    self.sock.sendall(self.outgoing.popleft())
        except OSError:
            pass

    def send(self, text):
        self.outgoing.append(text.encode("utf-8", "replace") + b"\n")
        self.something_to_send.set()

    def stop(self):
        if self.sock:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class ChatWindow(tk.Toplevel):
    def __init__(self, root, connection, name):
        super().__init__(root)
        self.root = root
        self.connection = connection
        self.name = name
        self.in_room = False
        self.asked_before = False
        self.hint = ""
        self.title(f"{name}'s chat")
        self.protocol("WM_DELETE_WINDOW", self.close)

        ttk.Label(self, text="Chat:").pack(anchor="w", padx=5)
        upper = ttk.Frame(self)
        upper.pack(fill="both", expand=True, padx=5)
        bar = ttk.Scrollbar(upper)
        bar.pack(side="right", fill="y")
        self.list = tk.Listbox(upper, width=70, height=18, yscrollcommand=bar.set, takefocus=False)
        self.list.pack(side="left", fill="both", expand=True)
        bar.config(command=self.list.yview)
        ttk.Label(self, text="Message").pack(anchor="w", padx=5)
        self.box = tk.Text(self, height=3, width=50)
        self.box.pack(side="left", fill="x", expand=True, padx=5, pady=5)
        self.box.bind("<Return>", self.enter)
        self.box.focus_set()
        ttk.Button(self, text="Send", command=self.send).pack(side="right", padx=5)
        self.after(40, self.look)

    def look(self):
        # the error is read first: whatever came before it is then already in the deque
        error = self.connection.error
        lines = 0
        while self.connection.arrived and lines < 250:
            self.line(self.connection.arrived.popleft())
            lines += 1
        if error and not self.connection.arrived:
            self.in_room = False
            self.add(error)
        else:
            self.after(40, self.look)

    def line(self, line):
        if self.in_room:
            self.add(line)
        elif line == "Connected to the server":
            self.in_room = True
            self.add(line)
        elif line != "NICK":
            self.hint = line
        elif not self.asked_before:
            self.asked_before = True
            self.connection.send(self.name)
        else:
            self.after(0, self.ask_again)

    def ask_again(self):
        answer = AskName(self, self.hint or "This name is not allowed, try another one").answer
        if not self.root.children:
            return
        if answer is None:
            self.close()
            return
        self.name = answer
        self.title(f"{answer}'s chat")
        self.connection.send(answer)

    def add(self, line):
        self.list.insert("end", line)
        if self.list.size() > KEEP:
            self.list.delete(0)
        self.list.see("end")

    def enter(self, event):
        self.send()
        return "break"  # no new line in the box

    def send(self):
        text = " ".join(self.box.get("1.0", "end").split("\n")).strip()
        if text and self.in_room:
            self.box.delete("1.0", "end")
            self.connection.send(text)
            self.add(f"{self.name}: {text}")

    def close(self):
        self.connection.stop()
        self.root.destroy()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    parser.add_argument("--name")
    args = parser.parse_args()
    root = tk.Tk()
    root.withdraw()
    name = args.name or AskName(root, "Your name in the chat?").answer
    if name:
        ChatWindow(root, Connection(args.host, args.port), name)
        root.mainloop()


if __name__ == "__main__":
    main()
