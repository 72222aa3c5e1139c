"""Loops over clients: what happens when one of them goes meanwhile."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import goes_through
from chatkit.grading.explain.questions.headings import BREAK
from chatkit.grading.explain.questions.source import called, caught, owner
from chatkit.grading.explain.questions.wire import BROKEN, somebody_left, told_by, told_to, wanted


@misconception(
    "changed-by-its-own-loop",
    "a loop goes through a collection that changes meanwhile",
    think="Who changes the collection while the loop goes through it? Could it go through a copy?",
    read={2: "To everyone else", 3: "Somebody leaves", 4: "Many at once"},
    proofs=("02_broadcast/list_changed_while_iterated",),
    unlike="02_broadcast/drops_slow_readers_too_soon",
)
def changed_by_its_own_loop(seen: Seen) -> str | None:
    """The body of a loop takes out of what it goes through, or waits while others can.

    Either Python raised RuntimeError at that loop, or a list lost its next one silently.
    """
    raised = [
        error.own.line
        for error in seen.evidence.raised
        if error.kind == "RuntimeError" and "during iteration" in error.text and error.own
    ]
    if not raised and not _next_one_missed(seen) and not _cut_off(seen):
        return None
    for loop in seen.source.all(ast.For):
        through = goes_through(loop)
        if raised and loop.lineno not in raised:
            continue
        awaits = [one for one in ast.walk(loop) if isinstance(one, ast.Await)]
        if raised and awaits:
            return seen.at(
                loop,
                f"goes through {through}, and awaits in the middle (line {awaits[0].lineno}). "
                f"Meanwhile another task changes {through}, and Python raises RuntimeError.",
            )
        if not raised and awaits and _cut_off(seen) and _changed_elsewhere(seen, loop, through):
            return seen.at(
                loop,
                f"goes through {through}, and awaits in the middle (line {awaits[0].lineno}). "
                f"Meanwhile another task takes somebody out of {through}: Python raises "
                "RuntimeError then, and this task ends.",
            )
        change = _changed_inside(seen, loop, through)
        if change is None or _leaves_after(seen, loop, change):
            continue
        if raised:
            then = "Python raises RuntimeError at the next round"
        elif _is_list(seen, through) and _next_one_missed(seen):
            then = "The one after it moves up to its place, and the loop leaves that one out"
        else:
            continue
        return seen.at(
            loop,
            f"goes through {through}, and line {change} takes somebody out of it meanwhile. "
            f"{then}.",
        )
    return None


def _next_one_missed(seen: Seen) -> bool:
    """Whether somebody has left, and a line of chat came to some of the others, not to all."""
    want = wanted(seen.evidence)
    went = somebody_left(seen.evidence) or seen.evidence.check in ("stuck-reader", "churn")
    if seen.evidence.symptom not in ("silent", "lost", "different-text"):
        return False
    if seen.evidence.check == "stuck-reader" and _one_left_out(seen):
        return True
    if not went or want is None:
        return False
    body = want[1].rstrip(b"\n")
    return any(body in one.start and one.to != want[0] for one in told_by(seen.evidence))


def _one_left_out(seen: Seen) -> bool:
    """Whether the line behind the right one came: the check numbers its long lines."""
    numbers = re.findall(r"b'(\d+) x", f"{seen.evidence.expected} {seen.evidence.received}")
    return len(numbers) == 2 and int(numbers[1]) == int(numbers[0]) + 1


def _cut_off(seen: Seen) -> bool:
    """Whether the server ended the connection of somebody who had just said something."""
    ends = [one.target for one in seen.evidence.events if one.kind == "end"]
    return any(one.who in ends for one in told_to(seen.evidence)[-1:])


def _changed_elsewhere(seen: Seen, loop: ast.AST, what: str) -> bool:
    """Whether something outside of the loop takes out of a set or a dictionary."""
    inside = set(ast.walk(loop))
    takes = seen.source.calls("remove", "discard", "pop")
    unordered = any(
        isinstance(one.value, ast.Set | ast.Dict | ast.Call)
        for one in seen.source.all(ast.Assign)
        if any(ast.unparse(target) == what for target in one.targets)
    )
    return unordered and any(owner(one) == what and one not in inside for one in takes)


def _changed_inside(
    seen: Seen, inside: ast.AST, what: str, deep: int = 3, visited: tuple[str, ...] = ()
) -> int | None:
    """The line, in the body of a loop or in what it calls, that takes out of `what`."""
    if not what:
        return None
    for node in ast.walk(inside):
        takes = isinstance(node, ast.Call) and called(node) in ("remove", "discard", "pop", "clear")
        if isinstance(node, ast.Call) and takes and owner(node) == what:
            return node.lineno
        if isinstance(node, ast.Delete) and any(
            isinstance(one, ast.Subscript) and ast.unparse(one.value) == what
            for one in node.targets
        ):
            return node.lineno
    for node in ast.walk(inside):
        if isinstance(node, ast.Call) and deep and called(node) not in visited:
            function = seen.source.function(called(node))
            if function is not None:
                line = _changed_inside(seen, function, what, deep - 1, (*visited, called(node)))
                if line is not None:
                    return line
    return None


def _leaves_after(seen: Seen, loop: ast.AST, line: int) -> bool:
    """Whether the loop ends with that change: a break or a return in the same block."""
    for node in ast.walk(loop):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if not isinstance(block, list) or node is loop:
                continue
            inside = [getattr(one, "lineno", 0) <= line <= (one.end_lineno or 0) for one in block]
            if any(inside) and isinstance(block[-1], ast.Break | ast.Return | ast.Raise):
                return True
    return False


def _is_list(seen: Seen, name: str) -> bool:
    made = [
        one.value
        for one in seen.source.all(ast.Assign)
        if any(ast.unparse(target) == name for target in one.targets)
    ]
    made += [
        one.value
        for one in seen.source.all(ast.AnnAssign)
        if one.value and ast.unparse(one.target) == name
    ]
    return any(isinstance(value, ast.List | ast.ListComp) for value in made)


@misconception(
    "one-error-ends-the-round",
    "one try around the whole loop: the first error ends the loop for everybody after it",
    think="Which statement may fail for one client? Put the try around that one alone.",
    read=BREAK,
    proofs=("02_broadcast/broadcast_stops_at_the_dead",),
    unlike="02_broadcast/throws_the_rest_away",
)
def one_error_ends_the_round(seen: Seen) -> str | None:
    """A loop that sends to each stands inside a try, whose except clause stands outside of it."""
    if seen.evidence.symptom != "silent" or not somebody_left(seen.evidence):
        return None
    for attempt in seen.source.all(ast.Try):
        kinds = {kind for handler in attempt.handlers for kind in caught(handler)}
        if not kinds & {"", "Exception", "OSError", "ConnectionError", *BROKEN, "BaseException"}:
            continue
        for statement in attempt.body:
            if not isinstance(statement, ast.For) or not goes_through(statement):
                continue
            inner = [one for one in ast.walk(statement) if isinstance(one, ast.Try)]
            if not inner and _sends_inside(seen, statement):
                return seen.at(
                    attempt,
                    f"tries the whole loop of line {statement.lineno}. When sending to one client "
                    "fails, the loop ends, and those after it get nothing.",
                )
    return None


def _sends_inside(seen: Seen, node: ast.AST, deep: int = 2) -> bool:
    if seen.source.calls("send", "sendall", "sendmsg", inside=node):
        return True
    functions = [seen.source.function(called(one)) for one in seen.source.all(ast.Call, node)]
    return deep > 0 and any(
        (_sends_inside(seen, one, deep - 1) and not seen.source.all(ast.Try, one))
        or (one.name.startswith("send") and _sends_inside(seen, one, 0))
        for one in functions
        if one is not None
    )
