"""The keyboard of a terminal, key by key, and the terminal given back as it was.

See termios(3) and https://docs.python.org/3/library/msvcrt.html for Windows.
"""

import contextlib
import errno
import os
import re
import select
import socket
import sys
import threading
from collections.abc import Callable

NAMES = {"\r": "enter", "\n": "enter", "\x1b": "esc"}
SEQUENCE = re.compile(r"\x1b(\[[0-9;?]*[@-~]|O.)")  # an arrow or a function key
PASTED = 8  # characters at once that nobody types: a paste is not meant for us
GLANCE = 0.05  # seconds between two looks at the keyboard, on Windows


class Keyboard:
    """Hears keys in a thread of its own while it is open. It can be opened again."""

    def __init__(self, put: Callable[[str], None]) -> None:
        """`put` is called in that thread with each character, "enter", "esc", or "gone"
        when nobody can press a key any more.
        """
        self.put = put
        self.is_open = False

    def open(self) -> None:
        """Take the terminal: keys come at once, and are not shown."""
        self.stop = threading.Event()
        self.ours, self.theirs = socket.socketpair()
        hear = self._hear_on_windows if sys.platform == "win32" else self._hear
        self.thread = threading.Thread(target=hear, name="keyboard", daemon=True)
        if sys.platform != "win32":
            import termios

            self.before = termios.tcgetattr(sys.stdin)
        self.is_open = True  # from here on there is something to give back
        self.take()
        self.thread.start()

    def take(self) -> None:
        """Set the terminal to single keys; a shell that has stopped us has set it back."""
        if sys.platform != "win32":
            import termios
            import tty

            tty.setcbreak(sys.stdin, termios.TCSANOW)

    def in_foreground(self) -> bool:
        """Whether the terminal is ours now, and not the shell's that has sent us to the back."""
        if sys.platform == "win32":
            return True
        try:
            return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
        except OSError as error:
            if error.errno != errno.ENOTTY:
                raise
            return True  # a terminal that does not control us: no shell takes turns with us there

    def close(self) -> None:
        """Give the terminal back as it was. Does nothing when it is not open."""
        if not self.is_open:
            return
        self.is_open = False
        if sys.platform != "win32":
            import termios

            with contextlib.suppress(OSError, termios.error):  # the terminal has hung up
                if self.in_foreground():
                    termios.tcsetattr(sys.stdin, termios.TCSANOW, self.before)
        self.stop.set()
        self.theirs.close()  # wakes the thread
        if self.thread.is_alive():
            self.thread.join()
        self.ours.close()

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
        text = SEQUENCE.sub("", text)
        if len(text) > PASTED:
            return
        for character in text:
            self.put(NAMES.get(character, character.lower()))
