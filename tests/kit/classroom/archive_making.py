"""Archives for tests, also such as no tool makes."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from chatkit._archives.unpacking import (
    HAND_IN,
    ArchiveError,
    Bounds,
    unpack,
)

Entries = list[tuple[str, bytes]]


WORK: Entries = [("01_echo/server.py", b"print('server')\n"), ("01_echo/client.py", b"")]


def zip_of(path: Path, entries: Entries, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip with exactly these names, also those that zipfile would mend."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.external_attr = 0  # as if made on Windows
            info.compress_type = compression
            archive.writestr(info, data)
    return path


def tar_of(path: Path, entries: Entries, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def files(folder: Path) -> dict[str, bytes]:
    """Every file under `folder`. A link would be a fault of the unpacker: none may be there."""
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refused(archive: Path, into: Path, bounds: Bounds = HAND_IN) -> str:
    """Why the archive is refused; nothing of it may be left."""
    with pytest.raises(ArchiveError) as caught:
        unpack(archive, into, bounds)
    assert not into.exists()
    assert list(into.parent.iterdir()) == [archive]
    message = str(caught.value)
    assert message.startswith(archive.name) and len(message.splitlines()) == 1
    return message
