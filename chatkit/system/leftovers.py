"""Temporary folders that hold students' work, and what a killed grader leaves of them.

Each has a lock file that its maker holds locked. The system takes the lock from a process that has
died, however it died: so a folder whose lock is free belongs to nobody any more, and the next run
removes it. A number of a process in the folder's name would not do, for it is soon another one's.

Sources: flock(2), tempfile in Python's library reference.
"""

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import Self

from chatkit.system.locks import lock_now

PREFIX = "chatkit-"
LOCK = "chatkit.lock"
INSIDE = "work"  # the folder that its maker uses, beside the lock


class OwnFolder:
    """A new temporary folder, `path`, that goes with its maker. Use it with `with`, or close it."""

    def __init__(self, kind: str, *, passable: bool = False) -> None:
        """`kind` stands in its name, for people.

        Only its maker can look into it. If `passable`, other users can go on to a folder in it
        that lets them in. Raises OSError when it cannot be made.
        """
        sweep()
        self.room = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{kind}-"))
        self.path = self.room / INSIDE
        self.path.mkdir()
        for folder in (self.room, self.path):
            folder.chmod(0o711 if passable else 0o700)
        waiting = self.room / f"{LOCK}.new"
        self.lock = os.open(waiting, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        lock_now(self.lock)
        with contextlib.suppress(OSError):  # Windows renames no open file: nobody sweeps there
            waiting.rename(self.room / LOCK)  # from now on `sweep` looks at it

    def close(self) -> None:
        """Remove it with all that is in it. Closing twice does no harm."""
        if self.lock >= 0:
            if sys.platform == "win32":  # which removes no open file
                os.close(self.lock)
            _remove(self.room)
            if sys.platform != "win32":
                os.close(self.lock)
            self.lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sweep() -> list[Path]:
    """Remove the temporary folders of makers who have died; returns what was removed.

    Folders of other users, of makers who live, and without a lock file are left alone. Never
    raises OSError.
    """
    if sys.platform == "win32":
        return []
    gone = []
    with contextlib.suppress(OSError):
        for room in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):
                about = room.lstat()
                if stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid():
                    lock = os.open(room / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
                    try:
                        if lock_now(lock):
                            _remove(room)
                            gone.append(room)
                    finally:
                        os.close(lock)
    return gone


def _remove(room: Path) -> None:
    """Remove a folder; a program may have taken from us the right to look into some of it."""
    for here, folders, _ in os.walk(room):
        for name in folders:
            folder = Path(here, name)
            if not folder.is_symlink():
                with contextlib.suppress(OSError):
                    folder.chmod(0o700)
    shutil.rmtree(room, ignore_errors=True)
