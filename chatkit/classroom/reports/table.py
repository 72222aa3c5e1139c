"""`grades.csv`: one row a student, one column a lesson, and a total.

The file starts with a byte order mark: without it a spreadsheet takes the names for Latin-1.
"""

import csv
import io

from chatkit._text import one_line
from chatkit.classroom.grades import ClassGrades

FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # a spreadsheet computes what starts so


def table(grades: ClassGrades, separator: str = ",") -> bytes:
    """The table as CSV in UTF-8. A cell is empty where nothing was graded or could be run.

    The column "late" names the lessons that came late. `separator` parts the cells; where it is a
    semicolon, decimals have a comma, as spreadsheets that take the one want the other.
    """
    comma = separator == ";"
    rows: list[list[str | float]] = [
        [
            "id",
            "name",
            *(lesson.name for lesson in grades.lessons),
            "total",
            "of",
            "late",
            "remarks",
        ]
    ]
    for row in grades.students:
        cells = [row.lessons[lesson.name].cell for lesson in grades.lessons]
        total = row.total if row.total and not row.total.empty else None
        rows.append(
            [
                defused(row.student.id),
                defused(row.student.name),
                *("" if cell is None else _number(cell, comma) for cell in cells),
                _number(total.points, comma) if total else "",
                _number(total.max, comma) if total else "",
                ", ".join(row.late),
                defused("; ".join(row.remarks)),
            ]
        )
    text = io.StringIO()
    # Quotes around every text: a ; in a name starts no new cell where ; parts the cells.
    csv.writer(
        text, delimiter=separator, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"
    ).writerows(rows)
    return text.getvalue().encode("utf-8-sig", "backslashreplace")


def defused(text: str) -> str:
    """`text` on one line, control characters shown, so that no spreadsheet computes it."""
    return f"'{one_line(text)}" if text.lstrip(" \u00a0").startswith(FORMULA) else one_line(text)


def _number(value: float, comma: bool) -> float | int | str:
    if value == int(value):
        return int(value)
    return str(value).replace(".", ",") if comma else value
