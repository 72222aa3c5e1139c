"""A newer kit without losing what a student has written: which way depends on where the kit lies.

An unpacked hand-out takes a newer hand-out, a clone asks its remote, and a folder that `init` made
takes the lessons of the kit that is installed.
"""

from collections.abc import Callable
from pathlib import Path

from chatkit import __version__
from chatkit.course.handout import MANIFEST
from chatkit.course.lessons import Course, kit_course
from chatkit.course.places import INSTALLED
from chatkit.student.newfolder import Given, lessons_of, read_given, write_given
from chatkit.student.update.changes import Changes, UpdateError, carry_out, plan
from chatkit.student.update.clone import update_clone
from chatkit.student.update.handout import update_handout


def update(
    course: Course,
    source: Path | None,
    *,
    force: bool = False,
    dry_run: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Changes:
    """Bring the kit around `course` up to date, and say what has changed.

    `source` is the newer hand-out, for an unpacked hand-out only. `force` takes an older one too.
    `dry_run` changes nothing. `say` hears what takes a while. Raises UpdateError, GitError,
    FolderError and StarterError; what the student wrote is still there then, and trying again
    goes on.
    """
    root = course.root
    if root == INSTALLED:
        raise UpdateError("these lessons are the kit's own. Copy them out: chatkit init my-chat")
    if (root / MANIFEST).is_file():
        if source is None:
            raise UpdateError(
                "name the newer hand-out that you got, such as: chatkit update week3.zip"
            )
        return update_handout(root, source, force=force, dry_run=dry_run)
    if source is not None:
        raise UpdateError(
            f"{root} is not an unpacked hand-out, so it takes none: type chatkit update alone"
        )
    if (given := read_given(root)) is not None:
        return _update_folder(root, given, dry_run)
    if (root / ".git").exists():
        return update_clone(root, dry_run=dry_run, say=say)
    raise UpdateError(
        f"nothing says where the lessons in {root} came from. Begin anew with chatkit init my-chat,"
        " and copy your programs over"
    )


def _update_folder(root: Path, given: Given, dry_run: bool) -> Changes:
    """Take the lessons of the kit that runs into a folder that `init` has made."""
    entries = lessons_of(kit_course())
    steps = plan(root, entries, given.files)
    if not dry_run:
        carry_out(root, steps)
        write_given(root, entries)
    advice = "Install a newer kit with pip, then run this again."
    return Changes(f"chatkit {given.kit}", f"chatkit {__version__}", steps, advice=advice)
