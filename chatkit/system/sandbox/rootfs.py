"""The file system that isolated programs see: what Python needs of this one, to be read only.

A worker prepares its parts once, and bubblewrap puts them together for each program. Were they made
anew each time, that would take a tenth of Python's start: bubblewrap reads the list of all mounts
after each mount that it makes.

Sources: mount_namespaces(7), mount(2), proc_pid_mountinfo(5), bwrap(1).
"""

import atexit
import contextlib
import ctypes
import os
import re
import site
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

USR = Path("/usr")
PYTHON = Path(sys.base_prefix)
LOADER = Path("/etc/ld.so.cache")  # what the loader of libraries reads besides /usr, if it is there
SIZE = "size=1m,mode=755"  # of the file system itself: it has folders and links, and two files
# Where names are looked up: hosts(5), nsswitch.conf(5). "sandbox" is what gethostname() says there.
NAMES = {
    Path("/etc/hosts"): "127.0.0.1 localhost sandbox\n::1 localhost\n",
    Path("/etc/nsswitch.conf"): "hosts: files\n",
}
ROOM = "size=64m,nr_inodes=16k,mode=700"  # of a program's own folder: bytes, files and folders

# linux/mount.h: how a mount is made, and what it may do.
_READ_ONLY, _NO_SET_UID, _NO_DEVICES, _NO_PROGRAMS = 1, 2, 4, 8
_AGAIN, _BIND, _WITH_ALL_BELOW = 32, 4096, 16384
_AS_IT_IS = {"nodev": _NO_DEVICES, "noexec": _NO_PROGRAMS, "noatime": 1024, "nodiratime": 2048}
_AS_IT_IS |= {"relatime": 1 << 21}
_DETACH = 2  # MNT_DETACH, umount2(2)

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}


class Folder:
    """A new folder for the files of one program, in memory, with a bound on all of them."""

    def __init__(self, place: Path) -> None:
        """Make it in `place`. Raises OSError."""
        self.name = tempfile.mkdtemp(dir=place)
        _mount("tmpfs", Path(self.name), "tmpfs", _NO_SET_UID | _NO_DEVICES, ROOM)

    def cleanup(self) -> None:
        """Remove it with all that is in it."""
        _forget(Path(self.name))


def prepare() -> tuple[Path, tuple[str, ...]]:
    """Prepare it in this process's own mount namespace.

    Gives the place for the folders of programs, and what bubblewrap must be told. Raises OSError.
    The empty folder that it needs in the file system of everybody goes when this process ends.
    """
    place = Path(tempfile.mkdtemp(prefix="chatkit-"))
    atexit.register(_forget, place)
    _mount("tmpfs", place, "tmpfs", _NO_SET_UID | _NO_DEVICES, SIZE)
    programs = place / "programs"
    programs.mkdir()
    _make_devices(place / "dev")
    told = ["--dev-bind", str(place / "dev"), "/dev"]
    for path in _shown():
        if path.is_symlink():
            told += ["--symlink", str(path.readlink()), str(path)]
        else:
            part = place / path.relative_to("/")
            _show(path, part)
            told += shown(path, part)
    for path in _name_files(place):
        told += shown(path, place / path.relative_to("/"))
    told += shown(LOADER)  # not prepared: ldconfig(8) puts another file in its place at any time
    for path in _hidden():
        empty = place / path.relative_to("/")
        _mount("tmpfs", empty, "tmpfs", _NO_SET_UID | _NO_DEVICES, SIZE)
        _mount(None, empty, None, _AGAIN | _BIND | _READ_ONLY | _NO_SET_UID | _NO_DEVICES)
    return programs, tuple(told)


