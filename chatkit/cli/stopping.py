"""The ways to stop a command: Ctrl-C, SIGTERM, and a terminal that is closed. They do the same."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TextIO, cast

import click

from chatkit.system.signals import ENDING

STOPPED = "stopped; every program that was started has been ended."


def end_on_signals() -> None:
    """Let SIGTERM and a hang-up raise KeyboardInterrupt in the main thread, as Ctrl-C does.

    Only the first one does: a shell that ends may send a second one while we tidy up. What was
    ignored from the start stays ignored, see nohup(1).
    """
    told: list[int] = []

    def stop(number: int) -> None:
        told.append(number)
        if len(told) == 1:
            raise KeyboardInterrupt

    call_on_signals(stop, [number for number in ENDING if number != signal.SIGINT])


def call_on_signals(act: Callable[[int], None], numbers: Sequence[signal.Signals] = ENDING) -> None:
    """Let each of these signals call `act` with its number, in the main thread, and do no more.

    What was ignored from the start stays ignored, see nohup(1).
    """
    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, _: act(number))


def stopped(words: str = STOPPED) -> None:
    """Say so, if there is still somebody to read it, and end with status 130."""
    with suppress(OSError):  # the terminal is gone
        click.echo(f"chatkit: {words}", err=True)
    sys.exit(130)


def outlive_the_reader() -> None:
    """Go on when whoever reads the output has gone, as in `| head -1`: what is to be done is done.

    What is printed after that is lost, and the exit status says how the work ended.
    """
    sys.stdout = cast(TextIO, _Outliving(sys.stdout))
    sys.stderr = cast(TextIO, _Outliving(sys.stderr))


class _Outliving:
    """A stream that says nothing when its reader has gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._surely(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        self._surely(self._stream.flush)

    def _surely(self, do: Callable[..., object], *arguments: object) -> None:
        try:
            do(*arguments)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
