"""Questions about threads, and about what they share: locks, collections, who runs in a thread."""

import ast
from collections.abc import Iterator

from chatkit.bench.evidence import Frame, Stack
from chatkit.grading.explain.questions.source import (
    Function,
    Source,
    argument,
    called,
    constant,
    keyword,
    owner,
)

ADDS = ("add", "append", "insert", "setdefault", "update", "appendleft")
TAKES = ("remove", "discard", "pop", "clear", "popitem", "popleft")
LOCKS = ("Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore")


def last(text: str) -> str:
    """The last name of something: "lock" of `self.room.lock`."""
    return text.rpartition(".")[2]


def root(node: ast.AST | None) -> str:
    """The first name of something: "client" of `client.sock`, "" of what does not begin with one"""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def made(source: Source, *kinds: str) -> dict[str, ast.Call]:
    """What is made by calling one of `kinds`: the last name that it gets -> the call."""
    found: dict[str, ast.Call] = {}
    for name, value, _ in assignments(source):
        if isinstance(value, ast.Call) and called(value) in kinds:
            found.setdefault(last(name), value)
    return found


def assignments(source: Source) -> list[tuple[str, ast.expr | None, int]]:
    """What is assigned: the name as it is written, the value, and the line."""
    found = [
        (ast.unparse(name), node.value, node.lineno)
        for node in source.all(ast.Assign)
        for name in node.targets
    ]
    typed = [(ast.unparse(one.target), one.value, one.lineno) for one in source.all(ast.AnnAssign)]
    return [*found, *typed]


def locks_in(source: Source, block: ast.With) -> list[str]:
    """The locks that a `with` takes, as they are written."""
    known = made(source, *LOCKS)
    entered = [ast.unparse(item.context_expr) for item in block.items]
    fresh = [
        isinstance(x.context_expr, ast.Call) and called(x.context_expr) in LOCKS
        for x in block.items
    ]
    named = [one for one, new in zip(entered, fresh, strict=True) if new or last(one) in known]
    return named or ([] if known else entered if block in source.locks() else [])


def around_with(source: Source, node: ast.AST) -> list[tuple[ast.With, str]]:
    """The `with` blocks in the same function that hold a lock at `node`, the nearest first."""
    found: list[tuple[ast.With, str]] = []
    below = node
    for block in source.around(node):
        if isinstance(block, Function | ast.Lambda):
            break
        if isinstance(block, ast.With) and below in block.body:
            found += [(block, lock) for lock in locks_in(source, block)]
        below = block
    return found


def acquired_before(source: Source, node: ast.AST) -> bool:
    """Whether the function of `node` calls acquire() of a lock somewhere before it."""
    function = source.function_of(node) or source.tree
    line = getattr(node, "lineno", 0)
    return any(call.lineno <= line for call in source.calls("acquire", inside=function))


def is_locked(source: Source, node: ast.AST, deep: int = 4) -> bool:
    """Whether a lock is held at `node`: taken around it, or around every call of its function."""
    if around_with(source, node) or acquired_before(source, node):
        return True
    function = source.function_of(node)
    if function is None or not deep:
        return False
    calls = source.calls(function.name)
    return bool(calls) and all(is_locked(source, call, deep - 1) for call in calls)


def held(source: Source, stack: Stack) -> Iterator[tuple[Frame, ast.With, str]]:
    """The locks that a thread holds as far as the source shows, the one taken last first."""
    for frame in stack.owns:
        for block in sorted(source.all(ast.With), key=lambda one: -one.lineno):
            if block.body[0].lineno <= frame.line <= (block.end_lineno or 0):
                for lock in locks_in(source, block):
                    yield frame, block, lock


def for_one(source: Source, lock: str) -> bool:
    """Whether there is such a lock for each client: it belongs to a thing that each client has."""
    call = made(source, *LOCKS).get(last(lock))
    home = next(source.around(call, ast.ClassDef), None) if call else None
    if not isinstance(home, ast.ClassDef):
        return False
    running = reached(source, thread_functions(source))
    for one in source.calls(home.name):
        function = source.function_of(one)
        accepts = any(one in ast.walk(loop) for loop in accept_loops(source))
        if accepts or (function and function.name in running):
            return True
    return False


def wants(source: Source, stack: Stack) -> str:
    """The lock for which a thread waits, as it is written; "" when it waits for none."""
    if not stack.own or stack.frames[0] != stack.own:
        return ""
    line = stack.own.line
    for block in source.all(ast.With):
        if block.lineno <= line < block.body[0].lineno and (locks := locks_in(source, block)):
            return locks[0]
    for call in source.calls("acquire"):
        if call.lineno == line:
            return owner(call)
    return ""


def calls_at(source: Source, frame: Frame | None, *names: str) -> list[ast.Call]:
    """The calls of these names that reach over the line of a frame."""
    if frame is None:
        return []
    return [
        call
        for call in source.calls(*names)
        if call.lineno <= frame.line <= (call.end_lineno or call.lineno)
    ]


def target(call: ast.Call) -> ast.expr | None:
    """What `Thread(…)` is to run."""
    if called(call) == "Timer":
        return argument(call, 1, "function")
    if called(call) in ("start_new_thread", "submit", "run_in_executor"):
        return argument(call, 0)
    return argument(call, 1, "target")


def thread_functions(source: Source) -> set[str]:
    """The names of the functions that are given to a thread, and `run` of a subclass of Thread."""
    found: set[str] = set()
    for call in source.calls("Thread", "Timer", "start_new_thread", "submit"):
        given = target(call)
        if isinstance(given, ast.Name | ast.Attribute):
            found.add(last(ast.unparse(given)))
    for one in source.all(ast.ClassDef):
        bases = {last(ast.unparse(base)) for base in one.bases}
        if "Thread" in bases:
            found.add("run")
        if bases & {"BaseRequestHandler", "StreamRequestHandler"}:
            found.add("handle")
    return found


def reached(source: Source, names: set[str]) -> set[str]:
    """These functions, and all functions of the file that they call, directly or not."""
    found: set[str] = set()
    new = set(names)
    while new:
        name = new.pop()
        function = source.function(name)
        if function is None or name in found:
            continue
        found.add(name)
        new |= {called(call) for call in source.all(ast.Call, function)}
    return found


def changes(source: Source, what: str) -> Iterator[tuple[ast.AST, bool]]:
    """Where a collection is changed, by its last name, and whether something is added there."""
    for call in source.calls(*ADDS, *TAKES):
        if owner(call) and last(owner(call)) == last(what):
            yield call, called(call) in ADDS
    for node in source.all(ast.Subscript):
        if last(ast.unparse(node.value)) == last(what) and isinstance(node.ctx, ast.Store):
            yield node, True
        if last(ast.unparse(node.value)) == last(what) and isinstance(node.ctx, ast.Del):
            yield node, False


def accept_loops(source: Source) -> list[ast.While | ast.For]:
    """The loops that accept one client after the other."""
    found: list[ast.While | ast.For] = []
    for call in source.calls("accept"):
        loop = next(source.around(call, ast.While, ast.For, ast.FunctionDef), None)
        if isinstance(loop, ast.While | ast.For):
            found.append(loop)
    return found


def given(call: ast.Call, name: str) -> object:
    """The constant that a keyword argument has: True of `daemon=True`."""
    return constant(keyword(call, name))
