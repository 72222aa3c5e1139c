"""The hand-out: what students get, made by `chatkit class handout`.

    lessons/01_echo/…     the lessons up to a number, as starters; students edit here
    tests/lessons/…       their checks
    docs/contract.md      where the kit has it
    chatkit/…             the kit without the reference and without the tools of authors;
                          in chatkit/_course/lessons the lessons again, to stay untouched
    pyproject.toml, README.md, LICENSE, handout.json

It stops at a lesson because a later one gives programs that an earlier one asks for. Two modules of
the kit need what is left out: stand-ins of `handout_files/` say so in one line.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatkit import __version__
from chatkit._errors import UserError
from chatkit._files import names_in, write_whole, zip_of
from chatkit.classroom.gradekey import imported
from chatkit.course.handout import CONTRACT, FORMAT, MANIFEST, without_dead_links
from chatkit.course.lessons import Course, Lesson
from chatkit.course.places import PACKAGE
from chatkit.course.todo import unfinished

FILES = Path(__file__).parent / "handout_files"
LEFT_OUT = ("_course", "authoring", "reference")  # folders of the package
STAND_INS = {"chatkit/cli/author/author.py": "author.py", "chatkit/tools/demo.py": "demo.py"}


class HandoutError(UserError):
    """A hand-out cannot be made; the message is one line that says what to do."""


@dataclass(frozen=True)
class Handout:
    """What was packed."""

    lessons: tuple[str, ...]  # "01_echo"
    files: tuple[str, ...]  # by name
    bytes: int  # of the zip file


def hand_out(course: Course, last: Lesson, target: Path) -> Handout:
    """Write a zip file with the lessons up to `last` and the kit, and nothing that solves them.

    The same course gives the same bytes. `target` is replaced as a whole or not at all; an earlier
    hand-out may be there, nothing else. Raises HandoutError when a starter has been solved or
    something is missing, WriteError when `target` cannot be written.
    """
    if target.suffix.lower() != ".zip":
        raise HandoutError(f"{target} must end in .zip")
    if target.exists() and not is_hand_out(target):
        raise HandoutError(f"{target} is there already and is not a hand-out: choose another name")
    lessons = course.lessons[: course.lessons.index(last) + 1]
    entries = kit_files(course, lessons)
    names = tuple(lesson.name for lesson in lessons)
    about = {"handout": FORMAT, "kit": __version__, "lessons": names}
    entries[MANIFEST] = (json.dumps(about, indent=1) + "\n").encode()
    whole = zip_of(entries)
    write_whole(target, whole)
    return Handout(names, tuple(sorted(entries)), len(whole))


def is_hand_out(path: Path) -> bool:
    """Whether a file is a zip file that `hand_out` wrote. Raises HandoutError."""
    if not path.is_file():
        return False
    try:
        return MANIFEST in names_in(path.read_bytes())
    except OSError as error:
        raise HandoutError(f"{path} cannot be read: {error.strerror}") from None


def kit_files(course: Course, lessons: Sequence[Lesson]) -> dict[str, bytes]:
    """The kit with these lessons and without solutions, name -> content; pip can install it.

    Raises HandoutError when a starter has been solved or something is missing.
    """
    try:
        entries = dict(_package())
        for lesson in lessons:
            entries |= _starter(lesson)
            for path in imported(lesson.checks_file):
                entries[f"tests/lessons/{path.name}"] = path.read_bytes()
            if f"tests/lessons/{lesson.checks_file.name}" not in entries:
                raise HandoutError(f"{lesson.checks_file} is missing: install the kit again")
        entries["pyproject.toml"] = (FILES / "pyproject.toml").read_bytes()
        entries["README.md"] = _readme(lessons)
        entries["LICENSE"] = _licence().read_bytes()
        if (course.root / CONTRACT).is_file():
            entries[CONTRACT] = (course.root / CONTRACT).read_bytes()
    except OSError as error:
        raise HandoutError(f"{error.filename} cannot be read: {error.strerror}") from None
    entries = without_dead_links(entries)
    untouched = {name: data for name, data in entries.items() if name.startswith("lessons/")}
    return entries | {f"chatkit/_course/{name}": data for name, data in untouched.items()}


def _package() -> Iterator[tuple[str, bytes]]:
    """The files of the package that students may have."""
    for path in PACKAGE.rglob("*"):
        inside = path.relative_to(PACKAGE)
        passing = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
        if inside.parts[0] not in LEFT_OUT and not passing and path.is_file():
            name = f"chatkit/{inside.as_posix()}"
            stand_in = STAND_INS.get(name)
            yield name, (FILES / stand_in if stand_in else path).read_bytes()


def _starter(lesson: Lesson) -> dict[str, bytes]:
    """The files of a lesson, and nothing else that lies in its folder. Raises HandoutError."""
    names = ("README.md", "lesson.toml", *lesson.programs)
    files = {name: (lesson.folder / name).read_bytes() for name in names}
    for program in lesson.asked:
        left = unfinished(files[program].decode("utf-8", errors="replace"))
        todos = (todo.number for todo in lesson.todos if todo.program == program)
        if solved := sorted(set(todos) - set(left)):
            raise HandoutError(
                f"{lesson.folder / program} is not a starter any more, TODO {solved[0]} is done: "
                f"bring the starter back with chatkit reset {lesson.number} "
                f"{program.removesuffix('.py')}, which keeps your version, or hand out from a "
                "fresh copy"
            )
    return {f"lessons/{lesson.name}/{name}": data for name, data in files.items()}


def _readme(lessons: Sequence[Lesson]) -> bytes:
    """The README of the hand-out, with a row for each lesson."""
    rows = [
        f"| {lesson.number} | [{lesson.title}](lessons/{lesson.name}/README.md) "
        f"| {lesson.summary} | about {lesson.minutes} minutes |"
        for lesson in lessons
    ]
    text = (FILES / "README.md").read_text(encoding="utf-8")
    text = text.replace("LESSONS", "\n".join(rows)).replace("FIRST", str(lessons[0].number))
    return text.replace("FOLDER", lessons[0].name).encode()


def _licence() -> Path:
    """The licence: an installed kit has it beside its metadata, a clone at its root."""
    metadata = PACKAGE.parent / f"chatkit_classroom-{__version__}.dist-info"
    installed = metadata / "licenses" / "LICENSE"
    return installed if metadata.is_dir() else PACKAGE.parent / "LICENSE"
