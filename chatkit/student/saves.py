"""Saves: noticed wherever the lessons lie, and what they left in a lesson's folder.

Events of the file system tell at once. They do not come everywhere: not from a network drive, and
not from the Windows half of WSL. So once a second somebody looks as well. When that finds what no
event has told, the kit goes over to polling.

See https://watchfiles.helpmanual.io/api/watch/; watchfiles polls under WSL by itself.
"""

import ast
import contextlib
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import watchfiles

TOGETHER = 50  # milliseconds of quiet that end a save; several files at once are one save
AT_MOST = 400  # milliseconds that a save can be held up by others that follow
LOOK_EVERY = 1.0  # seconds between two looks

Stamps = dict[Path, tuple[int, int, int]]


@dataclass(frozen=True)
class Saved:
    """Something was saved, in any of the lessons."""


@dataclass(frozen=True)
class File:
    """What one file holds. Equal files may have been saved at different times."""

    content: bytes  # empty for an empty file, and for one that cannot be read
    time: int  # of the last save, nanoseconds


def files_in(folder: Path) -> dict[str, File]:
    """The Python files in a lesson's folder by name; none where there is no folder."""
    found = {}
    for path in folder.glob("*.py"):
        with contextlib.suppress(OSError):
            time = path.stat().st_mtime_ns
            found[path.name] = File(b"", time)
            data = path.read_bytes()
            found[path.name] = File(data, time)
    return found


def content(files: Mapping[str, File], name: str) -> bytes:
    """What a file holds; empty when it is empty or not there."""
    return files[name].content if name in files else b""


def may_be_whole(now: bytes, before: bytes) -> bool:
    """Whether an editor may be done with a file that held `before`.

    Many empty a file before they fill it, or take it away before they put the new one in its place.
    A slow drive shows a save in parts. Then what is there is only the first part of what was, or
    its last line has no end any more, or Python cannot read it.
    """
    if now != before and before.startswith(now):
        return False
    if before.endswith(b"\n") and not now.endswith(b"\n"):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a student's file, in the middle of our screen
        try:
            ast.parse(now)
        except (SyntaxError, ValueError):
            return False
        except (RecursionError, MemoryError):  # it is there, whatever it is
            return True
    return True


def differing(before: Mapping[str, File], now: Mapping[str, File]) -> set[str]:
    """The names of the files that have come, gone, or been saved."""
    return {name for name in {*before, *now} if before.get(name) != now.get(name)}


class Saves:
    """Watches a folder of lessons in a thread of its own. Use it with `with`."""

    def __init__(self, folder: Path, put: Callable[[Saved], None], *, poll: bool = False) -> None:
        """`put` is called in that thread, after each save. `poll` asks for polling at once."""
        self.folder = folder
        self.put = put
        self.poll = poll
        self.stop = threading.Event()
        self.seen = self.look()
        self.thread = threading.Thread(target=self._watch, name="saves", daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()

    def look(self) -> Stamps:
        """When and how the Python files of all lessons were saved last."""
        stamps: Stamps = {}
        for path in self.folder.glob("*/*.py"):
            with contextlib.suppress(OSError):
                now = path.stat()
                stamps[path] = (now.st_mtime_ns, now.st_size, now.st_ino)
        return stamps

    def _tell(self) -> bool:
        """Tell if something was saved since the last call; whether it was."""
        now = self.look()
        if now == self.seen:
            return False
        self.seen = now
        self.put(Saved())
        return True

    def _watch(self) -> None:
        while not self.stop.is_set():
            try:
                self._until_deaf()
            except (OSError, RuntimeError):  # no such folder now, or no more events to be had
                self.poll = self.poll or self.folder.is_dir()
                self._tell()
                self.stop.wait(LOOK_EVERY)

    def _until_deaf(self) -> None:
        """Tell of saves until it is stopped, or until one came without an event."""
        untold = False  # a look has found a save whose event may still come
        for changes in watchfiles.watch(
            self.folder,
            watch_filter=None,
            debounce=AT_MOST,
            step=TOGETHER,
            rust_timeout=int(LOOK_EVERY * 1000),
            yield_on_timeout=True,
            stop_event=self.stop,
            raise_interrupt=False,
            force_polling=self.poll or None,
            ignore_permission_denied=True,
        ):
            if changes:
                untold = False
                self._tell()
            elif untold:
                self.poll = True
                return
            else:
                untold = self._tell()
