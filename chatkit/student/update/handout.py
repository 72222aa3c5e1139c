"""Take a newer hand-out into the folder of an earlier one.

The lessons come first, then the kit, and what says which hand-out this is comes last. Until the kit
is replaced the folder still has the untouched starters of the earlier one, so an update that was
stopped knows as well as the first time what the student has edited.

A folder of the kit is replaced by two renames: there is no moment with half of the modules in it.
What it was before lies in `.chatkit-before`, even when the power fails between the two.
"""

import json
import re
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatkit._archives.unpacking import HAND_IN, ArchiveError, is_left_out, unpack
from chatkit._files import WriteError, write_whole
from chatkit.course.errors import CourseError
from chatkit.course.handout import FORMAT, MANIFEST
from chatkit.course.lessons import read_lesson
from chatkit.course.manifest import Fingerprints
from chatkit.student.update.changes import (
    Changes,
    UpdateError,
    carry_out,
    pip_after,
    plan,
    read,
)

FOLDERS = ("docs", "tests/lessons", "chatkit")  # the kit; the last is the one that runs
FILES = ("LICENSE", "README.md", "pyproject.toml")
UNTOUCHED = "chatkit/_course/"  # where the lessons lie a second time
STAGE = ".chatkit-update"  # where the new kit waits until it is whole
BEFORE = ".chatkit-before"  # what it replaced


@dataclass(frozen=True)
class NewerHandout:
    """A hand-out, read as a whole."""

    kit: str  # its version
    lessons: tuple[str, ...]  # "01_echo"
    entries: Mapping[str, bytes]  # the lessons, untouched
    parts: Mapping[str, Mapping[str, bytes]]  # folder or file of the kit -> its files


def update_handout(root: Path, source: Path, *, force: bool, dry_run: bool) -> Changes:
    """Take the hand-out `source`, a zip file or the folder it was unpacked into, into `root`.

    Raises UpdateError for what is not a hand-out, and for an older one unless `force`.
    """
    new = read_handout(source)
    if source.resolve() == root:
        raise UpdateError(f"{source} is this very folder: name the newer hand-out")
    about = _manifest(root)
    if not force and (_number(new.kit), len(new.lessons)) < (
        _number(about["kit"]),
        len(about["lessons"]),
    ):
        raise UpdateError(
            f"{source} is older than what you have (chatkit {about['kit']}, "
            f"{len(about['lessons'])} lessons): add --force to take it all the same"
        )
    untouched = _files(root / UNTOUCHED / "lessons")
    given = Fingerprints.of({f"lessons/{name}": data for name, data in untouched.items()})
    steps = plan(root, new.entries, given)
    changed = {part: files for part, files in new.parts.items() if _part(root, part) != dict(files)}
    pip = pip_after(
        root,
        read(root / "pyproject.toml") or b"",
        new.parts["pyproject.toml"]["pyproject.toml"],
        bool(changed),
    )
    if not dry_run:
        carry_out(root, steps)
        _replace(root, changed)
    return Changes(
        before=f"chatkit {about['kit']}, {_count(about['lessons'])}",
        after=f"chatkit {new.kit}, {_count(new.lessons)}",
        steps=steps,
        kit=tuple(part for part in changed if part != MANIFEST),
        install=pip,
        kept_kit=BEFORE if changed else "",
    )


# Reading


def read_handout(source: Path) -> NewerHandout:
    """Read a hand-out: a zip file, or the folder it was unpacked into. Raises UpdateError."""
    if source.is_dir():
        return _read_folder(source, source)
    with tempfile.TemporaryDirectory(prefix="chatkit-") as room:
        folder = Path(room) / "handout"
        try:
            for lost in unpack(source, folder, HAND_IN).lost:
                raise UpdateError(f"not a hand-out: {'/'.join(lost.parts)}: {lost.why}")
        except ArchiveError as error:
            raise UpdateError(f"not a hand-out: {error}") from None
        except OSError as error:
            raise UpdateError(f"{source} cannot be unpacked: {error.strerror}") from None
        inside = list(folder.iterdir())
        if len(inside) == 1 and inside[0].is_dir():  # packed again, as a folder
            folder = inside[0]
        return _read_folder(folder, source)


