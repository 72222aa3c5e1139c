"""Ctrl-C and SIGTERM, in processes that start others and have to end them again."""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator

from chatkit.system.windows import WINDOWS

# What ends a command. Windows has no SIGHUP, and holds none of them.
HELD: tuple[signal.Signals, ...] = ()
if sys.platform != "win32":
    HELD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# The same by their names here: what ends a command on any system.
ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
# On Windows Ctrl-C does not wake a thread that waits: it has to look up now and then.
LOOK_UP = 0.5 if WINDOWS else None  # seconds
STOP_SECONDS = 10.0  # that a worker has to end its programs when it is stopped


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait while a process is started.

    An exception that a handler raises in the middle of a fork is lost: Python reports it as
    ignored (see `os.register_at_fork`), and the bench would go on as if nobody had pressed Ctrl-C.
    """
    if WINDOWS:
        yield
        return
    held = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def stop_once() -> Callable[..., None]:
    """A signal handler: end what is being done. Told again, it does not disturb that."""
    told: list[int] = []

    def stop(number: int, _: object) -> None:
        told.append(number)
        if len(told) == 1:
            raise KeyboardInterrupt

    return stop
