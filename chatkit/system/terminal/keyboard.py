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
# A terminal that knows it puts these around a paste: bracketed paste, xterm's ctlseqs.
BRACKETS, NO_BRACKETS = b"\x1b[?2004h", b"\x1b[?2004l"
PASTE, PASTE_END = "\x1b[200~", "\x1b[201~"
MOST = 1 << 20  # bytes that are taken at once
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
        self.pasting = False
        self.is_open = True  # from here on there is something to give back
        self.take()
        self.thread.start()

    def take(self) -> None:
        """Set the terminal to single keys; a shell that has stopped us has set it back."""
        if sys.platform != "win32":
            import termios
            import tty

            tty.setcbreak(sys.stdin, termios.TCSANOW)
            self._say(BRACKETS)

    def in_foreground(self) -> bool:
        """Whether the terminal is ours now, and not the shell's that has sent us to the back."""
        if sys.platform == "win32":
            return True
        try:
            return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
        except OSError as error:
            # ENOTTY: it does not control us, so no shell takes turns with us there. Anything else,
            # EIO most of all: it has hung up.
            return error.errno == errno.ENOTTY

    def close(self) -> None:
        """Give the terminal back as it was. Does nothing when it is not open."""
        if not self.is_open:
            return
        self.is_open = False
        if sys.platform != "win32":
            import termios

            with contextlib.suppress(OSError, termios.error):  # the terminal has hung up
                if self.in_foreground():
                    self._say(NO_BRACKETS)
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
            data = b""
            try:
                while not data or select.select([sys.stdin], [], [], 0)[0]:
                    part = os.read(sys.stdin.fileno(), 1024)
                    data += part
                    if not part or len(data) > MOST:
                        break
            except OSError:  # the terminal has hung up
                part = b""
            if data:  # all that is there at once: the rest of a large paste belongs to it
                self._tell(data.decode("utf-8", "replace"))
            if not part:
                self.put("gone")
                return

    def _say(self, words: bytes) -> None:
        """Tell the terminal, if the output goes to one."""
        if sys.stdout and sys.stdout.isatty():
            with contextlib.suppress(OSError):
                os.write(sys.stdout.fileno(), words)

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
        typed = ""
        while text:  # what is between the brackets of a paste is left out
            before, mark, text = text.partition(PASTE_END if self.pasting else PASTE)
            typed += "" if self.pasting else before
            self.pasting ^= bool(mark)
        text = SEQUENCE.sub("", typed)
        if len(text) > PASTED:
            return
        for character in text:
            self.put(NAMES.get(character, character.lower()))
