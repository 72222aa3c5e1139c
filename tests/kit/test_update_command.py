"""`chatkit update`: a newer kit, and nothing lost of what a student has written.

Hand-outs are real zips and clones have a real remote. Where an update is stopped at every step, the
hand-out is a small one: what counts there is the order of the steps.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from chatkit import __version__
from chatkit.course import find_course
from chatkit.desk.changes import Changes, UpdateError
from chatkit.desk.newfolder import FolderError, new_folder
from chatkit.desk.starters import fingerprint, starter
from chatkit.desk.update import update
from chatkit.grading.handout import hand_out

ROOT = Path(__file__).parents[2]
SERVER, CLIENT = "lessons/01_echo/server.py", "lessons/01_echo/client.py"
NEW = "lessons/01_echo/server.new.py"
MINE = "# what I wrote\n"
PASSING = shutil.ignore_patterns("__pycache__", "_course", "backups", "*.new.*")


def chatkit(folder: Path, *words: object, kit: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "chatkit", *map(str, words)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(kit)},
        capture_output=True,
        text=True,
        timeout=120,
        encoding="utf-8",
    )


def contents(folder: Path, *beside: str) -> dict[str, bytes]:
    """Every file below `folder`, but for what lies in folders called like `beside`."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", *beside} & set(path.relative_to(folder).parts)
    }


def take(root: Path, source: Path | None = None, **options: bool) -> Changes:
    return update(find_course(root), source, **options)


# Hand-outs


def handout(version: str, lessons: Mapping[str, str], **more: str) -> dict[str, str]:
    """The files of a small hand-out. `lessons`: name -> the starter of both programs."""
    entries = {
        "handout.json": json.dumps({"handout": 1, "kit": version, "lessons": list(lessons)}),
        "README.md": f"chatkit {version}\n",
        "LICENSE": "free\n",
        "pyproject.toml": '[project]\nname = "chatkit"\ndependencies = ["click"]\n',
        "chatkit/__init__.py": f'__version__ = "{version}"\n',
        "docs/contract.md": f"the contract of {version}\n",
        **more,
    }
    for name, text in lessons.items():
        for room in ("lessons", "chatkit/_course/lessons"):
            entries[f"{room}/{name}/README.md"] = f"lesson of {version}\n"
            entries[f"{room}/{name}/lesson.toml"] = (
                'title = "T"\nsummary = "S"\nminutes = 1\ngoals = []\n'
                f'asked = ["server.py", "client.py"]\n# {version}\n'
            )
            entries[f"{room}/{name}/server.py"] = f"# server: {text}\n"
            entries[f"{room}/{name}/client.py"] = f"# client: {text}\n"
        entries[f"tests/lessons/test_{name}.py"] = f"# checks of {version}\n"
    return entries


OLD = handout("0.9.0", {"01_echo": "one"}, **{"chatkit/gone.py": "", "chatkit/cli/x.py": "1"})
NEWER = handout("0.10.0", {"01_echo": "two", "02_broadcast": "new"}, **{"chatkit/cli/x.py": "2"})


