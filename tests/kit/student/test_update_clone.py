"""`chatkit update` in a clone with a real remote: edited programs stay, all else moves on."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from test_update_command import CLIENT, MINE, NEW, ROOT, SERVER, contents, take

from chatkit import __version__
from chatkit.course.git import GitError
from chatkit.course.places import PACKAGE
from chatkit.student.update.changes import UpdateError, pip_after

PASSING = shutil.ignore_patterns("__pycache__", "_course", "backups", "*.new.*")


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the first version of the lessons, as the remote of all clones."""
    folder = tmp_path_factory.mktemp("first")
    shutil.copytree(ROOT / "lessons", folder / "work/lessons", ignore=PASSING)
    for name in (".gitattributes", ".gitignore", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / "work")
    work = folder / "work"
    (work / "extra.py").write_text("x = 1\n", encoding="utf-8")
    git(work, "init", "--quiet", "--initial-branch=main")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message=first")
    git(work, "clone", "--quiet", "--bare", ".", str(folder / "kit.git"))
    return folder / "kit.git"


@pytest.fixture
def remote(first: Path, tmp_path: Path) -> Path:
    shutil.copytree(first, tmp_path / "kit.git")
    return tmp_path / "kit.git"


@pytest.fixture
def clone(remote: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "--quiet", str(remote), "clone")
    git(tmp_path / "clone", "config", "user.name", "Ada")
    git(tmp_path / "clone", "config", "user.email", "ada@example.org")
    return tmp_path / "clone"


def publish(remote: Path, **more: str | None) -> None:
    """A newer kit: another server and client of lesson 1, and these files; None is deleted."""
    work = remote.parent / "work"
    if not work.exists():
        git(remote.parent, "clone", "--quiet", str(remote), str(work))
    files: dict[str, str | None] = {SERVER: "# server: two\n", CLIENT: "# client: two\n", **more}
    for name, text in files.items():
        path = work / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message=newer")
    git(work, "push", "--quiet")


