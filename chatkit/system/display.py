"""A display for windows: the user's own where there is one, else an Xvfb of the bench's own.

Xvfb is an X server that draws into memory, see Xvfb(1). It chooses a free display number itself,
listens on no network, and lets in only who has the cookie of its private authority file.
"""

import importlib.util
import os
import secrets
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from chatkit._errors import Unavailable
from chatkit.system.signals import signals_held
from chatkit.system.spawn import begin_as_a_child

SIZE = "1280x800x24"
WILD = 0xFFFF  # a cookie for every host and display, see Xauth.h

NO_TK = """this Python has no Tk. Install it:
Debian, Ubuntu:  sudo apt install python3-tk
Fedora:          sudo dnf install python3-tkinter
Homebrew:        brew install python-tk
macOS, Windows:  the installer from python.org has it"""
NO_XVFB = """there is no display, and no Xvfb to make one. Install it:
Debian, Ubuntu:  sudo apt install xvfb
Fedora:          sudo dnf install xorg-x11-server-Xvfb"""


def has_own(user: int | None = None) -> bool:
    """Whether windows open on an Xvfb of the bench's own, and not on the display of who uses it.

    They do where there is no other, and for the programs of another `user`, whom nobody lets in.
    """
    return sys.platform == "linux" and (user is not None or not os.environ.get("DISPLAY"))


class Display:
    """Where windows open. Close it, or use it with `with`, and an Xvfb of its own is gone."""

    def __init__(self, *, own: bool | None = None, user: int | None = None) -> None:
        """Use the user's display, or start an Xvfb: if `own`, or (None) if there is no other.

        `user` is let in besides whoever starts it.
        Raises Unavailable when Tk or Xvfb is missing.
        """
        self.environment: dict[str, str] = {}  # what a program needs to find it
        self.server: subprocess.Popen[bytes] | None = None
        self.folder: tempfile.TemporaryDirectory[str] | None = None
        if importlib.util.find_spec("_tkinter") is None:
            raise Unavailable(NO_TK)
        self.user = user
        if own is None:
            own = has_own(user)
        if own:
            try:
                self._start()
            except BaseException:  # Ctrl-C in the middle: nobody else knows of it yet
                self.close()
                raise

    @property
    def pid(self) -> int | None:
        """The process of our own Xvfb."""
        return self.server.pid if self.server else None

    @property
    def files(self) -> list[Path]:
        """What a program must be able to read to get in."""
        names = [self.environment.get("XAUTHORITY") or os.environ.get("XAUTHORITY", "")]
        return [Path("/tmp/.X11-unix"), *(Path(name) for name in names if name)]

    def close(self) -> None:
        """End our own Xvfb. It removes its lock file and its socket itself."""
        if self.server:
            self.server.terminate()
            try:
                self.server.wait(5)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
            self.server = None
        if self.folder:
            self.folder.cleanup()
            self.folder = None

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
            raise Unavailable(NO_XVFB)
        self.folder = tempfile.TemporaryDirectory(prefix="chatkit-display-")
        cookie = Path(self.folder.name) / "authority"
        cookie.touch(mode=0o600)
        cookie.write_bytes(authority())
        if self.user is not None:
            for path in (cookie, cookie.parent):
                os.chown(path, self.user, self.user)
        readable, writable = os.pipe()
        try:
            with signals_held():
                self.server = subprocess.Popen(
                    [
                        *(xvfb, "-displayfd", str(writable), "-screen", "0", SIZE),
                        *("-auth", str(cookie), "-nolisten", "tcp", "-noreset", "-s", "0"),
                        *("-extension", "GLX"),  # half of its start, and Tk does not use it
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(writable,),
                    start_new_session=True,  # Ctrl-C at the terminal is not meant for it
                    # With SIGTERM it cleans up, also when the bench was killed.
                    preexec_fn=partial(begin_as_a_child, False, signal.SIGTERM),
                )
        finally:
            os.close(writable)
        with os.fdopen(
            readable, "rb"
        ) as pipe:  # it says its number once one can connect, then closes
            number = pipe.read().strip().decode()
        if not number:
            self.close()
            raise Unavailable("Xvfb does not start: try it by hand with the command Xvfb :99")
        self.environment = {"DISPLAY": f":{number}", "XAUTHORITY": str(cookie)}


def authority() -> bytes:
    """An authority file with one random cookie, in the format of Xau's `XauReadAuth`."""
    parts = [b"", b"", b"MIT-MAGIC-COOKIE-1", secrets.token_bytes(16)]
    return struct.pack(">H", WILD) + b"".join(struct.pack(">H", len(part)) + part for part in parts)
