"""Where the course lies on the disk, and the names that the kit gives to files of its own."""

from pathlib import Path, PurePath

PACKAGE = Path(__file__).resolve().parent.parent
INSTALLED = PACKAGE / "_course"  # what the wheel carries: lessons, solutions, their checks
BACKUPS = "backups"  # the folder in a lesson's folder that holds earlier versions of its programs


def new_name(name: str) -> str:
    """What a new starter is called that lies beside an edited program: "server.new.py"."""
    path = PurePath(name)
    return f"{path.stem}.new{path.suffix}"


def set_aside(name: str) -> bool:
    """Whether the kit itself has put what is called `name` into a lesson's folder.

    Backups, and a new starter beside a program that was edited: nobody runs or grades them.
    """
    return name == BACKUPS or PurePath(name).stem.endswith(".new")


def beside(root: Path, name: str) -> Path:
    """`root/name`, or the kit's own where `root` holds only lessons."""
    for place in (root, INSTALLED, PACKAGE.parent):
        if (place / name).is_dir():
            return place / name
    return root / name
