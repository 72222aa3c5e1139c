"""Locks between processes, on a file or a folder. See flock(2).

The system takes a lock from a process that has died, however it died.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def lock_now(file: int) -> bool:
    """Lock an open file; False when somebody else has locked it. Without locks always True."""
    if sys.platform == "win32":
        return True
    import fcntl  # not on Windows

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep everybody else who comes this way waiting, where the system can lock a folder."""
    handle = None
    if sys.platform != "win32":
        import fcntl

        with suppress(OSError):  # some network folders know no locks
            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)
