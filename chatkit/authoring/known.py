"""Which files hold what the kit made, so that writing them again loses nobody's work.

A view is known when git has committed it as it is, or when `chatkit author sync` wrote it last: the
file `.views.json` beside the folder `lessons` remembers that. Any other text was typed by somebody.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from chatkit._files import WriteError, write_whole
from chatkit.course.git import Git, GitError
from chatkit.course.manifest import Fingerprints

FILE = ".views.json"


def remember(root: Path, made: Mapping[Path, str]) -> None:
    """Note that these views are on the disk now. Without the note a later sync keeps more."""
    views = {path.relative_to(root).as_posix(): text.encode() for path, text in made.items()}
    text = json.dumps(Fingerprints.of(views).files, indent=1) + "\n"
    if (root / FILE).is_file() and (root / FILE).read_bytes() == text.encode():
        return
    try:
        write_whole(root / FILE, text)
    except WriteError:
        return


def typed(root: Path, paths: Iterable[Path]) -> list[Path]:
    """Those of the files that hold something that the kit did not make."""
    there = [path for path in paths if path.is_file()]
    written = _written(root)
    left = [
        path
        for path in there
        if not written.has(path.relative_to(root).as_posix(), path.read_bytes())
    ]
    committed = _committed(root, left)
    return [path for path in left if path not in committed]


def _written(root: Path) -> Fingerprints:
    try:
        said = json.loads((root / FILE).read_bytes())
    except (OSError, ValueError):
        return Fingerprints()
    return Fingerprints(said if isinstance(said, dict) else {})


def _committed(root: Path, paths: list[Path]) -> set[Path]:
    """Those that the last commit has just as they are; none where there is no git."""
    if not paths:
        return set()
    git = Git(root)
    names = [path.relative_to(root).as_posix() for path in paths]
    try:
        listed = git.run("ls-tree", "-z", "HEAD", "--", *names)
        rows = (row.partition("\t") for row in listed.decode().split("\0") if row)
        ids = {name: about.split()[2] for about, _, name in rows}
        return {
            path
            for path, name in zip(paths, names, strict=True)
            if name in ids and git.on_disk(name) == ids[name]
        }
    except GitError:
        return set()
