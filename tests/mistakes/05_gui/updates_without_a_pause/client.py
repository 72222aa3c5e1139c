import argparse
import queue
import socket
import threading
import tkinter as tk
from tkinter import simpledialog
from tkinter.scrolledtext import ScrolledText

news = queue.Queue()
mail = queue.Queue()


def listen(host, port, line):
    try:
        line.append(socket.create_connection((host, port), timeout=5))
    except OSError as error:
        news.put((False, f"There is no server at {host}:{port}: {error}"))
        return
    line[0].settimeout(None)
    threading.Thread(target=talk, args=line, daemon=True).start()
    rest = b""
    while True:
        try:
            data = line[0].recv(4096)
        except OSError:
            data = b""
        if not data:
            news.put((False, "The server has left us."))
            return
        *lines, rest = (rest + data).split(b"\n")
        for one in lines:
            news.put((True, one.decode("utf-8", "replace").rstrip("\r")))


def talk(sock):
    try:
        while True:
            sock.sendall(mail.get().encode("utf-8", "replace") + b"\n")
    except OSError:
        pass


class Window:
    def __init__(self, root, name):
        self.root, self.name = root, name
        self.open = True
        self.in_room = self.name_sent = False
        root.title(name + " - chat")
        root.protocol("WM_DELETE_WINDOW", self.close)
        tk.Label(root, text="Chat:").pack()
        self.chat = ScrolledText(root, height=15, state="disabled")
        self.chat.pack()
        tk.Label(root, text="Message").pack()
        self.box = tk.Entry(root, width=60)
        self.box.pack()
        self.box.bind("<Return>", lambda event: self.send())
        self.box.focus()
        tk.Button(root, text="Send", command=self.send).pack()

    def close(self):
        self.open = False

    def show(self, text):
        self.chat.configure(state="normal")
        self.chat.insert("end", text + "\n")
        self.chat.configure(state="disabled")
        self.chat.see("end")

    def arrived(self, from_server, text):
        if not from_server:
            self.in_room = False
            self.show(text)
        elif text == "NICK" and not self.in_room:
            if self.name_sent:
                self.show("The server does not want the name " + self.name)
            else:
                mail.put(self.name)
                self.name_sent = True
        else:
            self.show(text)
            if text == "Connected to the server":
                self.in_room = True

    def send(self):
        text = self.box.get()
        if self.in_room and text.strip():
            self.box.delete(0, "end")
            mail.put(text)
            self.show(self.name + ": " + text)

    def run(self):
        while self.open:
            self.root.update()
            if not news.empty():
                self.arrived(*news.get())


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
        name = simpledialog.askstring("Name", "Your name:", parent=root)
        if name is None:
            return
        root.deiconify()
    line = []
    threading.Thread(target=listen, args=(args.host, args.port, line), daemon=True).start()
    Window(root, name).run()
    for sock in line:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    root.destroy()


main()
