"""Take the newer kit of a clone's remote, and keep the programs that a student has edited there.

`git pull` refuses when a program was edited that the newer kit changes as well. Here such a program
stays as it is on the disk: git is told that it belongs to both the old and the new state, moves
everything else on, and then sees it as edited again. So no file of the student is ever moved away,
and an update that was stopped is completed by the next one.

Commits of the student stay too. When the newer kit has changed the same programs, those of the
student count, and the new starters lie beside them.
"""

import re
import shutil
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from chatkit.course.git import Blob, Git, GitError
from chatkit.student.update.changes import Changes, Step, UpdateError, carry_out, pip_after

# What students edit: the programs of a lesson, and notes in its text.
STUDENTS = re.compile(r"lessons/\d\d_\w+/[^/]+\.(py|md)")


@dataclass(frozen=True)
class Newer:
    """The newer kit, and how it goes together with what the student has committed."""

    name: str  # "origin/main"
    head: str  # the commit of the student
    target: str  # the commit of the newer kit
    theirs: dict[str, Blob]  # what the kit has changed since the two parted
    both: frozenset[str]  # programs that the student has committed in another version
    tree: str  # what the clone is to hold


def update_clone(root: Path, *, dry_run: bool, say: Callable[[str], None]) -> Changes:
    """Bring the clone at `root` up to date with the branch that it follows.

    Raises UpdateError and GitError, and then no file of the student has been changed.
    """
    git = Git(root)
    if Path(git.line("rev-parse", "--show-toplevel")).resolve() != root:
        raise UpdateError(f"{root} is not a clone of the kit, but a folder in another one")
    with tempfile.TemporaryDirectory(prefix="chatkit-") as folder:
        room = Path(folder)
        newer = _newer(git, room, say)
        before, after = (
            f"{git.line('show', '-s', '--format=%h of %cs', commit)}"
            for commit in (newer.head, newer.target)
        )
        changed = git.differences(newer.head, newer.tree)
        if not changed and git.line("merge-base", newer.head, newer.target) == newer.target:
            return Changes(before, after)
        mine, done = _edited(git, changed)
        staging = Git(root, room / "index")
        shutil.copyfile(root / git.line("rev-parse", "--git-path", "index"), room / "index")
        staging.stage(mine | done)
        kept = staging.staged(mine)
        old = git.tree_with(newer.head, kept, room)
        new = git.tree_with(newer.tree, kept, room)
        try:
            staging.run("read-tree", "-m", "-u", "-n", old, new)
        except GitError as error:
            raise UpdateError(f"nothing is changed, for something is in the way: {error}") from None
        steps = _steps(git, newer, changed, mine)
        kit = tuple(name for name in sorted(changed) if not name.startswith("lessons/"))
        pip = pip_after(
            root,
            git.run("show", f"{newer.head}:pyproject.toml"),
            git.run("show", f"{newer.tree}:pyproject.toml"),
            bool(kit),
        )
        if not dry_run:
            carry_out(root, [step for step in steps if step.what == "beside"])
            commit = _commit(git, newer)
            git.stage(mine | done)
            git.run("read-tree", "-m", "-u", old, new, to_the_end=True)
            git.run("update-ref", "-m", "chatkit update", "HEAD", commit, newer.head)
            if mine:
                git.run("reset", "--quiet", "HEAD", "--", *sorted(mine))
        return Changes(before, after, steps, kit, pip)


def _newer(git: Git, room: Path, say: Callable[[str], None]) -> Newer:
    """Fetch the newer kit, and put the student's commits on top.

    Raises UpdateError, GitError.
    """
    try:
        name = git.line("rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}")
    except GitError:
        raise UpdateError(
            "this branch follows no other, so nobody knows where a newer kit is: "
            "git branch --set-upstream-to=origin/main"
        ) from None
    if Path(git.root, git.line("rev-parse", "--git-path", "MERGE_HEAD")).exists():
        raise UpdateError("a merge is not finished: git merge --continue, or git merge --abort")
    say(f"Asking for what is new in {name} …")
    try:
        git.run("fetch", "--quiet")
    except GitError as error:
        raise UpdateError(f"no newer kit can be fetched: {error}") from None
    head, target = git.line("rev-parse", "HEAD"), git.line("rev-parse", "@{upstream}")
    try:
        base = git.line("merge-base", head, target)
    except GitError:
        raise UpdateError(f"your branch and {name} have no commit in common") from None
    ours, theirs = git.differences(base, head), git.differences(base, target)
    both = {path for path, blob in ours.items() if theirs.get(path, blob) != blob}
    for path in sorted(both):
        if not STUDENTS.fullmatch(path):
            raise UpdateError(
                f"your commits and the newer kit both change {path}: "
                f"git merge {name}, and settle it by hand"
            )
    tree = git.tree_with(target, ours, room)
    return Newer(name, head, target, theirs, frozenset(both), tree)


def _edited(git: Git, changed: dict[str, Blob]) -> tuple[set[str], set[str]]:
    """Which of the files to change the student has edited, and which are as they should be already.

    The latter are what an update that was stopped has left. Raises UpdateError for an edited file
    that is not a program of a lesson.
    """
    unstaged = git.paths("diff", "--name-only", "-z")
    staged = git.paths("diff", "--cached", "--name-only", "-z")
    others = set(changed) - git.paths("ls-files", "-z")
    dirty = sorted((unstaged | staged | others) & set(changed))
    mine, done = set(), set()
    for path in dirty:
        on_disk = git.on_disk(path)
        if on_disk == (changed[path].id if changed[path].is_there else ""):
            done.add(path)
        elif on_disk and STUDENTS.fullmatch(path):
            mine.add(path)
        elif on_disk:
            raise UpdateError(
                f"you have edited {path}, and the newer kit changes it too. Keep your version with "
                f"git stash, or drop it with git checkout HEAD -- {path}. Then run this again"
            )
    for path in sorted(mine & staged & unstaged):
        raise UpdateError(f"{path} is staged in another version than it is saved: git add {path}")
    return mine, done


def _steps(
    git: Git, newer: Newer, changed: dict[str, Blob], mine: Collection[str]
) -> tuple[Step, ...]:
    """What happens to the files of the lessons."""
    steps = []
    for path in sorted({*changed, *newer.both}):
        if not path.startswith("lessons/"):
            continue
        theirs = newer.theirs.get(path)
        if path in mine or path in newer.both:
            if theirs and theirs.is_there:
                steps.append(Step(path, "beside", git.content(theirs)))
            else:
                steps.append(Step(path, "edited"))
        elif not changed[path].is_there:
            steps.append(Step(path, "removed"))
        else:
            is_new = not (git.root / path).exists()
            steps.append(Step(path, "new" if is_new else "replaced"))
    return tuple(steps)


def _commit(git: Git, newer: Newer) -> str:
    """The commit to go to: the kit's own, or one that joins it with the student's commits."""
    if git.line("merge-base", newer.head, newer.target) == newer.head:
        return newer.target
    message = f"Take the newer kit of {newer.name}"
    parents = ("-p", newer.head, "-p", newer.target)
    return git.line("commit-tree", newer.tree, *parents, "-m", message)
