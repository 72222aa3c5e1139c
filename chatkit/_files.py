"""Files of a report: whole or not there, with names that are safe on every system."""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from chatkit._errors import UserError

LONGEST = 40  # characters of a name that are kept


class ReportError(UserError):
    """A report cannot be written; the message is one line and says what to do."""


def write_whole(file: Path, content: str | bytes, *, lasting: bool = False) -> Path:
    """Write `content` beside `file` and rename it: nobody ever reads half of it.

    Text goes out as UTF-8 with plain line ends. `lasting` waits until the disk has it. Returns
    `file`. Raises ReportError.
    """
    data = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
    beside = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        if lasting:
            with beside.open("rb+") as written:
                os.fsync(written.fileno())
        beside.replace(file)
    except OSError as error:
        raise ReportError(f"{file} cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):  # after Ctrl-C as well
            beside.unlink()
    return file


def file_names(students: Iterable[tuple[str, str]], ending: str) -> dict[str, str]:
    """A file name for each student, by id. `students` are ids with names; `ending` is ".html".

    It holds small ASCII letters, digits and dashes. The digits at its end come from the id, so it
    is the same in every run, and differs for two students of one name.
    """
    names: dict[str, str] = {}
    for id, name in students:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST].strip("-") or "student"
        mark = hashlib.sha256(id.encode("utf-8", "backslashreplace")).hexdigest()[:12]
        names[id] = f"{slug}-{mark}{ending}"
    return names
