"""How the bench starts a process: one that Ctrl-C does not lose, and that ends with the bench."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from chatkit.system import linux
from chatkit.system.sandbox import namespaces
from chatkit.system.sandbox.bounds import Who, limits
from chatkit.system.signals import HELD, signals_held
from chatkit.system.windows import OWN_CONSOLE, WINDOWS


def spawn(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    begin: Callable[[], None] | None = None,
    fds: Sequence[int] = (),
    who: Who | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in `folder` and in its own process group, with three pipes to it.

    `begin` is called in the child first. Without it there is no fork in which an exception could
    be lost: see vfork(2). `fds` are open there as well. Raises OSError.
    """
    # After an exception in the middle there is a process that nobody knows: `end_orphans` ends it.
    held = signals_held() if begin else contextlib.nullcontext()
    with _interruptible(), held:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            preexec_fn=begin,
            pass_fds=fds,
            creationflags=OWN_CONSOLE,
            **(who or {}),
        )


def plain_environment() -> dict[str, str]:
    """The bench's own environment, without what would change how Python runs, or name the check."""
    ours = ("PYTHON", "PYTEST")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def begin_as_a_child(bounded: bool, die_by: int = linux.KILL, alone: bool = False) -> None:
    """Called in a child before it becomes a program: undo `signals_held`, die with the bench.

    `alone`: in a network of its own, if the system lets it have one.
    """
    if WINDOWS:
        return  # it has no fork, so nobody calls this
    if bounded:
        limits()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
    if linux.LINUX:
        if alone:
            namespaces.deserted_network()
        linux.die_with_parent(die_by)


# For `subprocess.Popen(preexec_fn=...)` in `signals_held`: such a child ends with the kit.
AS_A_CHILD = None if WINDOWS else partial(begin_as_a_child, False)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """While a child starts, do not ignore SIGINT.

    A shell starts background jobs with SIGINT ignored, and children inherit that (signal(7)): their
    Ctrl-C would do nothing. A handled signal goes back to its default in the child.
    """
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    else:
        yield
