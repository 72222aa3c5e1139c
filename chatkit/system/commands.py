"""What people type on this system, and what it asks them: the words differ, the question does not.

Each function answers for the system that the kit runs on. Sources: the manual page of each
command, os-release(5), Apple's "Firewall security in macOS", learn.microsoft.com for netsh.
"""

import contextlib
import platform
import sys

SYSTEM = platform.system()  # "Linux", "Windows", "Darwin"


def at_prompt(bash: str, powershell: str) -> str:
    """The command for the shell that people use on this system."""
    return powershell if sys.platform == "win32" else bash


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


def install_tk() -> str:
    """How to get Tk for this Python."""
    if sys.platform == "win32":
        return 'run the installer of Python again: Modify, then tick "tcl/tk and IDLE"'
    if sys.platform == "darwin":
        if "Cellar" in sys.base_prefix or "homebrew" in sys.base_prefix:
            return "brew install python-tk@{}.{}".format(*sys.version_info)
        return "install Python from python.org: it has Tk. Homebrew: brew install python-tk"
    command = packages("python3-tk", "python3-tkinter")
    if sys.base_prefix == "/usr":
        return command
    return (
        f"{command}. That serves the Python of the system, and yours is {sys.base_prefix}: "
        "make a new virtual environment with /usr/bin/python3 -m venv .venv"
    )


def end_process(pid: int) -> str:
    """The command that ends process `pid`."""
    return f"taskkill /PID {pid}" if sys.platform == "win32" else f"kill {pid}"


def who_listens(port: int) -> str:
    """The command that tells which process listens at a TCP port."""
    return {
        "win32": f"netstat -ano | findstr :{port}",
        "darwin": f"lsof -nP -iTCP:{port} -sTCP:LISTEN",
    }.get(sys.platform, f"sudo ss -ltnp 'sport = :{port}'")


def reserved_ports() -> str:
    """The command that tells which ports this system keeps for others; "" where it keeps none."""
    if sys.platform == "win32":  # Hyper-V and others reserve ranges
        return "netsh interface ipv4 show excludedportrange protocol=tcp"
    return ""


def compare() -> str:
    """The command that shows the differences of two files."""
    return "fc" if sys.platform == "win32" else "diff -u"


def utf8_locale() -> str:
    """A locale of this system with UTF-8, see locale(7)."""
    return "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"


HAS_LOCALES = sys.platform != "win32"  # whether LANG and its like mean anything to a terminal


def firewall_asks() -> tuple[str, str] | None:
    """What the firewall asks when a program wants to be reached, and what to answer.

    None where it asks nobody: on Linux one has to look, see `tools.lan`.
    """
    if sys.platform == "win32":
        told = "Windows Defender Firewall asks when a program wants to be reached by others"
        return told, "allow it on private networks, not on public ones"
    if sys.platform == "darwin":
        told = "if its firewall is on, macOS asks whether Python may accept incoming connections"
        return told, "allow it"
    return None
