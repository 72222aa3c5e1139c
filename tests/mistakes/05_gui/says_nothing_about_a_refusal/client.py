import argparse
import collections
import socket
import threading
import tkinter as tk
from tkinter import simpledialog


class App(tk.Tk):
    """Chat window. `news` is filled by the reading thread and emptied by the window."""

    def __init__(self, host, port):
        super().__init__()
        self.host, self.port = host, port
        self.sock = None
        self.news = collections.deque()
        self.letters = collections.deque()
        self.letter_there = threading.Semaphore(0)
        self.member = False
        self.tried = False

        tk.Label(self, text="Chat:", font="Arial 11 bold").pack(anchor="w")
        frame = tk.Frame(self)
        frame.pack(fill="both", expand=True)
        self.display = tk.Text(frame, height=17, width=58, bg="ivory", state="disabled")
        self.display.pack(side="left", fill="both", expand=True)
        scrollbar = tk.Scrollbar(frame, command=self.display.yview)
        scrollbar.pack(side="right", fill="y")
        self.display["yscrollcommand"] = scrollbar.set
        tk.Label(self, text="Message", font="Arial 11 bold").pack(anchor="w")
        self.input = tk.Text(self, height=3, width=58)
        self.input.pack(fill="x")
        self.input.bind("<Return>", self.return_key)
        tk.Button(self, text="Send", command=self.send).pack()
        self.info = tk.Label(self, text="")
        self.info.pack()
        self.protocol("WM_DELETE_WINDOW", self.close)

    def start(self, name):
        self.name = name
        self.title(f"Chat: {name}")
        self.info["text"] = f"Connecting to {self.host}:{self.port}"
        self.input.focus_set()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.update_chat()
        self.mainloop()

    def read(self):
        try:
            sock = socket.create_connection((self.host, self.port), timeout=5)
        except OSError as err:
            self.news.append((None, f"No server at {self.host}:{self.port}. {err}"))
            return
        sock.settimeout(None)
        self.sock = sock
        threading.Thread(target=self.write, daemon=True).start()
        rest = b""
        while True:
            try:
                data = sock.recv(2048)
            except OSError:
                data = b""
            if not data:
                break
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                self.news.append((line.decode("utf-8", "replace").rstrip("\r"), None))
        self.news.append((None, "The server does not answer any more."))

    def write(self):
        try:
            while self.letter_there.acquire():
                self.sock.sendall(self.letters.popleft())
        except OSError:
            pass

    def post(self, text):
        self.letters.append((text + "\n").encode("utf-8", "replace"))
        self.letter_there.release()

    def update_chat(self):
        count = 0
        while self.news and count < 200:
            line, problem = self.news.popleft()
            if problem:
                self.member = False
                self.info["text"] = problem
            else:
                self.handle(line)
            count += 1
        self.after(40, self.update_chat)

    def handle(self, line):
        if self.member:
            self.add(line)
        elif line == "NICK" and not self.tried:
            self.tried = True
            self.post(self.name)
        elif line == "Connected to the server":
            self.member = True
            self.info["text"] = ""
            self.add(line)

    def add(self, line):
        self.display["state"] = "normal"
        self.display.insert("end", line + "\n")
        self.display["state"] = "disabled"
        self.display.see("end")

    def return_key(self, event):
        self.send()
        return "break"

    def send(self):
        text = self.input.get("1.0", "end").replace("\n", " ").strip()
        if self.member and text:
            self.post(text)
            self.add(f"{self.name}: {text}")
            self.input.delete("1.0", "end")

    def close(self):
        if self.sock:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.destroy()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    parser.add_argument("--name")
    arguments = parser.parse_args()
    app = App(arguments.host, arguments.port)
    name = arguments.name
    while not name:
        app.withdraw()
        name = simpledialog.askstring("Name", "Under which name?", parent=app)
        if name is None:
            raise SystemExit(0)
        app.deiconify()
    app.start(name)
