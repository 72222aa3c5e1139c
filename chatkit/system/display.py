"""A display for windows: the user's own where there is one, else an Xvfb of the bench's own.

Xvfb is an X server that draws into memory, see Xvfb(1). It listens on no network, and lets in only
who has the cookie of its private authority file.

Programs that nobody has read never get the user's display: there they could read the screen and
type. Isolated ones have an Xvfb inside the walls. It has its sockets in a folder of its own, which
it and its programs see in place of the system's, and no abstract socket, which unix(7) would show
to all of the network. So neither finds another display, and the server can take no socket away.
Elsewhere all displays share one folder. Xvfb, left to choose its number, takes a socket from a
desktop that has no abstract one beside it. So it is told a number that nobody has.
"""

import importlib.util
import os
import random
import secrets
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from chatkit._errors import Unavailable
from chatkit.system import linux
from chatkit.system.programs.ending import seen_off
from chatkit.system.sandbox import seccomp
from chatkit.system.sandbox.rootfs import Folder
from chatkit.system.sandbox.sandbox import COOKIE, SOCKETS, Sandbox
from chatkit.system.signals import signals_held
from chatkit.system.spawn import begin_as_a_child

SIZE = "1280x800x24"
NUMBERS = range(100, 10_000)  # desktops and remote ones have low numbers
TRIES = 8  # displays that are tried
OPTIONS = (
    *("-screen", "0", SIZE, "-nolisten", "tcp", "-noreset", "-s", "0"),
    *("-extension", "GLX"),  # half of its start, and Tk does not use it
    # Memory of other programs, false keys and clicks, and a look at those of others: see X(7).
    *("-extension", "MIT-SHM", "-extension", "XTEST", "-extension", "RECORD"),
)
WILD = 0xFFFF  # a cookie for every host and display, see Xauth.h

NO_TK = """this Python has no Tk. Install it:
Debian, Ubuntu:  sudo apt install python3-tk
Fedora:          sudo dnf install python3-tkinter
Homebrew:        brew install python-tk
macOS, Windows:  the installer from python.org has it"""
INSTALL_XVFB = """Install it:
Debian, Ubuntu:  sudo apt install xvfb
Fedora:          sudo dnf install xorg-x11-server-Xvfb"""
NO_XVFB = f"there is no display, and no Xvfb to make one. {INSTALL_XVFB}"
NO_XVFB_FOR_A_CLASS = f"""windows of programs that nobody has read never open on your own screen,
and there is no Xvfb to make a display for them. {INSTALL_XVFB}"""


X11 = sys.platform == "linux"  # DISPLAY says where windows open; elsewhere that is the desktop


def has_own(sandbox: Sandbox | None = None) -> bool:
    """Whether windows open on an Xvfb of the bench's own, and not on the display of who uses it.

    They do where there is no other, and for programs that are not trusted: those with a `sandbox`.
    Only on Linux.
    """
    return X11 and (sandbox is not None or not os.environ.get("DISPLAY"))


