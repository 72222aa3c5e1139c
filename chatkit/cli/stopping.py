"""The ways to stop a command: Ctrl-C, SIGTERM, and a terminal that is closed. They do the same."""

import signal
import sys
from contextlib import suppress
from types import FrameType

import click

from chatkit.system.signals import ENDING

STOPPED = "stopped; every program that was started has been ended."


def end_on_signals() -> None:
    """Let SIGTERM and a hang-up raise KeyboardInterrupt in the main thread, as Ctrl-C does.

    Only the first one does: a shell that ends may send a second one while we tidy up. What was
    ignored from the start stays ignored, see nohup(1).
    """
    told: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        told.append(number)
        if len(told) == 1:
            raise KeyboardInterrupt

    for number in ENDING:
        if number != signal.SIGINT and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)


def stopped(words: str = STOPPED) -> None:
    """Say so, if there is still somebody to read it, and end with status 130."""
    with suppress(OSError):  # the terminal is gone
        click.echo(f"chatkit: {words}", err=True)
    sys.exit(130)
