"""A chat client without threads: Tk calls poll() every 25 ms, and the socket never blocks."""

import argparse
import collections
import select
import socket
import time
import tkinter as tk
import tkinter.simpledialog

CONNECT_SECONDS = 5


class Wire:
    """A non-blocking socket with a buffer for each direction."""

    def __init__(self, host, port):
        self.address = (host, port)
        self.state = "new"  # new, connecting, open, dead
        self.why = ""
        self.half_line = b""
        self.lines = collections.deque()
        self.unsent = bytearray()
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setblocking(False)

    def die(self, why):
        self.state, self.why = "dead", why
        self.sock.close()

    def poll(self):
        try:
            if self.state == "new":
                self.deadline = time.monotonic() + CONNECT_SECONDS
                self.sock.connect_ex(self.address)
                self.state = "connecting"
            elif self.state == "connecting":
                self.finish_connecting()
            elif self.state == "open":
                self.flush()
                self.read()
        except BlockingIOError:
            pass
        except OSError as e:
            self.die(f"Connection lost: {e}" if self.state == "open" else self.nobody(e))

    def nobody(self, reason):
        return "No server at {}:{} - {}".format(*self.address, reason)

    def finish_connecting(self):
        # Windows reports a failed connect in the third list
        _, writable, failed = select.select([], [self.sock], [self.sock], 0)
        if writable or failed:
            error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, "cannot connect")
            self.state = "open"
        elif time.monotonic() > self.deadline:
            self.die(self.nobody("it does not answer"))

    def flush(self):
        while self.unsent:
            try:
                n = self.sock.send(self.unsent)
            except BlockingIOError:
                return
            del self.unsent[:n]

    def read(self):
        if len(self.lines) > 1000:
            return  # the window cannot keep up, let the server wait
        data = self.sock.recv(8192)
        if not data:
            self.die("Connection lost: the server has gone away")
            return
        *complete, self.half_line = (self.half_line + data).split(b"\n")
        self.lines.extend(line.removesuffix(b"\r") for line in complete)

    def write(self, text):
        self.unsent += text.encode("utf-8", "replace") + b"\n"

    def hang_up(self):
        if self.state == "open":
            try:
                self.flush()
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.sock.close()


class ChatWindow:
    def __init__(self, root, wire, name):
        self.root, self.wire, self.name = root, wire, name
        self.phase = "outside"  # outside, named, refused, inside
        root.title(f"{name} | chat")
        root.protocol("WM_DELETE_WINDOW", self.quit)
        tk.Label(root, text="Chat:").grid(sticky="w")
        self.area = tk.Text(root, height=16, width=50, wrap=tk.WORD)
        bar = tk.Scrollbar(root, command=self.area.yview)
        self.area.configure(yscrollcommand=bar.set, state=tk.DISABLED)
        self.area.grid(row=1, column=0, sticky="nsew")
        bar.grid(row=1, column=1, sticky="ns")
        tk.Label(root, text="Message").grid(sticky="w")
        self.message = tk.StringVar()
        box = tk.Entry(root, textvariable=self.message)
        box.grid(sticky="ew")
        box.bind("<Return>", lambda e: self.send())
        box.focus()
        tk.Button(root, text="Send", command=self.send).grid(row=3, column=1)
        root.grid_rowconfigure(1, weight=1)
        root.grid_columnconfigure(0, weight=1)
        self.told = False
        root.after(25, self.tick)

    def say(self, *lines):
        self.area.configure(state=tk.NORMAL)
        for line in lines:
            self.area.insert(tk.END, line + "\n")
        self.area.configure(state=tk.DISABLED)
        self.area.see(tk.END)

    def tick(self):
        if self.wire.state != "dead":
            self.wire.poll()
        for _ in range(min(200, len(self.wire.lines))):
            self.arrived(self.wire.lines.popleft().decode("utf-8", "replace"))
        if self.wire.state == "dead" and not self.wire.lines and not self.told:
            self.told = True
            self.say("*** " + self.wire.why)
        self.root.after(25, self.tick)

    def arrived(self, line):
        if self.phase == "inside" or line != "NICK":
            self.say(line)
            if line == "Connected to the server":
                self.phase = "inside"
        elif self.phase == "outside":
            self.wire.write(self.name)
            self.phase = "named"
        else:
            self.phase = "refused"
            self.say(f"*** The name {self.name} was refused. Type another one below, please.")

    def send(self):
        text = self.message.get().strip()
        if not text or self.wire.state != "open" or self.phase in ("outside", "named"):
            return
        self.message.set("")
        self.wire.write(text)
        if self.phase == "refused":
            self.name, self.phase = text, "named"
            self.root.title(f"{text} | chat")
        else:
            self.say(f"{self.name}: {text}")

    def quit(self):
        self.wire.hang_up()
        self.root.destroy()


def main():
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("--host", default="127.0.0.1")
    cli.add_argument("--port", type=int, default=5501)
    cli.add_argument("--name")
    options = cli.parse_args()
    root = tk.Tk()
    name = options.name
    while name is None or not name.strip():
        root.withdraw()
        name = tkinter.simpledialog.askstring("Chat", "Your name", parent=root)
        if name is None:
            root.destroy()
            return
    root.deiconify()
    ChatWindow(root, Wire(options.host, options.port), name.strip())
    root.mainloop()


if __name__ == "__main__":
    main()
