"""The command that takes a newer kit, and tells what became of a student's programs."""

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from chatkit.course.lessons import find_course
from chatkit.course.places import new_name
from chatkit.system.commands import compare

if TYPE_CHECKING:
    from chatkit.student.update.changes import Changes


@click.command()
@click.argument("source", metavar="[FROM]", required=False, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--force", is_flag=True, help="Take a hand-out that is older, too.")
def update(source: Path | None, dry_run: bool, force: bool) -> None:
    """Take a newer kit, and keep what you have written.

    A program that you have edited stays as it is. When the newer kit has another starter for it,
    that lies beside it, as server.new.py. What you have not edited is replaced.

    \b
    chatkit update week3.zip     in a hand-out: the newer one, or its folder
    chatkit update               in a clone: fetches from where it came
    chatkit update               in a folder of init: the installed kit's lessons
    chatkit update --dry-run     what would happen

    It never runs pip. It says when you must. Stopped half-way, run it again: it goes on.

    Exit status 0: done, or nothing is new. 2: wrong use, or it cannot be done; it says why.
    """
    from chatkit.cli.student.starters import stopped_safely

    with stopped_safely():
        from chatkit.student.update.update import update as take

        course = find_course()
        changes = take(
            course,
            source,
            force=force,
            dry_run=dry_run,
            say=lambda line: click.echo(line, err=True),
        )
        if course.root != Path.cwd():
            click.echo(f"In {course.root}:")
        for line in told(changes, dry_run):
            click.echo(line)


def told(changes: "Changes", dry_run: bool) -> list[str]:
    """What an update has done, or would do, line by line."""
    if not changes.kit and all(step.what == "edited" for step in changes.steps):
        return [f"Nothing is new: this is {changes.before}. {changes.advice}".strip()]
    same = changes.before == changes.after
    head = changes.after if same else f"{changes.before} -> {changes.after}"
    lines = [f"{head}. Nothing is changed yet; this would happen:" if dry_run else head]
    for what, names in (
        ("new", changes.names("new")),
        ("replaced", changes.names("replaced")),
        ("removed", changes.names("removed")),
    ):
        lines += [f"  {what:<9} {line}" for line in by_folder(names)]
    if changes.kit:
        parts = ", ".join(changes.kit) if len(changes.kit) <= 6 else f"{len(changes.kit)} files"
        lines.append(f"  {'the kit':<9} {parts}")
    lines += [f"  {'kept':<9} {name}  (yours)" for name in changes.names("edited")]
    for name in changes.names("settings"):
        lines.append(f"  {'replaced':<9} {name}  (you had edited it: yours is in backups)")
    beside = changes.names("beside")
    for name in beside:
        new = PurePosixPath(name).with_name(new_name(PurePosixPath(name).name))
        lines.append(f"  {'kept':<9} {name}  (yours; the new one is {new.name})")
        if name == beside[-1]:
            command = compare()
            lines.append(f"Compare: {command} {name} {new}")
    if changes.kept_kit and not dry_run:
        lines.append(f"The kit as it was lies in {changes.kept_kit}, until the next update.")
    if changes.install:
        lines.append(f"Now run pip once, in this folder: {changes.install}")
    else:
        lines.append("pip has nothing to do.")
    return lines


def by_folder(names: list[str]) -> list[str]:
    """The names, a line for each folder."""
    folders: dict[str, list[str]] = {}
    for name in names:
        path = PurePosixPath(name)
        folders.setdefault(str(path.parent), []).append(path.name)
    return [f"{folder}/: {', '.join(files)}" for folder, files in folders.items()]
