"""Chat client. The receiving thread rings with a virtual event, the window fetches the lines."""

import argparse
import socket
import tkinter as tk
from queue import Empty, SimpleQueue
from threading import Thread
from time import strftime
from tkinter.simpledialog import askstring

LIMIT = 6000


class ChatFrame(tk.Frame):
    def __init__(self, master, name, address):
        super().__init__(master, padx=6, pady=6)
        self.name = name
        self.address = address
        self.sock = None
        self.post = SimpleQueue()  # what arrived: text, or an Exception at the end
        self.outbox = SimpleQueue()
        self.talking = False
        self.introduced = False
        self.closing = False

        tk.Label(self, text="Chat:").pack(side=tk.TOP, anchor=tk.W)
        middle = tk.Frame(self)
        middle.pack(fill=tk.BOTH, expand=True)
        scroll = tk.Scrollbar(middle)
        scroll.pack(side=tk.RIGHT, fill=tk.Y)
        self.view = tk.Text(middle, yscrollcommand=scroll.set, height=14, state=tk.DISABLED)
        self.view.pack(fill=tk.BOTH, expand=True)
        scroll["command"] = self.view.yview
        tk.Label(self, text="Message").pack(anchor=tk.W)
        self.input = tk.Entry(self)
        self.input.pack(fill=tk.X)
        self.input.bind("<Return>", self.on_send)
        self.input.bind("<KP_Enter>", self.on_send)
        tk.Button(self, text="Send", command=self.on_send).pack(anchor=tk.E)
        self.input.focus_set()

        self.bind("<<Arrived>>", self.on_arrived)
        self.winfo_id()  # makes the window now: an event for one that is not made yet is lost
        self.after(10, Thread(target=self.listen, daemon=True).start)

    # ---- these two run in threads of their own

    def listen(self):
        try:
            self.sock = socket.create_connection(self.address, timeout=5)
        except OSError as error:
            self.deliver([ConnectionError(f"no server at {self.address[0]}:{self.address[1]}: {error}")])
            return
        self.sock.settimeout(None)
        Thread(target=self.speak, daemon=True).start()
        buffer = bytearray()
        while True:
            try:
                data = self.sock.recv(2048)
            except OSError:
                data = b""
            if not data:
                break
            buffer += data
            *lines, buffer = buffer.split(b"\n")
            self.deliver([line.decode("utf-8", errors="replace").removesuffix("\r") for line in lines])
        self.deliver([ConnectionError("the server has hung up")])

    def deliver(self, things):
        for thing in things:
            self.post.put(thing)
        try:
            self.event_generate("<<Arrived>>", when="tail")
        except (RuntimeError, tk.TclError):
            pass  # the window has just been closed

    def speak(self):
        try:
            while True:
                self.sock.sendall(self.outbox.get().encode("utf-8", errors="replace") + b"\n")
        except OSError:
            pass

    # ---- all the others belong to Tk

    def on_arrived(self, event=None):
        for _ in range(100):
            try:
                thing = self.post.get_nowait()
            except Empty:
                return
            self.use(thing)
        self.after(5, self.on_arrived)

    def use(self, thing):
        if isinstance(thing, Exception):
            self.talking = False
            self.write(f"Sorry, {thing}.")
        elif not self.talking and thing == "NICK":
            if self.introduced:
                self.after_idle(self.rename)
            else:
                self.introduced = True
                self.outbox.put(self.name)
        else:
            self.write(thing)
            self.talking = self.talking or thing == "Connected to the server"

    def rename(self):
        name = askstring("Sorry", f"{self.name} is not possible. Another name?", parent=self)
        if self.closing:
            return
        if name is None:
            self.close()
        else:
            self.name = name
            self.master.title(name)
            self.outbox.put(name)

    def write(self, text):
        self.view["state"] = tk.NORMAL
        self.view.insert(tk.END, strftime("[%H:%M] ") + text + "\n")
        if float(self.view.index(tk.END)) > LIMIT:
            self.view.delete("1.0", "2.0")
        self.view["state"] = tk.DISABLED
        self.view.see(tk.END)

    def on_send(self, event=None):
        text = self.input.get()
        if text.isspace() or not text or not self.talking:
            return
        self.outbox.put(text)
        self.write(f"{self.name}: {text}")
        self.input.delete(0, tk.END)

    def close(self):
        self.closing = True
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.master.destroy()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=5501)
    arguments.add_argument("--name")
    given = arguments.parse_args()
    root = tk.Tk()
    name = given.name
    if name is None:
        root.withdraw()
        name = askstring("Welcome", "Your name, please", parent=root)
        if name is None:
            return
        root.deiconify()
    root.title(name)
    frame = ChatFrame(root, name, (given.host, given.port))
    frame.pack(fill=tk.BOTH, expand=True)
    root.protocol("WM_DELETE_WINDOW", frame.close)
    root.mainloop()


if __name__ == "__main__":
    main()
