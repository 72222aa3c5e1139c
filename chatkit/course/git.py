"""The few things that the kit asks of git. It never changes a file of the working tree itself."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from chatkit._errors import UserError


class GitError(UserError):
    """Git cannot be started or says no; the message is the line that says why."""


@dataclass(frozen=True)
class Blob:
    """A file as git keeps it."""

    mode: str  # "100644"
    id: str

    @property
    def is_there(self) -> bool:
        return self.mode != "000000"


@dataclass(frozen=True)
class Git:
    """Runs git in a clone. `index` is another list of staged files than the clone's own."""

    root: Path
    index: Path | None = None

    def run(self, *words: str, data: bytes = b"", to_the_end: bool = False) -> bytes:
        """What git prints. `to_the_end`: Ctrl-C does not reach it. Raises GitError."""
        environment = {**os.environ, "LC_ALL": "C", "GIT_LITERAL_PATHSPECS": "1"}
        if self.index:
            environment["GIT_INDEX_FILE"] = str(self.index)
        try:
            done = subprocess.run(
                ["git", *words],
                cwd=self.root,
                env=environment,
                input=data,
                capture_output=True,
                start_new_session=to_the_end,
            )
        except OSError as error:
            raise GitError(f"git cannot be started: {error.strerror}. Install git") from None
        if done.returncode:
            raise GitError(_first_line(done.stderr) or f"git {words[0]} failed")
        return done.stdout

    def line(self, *words: str) -> str:
        return os.fsdecode(self.run(*words)).strip()

    def paths(self, *words: str) -> set[str]:
        """The names that a command prints with -z, as seen from the top of the clone."""
        return {os.fsdecode(name) for name in self.run(*words).split(b"\0") if name}

    def differences(self, one: str, other: str) -> dict[str, Blob]:
        """What files differ between two commits or trees, each as `other` has it."""
        raw = self.run("diff-tree", "-r", "-z", "--no-renames", "--full-index", one, other)
        fields = raw.split(b"\0")
        found = {}
        for about, name in zip(fields[::2], fields[1::2], strict=False):
            _, mode, _, id, _ = about.decode().split()
            found[os.fsdecode(name)] = Blob(mode, id)
        return found

    def stage(self, names: Iterable[str]) -> None:
        """Stage these files as they are on the disk."""
        self.run("update-index", "--add", "--remove", "-z", "--stdin", data=_joined(names))

    def staged(self, names: Iterable[str]) -> dict[str, Blob]:
        """What is staged under these names."""
        found = {}
        wanted = list(names)  # none would mean all of them
        listed = self.run("ls-files", "-s", "-z", "--", *wanted) if wanted else b""
        for line in listed.split(b"\0"):
            if line:
                about, _, name = line.partition(b"\t")
                mode, id, _ = about.decode().split()
                found[os.fsdecode(name)] = Blob(mode, id)
        return found

    def tree_with(self, tree: str, blobs: Mapping[str, Blob], room: Path) -> str:
        """The id of a new tree: `tree` with these files in it. `room` is a folder to work in."""
        if not blobs:
            return self.line("rev-parse", f"{tree}^{{tree}}")
        git = Git(self.root, room / "tree")
        git.run("read-tree", tree)
        lines = (
            f"{blob.mode if blob.is_there else '0'} {blob.id}\t".encode() + os.fsencode(name)
            for name, blob in blobs.items()
        )
        git.run("update-index", "-z", "--index-info", data=b"\0".join(lines) + b"\0")
        return git.line("write-tree")

    def content(self, blob: Blob) -> bytes:
        return self.run("cat-file", "blob", blob.id)

    def on_disk(self, name: str) -> str:
        """The id that the file on the disk would have; "" where there is none."""
        path = self.root / name
        return self.line("hash-object", "--", name) if path.is_file() else ""


def _joined(names: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(name) + b"\0" for name in names)


def _first_line(errors: bytes) -> str:
    """What git says is wrong, without its advice."""
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines() if line.strip()]
    said = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    return said[-1].removeprefix("fatal: ").removeprefix("error: ") if said else ""
