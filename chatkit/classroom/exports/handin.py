"""The hand-in: a student's programs of some lessons in one zip, made by `chatkit pack`.

    01_echo/server.py
    01_echo/client.py
    chatkit.json        {"handin": 1, "kit": "0.1.0", "lessons": ["01_echo"]}

Only the programs that a lesson asks for go in: those it gives, the grader has.
"""

import json
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chatkit import __version__
from chatkit._archives.unpacking import HAND_IN, readable
from chatkit._errors import UserError
from chatkit._files import WriteError, write_whole, zip_of
from chatkit.course.lessons import Course, Lesson
from chatkit.course.manifest import same
from chatkit.course.places import set_aside
from chatkit.course.starters import StarterError, starter
from chatkit.course.todo import unfinished

MANIFEST = "chatkit.json"
FORMAT = 1  # of the manifest
LARGEST_MANIFEST = 64 * 1024  # bytes; ours has some hundred


class HandinError(UserError):
    """A hand-in cannot be packed; the message is one line that says what to do."""


@dataclass(frozen=True)
class Manifest:
    """What a hand-in says about itself. A student can write anything here: use it for remarks."""

    kit: str  # the version of the kit that packed it
    lessons: tuple[str, ...]  # names of lessons, such as "01_echo"


def pack(course: Course, target: Path, lessons: Sequence[Lesson]) -> list[str]:
    """Write the asked programs of `lessons` and a manifest to the zip file `target`.

    The same programs give the same bytes. `target` is replaced as a whole or not at all; an
    earlier hand-in may be there, nothing else. Returns remarks for the student: TODOs left,
    programs that Python cannot read, other files that stay behind. Raises HandinError when a
    program is missing or too large, or `target` cannot be written.
    """
    if target.suffix.lower() != ".zip":
        raise HandinError(f"{target} must end in .zip")
    if not target.parent.is_dir():
        raise HandinError(f"{target} cannot be written: there is no folder {target.parent}")
    if not lessons:
        raise HandinError("there is no lesson to pack")
    if target.exists() and read_manifest(target) is None:
        raise HandinError(f"{target} is there already and is not a hand-in: choose another name")
    entries: dict[str, bytes] = {}
    remarks: list[str] = []
    for lesson in (one for one in course.lessons if one in lessons):
        for program in lesson.asked:
            data = read_program(lesson.folder / program)
            remarks += [f"{lesson.name}/{program}: {remark}" for remark in look_at(data)]
            entries[f"{lesson.name}/{program}"] = data
        remarks += left_behind(course, lesson)
    names = [lesson.name for lesson in course.lessons if lesson in lessons]
    about = {"handin": FORMAT, "kit": __version__, "lessons": names}
    entries[MANIFEST] = (json.dumps(about, indent=1) + "\n").encode()
    try:
        write_whole(target, zip_of(entries), lasting=True)
    except WriteError as error:
        raise HandinError(str(error)) from None
    return remarks


def read_program(path: Path) -> bytes:
    """The bytes of a student's program. Raises HandinError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise HandinError(f"{path} is missing: the lesson asks for it") from None
    except OSError as error:
        raise HandinError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > HAND_IN.file:
        raise HandinError(f"{path} is too large for a program: {len(data)} bytes")
    return data


def look_at(data: bytes) -> list[str]:
    """What a student should know about a program before it is graded.

    Nothing here keeps it from being packed: a program that is wrong in one place is worth handing
    in, and the deadline may be near.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return [f"line {line} is not UTF-8 text; save the file as UTF-8"]
    remarks = []
    if left := unfinished(text):
        word = "TODO" if len(left) == 1 else "TODOs"
        remarks.append(f"{word} {', '.join(map(str, left))} not done yet")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, "program", "exec", dont_inherit=True)
    except SyntaxError as error:
        where = f"line {error.lineno}" if error.lineno else "it"  # zero bytes are in no line
        remarks.append(f"Python cannot read {where}: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        remarks.append(f"Python cannot read it: {error}")
    return remarks


def left_behind(course: Course, lesson: Lesson) -> list[str]:
    """A remark when the lesson folder has modules that the hand-in does not carry.

    The grader has those that the lesson gives, as they were given.
    """
    others = sorted(
        readable(path.name)
        for path in lesson.folder.glob("*.py")
        if not set_aside(path.name) and not _is_given(course, lesson, path)
    )
    if not others:
        return []
    asked = " and ".join(lesson.asked)
    return [f"{lesson.name}: {', '.join(others)} not packed; a hand-in carries {asked} only"]


def _is_given(course: Course, lesson: Lesson, path: Path) -> bool:
    """Whether the grader has this file: a program of the lesson, or a module as it was given."""
    if path.name not in lesson.modules:
        return path.name in lesson.programs
    try:
        return same(path.read_bytes(), starter(course, lesson, path.name))
    except (OSError, StarterError):  # nobody can tell: say that it stays behind
        return False


def read_manifest(where: Path) -> Manifest | None:
    """The manifest of a hand-in: a zip file, or the folder it was unpacked into.

    Returns None when there is none, or none that can be used. Never raises.
    """
    try:
        if where.is_dir():
            path = where / MANIFEST
            if path.is_symlink() or not path.is_file():
                return None
            with path.open("rb") as file:
                text = file.read(LARGEST_MANIFEST)
        else:
            with zipfile.ZipFile(where) as archive, archive.open(MANIFEST) as entry:
                text = entry.read(LARGEST_MANIFEST)
        facts = json.loads(text)
        if not isinstance(facts, dict) or facts.get("handin") != FORMAT:
            return None
        kit, lessons = facts.get("kit"), facts.get("lessons")
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile):
        return None
    if not isinstance(kit, str) or not isinstance(lessons, list):
        return None
    return Manifest(readable(kit)[:40], tuple(readable(str(name))[:80] for name in lessons[:100]))
