"""What a program prints, as far as it is kept."""

import contextlib
import os
import socket
import threading
from typing import IO

from chatkit.system.windows import WINDOWS

KEEP = 1 << 16  # bytes of output kept from the start, and again from the end
MOST_AT_ONCE = 1 << 20  # bytes of output that are taken before others get their turn


class Output:
    """Everything a program has printed on one stream, bounded."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.stream = relayed(pipe) if WINDOWS else pipe
        self.first = bytearray()
        self.last = bytearray()
        self.dropped = 0  # bytes
        if not WINDOWS:  # before Python 3.12 it has no such call
            os.set_blocking(pipe.fileno(), False)

    def read(self) -> bool:
        """Take what the program has printed by now. False once the stream has ended."""
        taken = 0
        while taken < MOST_AT_ONCE:
            try:
                if isinstance(self.stream, socket.socket):
                    data = self.stream.recv(1 << 16)
                else:
                    data = os.read(self.stream.fileno(), 1 << 16)
            except BlockingIOError:
                return True
            except OSError:
                data = b""
            if not data:
                return False
            taken += len(data)
            room = KEEP - len(self.first)
            self.first += data[:room]
            self.last += data[room:]
            if len(self.last) > KEEP:
                self.dropped += len(self.last) - KEEP
                del self.last[:-KEEP]
        return True

    @property
    def text(self) -> str:
        """What was printed, decoded; bytes that are not UTF-8 are replaced."""
        gap = f"\n[… {self.dropped:,} bytes left out …]\n".encode() if self.dropped else b""
        return bytes(self.first + gap + self.last).decode("utf-8", "replace")

    @property
    def lines(self) -> list[str]:
        """The complete lines, without their ends."""
        return [line.rstrip("\r") for line in self.text.split("\n")[:-1]]


def relayed(pipe: IO[bytes]) -> socket.socket:
    """A socket from which comes what is written into `pipe`: Windows can wait for sockets only."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    def relay() -> None:
        with contextlib.suppress(OSError, ValueError), pipe, theirs:
            while data := os.read(pipe.fileno(), 1 << 16):
                theirs.sendall(data)

    threading.Thread(target=relay, daemon=True).start()
    return ours
