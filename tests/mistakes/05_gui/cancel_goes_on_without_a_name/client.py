"""Lesson 5: chat client with a window"""

import argparse
import queue
import socket
import threading
import tkinter as tk
from tkinter import scrolledtext, simpledialog

sock = None
inbox = queue.Queue()  # what the window has to show
outbox = queue.Queue()  # what the server has to get
inside = False
name_given = False


def receive(host, port):
    global sock
    try:
        sock = socket.create_connection((host, port), timeout=5)
    except OSError as error:
        inbox.put(("problem", f"Cannot connect to {host}:{port}: {error}"))
        return
    sock.settimeout(None)
    threading.Thread(target=transmit, daemon=True).start()
    data = b""
    while True:
        try:
            chunk = sock.recv(4096)
        except OSError:
            chunk = b""
        if not chunk:
            break
        data += chunk
        lines = data.split(b"\n")
        data = lines.pop()
        for line in lines:
            inbox.put(("line", line.rstrip(b"\r").decode("utf-8", errors="replace")))
    inbox.put(("problem", "The server has gone"))


def transmit():
    try:
        while True:
            sock.sendall(outbox.get())
    except OSError:
        pass


def say(text):
    outbox.put(text.encode("utf-8", errors="replace") + b"\n")


def show(text):
    chat.config(state=tk.NORMAL)
    chat.insert(tk.END, text + "\n")
    chat.config(state=tk.DISABLED)
    chat.yview(tk.END)


def got_line(text):
    global inside, name_given
    if inside:
        show(text)
    elif text == "NICK":
        if name_given:
            show(f"The server refused the name {name}. Close the window and try another one.")
        else:
            name_given = True
            say(name)
    else:
        show(text)
        if text == "Connected to the server":
            inside = True


def look():
    global inside
    for _ in range(100):
        if inbox.empty():
            break
        kind, text = inbox.get()
        if kind == "line":
            got_line(text)
        else:
            inside = False
            show(text)
    root.after(25, look)


def send(event=None):
    text = entry.get().strip()
    if text and inside:
        say(text)
        show(f"{name}: {text}")
        entry.delete(0, tk.END)


def close():
    if sock:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    root.destroy()


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
parser.add_argument("--name")
args = parser.parse_args()

root = tk.Tk()
name = args.name
if not name:
    root.withdraw()
    name = simpledialog.askstring("Nickname", "Your nickname?", parent=root) or "guest"
    root.deiconify()

root.title("Chat - " + name)
tk.Label(root, text="Chat:").pack()
chat = scrolledtext.ScrolledText(root, width=60, height=18, state=tk.DISABLED)
chat.pack(fill=tk.BOTH, expand=True)
tk.Label(root, text="Message").pack()
entry = tk.Entry(root, width=50)
entry.pack(fill=tk.X)
entry.bind("<Return>", send)
entry.focus()
tk.Button(root, text="Send", command=send).pack()
root.protocol("WM_DELETE_WINDOW", close)

threading.Thread(target=receive, args=(args.host, args.port), daemon=True).start()
look()
root.mainloop()
