'''A reference program becomes a starter for the student, or the finished program.

The code that a student has to write stands in a region, inside one function:

    def serve(client):
        """Talk to one client."""
        # region TODO 2: send every byte back until the client is done
        # An empty recv() means that the client is done.
        while data := client.recv(4096):
            client.sendall(data)
        # endregion

The starter keeps the comments and raises `NotImplementedError("TODO 2: ...")` in place of the code.
The solution keeps the code, and the task becomes an ordinary comment.
'''

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chatkit.course.errors import AuthoringError, Problem
from chatkit.course.todo import REGION

OPENING = re.compile(r"# region\b")
CLOSING = re.compile(r"# endregion\b")

EXAMPLE = "# region TODO 1: say what to do"
LONGEST_LINE = 100
UNNAMED = Path("program.py")


@dataclass(frozen=True)
class Region:
    """One TODO of a program. Lines count from 1, both ends are the markers."""

    number: int
    task: str  # "send every byte back until the client is done"
    first: int
    last: int
    indent: str

    @property
    def comment(self) -> str:
        """The line of the starter that says what to do."""
        return f"{self.indent}# TODO {self.number}: {self.task}"

    @property
    def stop(self) -> list[str]:
        """The statement of the starter that ends the program here, as ruff would write it."""
        words = f"TODO {self.number}: {self.task}"
        quoted = repr(words) if '"' in words or "\\" in words else f'"{words}"'
        line = f"{self.indent}raise NotImplementedError({quoted})"
        if len(line) <= LONGEST_LINE:
            return [line]
        opening, closing = f"{self.indent}raise NotImplementedError(", f"{self.indent})"
        return [opening, f"{self.indent}    {quoted}", closing]


@dataclass(frozen=True)
class Marker:
    """A comment that opens or closes a region."""

    line: int
    indent: str
    text: str


@cache  # every view and every rule of a program asks for them
def todos(text: str, file: Path = UNNAMED) -> tuple[Region, ...]:
    """The regions of a reference program in their order. Raises AuthoringError.

    `file` is only for the message.
    """
    regions = tuple(paired(list(markers(text, file)), file))
    seen: dict[int, Region] = {}
    tree = ast.parse(text)
    for region in regions:
        if twin := seen.get(region.number):
            what = f"TODO {region.number} is there twice, in line {twin.first} as well"
            raise error(file, region.first, what, "give every TODO a number of its own")
        seen[region.number] = region
        check_place(region, tree, file)
    return regions


def starter(text: str, file: Path = UNNAMED, written: Collection[int] = ()) -> str:
    """The program as a student gets it, and has it when these TODOs are written.

    Raises AuthoringError.
    """
    lines = text.split("\n")
    regions = todos(text, file)
    for region in reversed(regions):
        if region.number in written:
            lines[region.first - 1] = region.comment
            del lines[region.last - 1]
            continue
        task = [region.comment]
        for line in lines[region.first : region.last - 1]:
            if not line.lstrip().startswith("#"):
                break
            task.append(line)
        lines[region.first - 1 : region.last] = [*task, *region.stop]
    result = "\n".join(lines)
    try:
        compile(result, str(file), "exec")
    except SyntaxError as cause:
        what = f"without the code of its TODOs the program is not Python ({cause.msg})"
        cure = "let each region hold whole statements: not half of an if or a try"
        raise error(file, regions[0].first, what, cure) from None
    return result


def solution(text: str, file: Path = UNNAMED) -> str:
    """The finished program. Raises AuthoringError."""
    lines = text.split("\n")
    for region in reversed(todos(text, file)):
        del lines[region.last - 1]
        lines[region.first - 1] = f"{region.indent}# {sentence(region.task)}"
    return "\n".join(lines)


def sentence(task: str) -> str:
    """The task as a sentence: "send it back" becomes "Send it back."."""
    end = "" if task.endswith((".", "!", "?", ":", "…")) else "."
    return task[0].upper() + task[1:] + end


def markers(text: str, file: Path) -> Iterator[Marker]:
    """The comments that look like markers. A string that looks like one is none."""
    try:
        ast.parse(text)
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except SyntaxError as cause:
        raise error(
            file, cause.lineno or 1, f"no Python: {cause.msg}", "correct the line"
        ) from None
    for token in tokens:
        is_comment = token.type == tokenize.COMMENT
        if is_comment and (OPENING.match(token.string) or CLOSING.match(token.string)):
            line, column = token.start
            indent = token.line[:column]
            if indent.strip():
                what = "a region marker stands behind code"
                raise error(file, line, what, "put the marker on a line of its own")
            yield Marker(line, indent, token.string)


def paired(found: list[Marker], file: Path) -> Iterator[Region]:
    """Make regions of the markers, which must open and close in turn."""
    opening: Marker | None = None
    for marker in found:
        opens = OPENING.match(marker.text)
        if opens and opening:
            what = f"a region inside the region of line {opening.line}"
            raise error(file, marker.line, what, "close that one first: # endregion")
        if not opens and not opening:
            what = "# endregion closes nothing"
            raise error(file, marker.line, what, f"take it out, or open it above: {EXAMPLE}")
        if opens:
            opening = marker
        elif opening:
            yield made(opening, marker, file)
            opening = None
    if opening:
        what = "the region is never closed"
        raise error(file, opening.line, what, "write # endregion below its last line")


def made(opening: Marker, closing: Marker, file: Path) -> Region:
    """One region from its two markers."""
    task = REGION.fullmatch(opening.text)
    if not task:
        what = "the region has no number or no task"
        raise error(file, opening.line, what, f"write it like this: {EXAMPLE}")
    if opening.indent != closing.indent:
        what = f"# endregion is not indented like the region in line {opening.line}"
        raise error(file, closing.line, what, "put both markers in the same column")
    return Region(
        number=int(task[1]),
        task=task[2].rstrip(),
        first=opening.line,
        last=closing.line,
        indent=opening.indent,
    )


def check_place(region: Region, tree: ast.Module, file: Path) -> None:
    """Raise AuthoringError unless the region holds whole statements of one function."""
    name = f"the region of TODO {region.number}"
    if not in_function(tree, region.first):
        cure = "move both markers into the body of one function"
        raise error(file, region.first, f"{name} is outside a function", cure)
    inside = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and region.first < node.lineno < region.last
    ]
    if not inside:
        cure = "put the code that the student writes between the markers"
        raise error(file, region.first, f"{name} holds no code", cure)
    for node in inside:
        if node.col_offset < len(region.indent):
            what = f"{name} goes on after its block has ended"
            raise error(file, node.lineno, what, "write # endregion above this line")
        if (node.end_lineno or node.lineno) > region.last:
            what = f"{name} ends in the middle of this statement"
            raise error(file, node.lineno, what, "write # endregion below its last line")


def in_function(tree: ast.Module, line: int) -> bool:
    """Whether the line belongs to the body of a function."""
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.lineno < line <= (node.end_lineno or node.lineno)
        for node in ast.walk(tree)
    )


def error(file: Path, line: int, what: str, cure: str) -> AuthoringError:
    return AuthoringError(Problem(file, what, cure, line))
