"""The SQLite file under a gradebook.

One process at a time has it open, and holds SQLite's exclusive lock until it closes the file or
dies; the system takes the lock from the dead. So two runs never mix, and no lock file stays behind.

The journal is SQLite's rollback journal, not WAL. WAL lets others read while one writes, which the
exclusive lock forbids anyway. It keeps new verdicts in a second file, so a copy of the gradebook
alone would lack them, and it needs shared memory, which network folders do not have. With
`synchronous = FULL` a commit that has returned survives a power cut. The journal is emptied after
each commit and deleted only by us at the end: in SQLite's usual mode, a forked child that ends
would delete it under the parent, whose next commit could then be torn by a kill.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from chatkit._errors import UserError
from chatkit.classroom.tables import VERSION, make_tables, upgrade

APPLICATION = 0x63686174  # "chat": tells our files from other people's SQLite files
PATIENCE = 1.0  # seconds to wait for somebody who only looks something up


class GradebookError(UserError):
    """The gradebook cannot be used so; the message is one line and says what to do."""


class Database:
    """One open file. Threads may share it, processes may not."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.RLock()
        self._owner = os.getpid()
        try:
            self._db = sqlite3.connect(
                file, timeout=PATIENCE, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise _told(error, file) from None
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise _told(error, file) from None
        except GradebookError:
            self._db.close()
            raise

    def _prepare(self) -> None:
        """Take the lock, and make sure that the file is ours and can be written."""
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        with self._transaction("EXCLUSIVE"):
            (application,) = self._db.execute("PRAGMA application_id").fetchone()
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if application != APPLICATION and (tables or application or version):
                raise GradebookError(
                    f"{self.file} is a database of another program: choose another folder"
                )
            if tables and version in (2, 3):
                upgrade(self._db, version)
            elif tables and version != VERSION:
                raise GradebookError(
                    f"{self.file} was made by another version of chatkit (it has format {version}, "
                    f"this one needs {VERSION}): use that version, or choose another folder"
                )
            if not tables:
                make_tables(self._db)
            # Writes the same numbers again where they stand: a folder that cannot be written shows
            # itself now, and not after the first lesson.
            self._db.execute(f"PRAGMA application_id = {APPLICATION}")
            self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("PRAGMA journal_mode = TRUNCATE")  # not before we know that it is ours

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. Closing twice does no harm."""
        with self._lock:
            if os.getpid() == self._owner:
                with suppress(sqlite3.Error):  # closed before, or the disk is gone
                    self._db.execute("PRAGMA journal_mode = DELETE")
                self._db.close()

    def _rows(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        with self._lock:
            try:
                return self._db.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise _told(error, self.file) from None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            try:
                with self._transaction("IMMEDIATE"):
                    yield
            except sqlite3.Error as error:
                raise _told(error, self.file) from None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit all that is written inside at its end, or nothing: the disk is waited for once."""
        with self._writing():
            yield

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[None]:
        """All or nothing, also on Ctrl-C: what fails half-way leaves no trace."""
        if self._db.in_transaction:  # one of several that count together
            yield
            return
        try:
            self._db.execute(f"BEGIN {kind}")
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


TROUBLE = {
    sqlite3.SQLITE_BUSY: "another run uses {file}: wait until it has ended",
    sqlite3.SQLITE_LOCKED: "another run uses {file}: wait until it has ended",
    sqlite3.SQLITE_NOTADB: "{file} is not a gradebook: move it away, or choose another folder",
    sqlite3.SQLITE_CORRUPT: "{file} is damaged: bring back a copy, or move it away and grade again",
    sqlite3.SQLITE_FULL: "the disk is full: make room for {file}, then run the same command again",
    sqlite3.SQLITE_READONLY: "{file} cannot be written: make it and its folder writable",
    sqlite3.SQLITE_PERM: "{file} cannot be written: make it and its folder writable",
    sqlite3.SQLITE_CANTOPEN: "{file} cannot be opened: is its folder there, and writable?",
}


def _told(error: sqlite3.Error, file: Path) -> GradebookError:
    """What SQLite says, in words for an instructor."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest only says it more exactly
    words = TROUBLE.get(code, "{file} cannot be used: {error}")
    return GradebookError(words.format(file=file, error=error))