def whole(place: Path, visible: Mapping[Path, Path]) -> Path:
    """Prepare it in the folder `place` as one tree, for a process that has it as its root.

    `visible` are more folders: where they are seen -> where they are. In it are empty folders for
    what each program has of its own, and the /proc of whoever calls. Raises OSError.
    """
    root = place / "whole"
    root.mkdir()
    _mount("tmpfs", root, "tmpfs", _NO_SET_UID | _NO_DEVICES, SIZE)

    def inside(path: Path) -> Path:
        return root / path.relative_to("/")

    _make_devices(root / "dev")
    for path in _shown():
        if path.is_symlink():
            inside(path).symlink_to(path.readlink())
        else:
            _show(path, inside(path))
    if LOADER.exists():
        _show(LOADER, inside(LOADER))
    _name_files(root)
    for path in _hidden():
        _mount("tmpfs", inside(path), "tmpfs", _NO_SET_UID | _NO_DEVICES, SIZE)
    for path, there in visible.items():
        if there.exists():
            _show(there, inside(path))
    for name in ("tmp", "submission"):
        (root / name).mkdir(exist_ok=True)
    _bind(Path("/proc"), root / "proc")
    for path in (Path("/"), *_hidden()):
        _mount(None, inside(path), None, _AGAIN | _BIND | _READ_ONLY | _NO_SET_UID | _NO_DEVICES)
    return root


def shown(path: Path, place: Path | None = None) -> Iterator[str]:
    """Tell bubblewrap to show a file or folder, or what is at `place` instead, to be read only.

    It is there for everybody, even when a folder above it is not.
    """
    for above in reversed(path.parents[:-1]):
        yield from ("--dir", str(above))
    yield from ("--ro-bind-try", str(place or path), str(path))


def _make_devices(place: Path) -> None:
    """What each program may open in /dev, as with `bwrap --dev`, but for new terminals."""
    place.mkdir()
    _mount("tmpfs", place, "tmpfs", _NO_SET_UID, SIZE)
    for name in _DEVICES:
        _bind(Path("/dev") / name, place / name)
    for name, which in _LINKS.items():
        (place / name).symlink_to(f"/proc/self/fd{which}")
    (place / "shm").mkdir()
    _mount(None, place, None, _AGAIN | _BIND | _READ_ONLY | _NO_SET_UID)


def _name_files(root: Path) -> Iterable[Path]:
    """Make the files that names of machines are looked up in; give where programs see them."""
    for path, text in NAMES.items():
        file = root / path.relative_to("/")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="ascii")
        file.chmod(0o644)
    return NAMES


def _shown() -> Iterator[Path]:
    """Where Python is, and what it needs. /bin, /lib and so on are folders, or links into /usr."""
    yield USR
    folders = (Path(name) for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"))
    yield from (path for path in folders if path.exists())
    if not PYTHON.is_relative_to(USR):
        yield PYTHON


def _hidden() -> Iterator[Path]:
    """Folders of installed packages: the kit itself may lie there, with every solution."""
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    paths = {Path(sysconfig.get_path(name, vars=base)) for name in ("purelib", "platlib")}
    paths |= {Path(name) for name in site.getsitepackages([sys.base_prefix])}
    paths |= set(Path("/usr/lib/python3").glob("dist-packages"))
    paths |= set(Path("/usr/local/lib").glob("python3*/dist-packages"))
    for path in sorted(paths):
        if path.is_dir() and (path.is_relative_to(USR) or path.is_relative_to(PYTHON)):
            yield path


def _show(path: Path, place: Path) -> None:
    """Have a file or folder at `place` with all that is mounted below, to be read only."""
    _bind(path, place)
    for below, flags in _mounts(place):
        _mount(None, below, None, _AGAIN | _BIND | flags | _READ_ONLY | _NO_SET_UID | _NO_DEVICES)


def _bind(path: Path, place: Path) -> None:
    if path.is_dir():
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    _mount(str(path), place, None, _BIND | _WITH_ALL_BELOW)


def _mounts(place: Path) -> Iterator[tuple[Path, int]]:
    """What is mounted at `place` and below, each with the flags that nobody may take from it."""
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines():
        _, _, _, _, name, options, *_ = line.split(" ")
        where = Path(re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), name))
        if where.is_relative_to(place):
            yield where, sum(_AS_IT_IS.get(option, 0) for option in options.split(","))


def _mount(what: str | None, place: Path, kind: str | None, flags: int, data: str = "") -> None:
    """mount(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    texts = [os.fsencode(text) if text else None for text in (what, str(place), kind)]
    if libc.mount(*texts, ctypes.c_ulong(flags), data.encode() or None):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), str(place))


def _forget(place: Path) -> None:
    """Take it down; what is mounted below goes with it."""
    ctypes.CDLL(None).umount2(os.fsencode(place), _DETACH)
    with contextlib.suppress(OSError):
        place.rmdir()
