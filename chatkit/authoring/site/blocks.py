"""The code in the text of a lesson: a comment names it, the block below it shows it.

    <!-- code: server.py serve_client -->          of this lesson's finished program
    <!-- code: server.py Client.receive -->        a method
    <!-- code: echo/server.py open_listener -->    of another step
    <!-- code: server.py -->                       the whole program

A lesson never shows the inside of its own TODOs, nor that of a later lesson. A walkthrough may.
"""

import re
from difflib import get_close_matches
from pathlib import Path

from chatkit.authoring.clone import Clone
from chatkit.authoring.functions import pieces
from chatkit.authoring.site.annotations import noted, notes_below
from chatkit.authoring.site.markdown import FENCE, prose
from chatkit.course.errors import AuthoringError, Problem
from chatkit.course.lessons import Lesson
from chatkit.course.regions import todos

MARKER = re.compile(r"(\s*)<!--\s*code:\s*(.*?)\s*-->\s*")
NAMED = re.compile(r"(?:(\w+)/)?(\w+\.py)(?:\s+([\w.]+))?")


def filled(text: str, clone: Clone, lesson: Lesson, file: Path) -> str:
    """The text of `file` with every code block as the reference has it. Raises AuthoringError."""
    lines = text.split("\n")
    out: list[str] = []
    skip_to = 0
    for number, line, is_prose in prose(text):
        if number <= skip_to:
            continue
        out.append(line)
        if is_prose and (marker := MARKER.fullmatch(line)):
            code = shown(marker[2], clone, lesson, file, number).rstrip("\n").split("\n")
            indent = marker[1]
            out += [(indent + line).rstrip() for line in ["```python", *code, "```"]]
            skip_to = end_of_block(lines, number, file)
            noted(code, notes_below(lines, skip_to), file)  # so an error names a line of `file`
            if skip_to == number and number < len(lines) and lines[number].strip():
                out.append("")  # a new block, right above other text
    return "\n".join(out)


def for_the_site(text: str, file: Path) -> str:
    """The filled text of `file`, without its markers, its code with the numbers of the notes."""
    lines = text.split("\n")
    markers = set()
    for number, line, is_prose in prose(text):
        if is_prose and MARKER.fullmatch(line):
            markers.add(number)
            end = end_of_block(lines, number, file)
            if places := noted(lines[number + 1 : end - 1], notes_below(lines, end), file):
                marked = " ".join(map(str, places))
                lines[number] = f'``` {{ .python .notes hl_lines="{marked}" }}'
    return "\n".join(line for number, line in enumerate(lines, start=1) if number not in markers)


def end_of_block(lines: list[str], marker: int, file: Path) -> int:
    """The last line of the marker's block of Python; the marker itself where there is none."""
    start = marker
    while start < len(lines) and not lines[start].strip():
        start += 1
    opening = FENCE.fullmatch(lines[start]) if start < len(lines) else None
    if not opening or opening[2].strip() not in ("python", ""):
        return marker
    for number in range(start + 1, len(lines)):
        closing = FENCE.fullmatch(lines[number])
        if closing and closing[1].startswith(opening[1]) and not closing[2].strip():
            return number + 1
    what = "the code block is never closed"
    raise AuthoringError(Problem(file, what, "write ``` below its last line", start + 1))


def shown(named: str, clone: Clone, lesson: Lesson, file: Path, line: int) -> str:
    """The code that a marker names. Raises AuthoringError."""

    def error(what: str, cure: str) -> AuthoringError:
        return AuthoringError(Problem(file, what, cure, line))

    parts = NAMED.fullmatch(named)
    if not parts:
        cure = "write it like this: <!-- code: server.py main -->"
        raise error(f"{named!r} names no code", cure)
    program, name = parts[2], parts[3]
    step = parts[1] or clone.owner(lesson, program)
    if not clone.reference(step, program).is_file():
        raise error(f"there is no program {step}/{program}", "name a program of the reference")
    finished = clone.finished(step, program)
    known = pieces(finished)
    if name and name not in known:
        near = get_close_matches(name, known, n=1)
        cure = f"did you mean {near[0]}?" if near else f"name one of: {', '.join(known)}"
        raise error(f"{step}/{program} has no {name}", cure)
    if file.parent == lesson.folder and (number := secret(clone, lesson, step, program, name)):
        what = f"the lesson would show the inside of TODO {number} of {step}/{program}"
        raise error(what, "take the marker out; the walkthrough may show it")
    return known[name].text if name else finished


def secret(clone: Clone, lesson: Lesson, step: str, program: str, name: str | None) -> int:
    """The first TODO that a lesson must not show and this code holds; 0 where all is well."""
    solved_before = {earlier.step for earlier in clone.lessons if earlier.number < lesson.number}
    if step in solved_before:
        return 0
    source = clone.source(step, program)
    regions = todos(source, clone.reference(step, program))
    if name:
        piece = pieces(source)[name]
        regions = tuple(region for region in regions if piece.first <= region.first <= piece.last)
    return regions[0].number if regions else 0
