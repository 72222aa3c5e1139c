"""What the history of a Git clone says: when work was committed, and what was there at a time.

Nothing of the clone is run. These commands read objects and print them (git-rev-list(1),
git-ls-tree(1), git-cat-file(1)); none of them asks another machine, or starts a hook, a filter, a
pager or another program that the clone's own files may name. `git archive` and `git log` may.
"""

import os
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chatkit._archives.unpacking import HAND_IN, is_program_file

PATIENCE = 60.0  # seconds for one command
MOST_COMMITS = 20_000  # of one clone that are looked at
MOST_PATHS = 200  # files whose last change is asked for
LONGEST = 1000  # bytes of a path
# What tells Git to read this clone as it is: by nobody's settings, from no other machine, and also
# when somebody else owns it (git(1), git-config(1)).
ALONE = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}


@dataclass(frozen=True)
class Commit:
    """One commit, with the committer's time: as honest as the clock of the machine it is from."""

    id: str  # hexadecimal
    moment: datetime  # in UTC


def commits(clone: Path) -> tuple[Commit, ...]:
    """The commits of the branch that is checked out in `clone`, the newest first.

    They are the first parents: what the branch itself was, and not what was merged into it. None
    where nobody can tell: there is no `.git`, or no Git.
    """
    said = _git(clone, "rev-list", "--first-parent", "--timestamp", f"-{MOST_COMMITS}", "HEAD")
    found = []
    for line in (said or b"").decode("ascii", "replace").splitlines():
        seconds, _, id = line.partition(" ")
        if moment := _moment(seconds):
            found.append(Commit(id, moment))
    return tuple(found)


def last_change(clone: Path, paths: Sequence[Path]) -> datetime | None:
    """When one of these files of `clone` was last changed by a commit, in UTC; None: unknown."""
    inside = [str(path.relative_to(clone)) for path in paths if path.is_relative_to(clone)]
    if not inside or len(inside) > MOST_PATHS:
        return None
    said = _git(clone, "rev-list", "-1", "--timestamp", "HEAD", "--", *inside)
    return _moment((said or b"").decode("ascii", "replace").partition(" ")[0])


def is_shallow(clone: Path) -> bool:
    """Whether the clone holds the end of its history alone (git-clone(1), --depth)."""
    return (clone / ".git" / "shallow").is_file()


def write_commit(clone: Path, commit: str, target: Path) -> bool:
    """Write the files of a commit into the zip `target`, programs first; returns whether it is so.

    Links and other repositories inside are left out, and so is what is more or larger than a
    hand-in may be. Raises OSError when `target` cannot be written.
    """
    listed = _git(clone, "ls-tree", "-r", "-l", "-z", "--full-tree", commit)
    if listed is None:
        return False
    chosen: list[tuple[str, bytes]] = []
    total = 0
    for name, id, size in sorted(_blobs(listed), key=lambda one: not is_program_file(one[0])):
        total += size
        if size <= HAND_IN.file and total <= HAND_IN.total and len(chosen) < HAND_IN.files:
            chosen.append((name, id))
    data = _git(clone, "cat-file", "--batch", data=b"".join(id + b"\n" for _, id in chosen))
    if data is None:
        return False
    at = 0
    with zipfile.ZipFile(target, "w") as archive:
        for name, _ in chosen:  # "<id> blob <size>\n<content>\n", in the order of the questions
            end = data.index(b"\n", at)
            kind, _, length = data[at:end].rpartition(b" ")
            if not kind.endswith(b" blob"):  # "<id> missing": a damaged clone
                return False
            at = end + 1 + int(length)
            archive.writestr(name, data[end + 1 : at])
            at += 1
    return True


def _blobs(listed: bytes) -> list[tuple[str, bytes, int]]:
    """Path, id and size of each plain file in what git-ls-tree(1) prints with -l and -z."""
    found = []
    for entry in listed.split(b"\0"):
        about, _, path = entry.partition(b"\t")
        facts = about.split()
        plain = len(facts) == 4 and facts[0].startswith(b"100") and facts[3].isdigit()
        if plain and len(path) <= LONGEST:
            found.append((path.decode("utf-8", "replace"), facts[2], int(facts[3])))
    return found


def _moment(seconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else None
    except (ValueError, OverflowError, OSError):  # a year that no calendar has
        return None


def _git(clone: Path, *words: str, data: bytes = b"") -> bytes | None:
    """What Git prints; None where it cannot be asked, says no, or takes too long."""
    git = shutil.which("git")
    if git is None or not (clone / ".git").is_dir():
        return None
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = [git, "--no-pager", f"--git-dir={clone / '.git'}", f"--work-tree={clone}", *words]
    try:
        done = subprocess.run(
            command,
            cwd=clone,
            env=own | ALONE,
            input=data,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
