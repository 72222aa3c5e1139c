"""Single keys from the terminal, without Enter, while a program runs.

Only a program that the terminal belongs to gets keys: one in a pipe, or in the background of a
shell, has none and goes on without. What is typed is read here and nowhere else meanwhile.
"""

import os
import select
import sys
from typing import Any, Self

if os.name == "posix":
    import termios
    import tty


class Keyboard:
    """The keys of a terminal. Use it with `with`: afterwards the terminal is as it was before."""

    def __init__(self) -> None:
        self.before: list[Any] | None = None  # how the terminal was set

    @property
    def there(self) -> bool:
        """Whether keys can come."""
        if sys.stdin is None or not sys.stdin.isatty():
            return False
        # In the background both setting and reading a terminal would stop us: see termios(3).
        return os.name != "posix" or os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()

    def __enter__(self) -> Self:
        if os.name == "posix" and self.there:
            self.before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin, termios.TCSADRAIN)  # Ctrl-C goes on to end the program
        return self

    def __exit__(self, *_: object) -> None:
        if self.before is not None and self.there:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self.before)

    def pressed(self) -> str:
        """The keys that were pressed since the last call, in order. Never waits."""
        if not self.there:
            return ""
        if sys.platform == "win32":
            import msvcrt

            keys = ""
            while msvcrt.kbhit():
                keys += msvcrt.getwch()
            return keys
        if self.before is None or not select.select([sys.stdin], [], [], 0)[0]:
            return ""
        return os.read(sys.stdin.fileno(), 64).decode("ascii", "ignore")