def _read_folder(folder: Path, source: Path) -> NewerHandout:
    about = _manifest(folder, source)
    try:
        lessons_in = UNTOUCHED if (folder / UNTOUCHED / "lessons").is_dir() else ""
        entries: dict[str, bytes] = {}
        for name in about["lessons"]:
            lesson = read_lesson(folder, folder / lessons_in / "lessons" / name)
            for file in ("README.md", "lesson.toml", *lesson.programs):
                if Path(file).name != file:
                    raise UpdateError(f"{source} is not a hand-out: {name} names {file!r}")
                entries[f"lessons/{name}/{file}"] = (lesson.folder / file).read_bytes()
            if not (folder / "tests/lessons" / f"test_{name}.py").is_file():
                raise UpdateError(f"{source} is not a hand-out: the checks of {name} are missing")
        parts: dict[str, dict[str, bytes]] = {part: _part(folder, part) for part in FOLDERS}
        parts |= {file: {file: (folder / file).read_bytes()} for file in (*FILES, MANIFEST)}
    except CourseError as error:
        raise UpdateError(f"{source} is not a hand-out: {error}") from None
    except OSError as error:
        name = Path(error.filename).name
        raise UpdateError(f"{source} is not a hand-out: {name}: {error.strerror}") from None
    if "__init__.py" not in parts["chatkit"]:
        raise UpdateError(f"{source} is not a hand-out: the kit in it is not whole")
    return NewerHandout(about["kit"], tuple(about["lessons"]), entries, parts)


def _manifest(folder: Path, source: Path | None = None) -> dict[str, Any]:
    """What says which hand-out it is: `kit` and `lessons`. Raises UpdateError."""
    source = source or folder
    data = read(folder / MANIFEST)
    if data is None:
        raise UpdateError(f"{source} is not a hand-out: it has no {MANIFEST}")
    try:
        about = json.loads(data)
        known = about["handout"] == FORMAT
        kit, lessons = about["kit"], about["lessons"]
        right = isinstance(kit, str) and bool(lessons)
        right = right and all(re.fullmatch(r"\d\d_\w+", name) for name in lessons)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UpdateError(f"{source} is not a hand-out: its {MANIFEST} cannot be read") from None
    if not known or not right:
        raise UpdateError(f"{source} was made by another kit: unpack it into a new folder")
    return {"kit": kit, "lessons": list(lessons)}


def _part(root: Path, part: str) -> dict[str, bytes]:
    """The files of one part of the kit, by their names in it. Raises UpdateError."""
    path = root / part
    if part in FOLDERS:
        return _files(path)
    data = read(path)
    return {} if data is None else {part: data}


def _files(folder: Path) -> dict[str, bytes]:
    """All plain files in a folder of the kit, by name. Links are not followed."""
    found = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        passing = any(is_left_out(part) for part in inside.parts) or path.suffix == ".pyc"
        linked = any((folder / one).is_symlink() for one in (inside, *inside.parents))
        if not passing and not linked and path.is_file():
            found[inside.as_posix()] = read(path) or b""
    return found


def _number(version: str) -> tuple[int, ...]:
    """A version to compare: "0.10.2" is newer than "0.9"."""
    return tuple(int(digits) for digits in re.findall(r"\d{1,9}", version))


def _count(lessons: list[str] | tuple[str, ...]) -> str:
    return "1 lesson" if len(lessons) == 1 else f"{len(lessons)} lessons"


# Writing


def _replace(root: Path, parts: Mapping[str, Mapping[str, bytes]]) -> None:
    """Replace these parts of the kit. Raises UpdateError; trying again goes on."""
    stage = root / STAGE
    try:
        shutil.rmtree(stage, ignore_errors=True)
        for part, files in parts.items():
            if part in FOLDERS:
                for name, data in files.items():
                    write_whole(stage / part / name, data)
        for part, files in parts.items():
            before = root / BEFORE / part
            _clear(before)
            if part in FOLDERS:
                _exchange(root / part, stage / part, before)
            else:
                if (root / part).exists():
                    shutil.copyfile(root / part, before)
                write_whole(root / part, files[part], lasting=True)
    except WriteError as error:
        raise UpdateError(f"{error}. Then run the same again") from None
    except OSError as error:
        why = f"{error.filename}: {error.strerror}"
        raise UpdateError(f"{why}. Close what uses the folder, and run the same again") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _clear(before: Path) -> None:
    if before.is_dir():
        shutil.rmtree(before)
    before.parent.mkdir(parents=True, exist_ok=True)


def _exchange(now: Path, new: Path, before: Path) -> None:
    """Put the folder `new` in the place of `now`, and `now` where `before` says."""
    with _unstoppable():
        if now.exists():
            now.rename(before)
        if not new.exists():  # the new kit has nothing of the kind
            return
        try:
            now.parent.mkdir(exist_ok=True)
            new.rename(now)
        except BaseException:
            if before.exists():
                before.rename(now)
            raise


@contextmanager
def _unstoppable() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block, which takes no time."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopped: list[int] = []
    earlier = signal.signal(signal.SIGINT, lambda number, frame: stopped.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier)
    if stopped:
        raise KeyboardInterrupt
