"""The key of a grade: it changes with what a verdict depends on, and with nothing else."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from gradebook_entries import COURSE

from chatkit.classroom.gradekey import grade_key, imported, screen
from chatkit.course.lessons import Lesson


def lesson(tmp_path: Path) -> Lesson:
    """Lesson 2 with checks of its own in `tmp_path`, which a test may change."""
    checks = tmp_path / "checks"
    checks.mkdir()
    (checks / "test_it.py").write_text("from . import stories\nfrom .deeper import one\n")
    (checks / "stories.py").write_text("import os\nfrom . import deeper\n")
    (checks / "deeper.py").write_text("from . import stories\none = 1\n")
    (checks / "__init__.py").touch()
    (checks / "apart.py").write_text("two = 2\n")
    return replace(COURSE.lesson("2"), checks_file=checks / "test_it.py")


def test_the_checks_are_the_file_and_what_it_imports_beside_itself(tmp_path: Path) -> None:
    found = imported(lesson(tmp_path).checks_file)

    names = ["__init__.py", "deeper.py", "stories.py", "test_it.py"]
    assert [path.name for path in found] == names


def test_the_key_changes_with_what_a_verdict_depends_on_and_nothing_else(tmp_path: Path) -> None:
    programs = tmp_path / "anna"
    programs.mkdir()
    (programs / "server.py").write_text("print(1)\n")
    two = lesson(tmp_path)
    key = grade_key(two, programs, "seed", "namespaces")

    assert len(key) == 64
    assert grade_key(two, programs, "other seed", "namespaces") != key
    assert grade_key(COURSE.lesson("2"), programs, "seed", "namespaces") != key
    (programs / "__pycache__").mkdir()
    (programs / "__pycache__/server.pyc").write_bytes(b"new")
    (programs / ".hidden").write_text("new")
    os.utime(programs / "server.py", (0, 0))
    assert grade_key(two, programs, "seed", "namespaces") == key
    for name, text in (("helper.py", "x = 1"), ("server.py", "print(2)\n"), ("client.py", "")):
        before = grade_key(two, programs, "seed", "namespaces")
        (programs / name).write_text(text)
        assert grade_key(two, programs, "seed", "namespaces") != before


def test_another_python_isolation_or_screen_is_another_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = COURSE.lesson("2")
    key = grade_key(two, tmp_path, "seed", "namespaces")

    assert grade_key(two, tmp_path, "seed", "processes") != key
    for name, value in (
        ("platform.python_version_tuple", ("3", "99", "0")),
        ("platform.python_implementation", "PyPy"),
        ("chatkit.classroom.gradekey.screen", "Linux and half a window"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(name, lambda value=value: value)
            assert grade_key(two, tmp_path, "seed", "namespaces") != key, name
    assert grade_key(two, tmp_path, "seed", "namespaces") == key


def test_a_screen_that_was_installed_makes_another_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    without = screen()
    (tmp_path / "Xvfb").write_text("#!/bin/sh\n")
    (tmp_path / "Xvfb").chmod(0o755)

    assert screen() == f"{without} Xvfb"


def test_the_key_neither_waits_for_a_pipe_nor_follows_a_link(tmp_path: Path) -> None:
    programs = tmp_path / "anna"
    programs.mkdir()
    os.mkfifo(programs / "server.py")
    (programs / "loop").symlink_to(programs)
    (programs / "gone").symlink_to("nowhere")

    assert len(grade_key(COURSE.lesson("2"), programs, "seed", "namespaces")) == 64
