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
import time
import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

from look import Chat, NameDialog, People, Unread, make_root

CHUNK = 4096  # the most bytes to take from a socket at once
MAX_LINE = 64 * 1024  # a server whose line gets longer than this is no chat server

PAUSE = 20  # milliseconds from one look into the inbox to the next
BATCH = 200  # the most things to take out of the inbox in one look
KEPT = 5000  # lines that the window keeps; the oldest go first


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
        # region TODO 4: connect, start the sending thread, and put what comes into the inbox
        # Put ("line", text) for each line, and ("lost", why) when there is no server any more.
        # Give up connecting after 5 seconds. The window must not wait for any of this.
        try:
            self.server = socket.create_connection((self.host, self.port), timeout=5)
        except OSError:
            self.inbox.put(("lost", f"No chat server answers at {self.host}:{self.port}."))
            return
        self.server.settimeout(None)  # the 5 seconds are for connecting, not for talking
        threading.Thread(target=self.send, args=(self.server,), daemon=True).start()
        for line in read_lines(self.server):
            self.inbox.put(("line", line.decode(errors="replace")))
        self.inbox.put(("lost", "The server has gone."))
        # endregion

    def send(self, server: socket.socket) -> None:
        """The sending thread: send each line from the outbox. It may wait; the window may not."""
        # region TODO 6: send one line after another from the outbox, each with its end
        # The connection may break at any moment. The receiving thread tells the window.
        with contextlib.suppress(OSError):
            while True:
                server.sendall(self.outbox.get() + b"\n")
        # endregion

    def hang_up(self) -> None:
        """End the connection, if there is one. This wakes a thread that waits for the server."""
        # region TODO 11: end the connection in both directions
        # A close() alone does not wake a thread that waits in recv(), and the server hears nothing.
        if self.server:
            with contextlib.suppress(OSError):
                self.server.shutdown(socket.SHUT_RDWR)
        # endregion


