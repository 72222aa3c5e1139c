"""A raw client: typed lines go out as bytes, and what each recv returns is told.

A selector takes sockets only (on Windows it does not take the keyboard), so a thread reads what is
typed and passes it on through a socket pair.
"""

import contextlib
import re
import selectors
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Literal

from chatkit.system.signals import LOOK_UP

CHUNK = 1024  # bytes asked for with each recv, as in the lessons
LONGEST = 1 << 16  # bytes without a line end that are kept; then they go out as they are

ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.|$)", re.DOTALL)
MEANS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}


class EscapeError(ValueError):
    """A typed line holds an escape that there is not; the message says which there are."""


def unescaped(line: bytes, end: bytes) -> bytes:
    """The bytes that a line with escapes means, with `end` behind them unless it ends with \\c.

    Raises EscapeError.
    """
    if re.search(rb"(?<!\\)(\\\\)*\\c$", line):
        line, end = line[:-2], b""

    def meant(found: re.Match[bytes]) -> bytes:
        name = found[1]
        if len(name) == 3:
            return bytes([int(name[1:], 16)])
        if name not in MEANS:
            told = f"\\{name.decode('ascii', 'replace')}"
            raise EscapeError(rf"{told} means nothing: use \n \r \t \0 \\ \xc3, and \c at the end")
        return MEANS[name]

    return ESCAPE.sub(meant, line) + end


def typed(
    end: bytes, escapes: bool = False, complain: Callable[[str], None] = print
) -> Iterator[bytes]:
    """The bytes that each typed line stands for, until the end of input.

    `end` ends each line; a last line that has no line end gets none. `complain` hears why a line
    with a wrong escape is left out.
    """
    for line, whole in typed_lines():
        try:
            ending = end if whole else b""
            yield unescaped(line, ending) if escapes else line + ending
        except EscapeError as error:
            complain(f"{error}. Nothing was sent.")


def typed_lines() -> Iterator[tuple[bytes, bool]]:
    """Each typed line without its end, and whether it had one."""
    if sys.stdin is None:
        return
    inbox = b""
    # Without a buffer: a thread that waits in sys.stdin holds the lock of its buffer, and Python
    # wants that lock when the program ends.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as keyboard:
        while data := keyboard.read(CHUNK):
            inbox += data
            while b"\n" in inbox or len(inbox) > LONGEST:
                line, found, inbox = inbox.partition(b"\n")
                yield line.removesuffix(b"\r"), bool(found)
    if inbox:
        yield inbox, False


def read_keyboard(said: Iterator[bytes], outlet: socket.socket) -> None:
    """The keyboard thread: put what is said into the socket pair, and close it at the end."""
    with outlet, contextlib.suppress(OSError):
        for data in said:
            outlet.sendall(data)


def talk(
    server: socket.socket, said: Iterator[bytes], hear: Callable[[bytes], None]
) -> Literal["end", "reset"]:
    """Send what is `said`, give `hear` what each recv returns, and tell how the connection ended.

    At the end of `said` it half-closes, and goes on until the server has ended its direction.
    """
    keyboard, outlet = socket.socketpair()
    # A daemon does not keep the program alive: it may wait for the keyboard for ever.
    threading.Thread(target=read_keyboard, args=(said, outlet), daemon=True).start()
    server.setblocking(False)
    outbox = bytearray()
    broken = False
    with keyboard, selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        selector.register(keyboard, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj: events for key, events in selector.select(LOOK_UP)}
            if ready.get(server, 0) & selectors.EVENT_READ:
                try:
                    data = server.recv(CHUNK)
                except OSError:
                    return "reset"
                if not data:
                    return "reset" if broken else "end"
                hear(data)
            try:
                if keyboard in ready:
                    outbox += keyboard.recv(CHUNK)
                    selector.unregister(keyboard)  # until all of this has gone
                    if not outbox:
                        server.shutdown(socket.SHUT_WR)  # "I am done, but I am still listening."
                if outbox:
                    del outbox[: server.send(outbox)]
                    if not outbox:
                        selector.register(keyboard, selectors.EVENT_READ)
            except BlockingIOError:
                pass
            except OSError:
                broken = True  # reading tells what the server had said before that
                outbox.clear()
            write = selectors.EVENT_WRITE if outbox else 0
            selector.modify(server, selectors.EVENT_READ | write)
