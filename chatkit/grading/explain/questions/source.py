"""The student's file as a syntax tree, and the questions that explanations ask about it.

See https://docs.python.org/3/library/ast.html. A file that Python cannot read answers every
question with nothing.
"""

import ast
from collections.abc import Iterator
from functools import cache, cached_property
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def source_of(text: str, name: str) -> "Source":
    """The source of the program `name`, read once for all questions."""
    return Source(text, name)


class Source:
    """One program of a student."""

    def __init__(self, text: str, name: str) -> None:
        """`text` is what the file holds, `name` what it is called: "server.py"."""
        self.name = name
        self.lines = text.splitlines()
        try:
            self.tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.tree = ast.Module(body=[], type_ignores=[])

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """What each node stands in."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes, in the order of the text where they have a place in it."""
        return tuple(sorted(filter(_line, ast.walk(self.tree)), key=_place))

    def all(self, kind: type[Node], inside: ast.AST | None = None) -> list[Node]:
        """All nodes of a kind, in order; those in `inside` only, where that is given."""
        if inside is None:
            return [node for node in self.nodes if isinstance(node, kind)]
        return sorted((one for one in ast.walk(inside) if isinstance(one, kind)), key=_place)

    def calls(self, *names: str, inside: ast.AST | None = None) -> list[ast.Call]:
        """The calls of something that is called like one of `names`, with or without a dot before.

        `calls("recv")` finds `connection.recv(1024)`, `calls("Thread")` finds `threading.Thread()`.
        """
        return [call for call in self.all(ast.Call, inside) if called(call) in names]

    def functions(self) -> list[Function]:
        """All functions and methods, in order."""
        return [node for node in self.nodes if isinstance(node, Function)]

    def function(self, name: str) -> Function | None:
        """The function or method of that name; the first, if there are several."""
        return next((one for one in self.functions() if one.name == name), None)

    def around(self, node: ast.AST, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """What stands around `node`, the nearest first; of these kinds, where some are given."""
        while (node := self.parents.get(node, self.tree)) is not self.tree:
            if not kinds or isinstance(node, kinds):
                yield node

    def function_of(self, node: ast.AST) -> Function | None:
        """The function in which `node` stands."""
        found = next(self.around(node, ast.FunctionDef, ast.AsyncFunctionDef), None)
        return found if isinstance(found, Function) else None

    def at_line(self, line: int, kind: type[Node]) -> Node | None:
        """The first node of a kind that begins at `line`, else one that reaches over it."""
        nodes = self.all(kind)
        begins = (node for node in nodes if _line(node) == line)
        covers = (
            node
            for node in reversed(nodes)
            if _line(node) <= line <= (getattr(node, "end_lineno", 0) or 0)
        )
        return next(begins, None) or next(covers, None)

    def function_at(self, line: int) -> Function | None:
        """The innermost function that reaches over `line`."""
        covers = [one for one in self.functions() if one.lineno <= line <= (one.end_lineno or 0)]
        return covers[-1] if covers else None

    def line(self, node: ast.AST | int) -> str:
        """The text of a line, without what stands before and behind it."""
        number = node if isinstance(node, int) else _line(node)
        return self.lines[number - 1].strip() if 0 < number <= len(self.lines) else ""

    def handlers(self, *names: str) -> list[ast.ExceptHandler]:
        """The except clauses that catch one of `names`; "" stands for a bare `except:`."""
        return [one for one in self.all(ast.ExceptHandler) if set(caught(one)) & set(names)]

    def locks(self, inside: ast.AST | None = None) -> list[ast.With]:
        """The `with` blocks that take a lock: what they enter has "lock" or "mutex" in its name."""
        return [
            block
            for block in self.all(ast.With, inside)
            if any(
                word in ast.unparse(item.context_expr).lower()
                for item in block.items
                for word in ("lock", "mutex", "guard", "condition")
            )
        ]

    def threads(self) -> list[ast.Call]:
        """The calls that make a thread."""
        return self.calls("Thread")


def _line(node: ast.AST) -> int:
    line: int = getattr(node, "lineno", 0)  # some nodes have no place in the text
    return line


def _place(node: ast.AST) -> tuple[int, int]:
    return _line(node), getattr(node, "col_offset", 0)


def called(call: ast.Call) -> str:
    """The last name of what is called: "recv" of `connection.recv(4096)`; "" of anything else."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def owner(call: ast.Call) -> str:
    """What stands before the dot: "self.connection" of `self.connection.recv(1)`; "" without."""
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument; None where the call does not give it."""
    return next((one.value for one in call.keywords if one.arg == name), None)


def argument(call: ast.Call, place: int, name: str = "") -> ast.expr | None:
    """The value of an argument by its place, or by its name; None where the call gives neither."""
    if len(call.args) > place:
        return call.args[place]
    return keyword(call, name) if name else None


def constant(node: ast.AST | None) -> object:
    """The value of a constant such as 5, "text" or None; an object like nothing else otherwise."""
    return node.value if isinstance(node, ast.Constant) else NOTHING


NOTHING = object()  # what `constant` gives for what is no constant


def as_text(value: object) -> str:
    """A text, or bytes as text; "" for anything else."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else ""


def caught(handler: ast.ExceptHandler) -> list[str]:
    """The names that an except clause catches, without modules; [""] for a bare `except:`."""
    if handler.type is None:
        return [""]
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [ast.unparse(kind).rpartition(".")[2] for kind in kinds]


def swallows(handler: ast.ExceptHandler) -> bool:
    """Whether an except clause does nothing that ends what it is in: it passes, prints, goes on."""
    leaving = (ast.Raise, ast.Return, ast.Break)
    return not any(isinstance(node, leaving) for node in ast.walk(handler))
