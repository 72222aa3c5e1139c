"""asyncio owns the program. A little task calls root.update() fifty times a second."""

import argparse
import asyncio
import contextlib
import tkinter
from tkinter import simpledialog, ttk


class Chat:
    def __init__(self, root, name):
        self.root = root
        self.name = name
        self.writer = None
        self.inside = False
        self.named = False
        self.closed = asyncio.Event()
        root.title(f"Chat ({name})")
        root.protocol("WM_DELETE_WINDOW", self.closed.set)
        self.build()

    def build(self):
        frame = ttk.Frame(self.root, padding=8)
        frame.pack(fill="both", expand=True)
        ttk.Label(frame, text="Chat:").pack(anchor="w")
        self.log = tkinter.Text(frame, width=56, height=15, state="disabled")
        self.log.pack(fill="both", expand=True)
        ttk.Label(frame, text="Message").pack(anchor="w")
        self.entry = ttk.Entry(frame)
        self.entry.pack(fill="x")
        self.entry.bind("<Return>", self.submit)
        self.entry.focus()
        ttk.Button(frame, text="Send", command=self.submit).pack(anchor="e")
        self.status = ttk.Label(frame, text="connecting ...")
        self.status.pack(anchor="w")

    def append(self, text):
        self.log["state"] = "normal"
        self.log.insert("end", text + "\n")
        self.log["state"] = "disabled"
        self.log.see("end")

    def submit(self, _event=None):
        text = self.entry.get()
        if self.inside and text.strip():
            self.entry.delete(0, "end")
            self.tell_server(text)
            self.append(f"{self.name}: {text}")

    def tell_server(self, text):
        self.writer.write(text.encode(errors="replace") + b"\n")

    def on_line(self, line):
        if self.inside:
            self.append(line)
        elif line == "NICK" and self.named:
            self.status["text"] = f"The server does not accept the name {self.name}. Start again!"
        elif line == "NICK":
            self.named = True
            self.tell_server(self.name)
        else:
            self.append(line)
            if line == "Connected to the server":
                self.inside = True
                self.status["text"] = "connected"

    async def talk(self, host, port):
        try:
            async with asyncio.timeout(5):
                reader, self.writer = await asyncio.open_connection(host, port)
        except OSError as error:
            self.status["text"] = f"no server at {host}:{port}"
            self.append(f"There is no server at {host}:{port}. {error}")
            return
        rest = b""
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self.on_line(line.removesuffix(b"\r").decode(errors="replace"))
                    await asyncio.sleep(0)
        self.inside = False
        self.status["text"] = "not connected"
        self.append("The server is not there any more.")

    async def draw(self):
        while True:
            self.root.update()
            await asyncio.sleep(0.02)


async def main(root, name, host, port):
    chat = Chat(root, name)
    tasks = [asyncio.create_task(chat.talk(host, port)), asyncio.create_task(chat.draw())]
    await chat.closed.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    root.destroy()
    if chat.writer:
        chat.writer.close()
        with contextlib.suppress(OSError):
            async with asyncio.timeout(0.5):
                await chat.writer.wait_closed()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default=5501, type=int)
    parser.add_argument("--name", default=None)
    args = parser.parse_args()
    window = tkinter.Tk()
    nickname = args.name
    if nickname is None:
        window.withdraw()
        nickname = simpledialog.askstring("Chat", "Who are you?", parent=window)
        window.deiconify()
    if nickname:
        asyncio.run(main(window, nickname, args.host, args.port))