def zipped(entries: Mapping[str, str], target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return target


def unpacked(entries: Mapping[str, str], folder: Path) -> Path:
    for name, text in entries.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


@pytest.fixture
def student(tmp_path: Path) -> Path:
    """An unpacked hand-out in which a student has written a server."""
    folder = unpacked(OLD, tmp_path / "course")
    (folder / SERVER).write_text(MINE, encoding="utf-8")
    return folder


def test_a_newer_handout_replaces_the_kit_and_keeps_what_was_edited(
    student: Path, tmp_path: Path
) -> None:
    changes = take(student, zipped(NEWER, tmp_path / "week2.zip"))

    expected = {name: text.encode() for name, text in NEWER.items()}
    expected |= {SERVER: MINE.encode(), NEW: b"# server: two\n"}
    assert contents(student, ".chatkit-before") == expected
    assert changes.names("beside") == [SERVER]
    assert CLIENT in changes.names("replaced")
    assert "lessons/02_broadcast/server.py" in changes.names("new")
    before = contents(student / ".chatkit-before")
    assert before["chatkit/gone.py"] == b"" and before["README.md"] == b"chatkit 0.9.0\n"


def test_an_edited_program_whose_starter_is_as_before_gets_nothing_beside_it(
    student: Path, tmp_path: Path
) -> None:
    newer = handout("0.10.0", {"01_echo": "one"})

    changes = take(student, zipped(newer, tmp_path / "week2.zip"))

    assert (student / SERVER).read_text(encoding="utf-8") == MINE
    assert changes.names("edited") == [SERVER] and not (student / NEW).exists()


def test_the_unpacked_folder_of_a_handout_will_do_and_what_was_edited_in_it_is_not_taken(
    student: Path, tmp_path: Path
) -> None:
    source = unpacked(NEWER, tmp_path / "week2")
    (source / CLIENT).write_text("# tried there\n", encoding="utf-8")
    unpacked({f"x/{name}": text for name, text in NEWER.items()}, tmp_path / "again")
    shutil.make_archive(str(tmp_path / "again"), "zip", tmp_path / "again")

    take(student, source)

    assert (student / CLIENT).read_text(encoding="utf-8") == "# client: two\n"
    assert not take(student, tmp_path / "again.zip").steps[1:]  # only the edited server


def test_what_somebody_wrote_into_a_new_starter_is_kept_by_the_next_update(
    student: Path, tmp_path: Path
) -> None:
    take(student, zipped(NEWER, tmp_path / "week2.zip"))
    (student / NEW).write_text("# I went on here\n", encoding="utf-8")

    take(
        student, zipped(handout("0.11.0", {"01_echo": "3", "02_broadcast": ""}), tmp_path / "3.zip")
    )

    assert (student / NEW).read_text(encoding="utf-8") == "# server: 3\n"
    kept = student / "lessons/01_echo/backups/001/server.new.py"
    assert kept.read_text(encoding="utf-8") == "# I went on here\n"


def test_an_edited_text_stays_and_edited_facts_of_a_lesson_are_kept_aside(
    student: Path, tmp_path: Path
) -> None:
    for name in ("README.md", "lesson.toml"):
        with (student / "lessons/01_echo" / name).open("a", encoding="utf-8") as file:
            file.write("# a note\n")

    take(student, zipped(NEWER, tmp_path / "week2.zip"))

    lesson = contents(student / "lessons/01_echo")
    assert lesson["README.md"] == b"lesson of 0.9.0\n# a note\n"
    assert lesson["README.new.md"] == b"lesson of 0.10.0\n"
    assert lesson["lesson.toml"] == NEWER["lessons/01_echo/lesson.toml"].encode()
    assert lesson["backups/001/lesson.toml"].endswith(b"# a note\n")


def test_stopped_at_any_step_it_loses_nothing_and_the_next_one_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda file: None)  # a hundred updates: it is slow
    source = zipped(NEWER, tmp_path / "week2.zip")
    whole = unpacked(OLD, tmp_path / "whole")
    (whole / SERVER).write_text(MINE, encoding="utf-8")
    take(whole, source)
    expected = contents(whole, ".chatkit-before")

    steps = -1
    while True:
        steps += 2
        folder = unpacked(OLD, tmp_path / str(steps))
        (folder / SERVER).write_text(MINE, encoding="utf-8")
        stopped = False
        with monkeypatch.context() as patch:
            stop_at(steps, patch, KeyboardInterrupt if steps % 4 == 1 else OSError)
            try:
                take(folder, source)
            except (KeyboardInterrupt, UpdateError):
                stopped = True
        assert (folder / SERVER).read_text(encoding="utf-8") == MINE
        assert (folder / "chatkit/__init__.py").is_file()
        take(folder, source)
        assert contents(folder, ".chatkit-before") == expected, f"stopped at step {steps}"
        if not stopped:
            break
    assert steps > 20


