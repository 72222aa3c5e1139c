"""The keyboard of a terminal, key by key, and the terminal given back as it was.

See termios(3) and https://docs.python.org/3/library/msvcrt.html for Windows.
"""

import contextlib
import os
import select
import socket
import sys
import threading
from collections.abc import Callable

ENTER = "\r\n"
PASTED = 8  # characters at once that nobody types: a paste is not meant for us
GLANCE = 0.05  # seconds between two looks at the keyboard, on Windows


class Keyboard:
    """Hears keys in a thread of its own while it is open. It can be opened again."""

    def __init__(self, put: Callable[[str], None]) -> None:
        """`put` is called in that thread with each character, "enter", or "gone" at the end."""
        self.put = put
        self.thread: threading.Thread | None = None

    def open(self) -> None:
        """Take the terminal: keys come at once, and are not shown."""
        self.stop = threading.Event()
        if sys.platform == "win32":
            hear = self._hear_on_windows
        else:
            import termios

            self.ours, self.theirs = socket.socketpair()
            self.before = termios.tcgetattr(sys.stdin)
            self.take()
            hear = self._hear
        self.thread = threading.Thread(target=hear, name="keyboard", daemon=True)
        self.thread.start()

    def take(self) -> None:
        """Set the terminal to single keys; a shell that has stopped us has set it back."""
        if sys.platform != "win32":
            import termios
            import tty

            tty.setcbreak(sys.stdin, termios.TCSANOW)

    def in_foreground(self) -> bool:
        """Whether the terminal is ours now, and not the shell's that has sent us to the back."""
        return sys.platform == "win32" or os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()

    def close(self) -> None:
        """Give the terminal back as it was. Does nothing when it is not open."""
        if not self.thread:
            return
        try:
            self.stop.set()
            if sys.platform != "win32":
                self.theirs.close()  # wakes the thread
            self.thread.join()
            self.thread = None
        finally:
            if sys.platform != "win32":
                import termios

                self.ours.close()
                with contextlib.suppress(OSError, termios.error):  # the terminal has hung up
                    if self.in_foreground():
                        termios.tcsetattr(sys.stdin, termios.TCSANOW, self.before)

    def _hear(self) -> None:
        while True:
            ready, _, _ = select.select([sys.stdin, self.ours], [], [])
            if self.ours in ready:
                return
            try:
                data = os.read(sys.stdin.fileno(), 1024)
            except OSError:  # the terminal has hung up
                data = b""
            if not data:
                self.put("gone")
                return
            self._tell(data.decode("utf-8", "replace"))

    def _hear_on_windows(self) -> None:
        if sys.platform == "win32":
            import msvcrt

            while not self.stop.wait(GLANCE):
                while msvcrt.kbhit():
                    key = msvcrt.getwch()
                    if key in "\0\xe0":  # an arrow or a function key: its second half follows
                        msvcrt.getwch()
                    else:
                        self._tell(key)

    def _tell(self, text: str) -> None:
        if text.startswith("\x1b") or len(text) > PASTED:
            return  # an arrow or a function key, or a paste
        for character in text:
            self.put("enter" if character in ENTER else character.lower())
