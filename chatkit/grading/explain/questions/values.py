"""What the names in a student's file stand for, as far as its text tells."""

import ast
from collections.abc import Iterator

from chatkit.grading.explain.questions.callers import callers
from chatkit.grading.explain.questions.source import (
    NOTHING,
    Function,
    Source,
    argument,
    called,
)

DEEP = 6  # names that stand for names that stand for names …


def bindings(source: Source, name: str, near: ast.AST | None = None) -> list[ast.expr | None]:
    """What is put into a name such as "port" or "self.port".

    With `near` only what counts there: in its function, where that makes the name; else outside of
    all functions. Without, and for names with a dot, everywhere. None stands for something that
    the text does not tell.
    """
    found = list(_bindings(source, name))
    if near is None or "." in name:
        return [bound for _, bound in found]
    here = source.function_of(near)
    local = [bound for function, bound in found if function is here]
    return local or [bound for function, bound in found if function is None]


def _bindings(source: Source, name: str) -> Iterator[tuple[Function | None, ast.expr | None]]:
    for node in source.nodes:
        for bound in _bound_by(source, node, name):
            yield source.function_of(node), bound


def _bound_by(source: Source, node: ast.AST, name: str) -> Iterator[ast.expr | None]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _bound(target, node.value, name)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield from _bound(node.target, node.value, name)
    elif isinstance(node, ast.AugAssign) and _is(node.target, name):
        yield None
    elif isinstance(node, ast.For | ast.AsyncFor):
        yield from [None] * any(_is(one, name) for one in ast.walk(node.target))
    elif isinstance(node, ast.With | ast.AsyncWith):
        for item in node.items:
            if item.optional_vars is not None:
                yield from _bound(item.optional_vars, item.context_expr, name)
    elif isinstance(node, ast.arg) and node.arg == name:
        yield _handed(source, node)
    elif (
        (isinstance(node, ast.ExceptHandler) and node.name == name)
        or (isinstance(node, ast.alias) and (node.asname or node.name) == name)
        or (isinstance(node, ast.Global) and name in node.names)
    ):
        yield None


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) == name


def _is_set(node: ast.AST) -> bool:
    """Whether a name is set, not only read: `rests[number] = …` reads the number."""
    return isinstance(getattr(node, "ctx", None), ast.Store)


def _bound(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr | None]:
    if _is(target, name):
        yield value
    elif isinstance(target, ast.Tuple | ast.List):
        same = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
        for place, one in enumerate(target.elts):
            if same and isinstance(value, ast.Tuple | ast.List):
                yield from _bound(one, value.elts[place], name)
            elif any(_is(inner, name) and _is_set(inner) for inner in ast.walk(one)):
                yield None


def _handed(source: Source, parameter: ast.arg) -> ast.expr | None:
    """What a function gets for a parameter, when it is called in one place; else None."""
    function = next(source.around(parameter, ast.FunctionDef, ast.AsyncFunctionDef), None)
    if not isinstance(function, Function):
        return None
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    calls = callers(source, function)
    if parameter.arg not in names or not calls or len(calls) > 1:
        return None
    if any(isinstance(one, ast.Starred) for one in calls[0].args):
        return None
    place = names.index(parameter.arg)
    method = isinstance(source.parents.get(function), ast.ClassDef)
    if method and place == 0:
        return None
    given = argument(calls[0], place - method, parameter.arg)
    defaults = function.args.defaults
    behind = place - (len(names) - len(defaults))
    return given or (defaults[behind] if behind >= 0 else None)


def meant(source: Source, node: ast.expr | None, deep: int = DEEP) -> ast.expr | None:
    """The expression that a name stands for, when it can stand for only one; else `node`."""
    while deep and isinstance(node, ast.Name | ast.Attribute):
        bound = bindings(source, ast.unparse(node), node)
        if len(bound) != 1 or bound[0] is None:
            return node
        node, deep = bound[0], deep - 1
    return node


def value(source: Source, node: ast.expr | None) -> object:
    """The constant that an expression stands for; NOTHING where it is no constant."""
    node = meant(source, node)
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Call) and called(node) in ("int", "str") and len(node.args) == 1:
        inner = value(source, node.args[0])
        if inner is not NOTHING:
            return int(str(inner)) if called(node) == "int" and str(inner).isdigit() else inner
    return NOTHING


def is_text(source: Source, node: ast.expr | None, deep: int = DEEP) -> bool:
    """Whether an expression is a str for certain."""
    if deep == 0:
        return False
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return is_text(source, node.left, deep - 1) or is_text(source, node.right, deep - 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return is_text(source, node.left, deep - 1)
    if isinstance(node, ast.Call):
        if called(node) in ("str", "input", "decode", "chr", "repr"):
            return True
        if isinstance(node.func, ast.Attribute) and called(node) in STILL_TEXT:
            return is_text(source, node.func.value, deep - 1)
    if isinstance(node, ast.Name | ast.Attribute):
        bound = bindings(source, ast.unparse(node), node)
        return bool(bound) and all(one and is_text(source, one, deep - 1) for one in bound)
    return False


STILL_TEXT = ("strip", "rstrip", "lstrip", "lower", "upper", "title", "replace", "format", "join")
