"""Serving many: how many threads there are, and what all of them look at."""

import ast
from collections.abc import Iterator

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.callers import reaches
from chatkit.grading.explain.questions.sharing import (
    accept_loops,
    last,
    reached,
    target,
    thread_functions,
)
from chatkit.grading.explain.questions.source import Function, argument, called, caught
from chatkit.grading.explain.questions.values import value
from chatkit.grading.explain.questions.wire import joined
from chatkit.grading.explain.threads.threads import EACH


@misconception(
    "one-variable-for-all-threads",
    "all threads look at one variable, which is set anew for each client",
    think="What does this name stand for in the first thread when the second client has come?",
    read=EACH,
    proofs=("03_threads/one_client_variable_for_all",),
    unlike="03_threads/one_buffer_for_all",
)
def one_variable_for_all_threads(seen: Seen) -> str | None:
    """A name that the accept loop sets is read, not passed, in a function of a thread."""
    came = sum(event.kind in ("connect", "accept") for event in seen.evidence.events)
    if seen.evidence.program != "server.py" or came < 2:
        return None
    running = reached(seen.source, thread_functions(seen.source))
    for loop in accept_loops(seen.source):
        outer = seen.source.function_of(loop)
        for name, place, local in _set_for_each(seen, loop):
            for function in seen.source.functions():
                if function.name not in running or loop in set(ast.walk(function)):
                    continue
                nested = outer is not None and function in set(ast.walk(outer))
                if local and (not nested or loop in seen.source.around(function)):
                    continue
                use = _reads(function, name)
                if use is not None:
                    return seen.at(
                        use,
                        f"reads {name}, and there is one {name} for all threads: line "
                        f"{place.lineno} sets it anew whenever a client comes. So every thread "
                        "takes the newest client for its own. Hand the client over with args.",
                    )
    return None


def _set_for_each(seen: Seen, loop: ast.AST) -> Iterator[tuple[str, ast.stmt, bool]]:
    """The names that an accept loop sets from what accept() returned, and whether each is local."""
    function = seen.source.function_of(loop)
    outside = {
        name
        for one in ast.walk(function or seen.source.tree)
        if isinstance(one, ast.Global | ast.Nonlocal)
        for name in one.names
    }
    fresh: set[str] = set()
    for one in seen.source.all(ast.Assign, loop):
        names = {
            ast.unparse(part)
            for goal in one.targets
            for part in (goal.elts if isinstance(goal, ast.Tuple | ast.List) else [goal])
        }
        accepts = any(isinstance(x, ast.Call) and called(x) == "accept" for x in ast.walk(one))
        uses = {
            ast.unparse(x) for x in ast.walk(one.value) if isinstance(x, ast.Name | ast.Attribute)
        }
        if not accepts and not uses & fresh:
            continue
        fresh |= names
        for name in names:
            shared = function is None or name in outside or name.startswith("self.")
            if name.replace(".", "").isidentifier() and name != "_":
                yield name, one, not shared


def _reads(function: Function, name: str) -> ast.AST | None:
    """Where a function reads a name that it neither gets nor sets itself."""
    first = name.partition(".")[0]
    parameters = {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}
    if first != "self" and first in parameters:
        return None
    uses = [
        one
        for one in ast.walk(function)
        if isinstance(one, ast.Name | ast.Attribute) and ast.unparse(one) == name
    ]
    if any(isinstance(one.ctx, ast.Store) for one in uses):
        return None
    return min(uses, key=lambda one: one.lineno, default=None)


@misconception(
    "try-around-the-accept-loop",
    "the try is around the loop that accepts, not inside it",
    think="Where does the program go on after this except clause?",
    read={1: "When a connection breaks", **EACH},
    proofs=("01_echo/one_error_ends_the_accept_loop",),
    unlike="04_nicknames/bare_except_in_the_accept_loop",
)
def try_around_the_accept_loop(seen: Seen) -> str | None:
    """The server ended by itself, without a word; an except outside of the loop catches errors."""
    if seen.evidence.program != "server.py" or seen.evidence.status is None:
        return None
    if seen.evidence.raised or seen.evidence.symptom in ("no-ready-line", "never-listened"):
        return None
    wide = {"", "Exception", "BaseException", "OSError", "ConnectionError", "error"}
    wide |= {"ConnectionResetError", "BrokenPipeError", "ValueError", "UnicodeDecodeError"}
    for loop in accept_loops(seen.source):
        leaves = any(isinstance(one, ast.Break | ast.Return) for one in ast.walk(loop))
        for block in seen.source.around(loop, ast.Try, ast.FunctionDef):
            if not isinstance(block, ast.Try) or leaves:
                break
            for handler in block.handlers:
                if set(caught(handler)) & wide:
                    return seen.at(
                        handler,
                        f"catches an error outside of the loop that accepts (line {loop.lineno}). "
                        "After the first error the program goes on after the loop, so nobody is "
                        "accepted any more, and the server ends.",
                    )
    return None


@misconception(
    "a-thread-for-a-few",
    "there are threads for a few clients only",
    think="How many clients can be there at once? Which thread serves the next one?",
    read=EACH,
    proofs=("02_broadcast/five_workers",),
    unlike="02_broadcast/readline_in_select",
)
def a_thread_for_a_few(seen: Seen) -> str | None:
    """More clients were there than the file makes threads for, and one of them got nothing."""
    if seen.evidence.program != "server.py" or seen.evidence.symptom not in ("silent", "stuck"):
        return None
    gone = {one.source for one in seen.evidence.events if one.kind in ("end", "reset")}
    here = joined(seen.evidence) - gone
    for place, threads, jobs in _pools(seen):
        if len(here) * jobs > threads:
            each = "one client" if jobs == 1 else f"a part of one client, which needs {jobs}"
            return seen.at(
                place,
                f"makes {threads} threads, and each of them serves {each} until it leaves. "
                f"{len(here)} clients were there, so one has to wait until another one leaves.",
            )
    return None


def _pools(seen: Seen) -> Iterator[tuple[ast.AST, int, int]]:
    """Where a number of threads is made, how many, and how many of them each client needs."""
    source = seen.source
    for thread in source.threads():
        function = source.function(last(ast.unparse(target(thread) or thread)))
        for around in source.around(thread, ast.ListComp, ast.For):
            loop = around.generators[0].iter if isinstance(around, ast.ListComp) else around.iter  # type: ignore[attr-defined]
            if not isinstance(loop, ast.Call) or called(loop) != "range" or len(loop.args) != 1:
                continue
            number = value(source, loop.args[0])
            if function and reaches(source, function, ("accept",)) and isinstance(number, int):
                yield around, number, 1
    for pool in source.calls("ThreadPoolExecutor", "ThreadPool"):
        number = value(source, argument(pool, 0, "max_workers"))
        jobs = sum(
            len(source.calls("submit", "apply_async", inside=loop)) for loop in accept_loops(source)
        )
        if isinstance(number, int) and jobs:
            yield pool, number, jobs
