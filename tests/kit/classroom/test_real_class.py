"""A class as it really arrives: every shape of a hand-in, graded as a class and one by one.

Who can be graded gets the full score, for all programs here are right. Who cannot is named with a
reason, gets an empty cell, and costs nobody else anything.
"""

import csv
import io
import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from shapes_of_hand_ins import (
    COURSE,
    ECHO,
    FULL,
    NONE,
)

from chatkit._archives.unpacking import ArchiveError
from chatkit.classroom.exports.single import OneError, find_one
from chatkit.classroom.submissions.submissions import Found, SubmissionError, find_submissions


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    school = tmp_path_factory.mktemp("real") / "school"
    for name, shape in {**FULL, **{name: shape for name, (shape, _) in NONE.items()}}.items():
        shape(school / name)
    return school


@pytest.fixture(scope="module")
def found(school: Path) -> Found:
    return find_submissions(school, COURSE, school.parent / "space", ECHO)


def test_who_can_be_graded_is_and_who_cannot_is_told_why(found: Found) -> None:
    by_id = {one.student: one for one in found.submissions}

    assert set(by_id) == {*FULL, *NONE}
    for name in FULL:
        assert list(by_id[name].lessons) == [ECHO.name], by_id[name]
    for name, (_, words) in NONE.items():
        assert not by_id[name].lessons and words in by_id[name].why_not, by_id[name]
        assert by_id[name].why_not.isprintable()


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_one_by_one_the_same_programs_are_found(school: Path, found: Found, tmp_path: Path) -> None:
    by_id = {one.student: one for one in found.submissions}
    for name in FULL:
        ((lesson, folder),) = find_one(school / name, COURSE, tmp_path / name, [ECHO]).lessons
        assert lesson is ECHO
        assert files(folder) == files(by_id[name].lessons[ECHO.name]), name
    for name in NONE:
        with pytest.raises((OneError, SubmissionError, ArchiveError)) as refusal:
            find_one(school / name, COURSE, tmp_path / name, [ECHO])
        assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_in_one_archive_of_the_whole_class_they_are_the_same(
    school: Path, found: Found, tmp_path: Path, kind: str
) -> None:
    """Only links are gone, and empty folders, and in the tar what takes long to pack."""
    gone = {"a_link", "an_empty_folder"}
    if kind == "gztar":
        gone |= {"a_film", "a_program_of_300_mb", "a_folder_of_many_files"}
    shutil.copytree(
        school, tmp_path / "class", symlinks=True, ignore=lambda folder, names: gone & set(names)
    )
    archive = shutil.make_archive(str(tmp_path / "class"), kind, tmp_path / "class")

    inside = find_submissions(Path(archive), COURSE, tmp_path / "space", ECHO)

    here, there = ({one.student: one for one in some.submissions} for some in (found, inside))
    assert set(there) == set(here) - gone
    for name in set(FULL) - gone:
        wanted, got = (files(some[name].lessons[ECHO.name]) for some in (here, there))
        assert {path: data for path, data in got.items() if path.endswith(".py")} == {
            path: data for path, data in wanted.items() if path.endswith(".py")
        }
    assert [name for name in set(NONE) - gone if there[name].lessons] == []


@pytest.fixture(scope="session")
def run(chatkit: Callable) -> Callable:
    """`chatkit class` in a process of its own."""
    return partial(chatkit, "class")


def test_every_grade_is_right_and_everybody_without_one_is_named(
    run: Callable, school: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    done = run("grade", school, "--out", out, "--lesson", "1")

    assert done.returncode == 1, done.stderr
    text = (out / "grades.csv").read_bytes().decode("utf-8-sig")
    cells = {row["id"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert {name: cells[name][ECHO.name] for name in FULL} == dict.fromkeys(FULL, "100")
    assert {(cells[name][ECHO.name], cells[name]["total"]) for name in NONE} == {("", "")}
    told = done.stderr.splitlines()
    for name, (_, words) in NONE.items():
        (line,) = [one for one in told if one.startswith(f"not graded: {name}, {ECHO.name}: ")]
        assert words in line
        (page,) = (out / "students").glob(f"{name.replace('_', '-')}-*.html")
        assert "not graded: " in page.read_text(encoding="utf-8")
    assert "class adjust STUDENT LESSON 0" in told[-1]

    zero = run("adjust", "a_rar", "1", "0", "--out", out, "--why", "nothing handed in")
    assert zero.returncode == 0 and "not graded: a_rar" not in zero.stderr
    text = (out / "grades.csv").read_bytes().decode("utf-8-sig")
    assert [
        row[ECHO.name] for row in csv.DictReader(io.StringIO(text)) if row["id"] == "a_rar"
    ] == ["0"]


@pytest.mark.parametrize("name", ["a_desktop", "other_names", "a_package"])
def test_a_platform_gives_the_same_points(
    run: Callable, school: Path, tmp_path: Path, name: str
) -> None:
    words = ("--as", "gradescope", "--lesson", "1", "--out", tmp_path / "results.json")
    done = run("one", school / name, *words)

    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert sum(test["score"] for test in result["tests"]) == 100


def test_what_cannot_be_graded_gets_no_file_from_a_platform(
    run: Callable, school: Path, tmp_path: Path
) -> None:
    words = ("--as", "gradescope", "--lesson", "1", "--out", tmp_path / "results.json")
    for name in ("a_rar", "a_notebook", "two_that_differ"):
        done = run("one", school / name, *words)
        assert done.returncode == 2 and NONE[name][1] in done.stderr
    assert not (tmp_path / "results.json").exists()
