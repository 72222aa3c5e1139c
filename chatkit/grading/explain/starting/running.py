"""Running: programs that end before they serve, because nothing in them runs."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.callers import at_the_top, calls_from, reaches
from chatkit.grading.explain.questions.source import (
    Function,
    Source,
    called,
    constant,
    keyword,
)
from chatkit.grading.explain.questions.values import value
from chatkit.grading.explain.starting.starting import FIRST, NETWORK, talked


@misconception(
    "main-never-called",
    "a function is defined and never called",
    think="Which line of the file calls this function?",
    read={},
    proofs=("01_echo/main_is_never_called",),
    unlike="01_echo/main_without_parentheses",
)
def main_never_called(seen: Seen) -> str | None:
    """Python ran the file to its end, and nothing in it touched the network."""
    function = _not_reached(seen)
    if function is None or _names(seen.source, function.name):
        return None
    return seen.at(
        function,
        f"defines {function.name}(), and nothing in the file calls it. So Python read the file to "
        f"its end and had nothing more to do. {FIRST}",
    )


def _not_reached(seen: Seen) -> Function | None:
    """The function that uses the network, when what runs at the top of the file does not."""
    source, evidence = seen.source, seen.evidence
    if evidence.status != 0 or evidence.raised or evidence.errors.strip() or talked(seen):
        return None
    if any(reaches(source, one, NETWORK) for one in at_the_top(source) if not _false(source, one)):
        return None
    using = [one for one in source.functions() if reaches(source, one, NETWORK)]
    outer = [one for one in using if not _names(source, one.name)]
    return next((one for one in using if one.name == "main"), next(iter(outer or using), None))


def _names(source: Source, name: str) -> list[ast.AST]:
    """Where something is used that is called so."""
    return [
        node
        for node in source.nodes
        if (isinstance(node, ast.Name) and node.id == name)
        or (isinstance(node, ast.Attribute) and node.attr == name)
    ]


def _false(source: Source, statement: ast.AST) -> bool:
    """Whether it is `if __name__ == "something else"`, which is never true."""
    if not isinstance(statement, ast.If) or not isinstance(statement.test, ast.Compare):
        return False
    sides = [statement.test.left, *statement.test.comparators]
    named = any(isinstance(one, ast.Name) and one.id == "__name__" for one in sides)
    texts = [constant(one) for one in sides if isinstance(one, ast.Constant)]
    is_equal = isinstance(statement.test.ops[0], ast.Eq)
    return named and is_equal and bool(texts) and "__main__" not in texts


@misconception(
    "main-without-parentheses",
    "a function is named and not called: the parentheses are missing",
    think="What is the difference between main and main()?",
    read={},
    proofs=("01_echo/main_without_parentheses",),
    unlike="01_echo/main_is_never_called",
)
def main_without_parentheses(seen: Seen) -> str | None:
    """A name alone is an expression whose value nobody uses."""
    function = _not_reached(seen)
    if function is None:
        return None
    for statement in seen.source.all(ast.Expr):
        node = statement.value
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        if name == function.name and isinstance(node, ast.Name | ast.Attribute):
            return seen.at(
                node,
                f"only names {name}: without parentheses a function is not called. So the program "
                f"ended at once. {FIRST}",
            )
    return None


@misconception(
    "main-guard-misspelled",
    "__name__ is compared with something that it never is",
    think="What is __name__ when a file is started? Print it.",
    read={},
    proofs=("01_echo/main_guard_misspelled",),
)
def main_guard_misspelled(seen: Seen) -> str | None:
    """See https://docs.python.org/3/library/__main__.html."""
    if _not_reached(seen) is None:
        return None
    for statement in seen.source.tree.body:
        if _false(seen.source, statement):
            return seen.at(
                statement,
                f'is never true: in a file that is started, __name__ is "__main__". So nothing '
                f"below it ran, and the program ended at once. {FIRST}",
            )
    return None


@misconception(
    "empty-file",
    "there is nothing in the file that runs",
    think="Is this the file that you edit? Did your editor save it?",
    read={},
    proofs=("01_echo/nothing_in_the_file",),
)
def empty_file(seen: Seen) -> str | None:
    """It ended at once, and its text holds no statement."""
    if seen.evidence.status != 0 or seen.evidence.errors.strip():
        return None
    if seen.evidence.symptom in ("file-missing", "not-a-file", "unreadable"):
        return None
    body = seen.source.tree.body
    if any(not isinstance(one, ast.Import | ast.ImportFrom) and not _text(one) for one in body):
        return None
    return (
        f"{seen.evidence.program} holds no line that does something. Is it the file that you "
        f"edited, and is it saved? {FIRST}"
    )


def _text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(constant(statement.value), str)


@misconception(
    "only-daemons-left",
    "the main thread ends, and only a daemon thread serves",
    think="What does the main thread do after it has started the others?",
    read={3: "Starting and stopping"},
    proofs=("01_echo/accepts_in_a_daemon",),
)
def only_daemons_left(seen: Seen) -> str | None:
    """See https://docs.python.org/3/library/threading.html#thread-objects: daemon threads."""
    source, evidence = seen.source, seen.evidence
    if evidence.status != 0 or evidence.raised or evidence.program != "server.py":
        return None
    for thread in source.threads():
        target = keyword(thread, "target")
        name = ast.unparse(target).rpartition(".")[2] if target else ""
        function = source.function(name)
        if value(source, keyword(thread, "daemon")) is not True or function is None:
            continue
        top = (call for one in at_the_top(source) for call in calls_from(source, one))
        stays = {"accept", "join", "wait", "serve_forever", "sleep", "pause", "input", "select"}
        if reaches(source, function, ("accept",)) and not stays & {called(call) for call in top}:
            return seen.at(
                thread,
                f"starts {name}() as a daemon, and after that the main thread reaches its end. "
                f"Python ends a program when only daemons are left. {FIRST}",
            )
    return None


@misconception(
    "coroutine-not-run",
    "a coroutine is made and never run",
    think="What does a call of an async function give? Who runs that?",
    read={},
    proofs=("01_echo/coroutine_is_never_run",),
)
def coroutine_not_run(seen: Seen) -> str | None:
    """Python warns: coroutine 'main' was never awaited."""
    warned = re.search(
        r"RuntimeWarning: coroutine '([\w.]+)' was never awaited", seen.evidence.errors
    )
    if not warned:
        return None
    name = warned[1].rpartition(".")[2]
    for call in seen.source.calls(name):
        parent = seen.source.parents.get(call)
        if isinstance(parent, ast.Expr):
            return seen.at(
                call,
                f"calls {name}(), which is an async function. Such a call runs nothing: it gives a "
                f"coroutine, which asyncio.run() or await has to run. {FIRST}",
            )
    return None
