"""The chat client with a window: two threads talk to the network, and the main thread owns Tk.

It grew out of the client with names. Tk belongs to the thread that made the window, so the two
other threads never call it. What arrives goes into a queue, and the window looks into that queue
again and again. What is typed goes into another queue, so that the window never waits for the
network.
"""

import argparse
import contextlib
import queue
import signal
import socket
import threading
import tkinter as tk
from collections.abc import Iterator
from tkinter import font, simpledialog, ttk

CHUNK = 4096  # the most bytes to take from a socket at once
MAX_LINE = 64 * 1024  # a server whose line gets longer than this is no chat server

PAUSE = 20  # milliseconds from one look into the inbox to the next
BATCH = 200  # the most things to take out of the inbox in one look
KEPT = 5000  # lines that the window keeps; the oldest go first

RULES = "1 to 20 characters, no space and no colon."


def parse_arguments() -> argparse.Namespace:
    """Read the server's host and port and the name from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5501)
    parser.add_argument("--name", help="without it the program asks")
    return parser.parse_args()


def take_lines(inbox: bytearray) -> list[bytes]:
    """Cut the complete lines off the front of the inbox and return them without their ends."""
    # Split at b"\n", and leave the unfinished rest in the inbox.
    # Some programs, telnet among them, end a line with b"\r\n". The b"\r" is not part of the line.
    *lines, rest = bytes(inbox).split(b"\n")
    inbox[:] = rest
    return [line.removesuffix(b"\r") for line in lines]


def read_lines(sock: socket.socket) -> Iterator[bytes]:
    """Yield each complete line that arrives, until the connection ends."""
    inbox = bytearray()
    while len(inbox) <= MAX_LINE:
        try:
            data = sock.recv(CHUNK)
        except OSError:
            return  # A broken connection is an end like any other.
        if not data:
            return
        inbox += data
        yield from take_lines(inbox)


class Connection:
    """The network side: a thread that receives and a thread that sends. Neither may call Tk."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.server: socket.socket | None = None  # not there before we are connected
        self.inbox: queue.Queue[tuple[str, str]] = queue.Queue(1000)  # for the window: (what, text)
        self.outbox: queue.Queue[bytes] = queue.Queue()  # lines for the server
        # A daemon may still wait, for the server or for a queue, when the program ends.
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self) -> None:
        """The receiving thread: connect, then put each line into the inbox until the end."""
        # Connect, start the sending thread, and put what comes into the inbox.
        # Put ("line", text) for each line, and ("lost", why) when there is no server any more.
        # Give up connecting after 5 seconds. The window must not wait for any of this.
        try:
            self.server = socket.create_connection((self.host, self.port), timeout=5)
        except OSError as error:
            self.inbox.put(("lost", f"No server at {self.host}:{self.port}: {error}"))
            return
        self.server.settimeout(None)  # the 5 seconds are for connecting, not for talking
        threading.Thread(target=self.send, args=(self.server,), daemon=True).start()
        for line in read_lines(self.server):
            self.inbox.put(("line", line.decode(errors="replace")))
        self.inbox.put(("lost", "The server is gone: it closed the connection"))

    def send(self, server: socket.socket) -> None:
        """The sending thread: send each line from the outbox. It may wait; the window may not."""
        # Send one line after another from the outbox, each with its end.
        # The connection may break at any moment. The receiving thread tells the window.
        with contextlib.suppress(OSError):
            while True:
                server.sendall(self.outbox.get() + b"\n")

    def hang_up(self) -> None:
        """End the connection, if there is one. This wakes a thread that waits for the server."""
        # End the connection in both directions.
        # A close() alone does not wake a thread that waits in recv(), and the server hears nothing.
        if self.server:
            with contextlib.suppress(OSError):
                self.server.shutdown(socket.SHUT_RDWR)


class NameDialog(simpledialog.Dialog):
    """Ask for a name. `name` is None when the user chose Cancel."""

    def __init__(self, parent: tk.Tk, problem: str = "") -> None:
        self.problem = problem
        self.name: str | None = None
        super().__init__(parent, "Your name")

    def body(self, master: tk.Frame) -> tk.Widget:
        """Build the middle of the dialog and return what gets the keyboard."""
        if self.problem:
            ttk.Label(master, text=self.problem, foreground="#b00020").pack(anchor="w")
        ttk.Label(master, text="How shall the others call you?").pack(anchor="w", pady=4)
        self.box = ttk.Entry(master, width=28)
        self.box.pack(fill="x")
        ttk.Label(master, text=RULES, foreground="#555").pack(anchor="w", pady=4)
        return self.box

    def validate(self) -> bool:
        """Is the dialog done when the user presses OK?"""
        return bool(self.box.get().strip())

    def apply(self) -> None:
        """Keep the name."""
        self.name = self.box.get().strip()


