"""The copy of a student's folder in which an isolated program runs."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

MOST_COPIED = 16 << 20  # bytes of a student's folder
MOST_FILES = 1000  # of a student's folder
MOST_LOOKED_AT = 20_000  # files and folders that a student's folder may hold to be copied whole
NOT_COPIED = ("__pycache__", ".git")  # no program needs them


def copied(path: Path, into: Path) -> Path:
    """Copy the program's folder with all folders in it; links and special files are left out.

    The program itself is copied first, then modules, then the rest, as far as MOST_COPIED and
    MOST_FILES go: a program that finds its files in its own folder finds them in the copy too.
    Raises OSError when the program itself cannot be copied.
    """
    target = into / path.name
    shutil.copyfile(path, target)
    left = MOST_COPIED - path.stat().st_size
    found = sorted(_below(path.parent), key=lambda one: (one.suffix != ".py", len(one.parts), one))
    for one in found[:MOST_FILES]:
        place = into / one.relative_to(path.parent)
        with contextlib.suppress(OSError):  # unreadable, or gone: the program will not find it
            place.parent.mkdir(parents=True, exist_ok=True)
            if one.is_dir():
                place.mkdir(exist_ok=True)
            elif (size := one.stat().st_size) <= left and not place.exists():
                shutil.copyfile(one, place)
                left -= size
    return target


def _below(folder: Path) -> Iterator[Path]:
    """The folders and plain files below a folder, as many as are looked at."""
    looked = 0
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in NOT_COPIED)
        looked += len(folders) + len(names)
        if looked > MOST_LOOKED_AT:
            return
        for name in (*folders, *sorted(names)):
            one = Path(here, name)
            if not one.is_symlink() and (one.is_file() or one.is_dir()):
                yield one
