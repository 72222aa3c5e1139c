"""Kinds of things: None where something should be, a list where a set should be."""

import ast
import re

from chatkit.bench.evidence import Raised
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.sharing import assignments, last
from chatkit.grading.explain.source import Function, called, constant

SHARE = {3: "What threads share", 4: "Many at once"}
NOTHING = re.compile(
    r"'NoneType' object (?:has no attribute '(?P<name>\w+)'|is not (?P<how>\w+)"
    r"|does not support the context manager protocol)"
    r"|cannot unpack non-iterable NoneType object|argument .*NoneType"
)
# How a container of another kind calls the same thing.
INSTEAD = {
    ("list", "add"): "append()",
    ("set", "append"): "add()",
    ("list", "discard"): "remove()",
    ("list", "items"): "enumerate()",
    ("list", "values"): "a plain loop",
    ("list", "get"): "an index",
    ("dict", "append"): "things[key] = value",
    ("dict", "add"): "things[key] = value",
    ("dict", "remove"): "pop(key)",
    ("dict", "discard"): "pop(key, None)",
    ("tuple", "append"): "a list",
    ("tuple", "add"): "a set",
    ("SimpleQueue", "task_done"): "a Queue",
    ("SimpleQueue", "join"): "a Queue",
    ("_queue.SimpleQueue", "join"): "a Queue",
}
NAMES = {"list": "a list", "set": "a set", "dict": "a dict", "tuple": "a tuple"}


@misconception(
    "return-forgotten",
    "a function gives back nothing, and its result is used",
    think="What does the function give back on each way through it?",
    read={},
    proofs=("03_threads/return_is_forgotten",),
    unlike="03_threads/list_where_a_set_should_be",
)
def return_forgotten(seen: Seen) -> str | None:
    """An error about None, and the None came from a function of this file that ends without value.

    See https://docs.python.org/3/reference/simple_stmts.html#the-return-statement.
    """
    for error in seen.evidence.raised:
        for one in error.chain():
            if one.kind not in ("AttributeError", "TypeError") or not one.own:
                continue
            match = NOTHING.search(one.text)
            if not match:
                continue
            call = _came_from(seen, one, match["name"] or "")
            function = seen.source.function(called(call)) if call else None
            if call is None or function is None:
                continue
            gives = [
                back
                for back in seen.source.all(ast.Return, function)
                if back.value and seen.source.function_of(back) is function
            ]
            generator = any(
                isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(function)
            )
            if generator or isinstance(function, ast.AsyncFunctionDef) or not _falls_off(function):
                continue
            if gives:
                how = (
                    f"{function.name}() gave back nothing: it has a way to its end without a return"
                )
            else:
                how = f"{function.name}() gives back nothing: it has no return"
            where = "" if call.lineno == one.own.line else f" (called in line {call.lineno})"
            return seen.at(
                one.own,
                f"got None from {function.name}(){where}, and raises {one.kind}. {how}. See line "
                f"{function.lineno}.",
            )
    return None


def _came_from(seen: Seen, error: Raised, attribute: str) -> ast.Call | None:
    """The call of a function of the file that gave the None at the line of an error."""
    assert error.own
    line = error.own.line
    here = [
        one
        for one in seen.source.all(ast.Call)
        if one.lineno <= line <= (one.end_lineno or 0) and seen.source.function(called(one))
    ]
    if attribute:
        bases = [
            one.value
            for one in seen.source.all(ast.Attribute)
            if one.attr == attribute and one.lineno <= line <= (one.end_lineno or 0)
        ]
    else:
        bases = [
            one
            for one in seen.source.all(ast.Name)
            if one.lineno == line and isinstance(one.ctx, ast.Load)
        ]
    for base in bases:
        if isinstance(base, ast.Call) and seen.source.function(called(base)):
            return base
        made = _assigned(seen, ast.unparse(base), line)
        if made is not None:
            return made
    direct = [one for one in here if isinstance(seen.source.parents.get(one), ast.Assign | ast.For)]
    return direct[0] if not attribute and direct else None


def _assigned(seen: Seen, name: str, line: int) -> ast.Call | None:
    """The call of a function of the file whose result the only assignment to `name` takes."""
    function = seen.source.function_at(line)
    inside: ast.AST = (function or seen.source.tree) if "." not in name else seen.source.tree
    found = [
        one
        for one in seen.source.all(ast.Assign, inside)
        if name in {ast.unparse(goal) for goal in one.targets}
    ]
    values = [one.value for one in found]
    value = values[0] if len(values) == 1 else None
    own = isinstance(value, ast.Call) and seen.source.function(called(value))
    return value if own and isinstance(value, ast.Call) else None


def _falls_off(function: Function) -> bool:
    """Whether the end of a function can be reached without a return with a value."""
    return _goes_on(function.body)


def _goes_on(body: list[ast.stmt]) -> bool:
    for one in body:
        if isinstance(one, ast.Return):
            return one.value is None
        if isinstance(one, ast.Raise):
            return False
        if ast.unparse(one).startswith(("sys.exit(", "exit(", "os._exit(")):
            return False
        both = isinstance(one, ast.If) and one.orelse
        if isinstance(one, ast.If) and both and not _goes_on(one.body) and not _goes_on(one.orelse):
            return False
        if isinstance(one, ast.With) and not _goes_on(one.body):
            return False
        leaves = any(isinstance(part, ast.Break) for part in ast.walk(one))
        if isinstance(one, ast.While) and constant(one.test) in (True, 1) and not leaves:
            return False
        if isinstance(one, ast.Try):
            ways = [one.body + one.orelse, *(handler.body for handler in one.handlers)]
            if not any(map(_goes_on, ways)) or (one.finalbody and not _goes_on(one.finalbody)):
                return False
    return True


@misconception(
    "another-kind-of-collection",
    "a collection has no such method, because it is of another kind",
    think="What kind of collection is it? What can this kind do?",
    read=SHARE,
    proofs=("03_threads/list_where_a_set_should_be",),
    unlike="03_threads/return_is_forgotten",
)
def another_kind_of_collection(seen: Seen) -> str | None:
    """AttributeError: 'list' object has no attribute 'add', and the line that makes the list."""
    for error in seen.evidence.raised:
        match = re.search(r"'([\w.]+)' object has no attribute '(\w+)'", error.text)
        if error.kind != "AttributeError" or not match or not error.own:
            continue
        kind, name = match[1], match[2]
        instead = INSTEAD.get((kind, name))
        base = next(
            (
                ast.unparse(one.value)
                for one in seen.source.all(ast.Attribute)
                if one.attr == name and one.lineno == error.own.line
            ),
            "",
        )
        if not instead or not base:
            continue
        what = NAMES.get(kind, f"a {kind}")
        made = [line for goal, _, line in assignments(seen.source) if last(goal) == last(base)]
        where = f": line {made[0]} made it one" if len(made) == 1 else ""
        trap = " ({} makes a dict, not a set.)" if (kind, name) == ("dict", "add") else ""
        return seen.at(
            error.own,
            f"calls {base}.{name}(), but {base} is {what}{where}. {what[0].upper()}{what[1:]} has "
            f"no {name}(); with {what} it is {instead}.{trap}",
        )
    return None
