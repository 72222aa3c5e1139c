"""`chatkit update`: a newer kit, and nothing lost of what a student has written.

Here the newer kit is a hand-out, a real zip. Where an update is stopped at many steps, it is a
small one: what counts there is the order of the steps.
"""

import json
import os
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from chatkit.classroom.exports.handout import hand_out
from chatkit.course.lessons import find_course
from chatkit.student.update.changes import Changes, UpdateError
from chatkit.student.update.update import update

ROOT = Path(__file__).parents[3]
SERVER, CLIENT = "lessons/01_echo/server.py", "lessons/01_echo/client.py"
NEW = "lessons/01_echo/server.new.py"
MINE = "# what I wrote\n"


def contents(folder: Path, *beside: str) -> dict[str, bytes]:
    """Every file below `folder`, but for what lies in folders called like `beside`."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", *beside} & set(path.relative_to(folder).parts)
    }


def take(root: Path, source: Path | None = None, **options: bool) -> Changes:
    return update(find_course(root), source, **options)


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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: Callable
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
        kind = KeyboardInterrupt if steps % 4 == 1 else OSError
        with fails_at(steps, kind, "write_bytes", "rename", "replace"):
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


def test_dry_run_says_it_all_and_changes_nothing(
    chatkit: Callable, student: Path, tmp_path: Path
) -> None:
    source = zipped(NEWER, tmp_path / "week2.zip")
    before = contents(student)

    done = chatkit("update", source, "--dry-run", cwd=student)

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

    with pytest.raises(UpdateError, match=r"^.*(not a hand-out|another kit).*$"):
        take(student, source)

    assert contents(tmp_path) == before


def test_files_that_climb_out_of_a_zip_stay_inside(student: Path, tmp_path: Path) -> None:
    hostile = NEWER | {"../../climbed.py": "x", "chatkit/../../climbed2.py": "x"}

    take(student, zipped(hostile, tmp_path / "week2.zip"))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["course", "week2.zip"]


def test_a_real_handout_works_before_and_after_and_names_pip_when_needed(
    chatkit: Callable, tmp_path: Path
) -> None:
    course = find_course(ROOT)
    for lesson in course.lessons[:2]:
        hand_out(course, lesson, tmp_path / f"{lesson.number}.zip")
    folder = tmp_path / "course"
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        archive.extractall(folder)
    (folder / "chatkit/old_module.py").touch()
    (folder / SERVER).write_text(MINE, encoding="utf-8")

    done = chatkit("update", tmp_path / "2.zip", cwd=folder, kit=folder)

    assert done.returncode == 0, done.stderr
    assert "new       lessons/02_broadcast/: README.md, lesson.toml, server.py" in done.stdout
    assert f"kept      {SERVER}  (yours)" in done.stdout
    assert "pip has nothing to do" in done.stdout  # pip would only point at this folder
    assert not (folder / "chatkit/old_module.py").exists()
    done = chatkit("reset", 1, cwd=folder, kit=folder)
    assert "server.py is the starter again" in done.stdout, done.stderr
    done = chatkit("reset", 2, cwd=folder, kit=folder)
    assert "untouched" in done.stdout, done.stderr


def test_help_teaches_with_examples(chatkit: Callable) -> None:
    done = chatkit("update", "--help", cwd=ROOT)

    assert "chatkit update week3.zip" in done.stdout and "never runs pip" in done.stdout
