"""Files that are whole or not there, zip files that are always the same, names that are safe."""

import filecmp
import hashlib
import io
import os
import re
import shutil
import unicodedata
import zipfile
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from chatkit._errors import UserError

LONGEST = 40  # characters of a name that are kept


class WriteError(UserError):
    """A file cannot be written; the message is one line and says what to do."""


def write_whole(
    file: Path,
    content: str | bytes | Iterable[str],
    *,
    lasting: bool = False,
    changed: bool = False,
) -> Path:
    """Write `content` beside `file` and rename it: nobody ever reads half of it.

    Text goes out as UTF-8 with plain line ends. A file that was there keeps its mode. `lasting`
    waits until the disk has it; `changed` leaves a file alone that holds just this. What comes in
    pieces is never in memory as a whole. Returns `file`. Raises WriteError.
    """
    beside = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str | bytes):
            beside.write_bytes(_encoded(content))
        else:
            with beside.open("wb") as writing:
                writing.writelines(map(_encoded, content))
        if lasting:
            with beside.open("rb+") as written:
                os.fsync(written.fileno())
        if changed and file.is_file() and filecmp.cmp(file, beside, shallow=False):
            return file
        if file.exists():
            shutil.copymode(file, beside)
        beside.replace(file)
    except OSError as error:
        raise WriteError(f"{file} cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):  # after Ctrl-C as well
            beside.unlink()
    return file


def _encoded(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")


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


def zip_of(entries: Mapping[str, bytes], executable: Collection[str] = ()) -> bytes:
    """The bytes of a zip file with these entries, by name. `executable` may be run when unpacked.

    The same entries give the same bytes, whenever and wherever. They are stored, not compressed:
    how well bytes shrink depends on the machine.
    """
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(entries.items()):
            info = zipfile.ZipInfo(name)  # dated 1980, as zip counts
            info.create_system = 3  # Unix, wherever it was made
            info.external_attr = (0o100755 if name in executable else 0o100644) << 16
            archive.writestr(info, data)
    return whole.getvalue()


def names_in(data: bytes) -> set[str]:
    """The names in a zip file; none where `data` is not a zip file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, EOFError, RuntimeError):
        return set()
