"""Serving many: the loop that accepts, and what all threads look at."""

import ast
from collections.abc import Iterator

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.sharing import (
    accept_loops,
    calls_at,
    reached,
    thread_functions,
)
from chatkit.grading.explain.source import Function, called
from chatkit.grading.explain.threads import EACH, UNSERVED, run_for_start, target_called_at_once

WAITS = ("recv", "recv_into", "recvfrom", "readline", "read", "sendall", "send", "get", "input")


@misconception(
    "accept-loop-waits-for-one",
    "the thread that accepts waits for one client",
    think="Which thread stands at this line? Who accepts the next client meanwhile?",
    read={2: "One thread, many sockets", **EACH, 4: "Many at once"},
    proofs=("04_nicknames/handshake_in_the_accept_loop",),
    unlike="03_threads/run_instead_of_start",
)
def accept_loop_waits_for_one(seen: Seen) -> str | None:
    """A thread stands in a call that waits for one client, called from the loop that accepts."""
    if seen.evidence.symptom not in UNSERVED or run_for_start(seen) or target_called_at_once(seen):
        return None
    for stack in seen.evidence.stacks:
        call = next(iter(calls_at(seen.source, stack.own, *WAITS)), None)
        if call is None or not stack.own:
            continue
        for frame in stack.owns:
            for loop in accept_loops(seen.source):
                accepts = seen.source.calls("accept", inside=loop)
                if not loop.lineno < frame.line <= (loop.end_lineno or 0):
                    continue
                if any(one.lineno == frame.line for one in accepts):
                    continue
                through = "" if frame == stack.own else f" (called from line {frame.line})"
                return seen.at(
                    stack.own,
                    f"waits in {called(call)}() for one client{through}, in the very loop that "
                    f"accepts. Until this client does something, line {accepts[0].lineno} accepts "
                    "nobody else.",
                )
    return None


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
