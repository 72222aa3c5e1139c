"""The key of a grade: the same key means that grading again would find the same.

It is the SHA-256 of everything that a verdict depends on: the submitted programs, the lesson's
checks, the kit that runs them, the version of Python, the isolation, whether there can be windows,
and the seed of the random words.
"""

import ast
import contextlib
import hashlib
import importlib.util
import os
import platform
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import chatkit
from chatkit.course.lessons import Lesson
from chatkit.course.places import PACKAGE
from chatkit.system.commands import SYSTEM
from chatkit.system.sandbox.sandbox import Tier

MOST = 16 * 1024 * 1024  # bytes of one submitted file that are read; of the rest, its size counts
GRADER = tuple(f"{room}/**/*.py" for room in ("course", "system", "bench", "grading"))


def grade_key(lesson: Lesson, folder: Path, seed: str, tier: Tier) -> str:
    """The key, 64 hexadecimal digits, of grading `lesson` on the programs in `folder`.

    `tier` is the isolation that the programs will have.

    All regular files of `folder` count, also a module or a text that a program brings along, except
    hidden ones and what Python caches. Links count by where they lead, and are not followed, unless
    they are one of the lesson's programs.
    """
    digest = hashlib.sha256()
    for part in (seed, kit_digest(lesson), tier, screen()):
        _feed(digest, part.encode("utf-8", "backslashreplace"))
    _feed_programs(digest, lesson, folder)
    return digest.hexdigest()


def work_digest(lesson: Lesson, folder: Path) -> str:
    """What tells these programs from all others, 64 hexadecimal digits: the same is one attempt."""
    digest = hashlib.sha256(b"work")
    _feed_programs(digest, lesson, folder)
    return digest.hexdigest()


def _feed_programs(digest: "hashlib._Hash", lesson: Lesson, folder: Path) -> None:
    for program in lesson.programs:
        _feed(digest, program.encode())
        _feed(digest, _content(lesson.program_in(folder, program)))
    for path in _files(folder):
        _feed(digest, str(path.relative_to(folder)).encode("utf-8", "backslashreplace"))
        _feed(digest, _content(path, follow=False))


def kit_digest(lesson: Lesson) -> str:
    """The part of the key that has nothing to do with the student: 64 hexadecimal digits."""
    parts = (chatkit.__version__, python(), grader_digest(), checks_digest(lesson))
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def python() -> str:
    """The Python that runs kit and programs: "CPython 3.12". Later releases of one version only
    repair it, https://devguide.python.org/developer-workflow/development-cycle/."""
    return " ".join((platform.python_implementation(), *platform.python_version_tuple()[:2]))


def screen() -> str:
    """What this machine has of what a window needs: without it a check is skipped."""
    there = {"Tk": importlib.util.find_spec("_tkinter"), "Xvfb": shutil.which("Xvfb")}
    return " ".join((SYSTEM, *(name for name, found in there.items() if found)))


def submitted_files(folder: Path) -> dict[str, bytes]:
    """What `folder` holds that a verdict depends on: path in the folder -> content.

    A link that leads out of the folder is left out, as are files of more than 16 MB.
    """
    found = {}
    for path in _files(folder):
        inside = path.resolve().is_relative_to(folder.resolve())
        if inside and path.is_file() and path.stat().st_size <= MOST:
            with contextlib.suppress(OSError):  # it cannot be read: then it is not there
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


@cache
def grader_digest() -> str:
    """The digest of the kit's own code that makes verdicts. It is read once in a run."""
    return _digest_of(path for pattern in GRADER for path in sorted(PACKAGE.glob(pattern)))


def checks_digest(lesson: Lesson) -> str:
    """The digest of the lesson's checks, of the files beside them that they import, and of its
    `lesson.toml`, whose hints stand in verdicts. It is read once in a run."""
    return _checks_digest(lesson.checks_file, lesson.folder / "lesson.toml")


@cache
def _checks_digest(checks: Path, facts: Path) -> str:
    return _digest_of([*imported(checks), facts])


def imported(file: Path) -> list[Path]:
    """`file` and the files of its package that it imports, directly or not, by name."""
    found: dict[str, Path] = {}
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path.name in found or not path.is_file():
            continue
        found[path.name] = path
        waiting.append(path.with_name("__init__.py"))
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                names = [node.module] if node.module else [alias.name for alias in node.names]
                waiting += [path.with_name(f"{name.split('.')[0]}.py") for name in names]
    return [path for _, path in sorted(found.items())]


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name != "__pycache__"
        )
        for name in sorted(files):
            if not name.startswith(".") and not name.endswith(".pyc"):
                yield Path(here) / name


def _content(path: Path, *, follow: bool = True) -> bytes:
    """What is in `path`, as far as it counts; never waits for a pipe, never fails."""
    try:
        if path.is_symlink() and not follow:
            return b"link to " + os.fsencode(path.readlink())
        if not path.is_file():
            return b"no file"
        with path.open("rb") as file:
            return b"%d bytes: " % path.stat().st_size + file.read(MOST)
    except OSError as error:
        return f"unreadable: {error.errno}".encode()


def _digest_of(paths: Iterator[Path] | list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        _feed(digest, path.name.encode())
        _feed(digest, _content(path))
    return digest.hexdigest()


def _feed(digest: "hashlib._Hash", part: bytes) -> None:
    """Add `part` with its length before it, so that no two lists of parts look the same."""
    digest.update(b"%d:" % len(part))
    digest.update(part)
