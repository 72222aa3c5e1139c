"""Names of files that strangers chose: which are archives, which are nobody's work, which are safe.

Each function looks at names alone and touches no disk.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection

# What systems and tools keep for themselves, under names that they always give it. "._name" is how
# macOS packs a file's attributes.
LEFT_OUT = frozenset(
    (
        *("__macosx", ".ds_store", "thumbs.db", "desktop.ini", "site-packages"),
        *("__pycache__", ".git", "node_modules", ".idea", ".vscode"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache"),
    )
)

# What tells that a folder was made by a tool, whatever its name: a virtual environment (PEP 405),
# one of conda, a cache (https://bford.info/cachedir/), what git keeps of a repository.
MADE_BY_TOOLS = (
    *({"pyvenv.cfg"}, {"conda-meta"}, {"cachedir.tag"}),
    {"head", "objects", "refs"},
)
# Folders of a virtual environment that was made in the folder of the programs.
OF_AN_ENVIRONMENT = frozenset(
    (*("bin", "scripts", "lib", "lib64", "include", "share"), "conda-meta", "pyvenv.cfg")
)

# Names that Windows gives to devices, whatever follows the first dot.
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.I)

ESCAPED_BYTE = re.compile("[\udc80-\udcff]")  # how Python writes a byte that is not UTF-8 text

ARCHIVE = re.compile(r"\.(zip|zipx|tar|tgz|tbz2?|txz|rar|7z|tar\.(gz|bz2|xz|zst|lz|lzma|z))$", re.I)
LONGEST_ENDING = 12  # bytes of a name's end that are kept when it is made shorter


def is_archive_name(name: str) -> bool:
    """Whether a file of this name is meant to be an archive; not every kind can be unpacked."""
    return archive_stem(name) != name


def archive_stem(name: str) -> str:
    """`name` without the ending of an archive: "alice" of "alice.tar.gz"."""
    return ARCHIVE.sub("", name) or name


def is_left_out(name: str) -> bool:
    """Whether a file or folder of this name is nobody's work: `.git`, `__pycache__`, `._x`."""
    return name.startswith("._") or name.casefold() in LEFT_OUT


def left_out_of(names: Collection[str]) -> set[str]:
    """Which of the `names` in one folder are no work, for the names beside them say so.

    A folder that a tool has made is left out whole: a virtual environment is one because of its
    `pyvenv.cfg`, not because somebody called it `venv`. Where programs lie beside that, they stay.
    """
    folded = {name.casefold() for name in names}
    if not any(sign <= folded for sign in MADE_BY_TOOLS):
        return set()
    if any(name.endswith((".py", ".py.txt")) or is_archive_name(name) for name in folded):
        return {name for name in names if name.casefold() in OF_AN_ENVIRONMENT}
    return set(names)


def readable(text: str) -> str:
    """`text` with everything that cannot be shown in one line written as an escape.

    File names reach Python with lone surrogates for bytes that are not text: they become "\\xe9".
    """
    return "".join(one if one.isprintable() else _escaped(one) for one in text)


def _escaped(one: str) -> str:
    if ESCAPED_BYTE.match(one):
        return f"\\x{ord(one) - 0xDC00:02x}"
    return one.encode("unicode_escape").decode()


def brief(name: str, most: int = 80) -> str:
    """A name for people, `readable` and with its middle left out when it is longer than `most`."""
    shown = readable(name)
    return shown if len(shown) <= most else f"{shown[: most // 2]}…{shown[-(most // 4) :]}"


def safe_name(part: str) -> tuple[str, str]:
    """A name that every system can keep and show, like `part`, and why it differs ("" if not)."""
    why = ""
    # Western Europe's old encoding is the best guess, and has a letter for nearly every byte.
    name = ESCAPED_BYTE.sub(lambda byte: chr(ord(byte[0]) - 0xDC00), part)
    if name != part:
        why = "its bytes are not UTF-8 text"
    name = unicodedata.normalize("NFC", name)  # macOS takes letters and accents apart
    kept = "".join(one if one.isprintable() and one not in '<>:"|?*' else "_" for one in name)
    if kept != name:
        name, why = kept, why or "some characters cannot be in a file's name everywhere"
    if name.rstrip(". ") != name:
        name, why = name.rstrip(". ") or "_", why or "it ends with a dot or a space"
    if RESERVED.match(name):
        name, why = f"_{name}", "Windows keeps that name for a device"
    return name, why


def shortened(name: str, most: int) -> str:
    """`name` in at most `most` bytes of UTF-8: its start, digits made from all of it, its end.

    So two long names that begin alike stay two names, and the same name stays the same.
    """
    data = name.encode()
    if len(data) <= most:
        return name
    stem, dot, ending = name.rpartition(".")
    end = f".{ending}" if dot and stem and len(ending.encode()) < LONGEST_ENDING else ""
    digits = "~" + hashlib.sha256(data).hexdigest()[:6]
    room = max(0, most - len(digits) - len(end.encode()))
    return data[:room].decode("utf-8", "ignore") + digits + end


def folded(name: str) -> str:
    """What two names share when a system that ignores case takes them for one."""
    return unicodedata.normalize("NFC", name).casefold()