class Display:
    """Where windows open. Close it, or use it with `with`, and an Xvfb of its own is gone."""

    def __init__(self, *, own: bool | None = None, sandbox: Sandbox | None = None) -> None:
        """Use the user's display, or start an Xvfb: if `own`, or (None) as `has_own` says.

        With a `sandbox` it is for the programs in there, and as isolated as they are.
        Raises Unavailable when Tk or Xvfb is missing.
        """
        self.environment: dict[str, str] = {}  # what a program needs to find it
        self.files: dict[Path, Path] = {}  # what an isolated one must see -> where that is
        self.server: subprocess.Popen[bytes] | None = None  # what we have started
        self.pid: int | None = None  # the process of our own Xvfb: that, or what it has started
        self.folder: tempfile.TemporaryDirectory[str] | Folder | None = None
        self.owner = os.getpid()
        _displays.append(self)
        if importlib.util.find_spec("_tkinter") is None:
            raise Unavailable(NO_TK)
        self.sandbox = sandbox
        if own is None:
            own = has_own(sandbox)
        if own:
            try:
                self._start()
            except BaseException:  # Ctrl-C in the middle: nobody else knows of it yet
                self.close()
                raise

    def close(self) -> None:
        """End our own Xvfb. It removes its lock file and its socket itself, if others see them."""
        if self.server:
            with seen_off([self.pid] if self.pid else []):
                self.server.terminate()
                try:
                    self.server.wait(5)
                except subprocess.TimeoutExpired:
                    self.server.kill()
                    self.server.wait()
            self.server = self.pid = None
        if self.folder:
            self.folder.cleanup()
            self.folder = None
        if self in _displays:
            _displays.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self) -> None:
        xvfb = shutil.which("Xvfb")
        if xvfb is None:
            raise Unavailable(NO_XVFB_FOR_A_CLASS if self.sandbox else NO_XVFB)
        isolated = self.sandbox if self.sandbox and self.sandbox.isolated else None
        with signals_held():  # nobody would know of a folder that is made, and not named yet
            if isolated:
                self.folder = isolated.folder()
            else:
                self.folder = tempfile.TemporaryDirectory(prefix="chatkit-display-")
        cookie = Path(self.folder.name) / "authority"
        cookie.touch(mode=0o600)
        cookie.write_bytes(authority())
        if isolated:
            sockets = cookie.with_name("sockets")
            sockets.mkdir()
            isolated.hands_over(cookie.parent)
            self.files = {SOCKETS: sockets, COOKIE: cookie}
            number = self._begin(xvfb, COOKIE, 0, sockets)
            cookie = COOKIE
        else:
            if self.sandbox and self.sandbox.user is not None:
                for path in (cookie, cookie.parent):
                    os.chown(path, self.sandbox.user, self.sandbox.user)
            number = next(filter(None, (self._begin(xvfb, cookie, one) for one in _free())), "")
        if not number:
            raise Unavailable("Xvfb does not start: try it by hand with the command Xvfb :99")
        self.environment = {"DISPLAY": f":{number}", "XAUTHORITY": str(cookie)}

    def _begin(self, xvfb: str, cookie: Path, number: int, sockets: Path | None = None) -> str:
        """Start it as display `number`; isolated if `sockets` is its folder for them.

        Returns the number once one can connect to it; nothing if it has ended before that.
        """
        readable, writable = os.pipe()
        command = [xvfb, f":{number}", "-displayfd", str(writable), *OPTIONS, "-auth", str(cookie)]
        fds = [writable]
        ends = signal.SIGTERM  # with it, it cleans up, even when the bench was killed
        if self.sandbox and sockets:
            if (rules := seccomp.opened()) is not None:
                fds.append(rules)
            command += ["-nolisten", "local"]  # that is what X calls an abstract socket
            command = self.sandbox.display_command(command, sockets, rules)
            ends = signal.SIGKILL  # there is nothing to clean up
        try:
            with signals_held():
                self.server = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=fds,
                    start_new_session=True,  # Ctrl-C at the terminal is not meant for it
                    preexec_fn=partial(begin_as_a_child, False, ends),
                )
        finally:
            for end in fds:
                os.close(end)
        with os.fdopen(readable, "rb") as pipe:  # it closes its end after that
            told = pipe.read().strip().decode()
        if told:
            self.pid = linux.tree(self.server.pid)[:3][-1] if sockets else self.server.pid
        else:
            self.server.kill()
            self.server.wait()
            self.server = None
        return told


def _free() -> Iterator[int]:
    """Some display numbers that nobody has. Another Xvfb may take one at the same moment."""
    for number in random.sample(NUMBERS, TRIES):
        if not (SOCKETS / f"X{number}").exists():
            yield number


_displays: list[Display] = []  # those that are not closed


def close_displays() -> None:
    """Close those of this process. Ctrl-C may come when one is made, and nobody has it yet."""
    for display in list(_displays):
        if display.owner == os.getpid():
            display.close()


def authority() -> bytes:
    """An authority file with one random cookie, in the format of Xau's `XauReadAuth`."""
    parts = [b"", b"", b"MIT-MAGIC-COOKIE-1", secrets.token_bytes(16)]
    return struct.pack(">H", WILD) + b"".join(struct.pack(">H", len(part)) + part for part in parts)
