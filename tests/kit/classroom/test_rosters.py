"""Worksheets of Moodle and gradebooks of Canvas: the grades change, and no other byte."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from report_class import (
    CANVAS,
    COURSE,
    MOODLE,
    RULES,
    a_class,
    filled,
    grades,
    rows_of,
)

from chatkit._files import WriteError
from chatkit.classroom.gradebook import Gradebook
from chatkit.classroom.grades import grades_of
from chatkit.classroom.reports.similar import write_similar
from chatkit.classroom.reports.write import write_reports
from chatkit.classroom.rosters.csvedit import read_sheet
from chatkit.classroom.rosters.roster import OWN, roster_target
from chatkit.classroom.similar import Findings


def test_a_moodle_worksheet_changes_in_its_grades_and_nowhere_else(tmp_path: Path) -> None:
    of = grades({"71": 91, "72": 50, "zed": 1}, {"zed": "Zed <b>"})
    done, out = filled(tmp_path, MOODLE.encode(), of)

    assert out.decode() == MOODLE.replace('late",,', 'late",45.5,')
    assert (done.platform, done.written) == ("Moodle", 1)
    assert done.students == (
        "Zed <b> (zed): no row has this id, email, login or name",
        "72 (72): Moodle says that this grade cannot be changed",
    )
    assert done.rows == ("Nobody Known",)


@pytest.mark.parametrize("id", ["Participant 71", "anna@example.org", "anna", "Müller, Anna", "71"])
def test_students_are_known_by_id_email_login_or_name(tmp_path: Path, id: str) -> None:
    done, _ = filled(tmp_path, MOODLE.encode(), grades({id: 91}))

    assert done.written == 1


def test_a_canvas_gradebook_gets_each_lesson_scaled_to_its_points(tmp_path: Path) -> None:
    of = grades({"901": 91, "libo": 50})
    done, out = filled(tmp_path, CANVAS.encode(), of)
    expected = CANVAS.replace("anna,S1,,7.00,,", "anna,S1,18.2,7.00,182,")

    assert out.decode() == expected.replace("org,S1,3.00,,,", "org,S1,10,,100,")
    assert (done.platform, done.written, done.rows) == ("Canvas", 4, ())
    assert done.notes == ("column 'Broadcast (411)': 02_broadcast", "column 'Total (12)': total")


def test_one_lesson_of_a_canvas_gradebook_leaves_the_total_alone(tmp_path: Path) -> None:
    _, out = filled(tmp_path, CANVAS.encode(), grades({"901": 91}), "02_broadcast")

    assert out.decode() == CANVAS.replace("anna,S1,,7.00", "anna,S1,18.2,7.00")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "utf-8;", "utf-8\t"]
)
def test_encoding_and_separator_stay(tmp_path: Path, encoding: str) -> None:
    mark = encoding[-1] if encoding[-1] in ";\t" else ","
    text = CANVAS.replace('"Müller, Anna"', "Anna Müller").replace('"Li, Bo"', "Bo Li")
    text = text.replace('"Student, Test"', "Test Student").replace(",", mark)
    if mark == ";":
        text = text.replace("20.0", "20,0").replace("200.0", "200,0")
    encoding = encoding.rstrip(";\t")
    done, out = filled(tmp_path, text.encode(encoding), grades({"901": 91}))

    grade = "18,2" if mark == ";" else "18.2"
    expected = text.replace(
        f"S1{mark}{mark}7.00{mark}{mark}", f"S1{mark}{grade}{mark}7.00{mark}182{mark}"
    )
    assert out == expected.encode(encoding)
    assert done.written == 2


def test_two_people_of_one_name_get_no_grade_by_name(tmp_path: Path) -> None:
    twins = MOODLE.replace("Nobody Known", "Anna Müller")
    done, out = filled(tmp_path, twins.encode(), grades({"x": 91}, {"x": "Anna Müller"}))

    assert out == twins.encode()
    assert done.students == ("Anna Müller (x): 2 rows have the same name",)


@pytest.mark.parametrize("words", ["Points Possible", "    Punktzahl", "可能な得点", ""])
def test_the_points_of_a_canvas_assignment_are_known_in_any_language(
    tmp_path: Path, words: str
) -> None:
    export = CANVAS.replace("    Points Possible", words)
    export = export.replace("\n    ", "\nManual Posting,,,,,Manual Posting,,,\n    ", 1)
    _, out = filled(tmp_path, export.encode(), grades({"901": 91}))

    assert "anna,S1,18.2,7.00,182," in out.decode()


@pytest.mark.parametrize(
    ("said", "points"),
    [
        *(("20", "18.2"), ("20.0", "18.2"), ("20,0", "18,2"), (" 20.00 ", "18.2")),
        *(("1,000.0", "910"), ("1.000,0", "910"), ("1 000,5", "910,46"), ("0.500", "0.46")),
        *(("", ""), ("1,000", ""), ("1.000", ""), ("0", ""), ("0.0", ""), ("A, B", ""), ("-5", "")),
        *(("9" * 400, ""), ("1,00,0.0", "")),
    ],
)
def test_a_grade_goes_out_only_when_its_maximum_is_clear(
    tmp_path: Path, said: str, points: str
) -> None:
    canvas = CANVAS.replace("20.0,", f'"{said}",').replace("200.0", "200")
    moodle = MOODLE.replace("50.00,Yes", f'"{said}",Yes', 1)
    of = grades({"901": 91, "71": 91})
    done, out = filled(tmp_path, moodle.encode(), of)

    assert rows_of(out)[0]["Grade"] == points
    if points:
        _, out = filled(tmp_path, canvas.encode(), of)
        assert rows_of(out)[1]["Broadcast (411)"] == points
    else:
        assert any("does not say clearly how many points" in line for line in done.students)
        with pytest.raises(WriteError, match=r"how many points 'Broadcast \(411\)' is worth"):
            filled(tmp_path, canvas.encode(), of)


def test_decimals_are_parted_as_the_file_parts_them(tmp_path: Path) -> None:
    text = CANVAS.replace(", ", " ").replace(",", ";")
    _, out = filled(tmp_path, text.encode(), grades({"901": 91}))
    assert "anna;S1;18.2;7.00;182;" in out.decode()

    text = text.replace("20.0", "20").replace("200.0", "200")
    _, out = filled(tmp_path, text.encode(), grades({"901": 91}))
    assert "anna;S1;18,2;7.00;182;" in out.decode()


def test_a_worksheet_without_a_maximum_is_refused(tmp_path: Path) -> None:
    """Moodle writes none where an assignment is graded by a scale, with words."""
    with pytest.raises(WriteError, match="no column 'Maximum Grade'"):
        filled(tmp_path, MOODLE.replace("Maximum Grade", "Scale").encode(), grades({"71": 91}))
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("other", ["Broadcast (7)", "Lesson 2 (7)", "02_broadcast"])
def test_two_columns_for_one_lesson_are_refused(tmp_path: Path, other: str) -> None:
    export = CANVAS.replace("Other (9)", other).encode()
    with pytest.raises(WriteError, match=r"two columns for 02_broadcast, 'Broadcast \(411\)' and"):
        filled(tmp_path, export, grades({"901": 91}))
    assert not (tmp_path / "out.csv").exists()


def test_two_columns_of_one_title_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="has two columns 'Grade'"):
        export = MOODLE.replace("Last modified (grade)", "grade").encode()
        filled(tmp_path, export, grades({"71": 91}))


def test_a_grade_above_the_maximum_is_written_and_said(tmp_path: Path) -> None:
    done, out = filled(tmp_path, MOODLE.encode(), grades({"71": 120}, {"71": "Anna Müller"}))

    assert rows_of(out)[0]["Grade"] == "60"
    assert done.notes[-1] == (
        "Anna Müller (71): 60 is above the maximum, 50.00: Moodle leaves it out when you upload"
    )


@pytest.mark.parametrize(
    ("cell", "why"), [("EX", "Canvas says that this student is excused"), ("N/A", "is not for")]
)
def test_whom_canvas_has_excused_gets_no_grade(tmp_path: Path, cell: str, why: str) -> None:
    export = CANVAS.replace("anna,S1,,", f"anna,S1,{cell},")
    done, out = filled(tmp_path, export.encode(), grades({"901": 91}), "02_broadcast")

    assert out.decode() == export
    assert why in done.students[0]


def test_canvas_may_part_the_names(tmp_path: Path) -> None:
    export = (
        "LastName,FirstName,ID,SIS Login ID,Section,Broadcast (411)\n"
        "    Points Possible,,,,,20.00\nMüller,Anna,901,anna,S1,\nStudent,Test,999,ab12,S1,\n"
    )
    of = grades({"mülleranna_901": 91}, {"mülleranna_901": "mülleranna"})
    done, out = filled(tmp_path, export.encode(), of)

    assert out.decode() == export.replace("anna,S1,", "anna,S1,18.2")
    assert done.rows == ()


def test_a_worksheet_without_names_is_filled_in_by_number(tmp_path: Path) -> None:
    """Moodle leaves the names out where those who grade must not know them."""
    export = "Identifier,Status,Grade,Maximum Grade\nParticipant 71,,,50.00\n"
    of = grades({"Participant_71": 91}, {"Participant_71": "Participant"})
    (row,) = of.students
    known = replace(row, student=replace(row.student, number="71"))
    done, out = filled(tmp_path, export.encode(), replace(of, students=(known,)))

    assert (done.written, rows_of(out)[0]["Grade"]) == (1, "45.5")


@pytest.mark.parametrize(
    "name",
    ["grades.csv", "Grades.CSV", "index.html", "junit.xml", "gradebook.sqlite", "class.toml"],
)
def test_a_roster_never_takes_the_place_of_a_file_of_the_kit(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(MOODLE, encoding="utf-8")

    with pytest.raises(WriteError, match="the name of a file that the kit writes"):
        roster_target(tmp_path / name, tmp_path / "out")


def test_no_file_of_the_kit_is_missing_among_its_own(book: Gradebook, tmp_path: Path) -> None:
    a_class(book)
    write_reports(book, grades_of(book, RULES, COURSE), tmp_path)
    write_similar(Findings((), (), 0, 70), tmp_path)

    assert {path.name for path in tmp_path.iterdir()} <= OWN


def test_a_roster_is_never_written_over_itself_or_a_strange_file(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    inside, given = out / "worksheet.csv", tmp_path / "worksheet.csv"
    inside.write_text(MOODLE, encoding="utf-8")
    with pytest.raises(WriteError, match="lies where the filled copy would go"):
        roster_target(inside, out)

    given.write_text(CANVAS, encoding="utf-8")
    with pytest.raises(WriteError, match="is not an earlier copy for Canvas"):
        roster_target(given, out)
    given.write_text(MOODLE.replace("12.00", ""), encoding="utf-8")
    assert roster_target(given, out) == inside
    inside.unlink()
    inside.symlink_to(given)
    with pytest.raises(WriteError, match="lies where the filled copy would go"):
        roster_target(given, out)
    with pytest.raises(WriteError, match="cannot be read: No such file"):
        roster_target(tmp_path / "lost.csv", out)


def test_a_file_of_no_known_platform_is_said_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="neither a grading worksheet"):
        filled(tmp_path, b"Name,Mark\nAnna,1\n", grades({"1": 1}))
    with pytest.raises(WriteError, match="no column for a lesson"):
        filled(
            tmp_path, CANVAS.replace("Broadcast", "Quiz").encode(), grades({"1": 1}), "02_broadcast"
        )
    with pytest.raises(WriteError, match="nobody has been graded in 05_gui yet"):
        filled(tmp_path, CANVAS.encode(), grades({"901": 91}), "05_gui")
    with pytest.raises(WriteError, match="neither"):
        filled(tmp_path, b"", grades({"1": 1}))


@pytest.mark.parametrize(
    "text",
    ['a,"b ""c"", d",e\r\n"x\ny",,\r\n', "a,b", "a,b\n\nc,d\n", ",\n", 'a,"b', "a\rb\r"],
)
def test_cells_are_what_the_csv_module_reads(text: str) -> None:
    sheet = read_sheet(text.encode())
    expected = list(csv.reader(io.StringIO(text, newline="")))

    read = [[cell.value for cell in row] for row in sheet.rows]
    assert [row if row != [""] else [] for row in read] == expected
    assert sheet.filled({}) == text.encode()
