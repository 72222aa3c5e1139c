"""What a terminal and its shell tell a program: a new size, Ctrl-Z, fg, and who hears Ctrl-C.

Windows has none of these signals: there nothing is ever told. Sources: signal(7), credentials(7),
and tcgetpgrp(3).
"""

import os
import signal
import sys
from collections.abc import Callable


def hear(
    *,
    resumed: Callable[[], None],
    resized: Callable[[], None] | None = None,
    stopped: Callable[[], None] | None = None,
) -> None:
    """Let these be called, in the main thread, from now on.

    `resumed`: after Ctrl-Z and fg; the shell has set the terminal back meanwhile. `resized`: the
    window has another size. `stopped`: Ctrl-Z was pressed, and does nothing else any more.
    """
    if sys.platform != "win32":
        signal.signal(signal.SIGCONT, lambda *_: resumed())
        if resized:
            signal.signal(signal.SIGWINCH, lambda *_: resized())
        if stopped:
            signal.signal(signal.SIGTSTP, lambda *_: stopped())


def hear_nothing() -> None:
    """Undo `hear`: Ctrl-Z stops this program again."""
    if sys.platform != "win32":
        for one in (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT):
            signal.signal(one, signal.SIG_DFL)


CAN_STOP = sys.platform != "win32"  # whether there is a shell that comes back to it with fg


def stop() -> None:
    """Stop this program as Ctrl-Z does; it goes on here after fg. Does nothing on Windows."""
    if sys.platform != "win32":
        signal.raise_signal(signal.SIGTSTP)


def all_hear_ctrl_c() -> bool:
    """Whether a Ctrl-C at the terminal has reached the programs that we have started as well.

    The terminal sends it to everybody in the foreground. To send it once more could hit the
    program while it tidies up after the first. Windows sends it to all in the console, always.
    """
    if sys.platform == "win32":
        return True
    try:
        terminal = os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY)
    except OSError:  # there is none: somebody sent the signal to us alone
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
