"""What one look at the machine has found."""

import contextlib
import platform
import sys
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "remark", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One line of `chatkit doctor`.

    `ok`: as it should be. `remark`: worth knowing, and a student can work all the same.
    `wrong`: something that a student needs does not work; `cure` says what to do.
    """

    name: str
    status: Status
    told: str
    cure: str = ""
    failed: bool = False  # the look itself failed, so nothing is known


def packages(debian: str, fedora: str) -> str:
    """The command that installs something on this Linux: both, where it is neither family."""
    family: set[str] = set()
    with contextlib.suppress(OSError):  # no /etc/os-release, see os-release(5)
        about = platform.freedesktop_os_release()
        family = {about.get("ID", ""), *about.get("ID_LIKE", "").split()}
    apt, dnf = f"sudo apt install {debian}", f"sudo dnf install {fedora}"
    if family & {"debian", "ubuntu"}:
        return apt
    if family & {"fedora", "rhel", "centos"}:
        return dnf
    return f"Debian, Ubuntu: {apt}. Fedora: {dnf}"


def at_prompt(bash: str, powershell: str) -> str:
    """The command for the shell that people use on this system."""
    return powershell if sys.platform == "win32" else bash
