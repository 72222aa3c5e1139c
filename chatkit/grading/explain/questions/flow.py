"""What becomes of the bytes that recv() returns: one more kind of question to the source."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from chatkit.bench.evidence import Stack
from chatkit.grading.explain.questions.source import (
    NOTHING,
    Function,
    Source,
    argument,
    as_text,
    called,
    constant,
    keyword,
    owner,
)

LINE_END = ("\n", b"\n")
SENDS = ("sendall", "send", "put", "put_nowait", "write", "append", "sendto")
DEEP = 4  # how far a piece is followed from function to function


@dataclass(frozen=True)
class Piece:
    """What one recv() returns: where it is called, and the name that its result gets."""

    call: ast.Call
    name: str  # as it is written: "data", "self.data"; "" where the result gets no name
    inside: Function | None  # the function in which it has that name
    decode: ast.Call | None = None  # the decode() of the result, when it comes at once

    @property
    def line(self) -> int:
        return self.call.lineno


def pieces(source: Source) -> list[Piece]:
    """The pieces of a program, each with the first name that it gets, in the order of the text.

    A recv() of one byte is none: that is a bell, or somebody who reads byte by byte.
    """
    found = []
    for call in source.calls("recv", "read"):
        size = constant(argument(call, 0, "bufsize"))
        reader = call.args and isinstance(source.parents.get(call), ast.Await)
        if (called(call) == "recv" or reader) and call.args and size != 1:
            found.append(_piece(source, call))
    return found


def _piece(source: Source, call: ast.Call) -> Piece:
    node: ast.AST = call
    decode = None
    while isinstance(above := source.parents.get(node), ast.Await | ast.Attribute | ast.Call):
        if isinstance(above, ast.Call) and above.func is not node:
            break
        if isinstance(above, ast.Call) and called(above) == "decode":
            decode = above
        node = above
    name = ""
    if isinstance(above, ast.Assign) and above.value is node and len(above.targets) == 1:
        name = ast.unparse(above.targets[0])
    elif isinstance(above, ast.NamedExpr | ast.AnnAssign) and above.value is node:
        name = ast.unparse(above.target)
    return Piece(call, name, source.function_of(call), decode)


def followed(source: Source, piece: Piece, deep: int = DEEP) -> Iterator[tuple[str, ast.AST]]:
    """Every name that the piece gets, with the function (or the file) in which it has that name.

    It is followed into the functions of the same file that get it as an argument, and out of the
    function that returns it.
    """
    waiting = [(piece.name, piece.inside, deep)] if piece.name else []
    if not piece.name and isinstance(source.parents.get(piece.call), ast.Return) and piece.inside:
        waiting += _takers(source, piece.inside, deep)
    seen = set()
    while waiting:
        name, inside, left = waiting.pop(0)
        if (name, inside) in seen:
            continue
        seen.add((name, inside))
        scope: ast.AST = inside or source.tree
        yield name, scope
        if not left:
            continue
        for call in source.all(ast.Call, scope):
            for place, value in enumerate(call.args):
                taker = source.function(called(call))
                if taker and ast.unparse(value) == name:
                    names = [one.arg for one in taker.args.args if one.arg not in ("self", "cls")]
                    if place < len(names):
                        waiting.append((names[place], taker, left - 1))
        returns = source.all(ast.Return, scope)
        if inside and any(one.value and ast.unparse(one.value) == name for one in returns):
            waiting += _takers(source, inside, left - 1)


def _takers(
    source: Source, function: Function, left: int
) -> list[tuple[str, Function | None, int]]:
    """The names that get what `function` returns."""
    found = []
    for call in source.calls(function.name):
        above = source.parents.get(call)
        if isinstance(above, ast.Assign) and len(above.targets) == 1:
            found.append((ast.unparse(above.targets[0]), source.function_of(call), left))
        elif isinstance(above, ast.NamedExpr):
            found.append((ast.unparse(above.target), source.function_of(call), left))
    return found


def mentions(node: ast.AST | None, name: str) -> bool:
    """Whether an expression contains something written as `name`."""
    return node is not None and any(
        ast.unparse(one) == name for one in ast.walk(node) if isinstance(one, ast.expr)
    )


def inboxes(source: Source, piece: Piece) -> list[tuple[str, ast.AST]]:
    """What the piece is added to: the name of the inbox, and the statement that adds it."""
    found: list[tuple[str, ast.AST]] = []
    above = source.parents.get(piece.call)
    if isinstance(above, ast.AugAssign) and isinstance(above.op, ast.Add):
        found.append((ast.unparse(above.target), above))
    for name, scope in followed(source, piece):
        for node in ast.walk(scope):
            if isinstance(node, ast.AugAssign) and mentions(node.value, name):
                target = ast.unparse(node.target)
                if target != name:
                    found.append((target, node))
            elif isinstance(node, ast.Assign) and mentions(node.value, name):
                sums = [one for one in ast.walk(node.value) if isinstance(one, ast.BinOp)]
                for one in sums:
                    sides = {ast.unparse(one.left), ast.unparse(one.right)}
                    kept = {ast.unparse(target) for target in targets(node)}
                    if name in sides and (both := (sides - {name}) & kept):
                        found.append((both.pop(), node))
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                # `lines = (rest + data).split(…)`, and afterwards `rest = lines.pop()`
                sides = {ast.unparse(node.left), ast.unparse(node.right)}
                for other in sides - {name} if name in sides else ():
                    if _set_anew(source, scope, other):
                        found.append((other, node))
            elif isinstance(node, ast.Call) and called(node) in ("extend", "append", "feed"):
                first = argument(node, 0)
                if first is not None and ast.unparse(first) == name and owner(node):
                    found.append((owner(node), node))
    return found


def _set_anew(source: Source, scope: ast.AST, name: str) -> bool:
    """Whether a name is set to something else than a constant, somewhere in `scope`."""
    return any(
        constant(assign.value) is NOTHING
        for assign in source.all(ast.Assign, scope)
        if any(ast.unparse(target) == name for target in targets(assign))
    )


def targets(node: ast.Assign) -> list[ast.expr]:
    """What an assignment assigns to, each for itself: three of them in `*lines, rest = …`."""
    found: list[ast.expr] = []
    for target in node.targets:
        parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
        found += [one.value if isinstance(one, ast.Starred) else one for one in parts]
    return found


def line_ends(source: Source) -> list[ast.AST]:
    """Where a program looks for a line end in text or bytes.

    By split(), find() and their like, by `b"\\n" in …`, by a file object that knows lines.
    """
    knows = ("readline", "readlines", "makefile", "splitlines", "readuntil", "finditer")
    cuts = ("split", "rsplit", "partition", "rpartition", "find", "rfind", "index", "count", "iter")
    found: list[ast.AST] = list(source.calls(*knows))
    for call in source.calls(*cuts, "endswith", "replace"):
        if any(constant(one) in (*LINE_END, "\r\n", b"\r\n") for one in call.args):
            found.append(call)
    for compare in source.all(ast.Compare):
        if any(
            constant(one) in (*LINE_END, 10) or (isinstance(one, ast.Call) and _is_newline(one))
            for one in (compare.left, *compare.comparators)
        ):
            found.append(compare)
    return found


def _is_newline(call: ast.Call) -> bool:
    return called(call) == "ord" and bool(call.args) and constant(call.args[0]) in LINE_END


def cuts_lines(call: ast.Call) -> bool:
    """Whether a call cuts text or bytes at line ends, or at the first of them."""
    if called(call) == "splitlines":
        return True
    cuts = ("split", "rsplit", "partition", "rpartition")
    return called(call) in cuts and any(constant(one) in LINE_END for one in call.args)


def strict(call: ast.Call) -> bool:
    """Whether a decode() raises UnicodeDecodeError for bytes that are not UTF-8."""
    errors = argument(call, 1, "errors")
    return called(call) == "decode" and (errors is None or constant(errors) == "strict")


def loop_around(source: Source, node: ast.AST) -> ast.While | ast.For | ast.AsyncFor | None:
    """The nearest loop around `node` in the same function."""
    for one in source.around(node):
        if isinstance(one, Function | ast.Lambda):
            return None
        if isinstance(one, ast.While | ast.For | ast.AsyncFor):
            return one
    return None


def tests(scope: ast.AST) -> Iterator[ast.expr]:
    """Every condition in `scope`: of if, while, a conditional expression, a comprehension."""
    for node in ast.walk(scope):
        if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.Match):
            yield node.subject


def is_daemon(source: Source, thread: ast.Call) -> bool:
    """Whether a thread is made a daemon, in the call or afterwards, as far as the source shows."""
    given = keyword(thread, "daemon")
    if given is not None:
        return constant(given) is not False
    sets = (
        ast.unparse(target).endswith(".daemon")
        for one in source.all(ast.Assign)
        for target in one.targets
    )
    return any(sets) or bool(source.calls("setDaemon"))


def goes_through(loop: ast.For | ast.comprehension) -> str:
    """The collection that a loop goes through; "" where it is a copy, or something else."""
    node = loop.iter
    if isinstance(node, ast.Call) and called(node) in ("values", "keys", "items"):
        return owner(node)
    if isinstance(node, ast.Call) and called(node) in ("enumerate", "reversed") and node.args:
        node = node.args[0]
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def is_test(source: Source, node: ast.AST) -> bool:
    """Whether `node` is part of a condition."""
    return any(node in ast.walk(test) for test in tests(source.tree))


def is_sent(source: Source, node: ast.AST) -> bool:
    """Whether `node` stands in a call that sends, or gets a name that stands in one."""
    calls = [one for one in source.around(node) if isinstance(one, ast.Call)]
    if any(called(one) in SENDS for one in calls):
        return True
    assign = next(source.around(node, ast.Assign), None)
    names = [ast.unparse(one) for one in targets(assign)] if isinstance(assign, ast.Assign) else []
    return any(mentions(call, name) for call in source.calls(*SENDS) for name in names)


def keeps_a_rest(source: Source, call: ast.Call) -> bool:
    """Whether a part of what a split returns gets a name of its own: `*lines, rest = …`."""
    above = source.parents.get(call)
    return isinstance(above, ast.Assign) and len(targets(above)) > 1


def texts(source: Source, part: str) -> list[ast.Constant]:
    """The texts of the file with `part` in them, apart from docstrings."""
    return [
        node
        for node in source.all(ast.Constant)
        if part in as_text(node.value) and not isinstance(source.parents.get(node), ast.Expr)
    ]


def call_of(source: Source, stack: Stack, *names: str) -> ast.Call | None:
    """The call in which a thread stands, as far as its innermost line of the file shows."""
    own = stack.own
    return next((one for one in source.calls(*names) if own and one.lineno == own.line), None)
