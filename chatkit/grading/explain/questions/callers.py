"""How a program runs, as far as its text tells: what is called from where, and how often.

A function that is handed on (as the target of a thread, as a callback) is called by somebody
unknown. Of such a function nothing is said.
"""

import ast
from collections.abc import Collection, Iterator

from chatkit.grading.explain.questions.source import Function, Source, called

LOOPS = (ast.For, ast.While, ast.AsyncFor)
EVENT_LOOPS = (
    "DefaultSelector",
    "SelectSelector",
    "EpollSelector",
    "PollSelector",
    "poll",
    "epoll",
)


def callers(source: Source, function: Function) -> list[ast.Call] | None:
    """The calls of `function`; None where somebody unknown may call it, too."""
    name, stands_in = function.name, source.parents.get(function)
    method = isinstance(stands_in, ast.ClassDef)
    if isinstance(stands_in, ast.ClassDef) and name == "__init__":
        name, method = stands_in.name, False
    elif isinstance(stands_in, ast.ClassDef) and (stands_in.bases or name.startswith("__")):
        return None
    if function.decorator_list:
        return None
    found = []
    for node in source.nodes:
        plain = isinstance(node, ast.Name) and node.id == name
        dotted = isinstance(node, ast.Attribute) and node.attr == name and method
        if not (plain or dotted):
            continue
        call = source.parents.get(node)
        if not isinstance(call, ast.Call) or call.func is not node:
            return None
        found.append(call)
    return found


def loops_around(source: Source, node: ast.AST) -> Iterator[ast.stmt]:
    """The loops that repeat `node`, the innermost first.

    Those around the only call of its function count, too.
    """
    been: set[ast.AST] = set()
    while True:
        inner: ast.AST = node
        function: ast.AST | None = None
        for outer in source.around(node):
            if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                function = outer
                break
            # What a for loop goes through is worked out once, before it begins.
            if isinstance(outer, LOOPS) and inner is not getattr(outer, "iter", None):
                yield outer
            inner = outer
        if not isinstance(function, Function) or function in been:
            return
        been.add(function)
        places = callers(source, function)
        if not places or len(places) > 1:
            return
        node = places[0]


def runs_once(source: Source, node: ast.AST) -> bool:
    """Whether `node` runs at most once in a run of the program, for certain."""
    repeats = (ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp, *LOOPS)
    been: set[ast.AST] = set()
    while True:
        function: Function | None = None
        for outer in source.around(node):
            if isinstance(outer, repeats):
                return False
            if isinstance(outer, Function):
                function = outer
                break
        if function is None:
            return True
        places = callers(source, function)
        if function in been or not places or len(places) > 1:
            return False
        been.add(function)
        node = places[0]


def reaches(source: Source, node: ast.AST, names: Collection[str]) -> bool:
    """Whether something called like one of `names` is called in `node`.

    The functions of the file that are called there count, and what these call.
    """
    return any(called(call) in names for call in calls_from(source, node))


def calls_from(source: Source, node: ast.AST) -> Iterator[ast.Call]:
    """All calls in `node`, and in the functions of the file that are called there."""
    been: set[str] = set()
    left = [node]
    while left:
        for call in source.all(ast.Call, left.pop()):
            yield call
            name = called(call)
            if name not in been:
                been.add(name)
                left += [one for one in source.functions() if one.name == name]
                left += [
                    one
                    for kind in source.all(ast.ClassDef)
                    if kind.name == name
                    for one in kind.body
                    if isinstance(one, Function) and one.name == "__init__"
                ]


def at_the_top(source: Source) -> Iterator[ast.stmt]:
    """The statements that run when Python reads the file: all but functions and classes."""
    for statement in source.tree.body:
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield statement


def serves_many_in_one_loop(source: Source) -> bool:
    """Whether one loop waits for many sockets: selectors, poll, asyncio, select() with a list."""
    return bool(
        source.calls(*EVENT_LOOPS)
        or source.all(ast.AsyncFunctionDef)
        or any(
            not (call.args and isinstance(call.args[0], ast.List) and len(call.args[0].elts) == 1)
            for call in source.calls("select")
        )
    )