def write(folder: Path, name: str, text: str = MINE) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def text_of(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


def test_a_clone_moves_on_and_keeps_edited_programs(clone: Path, remote: Path) -> None:
    publish(remote, **{"extra.py": None, "chatkit/more.py": "y = 2\n"})
    write(clone, SERVER)
    write(clone, "lessons/01_echo/notes.txt")

    changes = take(clone)

    assert git(clone, "rev-parse", "HEAD") == git(remote, "rev-parse", "main")
    assert text_of(clone, SERVER) == MINE and text_of(clone, NEW) == "# server: two\n"
    assert text_of(clone, CLIENT) == "# client: two\n"
    assert text_of(clone, "lessons/01_echo/notes.txt") == MINE
    assert text_of(clone, "chatkit/more.py") == "y = 2\n" and not (clone / "extra.py").exists()
    assert git(clone, "status", "--porcelain").splitlines() == [
        f"M {SERVER}",
        "?? lessons/01_echo/notes.txt",
    ]
    assert changes.names("beside") == [SERVER] and changes.names("replaced") == [CLIENT]
    assert take(clone).steps == ()


def test_commits_of_edited_programs_are_joined_with_the_newer_kit(
    clone: Path, remote: Path
) -> None:
    write(clone, SERVER)
    write(clone, "my_plan.md")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message=mine")
    mine = git(clone, "rev-parse", "HEAD")
    publish(remote)

    changes = take(clone)

    parents = git(clone, "show", "-s", "--format=%P", "HEAD").split()
    assert parents == [mine, git(remote, "rev-parse", "main")]
    assert text_of(clone, SERVER) == MINE and text_of(clone, NEW) == "# server: two\n"
    assert text_of(clone, CLIENT) == "# client: two\n" and text_of(clone, "my_plan.md") == MINE
    assert git(clone, "status", "--porcelain") == ""
    assert changes.names("beside") == [SERVER]
    publish(remote, **{SERVER: "# server: three\n"})
    take(clone)
    assert text_of(clone, SERVER) == MINE and text_of(clone, NEW) == "# server: three\n"


def test_work_elsewhere_that_the_newer_kit_leaves_alone_is_never_touched(
    clone: Path, remote: Path
) -> None:
    publish(remote)
    write(clone, "extra.py")
    write(clone, "chatkit/staged.py")
    git(clone, "add", "chatkit/staged.py")

    take(clone)

    assert text_of(clone, "extra.py") == MINE
    assert git(clone, "status", "--porcelain").splitlines() == [
        "A  chatkit/staged.py",
        " M extra.py",
    ]


@pytest.mark.parametrize("way", ["edited", "staged", "committed", "untracked"])
def test_work_elsewhere_that_the_newer_kit_changes_is_one_clear_line(
    clone: Path, remote: Path, way: str
) -> None:
    name = "more.py" if way == "untracked" else "extra.py"
    publish(remote, **{name: "x = 3\n"})
    write(clone, SERVER)
    write(clone, name)
    if way in ("staged", "committed"):
        git(clone, "add", name)
    if way == "committed":
        git(clone, "commit", "--quiet", "--message=mine", name)
    before, commit = contents(clone, ".git"), git(clone, "rev-parse", "HEAD")

    with pytest.raises((GitError, UpdateError)) as caught:
        take(clone)

    message = str(caught.value)
    assert name in message and "git " in message and "\n" not in message
    assert contents(clone, ".git") == before and git(clone, "rev-parse", "HEAD") == commit


def test_a_program_that_the_newer_kit_no_longer_has_stays_when_it_was_edited(
    clone: Path, remote: Path
) -> None:
    publish(remote, **{SERVER: None})
    write(clone, SERVER)

    changes = take(clone)

    assert text_of(clone, SERVER) == MINE and not (clone / NEW).exists()
    assert changes.names("edited") == [SERVER]


def test_a_dry_run_in_a_clone_changes_nothing(clone: Path, remote: Path) -> None:
    publish(remote, **{"lessons/01_echo/more.py": ""})
    write(clone, SERVER)
    before, commit = contents(clone, ".git"), git(clone, "rev-parse", "HEAD")
    status = git(clone, "status", "--porcelain")

    changes = take(clone, dry_run=True)

    assert changes.names("new") == ["lessons/01_echo/more.py"]
    assert changes.names("beside") == [SERVER]
    assert contents(clone, ".git") == before and git(clone, "rev-parse", "HEAD") == commit
    assert git(clone, "status", "--porcelain") == status


@pytest.mark.parametrize("command", ["read-tree", "update-ref", "reset"])
def test_stopped_before_any_command_of_git_the_next_update_of_a_clone_completes_it(
    clone: Path, remote: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    publish(remote, **{"more.py": "", "extra.py": None})
    write(clone, SERVER)
    real = subprocess.run

    def stopping(words: list[str], **options: object) -> object:
        dry = "-n" in words or (words[1:2] == ["read-tree"] and "-m" not in words)
        if words[1] == command and not dry:
            raise KeyboardInterrupt
        return real(words, **options)  # type: ignore[call-overload]

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", stopping)
        with pytest.raises(KeyboardInterrupt):
            take(clone)
    assert text_of(clone, SERVER) == MINE

    take(clone)

    assert git(clone, "rev-parse", "HEAD") == git(remote, "rev-parse", "main")
    assert text_of(clone, SERVER) == MINE and text_of(clone, NEW) == "# server: two\n"
    assert text_of(clone, CLIENT) == "# client: two\n" and not (clone / "extra.py").exists()
    assert git(clone, "diff", "--name-only", "HEAD") == SERVER


def test_files_that_a_killed_git_has_written_already_are_not_in_the_way(
    clone: Path, remote: Path
) -> None:
    publish(remote, **{"more.py": "new\n"})
    write(clone, CLIENT, "# client: two\n")  # written, but not in git's list yet
    write(clone, "more.py", "new\n")

    take(clone)

    assert git(clone, "rev-parse", "HEAD") == git(remote, "rev-parse", "main")
    assert git(clone, "status", "--porcelain") == ""


def test_the_kit_that_runs_may_be_the_one_that_is_replaced(
    chatkit: Callable, clone: Path, remote: Path
) -> None:
    work = remote.parent / "work"
    git(remote.parent, "clone", "--quiet", str(remote), str(work))
    shutil.copytree(ROOT / "chatkit", work / "chatkit", ignore=PASSING)
    publish(remote)
    git(clone, "pull", "--quiet")
    version = text_of(clone, "chatkit/__init__.py").replace(f'"{__version__}"', '"9.9.9"')
    pyproject = text_of(clone, "pyproject.toml").replace('"click>=8.1,<9"', '"click>=8.2,<9"')
    gone = (
        "student/update/changes.py",
        "course/backups.py",
        "cli/student/starters.py",
        "course/git.py",
    )
    publish(
        remote,
        **{"chatkit/__init__.py": version, "pyproject.toml": pyproject},
        **{f"chatkit/{name}": None for name in gone},
    )

    done = chatkit("update", kit=clone, cwd=clone)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("pip install --editable .")
    assert "9.9.9" in text_of(clone, "chatkit/__init__.py")


def test_a_kit_with_another_name_has_to_be_installed_again() -> None:
    before = (ROOT / "pyproject.toml").read_bytes()
    renamed = before.replace(b'name = "chatkit-classroom"', b'name = "chatkit"', 1)

    assert renamed != before
    assert pip_after(PACKAGE.parent, renamed, before, True) == "pip install --editable ."
    assert pip_after(PACKAGE.parent, before, before, True) == ""


def test_no_remote_that_answers_is_one_clear_line(
    chatkit: Callable, clone: Path, remote: Path
) -> None:
    remote.rename(remote.with_name("elsewhere"))

    done = chatkit("update", cwd=clone)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("Error: no newer kit can be fetched: ")
    assert len(done.stderr.splitlines()) == 2  # the first says that it asks


def test_a_branch_that_follows_none_and_an_unfinished_merge_are_one_clear_line(
    clone: Path, remote: Path
) -> None:
    git(clone, "checkout", "--quiet", "-b", "mine")
    with pytest.raises(UpdateError, match="follows no other"):
        take(clone)
    git(clone, "checkout", "--quiet", "main")
    write(clone, ".git/MERGE_HEAD", git(clone, "rev-parse", "HEAD") + "\n")
    with pytest.raises(UpdateError, match="a merge is not finished"):
        take(clone)


def test_a_clone_takes_no_handout(chatkit: Callable, clone: Path, tmp_path: Path) -> None:
    done = chatkit("update", "week2.zip", cwd=clone)

    assert done.returncode == 2 and "not an unpacked hand-out" in done.stderr
