"""Zip files that are the same, byte for byte, whenever and wherever they are made."""

import io
import zipfile
from collections.abc import Collection, Mapping


def zip_of(entries: Mapping[str, bytes], executable: Collection[str] = ()) -> bytes:
    """The bytes of a zip file with these entries, by name. `executable` may be run when unpacked.

    The entries are stored, not compressed: how well bytes shrink depends on the machine.
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
    """The names in a zip file; none where `data` is no zip file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, EOFError, RuntimeError):
        return set()