class Window:
    """What the user sees. All its methods run in the main thread."""

    def __init__(self, root: tk.Tk, host: str, port: int, name: str) -> None:
        self.root = root
        self.name = name
        self.name_sent = False
        self.reason = ""  # why the server did not like the last name
        self.connected = False
        self.chat = Chat(root)
        self.people = People(root)
        self.unread = Unread(root)
        self.box = ttk.Entry(root)
        self.button = ttk.Button(root, text="Send", command=self.send, state="disabled")
        self.status = ttk.Label(root, text="Connecting …")
        self.again = ttk.Button(root, text="Try again", command=self.try_again)
        self.lay_out()
        # region TODO 2: give the window its title, its keys, and its way to close
        # The title holds the name. Enter sends. Closing the window calls close().
        # Nobody can type into a Text whose state is "disabled"; the program cannot either.
        root.title(f"{name} - chat")
        root.protocol("WM_DELETE_WINDOW", self.close)
        self.box.bind("<Return>", self.send)
        self.chat["state"] = "disabled"
        self.box.focus()
        # endregion
        self.connection = Connection(host, port)
        root.after(PAUSE, self.look)

    def lay_out(self) -> None:
        """Put everything in its place. Row 1 and column 0 grow with the window."""
        ttk.Label(self.root, text="Chat:").grid(row=0, column=0, sticky="w", padx="8p", pady="4p")
        ttk.Label(self.root, text="Came after you:").grid(row=0, column=2, sticky="w", padx="8p")
        self.chat.grid(row=1, column=0, sticky="nsew", padx=("8p", 0))
        self.chat.bar.grid(row=1, column=1, sticky="ns")
        self.people.grid(row=1, column=2, sticky="nsew", padx="8p")
        ttk.Label(self.root, text="Message").grid(row=2, column=0, sticky="w", padx="8p", pady="4p")
        self.status.grid(row=4, column=0, sticky="w", padx="8p", pady="6p")
        self.root.rowconfigure(1, weight=1)
        self.root.columnconfigure(0, weight=1)
        # region TODO 1: put the box and the button into row 3, and let the box grow with its column
        # Column 0 is under the chat, column 1 under its scrollbar, column 2 under the names.
        self.box.grid(row=3, column=0, columnspan=2, sticky="ew", padx=("8p", 0))
        self.button.grid(row=3, column=2, sticky="ew", padx="8p")
        # endregion

    def report(self, text: str, connected: bool) -> None:
        """Say in the status line how things stand. One can send only while connected."""
        self.connected = connected
        # region TODO 3: write the text into the status line, and switch the button on or off
        # A widget is like a dictionary of its options. A button is "normal" or "disabled".
        self.status["text"] = text
        self.button["state"] = "normal" if connected else "disabled"
        # endregion

    def look(self) -> None:
        """Take what has come from the network side, and come back soon."""
        # region TODO 5: empty the inbox without waiting, then let Tk call this method again
        # Take no more than BATCH at once: while this method runs, the window does nothing else.
        with contextlib.suppress(queue.Empty):
            for _ in range(BATCH):
                self.take(*self.connection.inbox.get_nowait())
        self.root.after(PAUSE, self.look)
        # endregion

    def take(self, what: str, text: str) -> None:
        """Deal with one thing from the inbox."""
        if what == "lost":
            self.report(text, connected=False)
            self.again.grid(row=4, column=2, sticky="ew", padx="8p", pady="6p")
            self.show(text, "notice")
        elif not self.connected:
            self.introduce(text)
        elif ": " in text:
            self.show(text, "line")
            self.unread.add(1)
        else:
            self.show(text, "notice")
            self.people.hear(text)

    def try_again(self) -> None:
        """The user wants to connect once more."""
        self.again.grid_remove()
        self.report("Connecting …", connected=False)
        self.people.delete(0, "end")
        self.name_sent = False
        self.connection.hang_up()
        self.connection.outbox.put(b"")  # its sending thread wakes up and finds the end
        self.connection = Connection(self.connection.host, self.connection.port)

    def introduce(self, text: str) -> None:
        """Deal with a line that the server sends before we are connected."""
        # region TODO 7: look for Connected, answer the first NICK, and keep any other line
        # A second NICK refuses the name. Then a dialog must ask again, but not inside this method:
        # root.after_idle() has it called when the window has nothing else to do.
        if text == "Connected to the server":
            self.report(text, connected=True)
            self.show(text, "notice")
        elif text != "NICK":
            self.reason = text
        elif self.name_sent:
            self.root.after_idle(self.ask_again)
        else:
            self.name_sent = True
            self.connection.outbox.put(self.name.encode(errors="replace"))
        # endregion

    def ask_again(self) -> None:
        """The server refused the name: ask for another one. Cancel ends the program."""
        problem = self.reason or "The server refused this name."
        dialog = NameDialog(self.root, self.name, problem)
        self.reason = ""
        if dialog.name is None:
            self.close()
            return
        self.name = dialog.name
        self.root.title(f"{self.name} - chat")
        self.connection.outbox.put(self.name.encode(errors="replace"))
        self.box.focus()

    def show(self, text: str, look: str) -> None:
        """Add a line to the chat, with the time; `look` is the tag that says how it looks."""
        # region TODO 8: add the line at the end, drop the oldest above KEPT lines, scroll down
        # A disabled Text takes no text, from nobody. Switch it on for a moment.
        self.chat["state"] = "normal"
        self.chat.insert("end", text, look, time.strftime("  %H:%M\n"), ("time", look))
        self.chat.delete("1.0", f"end - {KEPT + 1} lines")  # nothing, while there are fewer
        self.chat["state"] = "disabled"
        self.chat.follow()
        # endregion

    def send(self, event: object = None) -> None:
        """Send what is in the box, show it, and clear the box."""
        # region TODO 9: put the line into the outbox, show it as one's own, and clear the box
        # Blank text is not sent, and nothing is sent before we are connected.
        text = self.box.get().replace("\n", " ").strip()
        if text and self.connected:
            self.box.delete(0, "end")
            self.connection.outbox.put(text.encode(errors="replace"))
            self.show(f"{self.name}: {text}", "own")
        # endregion

    def close(self) -> None:
        """End the connection and the window. Then mainloop() returns, and the program ends."""
        # region TODO 10: hang up, and destroy the window
        self.connection.hang_up()
        with contextlib.suppress(tk.TclError):  # the window may be gone already
            self.root.destroy()
        # endregion


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
