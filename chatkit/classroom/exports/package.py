"""What a platform needs to grade with this kit, made by `chatkit class package`.

The files lie in `packages/` as they go out. A few lines of them are filled in: which lessons are
graded, and where the kit comes from. The kit inside a package is a hand-out's: to grade, nobody
needs the solutions.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from chatkit._errors import UserError
from chatkit._files import names_in, write_whole, zip_of
from chatkit.classroom.exports.handout import HandoutError, kit_files
from chatkit.course.lessons import Course, Lesson

FILES = Path(__file__).parent / "packages"
SETUP, RUN = "setup.sh", "run_autograder"  # Gradescope looks for these names
WORKFLOW = Path(".github/workflows/classroom.yml")
DISTRIBUTION = "chatkit-classroom"
# A requirement, as https://packaging.python.org/en/latest/specifications/dependency-specifiers/ has
# it, without an address: a name, perhaps extras, versions and a marker.
INDEXED = re.compile(r"[\w.-]+\s*(\[[^]]*\])?\s*([(<>=!~;].*)?")
NAMED = re.compile(r"([\w.-]+)\s*(?:\[[^]]*\])?\s*@\s")
MADE_BY = "# Made by chatkit class package"


class PackageError(UserError):
    """A package cannot be made; the message is one line that says what to do."""


def gradescope_zip(course: Course, lessons: Sequence[Lesson], target: Path) -> Path:
    """Write the zip file that is uploaded to Gradescope as an autograder. Returns `target`.

    `lessons` are graded even when they are missing; without them, what was handed in is. An
    earlier package may be at `target`, nothing else. Raises PackageError, and WriteError when
    `target` cannot be written.
    """
    if target.suffix.lower() != ".zip":
        raise PackageError(f"{target} must end in .zip")
    if target.exists() and not (target.is_file() and {SETUP, RUN} <= names_in(_read(target))):
        raise PackageError(
            f"{target} is there already and is not an autograder: choose another name"
        )
    try:
        kit = kit_files(course, lessons or course.lessons)
    except HandoutError as error:
        raise PackageError(str(error)) from None
    named = f"lessons=({' '.join(_options(lessons))})"
    entries = {f"kit/{name}": data for name, data in kit.items()}
    entries[SETUP] = _template(SETUP, {}).encode()
    entries[RUN] = _template(RUN, {"lessons=()": named}).encode()
    return write_whole(target, zip_of(entries, executable=(SETUP, RUN)))


def github_workflow(lessons: Sequence[Lesson], kit: str, folder: Path) -> Path:
    """Write the workflow of GitHub Classroom into the repository at `folder`; returns its path.

    `kit` is the address from which pip installs the kit. A name alone would make pip look on the
    package index, where the kit is not: somebody else's program would give the grades. An earlier
    workflow of ours may be there, no other. Raises PackageError, and WriteError when it cannot be
    written.
    """
    if not kit.isprintable() or not kit.strip() or kit.startswith("-") or "${{" in kit:
        raise PackageError(f"--kit takes what pip can install, not {kit!r}")
    if INDEXED.fullmatch(kit.strip()):
        raise PackageError(
            f"the kit is not on the package index, so {kit!r} would install another program, or "
            "none: give the address of your copy, such as git+https://example.org/chatkit.git"
        )
    named = NAMED.match(kit.strip())
    if named and re.sub(r"[-_.]+", "-", named[1]).lower() != DISTRIBUTION:
        raise PackageError(f"pip knows the kit as {DISTRIBUTION}, not as {named[1]}")
    target = folder / WORKFLOW
    if folder.exists() and not folder.is_dir():
        raise PackageError(f"{folder} is not a folder: the workflow goes into a repository")
    if target.exists() and not (target.is_file() and _read(target).startswith(MADE_BY.encode())):
        raise PackageError(f"{target} is there already and is not ours: move it away first")
    words = json.dumps(" ".join(_options(lessons)))
    filled = {'LESSONS: ""': f"LESSONS: {words}", "KIT: ADDRESS": f"KIT: {json.dumps(kit)}"}
    return write_whole(target, _template("classroom.yml", filled))


def _options(lessons: Sequence[Lesson]) -> list[str]:
    return [f"--lesson {lesson.number}" for lesson in lessons]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PackageError(f"{path} cannot be read: {error.strerror}") from None


def _template(name: str, filled: Mapping[str, str]) -> str:
    """A file of `packages/` with these pieces replaced; each stands there once."""
    text = (FILES / name).read_text(encoding="utf-8")
    for piece, filling in filled.items():
        assert text.count(piece) == 1, f"{name}: {piece}"
        text = text.replace(piece, filling)
    return text