def stop_at(step: int, patch: pytest.MonkeyPatch, kind: type[BaseException]) -> None:
    """Let the write or rename number `step` fail, before it has done anything."""
    count = 0

    def stopping(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            nonlocal count
            count += 1
            if count == step:
                raise kind(28, "No space left on device", "a file")
            return real(*arguments, **options)

        return call

    for name in ("write_bytes", "rename", "replace"):
        patch.setattr(Path, name, stopping(getattr(Path, name)))


def test_dry_run_says_it_all_and_changes_nothing(student: Path, tmp_path: Path) -> None:
    source = zipped(NEWER, tmp_path / "week2.zip")
    before = contents(student)

    done = chatkit(student, "update", source, "--dry-run")

    assert done.returncode == 0, done.stderr
    assert contents(student) == before
    assert done.stdout.splitlines() == [
        "chatkit 0.9.0, 1 lesson -> chatkit 0.10.0, 2 lessons. "
        "Nothing is changed yet; this would happen:",
        "  new       lessons/02_broadcast/: README.md, lesson.toml, server.py, client.py",
        "  replaced  lessons/01_echo/: README.md, lesson.toml, client.py",
        "  the kit   docs, tests/lessons, chatkit, README.md",
        f"  kept      {SERVER}  (yours; the new one is server.new.py)",
        f"Compare: diff -u {SERVER} {NEW}",
        "Now run pip once, in this folder: pip install .",
    ]


def test_an_older_handout_needs_force_and_then_its_missing_lessons_go(
    student: Path, tmp_path: Path
) -> None:
    old = zipped(OLD, tmp_path / "week1.zip")
    take(student, zipped(NEWER, tmp_path / "week2.zip"))
    mine = student / "lessons/02_broadcast/server.py"
    mine.write_text(MINE, encoding="utf-8")

    with pytest.raises(UpdateError, match="older than what you have"):
        take(student, old)
    take(student, old, force=True)

    assert [lesson.name for lesson in find_course(student).lessons] == ["01_echo"]
    assert contents(student / "lessons/02_broadcast") == {"server.py": MINE.encode()}
    assert (student / SERVER).read_text(encoding="utf-8") == MINE


def no_handout(name: str, folder: Path) -> Path:
    path = folder / f"{name}.zip"
    about = json.loads(NEWER["handout.json"])
    entries: dict[str, str] = {
        "a picture": {"a.png": "x"},
        "of another kit": NEWER | {"handout.json": json.dumps(about | {"handout": 2})},
        "nonsense": NEWER | {"handout.json": "[" * 100_000},
        "climbing": NEWER | {"handout.json": json.dumps(about | {"lessons": ["../01_echo"]})},
        "without checks": {k: v for k, v in NEWER.items() if "test_01" not in k},
        "without kit": {k: v for k, v in NEWER.items() if k != "chatkit/__init__.py"},
        "with a program elsewhere": {
            k: v.replace('"client.py"', '"../../x.py"') for k, v in NEWER.items()
        },
    }.get(name, {})
    if entries:
        zipped(entries, path)
    elif name == "text":
        path.write_text("no zip", encoding="utf-8")
    elif name == "bomb":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("handout.json", b" " * 100_000_000)
    return path


@pytest.mark.parametrize(
    "name",
    [
        *("a picture", "of another kit", "nonsense", "climbing", "without checks", "without kit"),
        *("with a program elsewhere", "text", "bomb", "missing"),
    ],
)
def test_what_is_no_handout_is_one_clear_line_and_changes_nothing(
    student: Path, tmp_path: Path, name: str
) -> None:
    source = no_handout(name, tmp_path)
    before = contents(tmp_path)

    with pytest.raises(UpdateError, match=r"^.*(no hand-out|another kit).*$"):
        take(student, source)

    assert contents(tmp_path) == before


def test_files_that_climb_out_of_a_zip_stay_inside(student: Path, tmp_path: Path) -> None:
    hostile = NEWER | {"../../climbed.py": "x", "chatkit/../../climbed2.py": "x"}

    take(student, zipped(hostile, tmp_path / "week2.zip"))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["course", "week2.zip"]


def test_a_real_handout_works_before_and_after_and_names_pip_when_needed(tmp_path: Path) -> None:
    course = find_course(ROOT)
    for lesson in course.lessons[:2]:
        hand_out(course, lesson, tmp_path / f"{lesson.number}.zip")
    folder = tmp_path / "course"
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        archive.extractall(folder)
    (folder / "chatkit/old_module.py").touch()
    (folder / SERVER).write_text(MINE, encoding="utf-8")

    done = chatkit(folder, "update", tmp_path / "2.zip", kit=folder)

    assert done.returncode == 0, done.stderr
    assert "new       lessons/02_broadcast/: README.md, lesson.toml, server.py" in done.stdout
    assert f"kept      {SERVER}  (yours)" in done.stdout
    assert "pip has nothing to do" in done.stdout  # pip would only point at this folder
    assert not (folder / "chatkit/old_module.py").exists()
    done = chatkit(folder, "reset", 1, kit=folder)
    assert "server.py is the starter again" in done.stdout, done.stderr
    done = chatkit(folder, "reset", 2, kit=folder)
    assert "untouched" in done.stdout, done.stderr


# A folder of chatkit init


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder of `init` that an older kit has made: it had another server, and no lesson 3."""
    new_folder(tmp_path / "my-chat")
    root = tmp_path / "my-chat"
    file = root / "lessons/given.json"
    about = json.loads(file.read_text(encoding="utf-8"))
    shutil.rmtree(root / "lessons/03_threads")
    older = b"# an older starter\n"
    for name in (SERVER, CLIENT):
        (root / name).write_bytes(older)
        about["files"][name] = fingerprint(older)
    file.write_text(json.dumps(about | {"kit": "0.0.1"}), encoding="utf-8")
    return root


def test_a_folder_of_init_takes_the_lessons_of_the_installed_kit(made: Path) -> None:
    (made / SERVER).write_text(MINE, encoding="utf-8")
    course = find_course(ROOT)

    changes = take(made)

    client, server = (starter(course, course.lesson("1"), x) for x in ("client.py", "server.py"))
    assert (made / SERVER).read_text(encoding="utf-8") == MINE
    assert (made / NEW).read_bytes() == server
    assert (made / CLIENT).read_bytes() == client
    assert "lessons/03_threads/server.py" in changes.names("new")
    assert not changes.install
    assert take(made).names("new", "replaced", "beside", "removed") == []


def test_a_folder_of_init_that_is_new_has_nothing_to_take(tmp_path: Path) -> None:
    assert chatkit(tmp_path, "init", "my-chat").returncode == 0
    before = contents(tmp_path)

    done = chatkit(tmp_path / "my-chat", "update")

    assert done.returncode == 0 and done.stdout.startswith("Nothing is new: this is chatkit ")
    assert contents(tmp_path) == before


def test_without_knowing_what_was_given_everything_that_differs_counts_as_edited(
    made: Path,
) -> None:
    (made / "lessons/given.json").write_text("{broken", encoding="utf-8")

    changes = take(made)

    assert changes.names("beside") == [SERVER, CLIENT]
    assert (made / CLIENT).read_bytes() == b"# an older starter\n"


def test_names_in_given_json_never_lead_out_of_the_folder(made: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_bytes(b"x")
    file = made / "lessons/given.json"
    about = json.loads(file.read_text(encoding="utf-8"))
    about["files"] |= {
        "../outside.py": fingerprint(b"x"),
        "lessons/01_echo/../../../outside.py": "",
    }
    file.write_text(json.dumps(about), encoding="utf-8")

    take(made)

    assert outside.read_bytes() == b"x"


def test_given_json_of_a_later_kit_is_not_guessed_at(made: Path) -> None:
    (made / "lessons/given.json").write_text('{"given": 2}', encoding="utf-8")

    with pytest.raises(FolderError, match="written by another kit"):
        take(made)


def test_lessons_from_nowhere_are_one_clear_line(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "lessons/01_echo", tmp_path / "lessons/01_echo")

    done = chatkit(tmp_path, "update")

    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "chatkit init my-chat" in done.stderr


# A clone


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

    with pytest.raises(UpdateError) as caught:
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


def test_the_kit_that_runs_may_be_the_one_that_is_replaced(clone: Path, remote: Path) -> None:
    work = remote.parent / "work"
    git(remote.parent, "clone", "--quiet", str(remote), str(work))
    shutil.copytree(ROOT / "chatkit", work / "chatkit", ignore=PASSING)
    publish(remote)
    git(clone, "pull", "--quiet")
    version = text_of(clone, "chatkit/__init__.py").replace(f'"{__version__}"', '"9.9.9"')
    pyproject = text_of(clone, "pyproject.toml").replace('"click>=8.1,<9"', '"click>=8.2,<9"')
    gone = ("desk/changes.py", "desk/backups.py", "cli/starters.py", "desk/git.py")
    publish(
        remote,
        **{"chatkit/__init__.py": version, "pyproject.toml": pyproject},
        **{f"chatkit/{name}": None for name in gone},
    )

    done = chatkit(clone, "update", kit=clone)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("pip install --editable .")
    assert "9.9.9" in text_of(clone, "chatkit/__init__.py")


def test_no_remote_that_answers_is_one_clear_line(clone: Path, remote: Path) -> None:
    remote.rename(remote.with_name("elsewhere"))

    done = chatkit(clone, "update")

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


def test_a_clone_takes_no_handout(clone: Path, tmp_path: Path) -> None:
    done = chatkit(clone, "update", "week2.zip")

    assert done.returncode == 2 and "no unpacked hand-out" in done.stderr


def test_help_teaches_with_examples() -> None:
    done = chatkit(ROOT, "update", "--help")

    assert "chatkit update week3.zip" in done.stdout and "never runs pip" in done.stdout
