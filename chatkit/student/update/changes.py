"""What an update does to the files of the lessons: planned first, then done.

What a student has not edited is replaced. What was edited stays, and the new starter lies beside it
as `server.new.py`. Doing a plan twice does no harm, so an update that was stopped half-way is
completed by the next one.
"""

import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chatkit._errors import UserError
from chatkit.course.backups import BackupError, keep, put
from chatkit.course.manifest import Fingerprints, same
from chatkit.course.places import PACKAGE, new_name

What = Literal[
    "new",  # was not there
    "replaced",  # was not edited
    "beside",  # was edited: it stays, and the new one lies beside it
    "edited",  # was edited, and the new kit has the same starter as before
    "settings",  # a lesson.toml that was edited: kept as a backup, and replaced
    "removed",  # the new kit has it no more
]


class UpdateError(UserError):
    """Nothing can be updated; the message is one line that says what to do."""


@dataclass(frozen=True)
class Step:
    """What happens to one file."""

    name: str  # "lessons/01_echo/server.py"
    what: What
    data: bytes = b""  # what the new kit gives; empty when it is removed


@dataclass(frozen=True)
class Changes:
    """What an update has done, or would do."""

    before: str  # the kit that was there: "chatkit 0.1.0"
    after: str
    steps: tuple[Step, ...] = ()  # the lessons
    kit: tuple[str, ...] = ()  # parts of the kit that were replaced: "tests/lessons"
    install: str = ""  # what to run afterwards; empty when pip has nothing to do
    kept_kit: str = ""  # where the replaced parts of the kit lie
    advice: str = ""  # what else there is to do when nothing is new

    def names(self, *whats: What) -> list[str]:
        return [step.name for step in self.steps if step.what in whats]


def plan(root: Path, entries: Mapping[str, bytes], given: Fingerprints) -> tuple[Step, ...]:
    """What to do in `root` to have `entries`, name -> content.

    `given` is what lay there before anybody edited it. Raises UpdateError when a file cannot be
    read.
    """
    steps = [_step(name, read(root / name), data, given) for name, data in entries.items()]
    steps += [_gone(name, read(root / name), given) for name in given.files if name not in entries]
    return tuple(step for step in steps if step)


def _step(name: str, now: bytes | None, data: bytes, given: Fingerprints) -> Step | None:
    if now is None:
        return Step(name, "new", data)
    if same(now, data):
        return None
    if given.has(name, now):
        return Step(name, "replaced", data)
    if name.endswith(".toml"):  # the kit's own facts, which must fit its checks
        return Step(name, "settings", data)
    return Step(name, "edited" if given.has(name, data) else "beside", data)


def _gone(name: str, now: bytes | None, given: Fingerprints) -> Step | None:
    if now is None:
        return None
    untouched = given.has(name, now) or name.endswith(".toml")
    return Step(name, "removed" if untouched else "edited")


def carry_out(root: Path, steps: Sequence[Step]) -> None:
    """Do these steps in `root`. Raises UpdateError, and nothing of the student is lost then."""
    try:
        for step in steps:
            path = root / step.name
            if step.what == "beside":
                lay_beside(path, step.data)
            elif step.what == "settings":
                keep(path.parent, {path.name: read(path) or b""})
                put(path, step.data)
            elif step.what == "removed":
                path.unlink(missing_ok=True)
                with suppress(OSError):  # something of the student is in it
                    path.parent.rmdir()
            elif step.what != "edited":
                put(path, step.data)
    except (BackupError, OSError) as error:
        why = error if isinstance(error, BackupError) else f"{error.filename}: {error.strerror}"
        raise UpdateError(f"{why}; what is yours is still there. Then run the same again") from None


def lay_beside(path: Path, data: bytes) -> None:
    """Lay the new starter beside an edited program. An earlier one that lies there is kept too.

    Raises BackupError, UpdateError.
    """
    new = path.with_name(new_name(path.name))
    earlier = read(new)
    if earlier is not None and not same(earlier, data):
        keep(path.parent, {new.name: earlier})  # somebody may have worked in it
    put(new, data)


def read(path: Path) -> bytes | None:
    """What is in a file; None where there is none. Raises UpdateError."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UpdateError(f"{path} cannot be read: {error.strerror}") from None


def pip_after(root: Path, before: bytes, after: bytes, changed: bool) -> str:
    """The command that must be run when the kit in `root` has changed; "" when none must.

    `before` and `after` are its pyproject.toml. A kit that pip only points at changes with its
    folder, but for what it depends on and for its commands.
    """
    if PACKAGE.parent != root:
        return "pip install ." if changed else ""
    return "pip install --editable ." if _metadata(before) != _metadata(after) else ""


def _metadata(pyproject: bytes) -> Any:
    """What of pyproject.toml matters to pip when it only points at the folder."""
    try:
        facts = tomllib.loads(pyproject.decode())
        project = facts["project"]
    except (ValueError, KeyError):
        return pyproject
    names = ("name", "requires-python", "dependencies", "scripts", "entry-points")
    return [project.get(name) for name in names]
