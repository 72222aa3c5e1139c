import argparse
import queue
import socket
import threading
import tkinter as tk
from tkinter import simpledialog

p = argparse.ArgumentParser()
p.add_argument("--host", default="127.0.0.1")
p.add_argument("--port", type=int, default=5501)
p.add_argument("--name")
a = p.parse_args()

incoming = queue.Queue()
outgoing = queue.Queue()
sock = None


def network():
    global sock
    try:
        sock = socket.create_connection((a.host, a.port), timeout=5)
    except OSError as e:
        incoming.put(("problem", f"No server at {a.host}:{a.port}: {e}"))
        return
    sock.settimeout(None)
    threading.Thread(target=speak, daemon=True).start()
    inbox = b""
    try:
        while data := sock.recv(4096):
            inbox += data
            while b"\n" in inbox:
                line, inbox = inbox.split(b"\n", 1)
                incoming.put(("line", line.decode(errors="replace").removesuffix("\r")))
    except OSError:
        pass
    incoming.put(("problem", "The server is gone"))


def speak():
    try:
        while True:
            sock.sendall(outgoing.get())
    except OSError:
        pass


root = tk.Tk()
name = a.name
if name is None:
    root.withdraw()
    name = simpledialog.askstring("Name", "Your name", parent=root)
    if name is None:
        raise SystemExit(0)
    root.deiconify()
root.title("Chat of " + name)
tk.Label(root, text="Chat:").pack()
view = tk.Canvas(root, width=400, height=240)
view.pack()
chat = tk.Frame(view)
view.create_window(0, 0, anchor="nw", window=chat)
labels = []
tk.Label(root, text="Message").pack()
box = tk.Entry(root)
box.pack()
inside = False
answered = False


def show(text):
    row = tk.Frame(chat)
    row.pack(fill="x", pady=2)
    who, colon, words = text.partition(": ")
    if colon:
        tk.Label(row, text=who, fg="blue", anchor="w").pack(fill="x")
    tk.Label(row, text=words if colon else text, anchor="w", justify="left").pack(fill="x")
    labels.append(row)
    if len(labels) > 5000:
        labels.pop(0).destroy()
    root.after_idle(down)


def down():
    view.configure(scrollregion=view.bbox("all"))
    view.yview_moveto(1)


def send(event=None):
    text = box.get()
    if not text.strip() or not inside:
        return
    box.delete(0, "end")
    outgoing.put(text.encode(errors="replace") + b"\n")
    show(f"{name}: {text}")


def handle(kind, text):
    global inside, answered, name
    if kind == "problem" or inside:
        show(text)
    elif text == "NICK":
        if answered:
            name = simpledialog.askstring("Name", "This name was refused. Another one?", parent=root) or ""
            if not name:
                return close()
        answered = True
        outgoing.put(name.encode() + b"\n")
    else:
        show(text)
        inside = text == "Connected to the server"


def look():
    for _ in range(20):
        try:
            kind, text = incoming.get_nowait()
        except queue.Empty:
            break
        handle(kind, text)
    root.after(30, look)


def close():
    if sock:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    root.destroy()


tk.Button(root, text="Send", command=send).pack()
box.bind("<Return>", send)
root.protocol("WM_DELETE_WINDOW", close)
threading.Thread(target=network, daemon=True).start()
root.after(30, look)
root.mainloop()
