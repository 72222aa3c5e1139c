"""Numbered notes on the code of a text: the list right below a block quotes the lines it is about.

    1. `inbox = bytearray()`: a local variable, so each thread has its own.

A code host shows the block and an ordinary list. The site also puts the number of each note beside
its line: it marks these lines for Pygments, and `docs/assets/notes.css` counts the marked lines. So
the notes can be read, printed and searched like any other text, and copied code has no numbers.
"""

import re
from pathlib import Path

from chatkit.course.errors import AuthoringError, Problem

ITEM = re.compile(r"\d+\.\s+(.*)")
QUOTED = re.compile(r"(`+) ?(.+?) ?\1.*")


def noted(code: list[str], notes: list[tuple[int, str]], file: Path) -> list[int]:
    """The lines of the code that the notes of `file` quote; the first line is 1.

    Raises AuthoringError when a note quotes no line, or one above that of the note before.
    """
    found = [0]
    for count, (number, note) in enumerate(notes, start=1):
        quoted = QUOTED.fullmatch(note)
        if not quoted:
            cure = "begin it with a piece of the code between two `, like the first one"
            raise AuthoringError(Problem(file, f"note {count} quotes no code", cure, number))
        holding = [place for place, line in enumerate(code, start=1) if quoted[2] in line]
        if not holding:
            what = f"the code above has no line with {quoted[2]!r}"
            raise AuthoringError(Problem(file, what, "quote a piece of one line", number))
        below = [place for place in holding if place > found[-1]]
        if not below:
            what = f"{quoted[2]!r} stands no lower in the code than the note before"
            raise AuthoringError(Problem(file, what, "follow the code, one note a line", number))
        found.append(below[0])
    return found[1:]


def notes_below(lines: list[str], start: int) -> list[tuple[int, str]]:
    """The notes from `lines[start]` on: the number of each one's first line, and that line.

    There are none where there is no list, or one that does not begin with quoted code.
    """
    notes: list[tuple[int, str]] = []
    for number, line in enumerate(lines[start:], start=start + 1):
        if item := ITEM.fullmatch(line):
            notes.append((number, item[1]))
        elif line.strip() and not (notes and line.startswith("   ")):
            break  # neither an item nor a part of one
    return notes if notes and notes[0][1].startswith("`") else []
