"""One function out of a program, and what two steps make of the same function."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent

DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Definition:
    """A function, a method or a class of a program."""

    name: str  # "main", "Client.receive", "Client"
    is_class: bool
    first: int  # lines count from 1; decorators belong to the piece
    last: int
    text: str  # without the indentation of the class around it
    summary: str  # the first line of the docstring


def pieces(program: str) -> dict[str, Definition]:
    """The classes, functions and methods of a program by name, in their order."""
    lines = program.split("\n")
    return {piece.name: piece for piece in found(ast.parse(program).body, "", lines)}


def functions(program: str) -> dict[str, Definition]:
    """The functions and methods of a program by name, in their order."""
    return {name: piece for name, piece in pieces(program).items() if not piece.is_class}


def found(body: list[ast.stmt], prefix: str, lines: list[str]) -> Iterator[Definition]:
    for node in body:
        if not isinstance(node, DEFINITIONS):
            continue
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        last = node.end_lineno or node.lineno
        name = prefix + node.name
        is_class = isinstance(node, ast.ClassDef)
        text = dedent("\n".join(lines[first - 1 : last])) + "\n"
        summary = (ast.get_docstring(node) or "").partition("\n")[0]
        yield Definition(name, is_class, first, last, text, summary)
        if is_class:
            yield from found(node.body, f"{name}.", lines)


@dataclass(frozen=True)
class Difference:
    """What the functions of a program became from one step to the next."""

    changed: tuple[tuple[Definition, Definition], ...]  # before and after
    new: tuple[Definition, ...]
    gone: tuple[Definition, ...]
    same: tuple[Definition, ...]


def difference(before: str, after: str) -> Difference:
    """Compare two finished programs, function by function, word for word."""
    old, new = functions(before), functions(after)
    shared = [(old[name], new[name]) for name in new if name in old]
    return Difference(
        changed=tuple((was, now) for was, now in shared if was.text != now.text),
        new=tuple(piece for name, piece in new.items() if name not in old),
        gone=tuple(piece for name, piece in old.items() if name not in new),
        same=tuple(now for was, now in shared if was.text == now.text),
    )
