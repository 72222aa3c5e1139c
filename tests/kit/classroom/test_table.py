"""`grades.csv`, file names, and what cannot be seen."""

import re
from pathlib import Path

import pytest
from report_class import COURSE, READY, RULES, SKIPPED, a_class, enter, lesson, rows_of

from chatkit._files import WriteError, file_names, write_whole
from chatkit._text import one_line, visible
from chatkit.classroom.gradebook import Gradebook
from chatkit.classroom.grades import grades_of
from chatkit.classroom.reports.table import defused, table


def test_the_table_has_a_row_a_student_and_a_column_a_lesson(book: Gradebook) -> None:
    anna, bo, cy = rows_of(table(a_class(book)))

    assert list(anna) == ["id", "name", "01_echo", "02_broadcast", "total", "of", "late", "remarks"]
    assert (anna["name"], anna["total"], anna["of"]) == ("Anna Müller", "140", "140")
    assert (bo["01_echo"], bo["02_broadcast"]) == ("40", "40")
    assert (cy["01_echo"], cy["02_broadcast"], cy["late"]) == ("", "0", "02_broadcast")


def test_a_skipped_lesson_is_an_empty_cell(book: Gradebook) -> None:
    enter(book, "anna", lesson(READY), lesson(SKIPPED, name="05_gui", title="Window"))
    (anna,) = rows_of(table(grades_of(book, RULES, COURSE)))

    assert (anna["05_gui"], anna["total"], anna["of"]) == ("", "40", "40")
    assert "05_gui: skipped" in anna["remarks"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "＝"])
def test_no_cell_is_a_formula(start: str) -> None:
    assert defused(f"{start}cmd|' /C calc'!A0").startswith("'")
    assert defused("plain") == "plain"


def test_file_names_are_safe_unique_and_the_same_in_every_run() -> None:
    people = [
        *(("1", "Anna"), ("2", "anna"), ("3", "../../etc/passwd"), ("4", ""), ("5", "CON")),
        *(("6", "x" * 10_000), ("7", "李明"), ("8", "\udcff\0\n"), ("9", "-rf")),
    ]
    names = file_names(people, ".html")

    assert names == file_names(reversed(people), ".html")
    assert len({name.casefold() for name in names.values()}) == len(people)
    for name in names.values():
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,60}\.html", name)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file in the way")
    with pytest.raises(WriteError, match="cannot be written"):
        write_whole(tmp_path / "folder/grades.csv", "new")

    (tmp_path / "taken").mkdir()
    with pytest.raises(WriteError, match="cannot be written"):
        write_whole(tmp_path / "taken", "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "taken"]


def test_what_cannot_be_seen_is_written_out() -> None:
    assert visible("a\x1b[1m\tb\nc\udc80é李") == "a\\x1b[1m\tb\nc\\udc80é李"
    assert one_line("a\r\nb\t") == "a\\x0d\\nb\\t"
