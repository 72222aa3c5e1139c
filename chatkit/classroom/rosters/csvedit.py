"""A CSV file as cells that know where they stand, so that one can be changed and no other byte is.

The `csv` module would write a whole file anew, with its own quotes, line ends and encoding.
"""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Cell:
    """One cell: what it says, and where it stands in the text, its quotes among it."""

    value: str
    start: int
    end: int


@dataclass(frozen=True)
class Sheet:
    """A CSV file that was read; `filled` gives it back with some cells changed."""

    text: str
    mark: bytes  # the byte order mark at the front, or nothing
    encoding: str
    delimiter: str
    rows: tuple[tuple[Cell, ...], ...]

    def filled(self, cells: Mapping[tuple[int, int], str]) -> bytes:
        """The file with new values for the cells at (row, column), quoted where they were."""
        text = self.text
        places = sorted(
            ((self.rows[row][column], new) for (row, column), new in cells.items()),
            key=lambda place: -place[0].start,
        )  # from the end: what is before stays put
        for cell, new in places:
            quoted = text[cell.start : cell.end].startswith('"') or not new.isprintable()
            if quoted or '"' in new or self.delimiter in new:
                new = '"' + new.replace('"', '""') + '"'
            text = text[: cell.start] + new + text[cell.end :]
        return self.mark + text.encode(self.encoding)


def read_sheet(data: bytes) -> Sheet:
    """Read a CSV file in UTF-8, UTF-16 with its mark, or an old Windows encoding.

    The cells are parted by the character of , ; and tab that the first line has most of.
    """
    mark, encoding = next(
        (pair for pair in MARKS if data.startswith(pair[0])), (b"", _encoding(data))
    )
    text = data[len(mark) :].decode(encoding)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    return Sheet(text, mark, encoding, delimiter, tuple(_rows(text, delimiter)))


def _encoding(data: bytes) -> str:
    for encoding in ("utf-8", "cp1252"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"  # takes every byte, and gives each back as it was


def _rows(text: str, delimiter: str) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    row: list[Cell] = []
    at = 0
    while at < len(text) or row:
        start = at
        if text.startswith('"', at):
            at = _closing(text, at)
        while at < len(text) and text[at] not in (delimiter, "\r", "\n"):
            at += 1
        row.append(Cell(_value(text[start:at]), start, at))
        if text.startswith(delimiter, at):
            at += 1
            continue
        at += 2 if text.startswith("\r\n", at) else 1
        rows.append(tuple(row))
        row = []
    return rows


def _closing(text: str, at: int) -> int:
    """The place behind the quote that closes the one at `at`; a doubled quote closes nothing."""
    at = text.find('"', at + 1)
    while at >= 0 and text.startswith('""', at):
        at = text.find('"', at + 2)
    return len(text) if at < 0 else at + 1


def _value(written: str) -> str:
    if written.startswith('"'):
        inside = written[1:]
        inside = inside[:-1] if inside.endswith('"') else inside
        return inside.replace('""', '"')
    return written


def column(header: Sequence[Cell], *names: str) -> int | None:
    """The number of the first column that has one of `names`, in any case; None without one."""
    titles = [cell.value.strip().casefold() for cell in header]
    return next((titles.index(n.casefold()) for n in names if n.casefold() in titles), None)