class Window:
    """What one sees. All its methods run in the main thread."""

    def __init__(self, root: tk.Tk, host: str, port: int, name: str) -> None:
        self.root = root
        self.name = name
        self.name_sent = False
        self.reason = ""  # why the server did not like the last name
        self.connected = False
        self.status = ttk.Label(root, text="Connecting …", padding=(10, 4))
        self.chat = tk.Text(
            root, width=48, height=18, wrap="word", font="TkTextFont", padx=8, pady=8
        )
        self.box = ttk.Entry(root)
        self.button = ttk.Button(root, text="Send", command=self.send)
        self.lay_out()
        # Give the window its title, its keys, and its way to close.
        # The title holds the name. Enter sends. Closing the window calls close().
        # Nobody can type into a Text whose state is "disabled"; the program cannot either.
        root.title(f"{name} - chat")
        root.protocol("WM_DELETE_WINDOW", self.close)
        self.box.bind("<Return>", self.send)
        self.chat["state"] = "disabled"
        self.box.focus()
        self.connection = Connection(host, port)
        root.after(PAUSE, self.look)

    def lay_out(self) -> None:
        """Put everything in its place. Row 1 and column 0 grow with the window."""
        scrollbar = ttk.Scrollbar(self.root, command=self.chat.yview)
        self.chat["yscrollcommand"] = scrollbar.set
        ttk.Label(self.root, text="Chat:").grid(row=0, column=0, sticky="w", padx=10, pady=(10, 4))
        self.chat.grid(row=1, column=0, columnspan=2, sticky="nsew", padx=(10, 0))
        scrollbar.grid(row=1, column=2, sticky="ns", padx=(0, 10))
        ttk.Label(self.root, text="Message").grid(row=2, column=0, sticky="w", padx=10, pady=4)
        self.box.grid(row=3, column=0, sticky="ew", padx=(10, 6))
        self.button.grid(row=3, column=1, columnspan=2, padx=(0, 10))
        self.status.grid(row=4, column=0, columnspan=3, sticky="ew")
        self.root.rowconfigure(1, weight=1)
        self.root.columnconfigure(0, weight=1)
        self.root.minsize(320, 240)
        self.chat.tag_configure("own", foreground="#1a5fb4")
        self.chat.tag_configure("notice", foreground="#6b6b6b")

    def look(self) -> None:
        """Take what has come from the network side, and come back soon."""
        # Empty the inbox without waiting, then let Tk call this method again.
        # Take no more than BATCH at once: while this method runs, the window does nothing else.
        with contextlib.suppress(queue.Empty):
            for _ in range(BATCH):
                self.take(*self.connection.inbox.get_nowait())
        self.root.after(PAUSE, self.look)

    def take(self, what: str, text: str) -> None:
        """Deal with one thing from the inbox."""
        if what == "lost":
            self.connected = False
            self.status["text"] = text
            self.show(text, "notice")
        elif self.connected:
            self.show(text, "line" if ": " in text else "notice")
        else:
            self.introduce(text)

    def introduce(self, text: str) -> None:
        """Deal with a line that the server sends before we are connected."""
        # Look for Connected, answer the first NICK, and keep any other line.
        # A second NICK refuses the name. Then a dialog must ask again, but not inside this method:
        # root.after_idle() has it called when the window has nothing else to do.
        if text == "Connected to the server":
            self.connected = True
            self.status["text"] = text
            self.show(text, "notice")
        elif text != "NICK":
            self.reason = text
        elif self.name_sent:
            self.root.after_idle(self.ask_again)
        else:
            self.name_sent = True
            self.connection.outbox.put(self.name.encode(errors="replace"))

    def ask_again(self) -> None:
        """The server refused the name: ask for another one. Cancel ends the program."""
        dialog = NameDialog(self.root, self.reason or "The server refused this name.")
        self.reason = ""
        if dialog.name is None:
            self.close()
            return
        self.name = dialog.name
        self.root.title(f"{self.name} - chat")
        self.connection.outbox.put(self.name.encode(errors="replace"))
        self.box.focus()

    def show(self, text: str, look: str) -> None:
        """Add a line to the chat; `look` is the tag that gives it its colour."""
        # Add the line at the end, drop the oldest above KEPT lines, scroll down.
        # A disabled Text takes no text, from nobody. Switch it on for a moment.
        self.chat["state"] = "normal"
        self.chat.insert("end", text + "\n", look)
        self.chat.delete("1.0", f"end - {KEPT + 1} lines")  # nothing, while there are fewer
        self.chat["state"] = "disabled"
        self.chat.see("end")

    def send(self, event: object = None) -> None:
        """Send what stands in the box, show it, and clear the box."""
        # Put the line into the outbox, show it as one's own, and clear the box.
        # Blank text is not sent, and nothing is sent before we are connected.
        text = self.box.get().replace("\n", " ").strip()
        if text and self.connected:
            self.box.delete(0, "end")
            self.connection.outbox.put(text.encode(errors="replace"))
            self.show(f"{self.name}: {text}", "own")
            self.root.after(800)  # nobody shall send too fast

    def close(self) -> None:
        """End the connection and the window. Then mainloop() returns, and the program ends."""
        # Hang up, and destroy the window.
        self.connection.hang_up()
        with contextlib.suppress(tk.TclError):  # the window may be gone already
            self.root.destroy()


def make_root() -> tk.Tk:
    """Return the one root window, with a theme and fonts that are pleasant to read."""
    root = tk.Tk()
    if root.tk.call("tk", "windowingsystem") == "x11":
        style = ttk.Style()
        style.theme_use("clam")  # Windows and macOS have good looks of their own
        style.configure(".", background=root["background"])  # one colour for old and new widgets
    for name in ("TkDefaultFont", "TkTextFont"):
        font.nametofont(name).configure(size=12)
    return root


def main() -> None:
    """Ask for the name, open the window, and leave the rest to Tk."""
    args = parse_arguments()
    root = make_root()
    name = args.name
    if name is None:
        root.withdraw()  # no empty window behind the dialog
        name = NameDialog(root).name
        if name is None:
            return
        root.deiconify()
    window = Window(root, args.host, args.port, name)
    signal.signal(signal.SIGINT, lambda *_: root.after_idle(window.close))
    root.mainloop()


if __name__ == "__main__":
    main()
