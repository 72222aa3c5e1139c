"""The Python that runs the kit, and what is installed beside it."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from chatkit.system.commands import at_prompt
from chatkit.tools.doctor.finding import Finding

OLDEST, NEWEST_TRIED = (3, 11), (3, 13)

# extra -> the package that only it brings
EXTRAS = {"site": "mkdocs", "cluster": "distributed", "similarity": "copydetect"}


def python() -> Finding:
    """The version, the interpreter, and whether the command `python` means the same one."""
    version = ".".join(map(str, sys.version_info[:3]))
    ours, environment = Path(sys.executable), sys.prefix != sys.base_prefix
    told = f"{version}, {ours}"
    told += f", a virtual environment of {sys.base_prefix}" if environment else ""
    if sys.version_info < OLDEST:
        return Finding("Python", "wrong", told, "install Python 3.11 or newer from python.org")
    if sys.version_info[:2] > NEWEST_TRIED:
        newest = ".".join(map(str, NEWEST_TRIED))
        return Finding("Python", "remark", f"{told}. Nobody has tried the kit above {newest} yet")
    if environment and ((typed := shutil.which("python")) is None or not same(typed, ours)):
        means = f"is {typed}" if typed else "is not there"
        cure = at_prompt(f". {ours.parent}/activate", str(ours.parent / "Activate.ps1"))
        told += f". In this terminal the command python {means}"
        return Finding("Python", "remark", told, f"switch the environment on: {cure}")
    if not environment and "CONDA_PREFIX" not in os.environ:
        cure = at_prompt("python3 -m venv .venv", "py -3 -m venv .venv")
        cure += ", and install the kit there: see README.md"
        return Finding("Python", "remark", f"{told}, no virtual environment", cure)
    return Finding("Python", "ok", told)


def same(typed: str, ours: Path) -> bool:
    """Whether a command is the interpreter of our environment: links in it have many names."""
    return Path(typed).absolute().parent == ours.absolute().parent


def extras() -> Finding:
    """Which optional parts are installed."""
    there = [name for name, package in EXTRAS.items() if importlib.util.find_spec(package)]
    told = f"{', '.join(there) or 'none'}. Students need none"
    missing = [name for name in EXTRAS if name not in there]
    if not missing:
        return Finding("extras", "ok", told)
    wanted = f'pip install --editable ".[{missing[0]}]"'
    cure = f"instructors and authors, in the clone of the kit: {wanted}"
    return Finding("extras", "remark", f"{told}. Not here: {', '.join(missing)}", cure)
