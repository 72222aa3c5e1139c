"""Submissions on the disk, for tests, and what is found in them."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from chatkit.classroom.submissions.submissions import (
    Found,
    Submission,
    SubmissionError,
    find_submissions,
)
from chatkit.course.lessons import Lesson, find_course

COURSE = find_course(Path(__file__).parent)


ECHO = COURSE.lesson("echo")


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def zipped(path: Path, files: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def tarred(path: Path, files: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def state(root: Path) -> dict[str, object]:
    """Everything about the submissions that must stay as it is."""
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_mode, path.lstat().st_size)
        for path in [root, *root.rglob("*")]
    }


def find(where: Path, lesson: Lesson | None = None) -> Found:
    """What is found; looking must change nothing, and copies lie elsewhere."""
    space = where.parent / "space"
    before = state(where)
    found = find_submissions(where, COURSE, space, lesson)
    assert state(where) == before
    for one in found.submissions:
        for folder in one.lessons.values():
            assert folder.is_relative_to(space)
            assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert {path.name for path in space.iterdir()} <= {"students"}
    return found


def refused(where: Path, lesson: Lesson | None = None) -> str:
    space = where.parent / "space"
    with pytest.raises(SubmissionError) as caught:
        find_submissions(where, COURSE, space, lesson)
    assert not space.exists() or list(space.iterdir()) == []
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def texts(one: Submission) -> dict[str, str]:
    """What the programs of a submission hold, as "01_echo/server.py": text."""
    return {
        f"{lesson}/{path.relative_to(folder).as_posix()}": path.read_text(encoding="utf-8")
        for lesson, folder in one.lessons.items()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def by_id(found: Found) -> dict[str, dict[str, str]]:
    return {one.student: texts(one) for one in found.submissions}


def only(found: Found) -> Submission:
    (one,) = found.submissions
    return one


BOTH = {"01_echo/server.py": "s", "01_echo/client.py": "c"}
