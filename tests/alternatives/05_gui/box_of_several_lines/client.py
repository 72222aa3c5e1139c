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
chat = tk.Text(root, state="disabled", height=15)
chat.pack()
tk.Label(root, text="Message").pack()
box = tk.Text(root, height=3)
box.pack()
inside = False
answered = False


def show(text):
    chat.configure(state="normal")
    chat.insert("end", text + "\n")
    chat.configure(state="disabled")
    chat.see("end")


def send(event=None):
    text = box.get("1.0", "end-1c")
    if not text.strip() or not inside:
        return
    box.delete("1.0", "end")
    for line in filter(str.strip, text.split("\n")):  # Shift and Enter begins a new line
        outgoing.put(line.encode(errors="replace") + b"\n")
        show(f"{name}: {line}")
    return "break"


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
    for _ in range(100):
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
box.bind("<Shift-Return>", lambda event: None)
root.protocol("WM_DELETE_WINDOW", close)
threading.Thread(target=network, daemon=True).start()
root.after(30, look)
root.mainloop()
