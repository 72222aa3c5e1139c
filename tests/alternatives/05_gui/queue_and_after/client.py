"""Chat window. One thread receives, one sends, and the window looks into a queue with after()."""

import argparse
import queue
import socket
import threading
import tkinter as tk
from tkinter import scrolledtext, simpledialog

from_server = queue.Queue()  # ("line", text) or ("end", reason)
to_server = queue.Queue()  # bytes, one line each


def network(host, port, connection):
    try:
        sock = socket.create_connection((host, port), timeout=5)
    except OSError as error:
        from_server.put(("end", f"Could not connect to {host}:{port} ({error})"))
        return
    sock.settimeout(None)
    connection.append(sock)
    threading.Thread(target=sender, args=(sock,), daemon=True).start()
    buffer = b""
    while True:
        try:
            data = sock.recv(4096)
        except OSError:
            data = b""
        if not data:
            break
        buffer += data
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            from_server.put(("line", line.decode("utf-8", "replace").rstrip("\r")))
    from_server.put(("end", "The server has closed the connection."))


def sender(sock):
    try:
        while True:
            sock.sendall(to_server.get() + b"\n")
    except OSError:
        pass  # network() will notice


def ask_name(root, prompt="Please choose a nickname:"):
    """Ask until something is typed. Returns None for Cancel."""
    while True:
        name = simpledialog.askstring("Nickname", prompt, parent=root)
        if name is None or name.strip():
            return name and name.strip()


def run(args):
    root = tk.Tk()
    name = args.name
    if not name:
        root.withdraw()
        name = ask_name(root)
        if name is None:
            return
        root.deiconify()
    root.title("Chat: " + name)

    tk.Label(root, text="Chat:").pack(anchor="w")
    chat = scrolledtext.ScrolledText(root, width=60, height=20, state="disabled", wrap="word")
    chat.pack(fill="both", expand=True)
    tk.Label(root, text="Message").pack(anchor="w")
    entry = tk.Entry(root)
    entry.pack(side="left", fill="x", expand=True)
    button = tk.Button(root, text="Send")
    button.pack(side="right")
    entry.focus_set()

    connection = []  # the socket, as soon as there is one
    state = {"name": name, "connected": False, "answered": False, "reason": "", "open": True}

    def show(text):
        chat.config(state="normal")
        chat.insert("end", text + "\n")
        chat.config(state="disabled")
        chat.see("end")

    def send(event=None):
        text = entry.get().strip()
        if not text or not state["connected"]:
            return
        entry.delete(0, "end")
        to_server.put(text.encode("utf-8", "replace"))
        show(state["name"] + ": " + text)

    def another_name():
        new = ask_name(root, state["reason"] or "The server did not accept this nickname.")
        if not state["open"]:
            return
        if new is None:
            close()
            return
        state["name"] = new
        root.title("Chat: " + new)
        to_server.put(new.encode("utf-8", "replace"))

    def handle(kind, text):
        if kind == "end":
            state["connected"] = False
            show(text)
        elif state["connected"]:
            show(text)
        elif text == "NICK":
            if state["answered"]:
                root.after(1, another_name)
            else:
                state["answered"] = True
                to_server.put(state["name"].encode("utf-8", "replace"))
        elif text == "Connected to the server":
            state["connected"] = True
            show(text)
        else:
            state["reason"] = text

    def check_queue():
        for _ in range(200):  # not all of them, the window wants its turn too
            try:
                kind, text = from_server.get_nowait()
            except queue.Empty:
                break
            handle(kind, text)
        root.after(30, check_queue)

    def close():
        state["open"] = False
        for sock in connection:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        root.destroy()

    button.config(command=send)
    entry.bind("<Return>", send)
    root.protocol("WM_DELETE_WINDOW", close)
    threading.Thread(target=network, args=(args.host, args.port, connection), daemon=True).start()
    check_queue()
    root.mainloop()


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
parser.add_argument("--name")
run(parser.parse_args())
