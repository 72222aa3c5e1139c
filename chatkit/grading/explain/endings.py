"""Ends and errors: a peer that leaves, a connection that breaks, and the tidying up."""

import ast
import re
from collections.abc import Iterator

from chatkit.bench.evidence import Frame, Raised
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.flow import (
    Piece,
    followed,
    inboxes,
    loop_around,
    mentions,
    pieces,
    targets,
    tests,
)
from chatkit.grading.explain.source import called, constant, keyword, owner, swallows
from chatkit.grading.explain.wire import (
    events_of,
    reset_came,
    somebody_left,
    told_by,
    told_to,
    wanted,
)

END = {
    1: "The end of the stream",
    2: "Somebody leaves",
    3: "Somebody leaves",
    4: "Coming and going",
}
BREAK = {**END, 1: "When a connection breaks"}
CLIENT_END = {**END, 3: "The client", 4: "The client", 5: "When the server is not there"}
BROKEN = ("ConnectionResetError", "BrokenPipeError", "ConnectionAbortedError")
REMOVES = (
    "remove",
    "discard",
    "pop",
    "popitem",
    "clear",
    "unregister",
    "popleft",
    "difference_update",
)


@misconception(
    "empty-recv-spins",
    "nobody asks whether recv() returned nothing",
    think="What does recv() return when the other side has ended the connection? How often?",
    read=CLIENT_END,
    proofs=("01_echo/never_sees_the_end", "02_broadcast/empty_recv_spins", "01_echo/client_spins"),
    unlike="02_broadcast/always_asks_to_write",
)
def empty_recv_spins(seen: Seen) -> str | None:
    """The program was busy after an end, and no condition looks at what recv() gave."""
    if seen.evidence.symptom not in (
        "spinning",
        "silent",
        "no-exit",
        "does-not-stop",
        "still-open",
    ):
        return None
    if not _an_end_came(seen):
        return None
    for piece in pieces(seen.source):
        loop = _loop_of_receiving(seen, piece.call)
        if loop is None or not _never_asks(seen, piece):
            continue
        inside = seen.source.function_of(piece.call)
        accepts = seen.source.calls("accept", inside=loop)
        selects = seen.source.calls("select")
        if accepts and not selects and inside is seen.source.function_of(loop):
            continue  # each round has another connection
        name = f" in {piece.name}" if piece.name else ""
        if half := _asks_with_another(seen, piece):
            return seen.at(
                half,
                f"leaves the loop at an empty {piece.name} only if something else holds as well. "
                "Until then recv() returns b'' again and again, and the loop never rests.",
            )
        return seen.at(
            piece.call,
            f"gets b''{name} from recv() once the other side has ended, and nothing here leaves "
            "the loop then. recv() returns b'' again at once, so the loop never rests.",
        )
    return None


def _asks_with_another(seen: Seen, piece: Piece) -> ast.BoolOp | None:
    """A condition such as `not data and finished`, which asks for the empty piece only half."""
    for name, scope in followed(seen.source, piece):
        for test in tests(scope):
            if not isinstance(test, ast.BoolOp) or isinstance(test.op, ast.Or):
                continue
            if f"not {name}" in [ast.unparse(one) for one in test.values]:
                return test
    return None


def _an_end_came(seen: Seen) -> bool:
    kinds = ("end", "half-close", "reset")
    return bool(events_of(seen.evidence, *kinds))


def _loop_of_receiving(seen: Seen, call: ast.Call) -> ast.AST | None:
    """The loop that comes back to this recv(): around it, or around the call of its function."""
    if loop := loop_around(seen.source, call):
        return loop
    function = seen.source.function_of(call)
    for one in seen.source.calls(function.name) if function else ():
        if loop := loop_around(seen.source, one):
            return loop
    return None


def _never_asks(seen: Seen, piece: Piece) -> bool:
    """Whether no condition asks for the empty piece: or one only keeps the work from being done."""
    if not piece.name:
        return bool(inboxes(seen.source, piece))
    for name, scope in followed(seen.source, piece):
        for test in tests(scope):
            if not mentions(test, name):
                continue
            if not _only_work(seen, test, name):
                return False
        if any(
            isinstance(one, ast.For) and mentions(one.iter, name) and called_iter(one)
            for one in ast.walk(scope)
        ):
            return False
    return True


def called_iter(loop: ast.For) -> bool:
    """Whether a loop is `for data in iter(lambda: recv(…), b"")`."""
    return isinstance(loop.iter, ast.Call) and called(loop.iter) == "iter"


def _only_work(seen: Seen, test: ast.expr, name: str) -> bool:
    """Whether it is `if data: work`, without an else, and what follows is only the next round."""
    above = seen.source.parents.get(test)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return f"not {name}" in [ast.unparse(one) for one in test.values]
    if isinstance(test, ast.Compare) and any(
        isinstance(one, ast.In | ast.NotIn) for one in test.ops
    ):
        return True  # it asks for a line end
    if not isinstance(above, ast.If) or ast.unparse(test) != name or above.orelse:
        return False
    around = seen.source.parents.get(above)
    body = getattr(around, "body", [])
    leaves = any(isinstance(one, ast.Break | ast.Return | ast.Raise) for one in ast.walk(above))
    return isinstance(around, ast.While) and body[-1] is above and not leaves


@misconception(
    "break-not-caught",
    "a broken connection raises, and nothing catches it",
    think="Which errors can recv() and send() raise, and who catches them?",
    read=BREAK,
    proofs=("02_broadcast/reset_ends_the_server", "04_nicknames/only_a_clean_leave_is_noticed"),
    unlike="02_broadcast/closed_but_still_listed",
)
def break_not_caught(seen: Seen) -> str | None:
    """The traceback says so: such an error, from a line of the student's, in this check."""
    for error in seen.evidence.raised:
        if error.kind not in BROKEN or not error.own or not _an_end_came(seen):
            continue
        call = _call_at(seen, error.own, "recv", "send", "sendall", "drain", "write", "readline")
        if call and owner(call) in _listeners(seen):
            continue  # nobody is at the other end of a socket that listens
        what = f"{called(call)}() raises" if call else "raises"
        who = "the other side" if seen.evidence.program == "client.py" else "a client"
        then = f"{seen.ended_by(error)} ends there"
        return seen.at(
            error.own,
            f"{what} {error.kind} when {who} breaks its connection. Nothing catches it, so {then}.",
        )
    return None


def _listeners(seen: Seen) -> set[str]:
    """The names of sockets that listen."""
    return {owner(call) for call in seen.source.calls("listen", "accept", "bind")}


def _call_at(seen: Seen, frame: Frame, *names: str) -> ast.Call | None:
    return next((one for one in seen.source.calls(*names) if one.lineno == frame.line), None)


@misconception(
    "taken-out-twice",
    "somebody is taken out who is not in there any more",
    think="Which two places take the same one out? Which of them should?",
    read=END,
    proofs=("02_broadcast/removed_twice",),
    unlike="02_broadcast/closed_but_still_listed",
)
def taken_out_twice(seen: Seen) -> str | None:
    """remove(), del, pop() or unregister() raised because it was not there."""
    for error in seen.evidence.raised:
        own = error.own
        if not own or error.kind not in ("ValueError", "KeyError"):
            continue
        if error.kind == "ValueError" and not re.search(r"not in (list|deque)", error.text):
            continue
        place = _taken_out_at(seen, own, error)
        if place is None:
            continue
        where, others = place
        also = f" Line {others[0]} takes out of it, too." if others else ""
        end = seen.ended_by(error)
        return seen.at(
            own,
            f"takes something out of {where} that is not in there, or not any more, and raises "
            f"{error.kind}.{also} Nobody catches that, so {end} ends.",
        )
    return None


def _taken_out_at(seen: Seen, own: Frame, error: Raised) -> tuple[str, list[int]] | None:
    """From what something is taken out at a line, and the other lines that do the same."""
    takes = list(_taking_out(seen))
    here = [(where, line) for where, line in takes if line == own.line]
    if not here:
        return None
    where = here[0][0]
    return where, [line for other, line in takes if other == where and line != own.line]


def _taking_out(seen: Seen) -> Iterator[tuple[str, int]]:
    for call in seen.source.calls("remove", "unregister", "pop"):
        if owner(call) and (called(call) != "pop" or len(call.args) == 1):
            yield owner(call), call.lineno
    for delete in seen.source.all(ast.Delete):
        for target in delete.targets:
            if isinstance(target, ast.Subscript):
                yield ast.unparse(target.value), delete.lineno


@misconception(
    "closed-but-still-there",
    "a socket is closed, and the program goes on using it",
    think="Where is the socket kept, apart from the variable that you close?",
    read=END,
    proofs=("02_broadcast/closed_but_still_listed",),
    unlike="02_broadcast/removed_twice",
)
def closed_but_still_there(seen: Seen) -> str | None:
    """The error of a closed socket: file descriptor -1, or errno 9 (EBADF)."""
    for error in seen.evidence.raised:
        negative = error.kind == "ValueError" and "cannot be a negative integer" in error.text
        bad = error.kind == "OSError" and "[Errno 9]" in error.text
        invalid = error.kind == "ValueError" and "Invalid file descriptor: -1" in error.text
        if not error.own or not (negative or bad or invalid) or not somebody_left(seen.evidence):
            continue
        closes = [one for one in seen.source.calls("close") if not _closes_all(seen, one)]
        closes = [one for one in closes if not _forgets(seen, one)] or closes
        where = f" Line {closes[0].lineno} closes it" if len(closes) == 1 else " It was closed"
        return seen.at(
            error.own,
            f"uses a socket that is closed already.{where}, but it is still in a collection that "
            "this line goes by. Take it out of there, too.",
        )
    return None


def _closes_all(seen: Seen, call: ast.Call) -> bool:
    return "server" in owner(call) or "listen" in owner(call) or "door" in owner(call)


def _forgets(seen: Seen, call: ast.Call) -> bool:
    """Whether something is taken out of a collection in the block where a socket is closed."""
    block = next(seen.source.around(call, ast.If, ast.ExceptHandler, ast.FunctionDef), None)
    if block is None:
        return False
    deletes = any(isinstance(one, ast.Delete) for one in ast.walk(block))
    return deletes or bool(seen.source.calls(*REMOVES, inside=block))


@misconception(
    "changed-by-its-own-loop",
    "a loop goes through a collection that changes meanwhile",
    think="Who changes the collection while the loop goes through it? Could it go through a copy?",
    read={2: "To everyone else", 3: "Somebody leaves", 4: "Many at once"},
    proofs=("02_broadcast/list_changed_while_iterated", "02_broadcast/set_changed_by_a_drop"),
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
        through = _goes_through(loop)
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
            then = "The one behind it moves up to its place, and the loop leaves that one out"
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
    if seen.evidence.symptom not in ("silent", "lost") or not went or want is None:
        return False
    body = want[1].rstrip(b"\n")
    return any(body in one.start and one.to != want[0] for one in told_by(seen.evidence))


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


def _goes_through(loop: ast.For | ast.AsyncFor) -> str:
    """The collection itself; "" where the loop goes through a copy or something else."""
    node: ast.expr = loop.iter
    if isinstance(node, ast.Call) and called(node) in ("values", "keys", "items"):
        return owner(node)
    if (
        isinstance(node, ast.Call)
        and called(node) in ("enumerate", "reversed", "zip")
        and node.args
    ):
        node = node.args[0]
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


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
    "tidying-up-raises",
    "the tidying up raises an error itself, and the rest of it is left out",
    think="What stands below the line that raised? That was not done.",
    read=END,
    proofs=("04_nicknames/typing_error_in_the_tidying_up",),
    unlike="02_broadcast/reset_ends_the_server",
)
def tidying_up_raises(seen: Seen) -> str | None:
    """An error came from inside a `finally`, or an except clause, and more stands below it."""
    if not somebody_left(seen.evidence):
        return None
    for error in seen.evidence.raised:
        own = error.own
        if not own or error.kind in ("KeyboardInterrupt", "SystemExit", *BROKEN):
            continue
        for frame in reversed(error.frames):
            if not frame.own:
                continue
            block = _tidying_block(seen, frame.line)
            if block is None:
                continue
            kind, statements = block
            rest = [one.lineno for one in statements if one.lineno > frame.line]
            if not rest:
                continue
            return seen.at(
                own,
                f"raises {error.kind}: {error.text[:80]}. It is part of the `{kind}` that tidies "
                f"up after a client, so what stands below it there (line {rest[0]}) is not done.",
            )
    return None


def _tidying_block(seen: Seen, line: int) -> tuple[str, list[ast.stmt]] | None:
    """The innermost `finally` or except block that holds a line: its name and its statements."""
    found = None
    for node in seen.source.all(ast.Try):
        blocks = [("finally", node.finalbody)]
        blocks += [("except", handler.body) for handler in node.handlers]
        for kind, block in blocks:
            if block and block[0].lineno <= line <= (block[-1].end_lineno or 0):
                inside = ast.walk(ast.Module(body=block, type_ignores=[]))
                lines = [one for one in inside if isinstance(one, ast.stmt)]
                found = (kind, sorted(lines, key=lambda one: one.lineno))
    return found


@misconception(
    "error-swallowed-in-the-loop",
    "an error is caught inside the loop, and the loop goes on with a dead connection",
    think="What can recv() still return on this connection after the error?",
    read=BREAK,
    proofs=("03_threads/goes_on_after_an_error",),
    unlike="02_broadcast/throws_the_rest_away",
)
def error_swallowed_in_the_loop(seen: Seen) -> str | None:
    """A recv() in a try in a loop, whose except clause does not leave the loop; and a reset."""
    busy = seen.evidence.symptom in (
        "spinning",
        "not-given-back",
        "silent",
        "no-exit",
        "over-the-bounds",
    )
    if not busy and seen.evidence.check not in ("gives-back", "idle", "nothing-kept"):
        return None
    if not _an_end_came(seen) and seen.evidence.check != "gives-back":
        return None
    for piece in pieces(seen.source):
        attempt = next(seen.source.around(piece.call, ast.Try), None)
        loop = loop_around(seen.source, piece.call)
        if not isinstance(attempt, ast.Try) or not isinstance(loop, ast.While):
            continue
        if loop not in seen.source.around(attempt) or constant(loop.test) not in (True, 1):
            continue
        for handler in attempt.handlers:
            kinds = {"", "Exception", "BaseException", "OSError", "ConnectionError", "error"}
            kinds |= {"ConnectionResetError"}
            caught = set() if handler.type is None else {ast.unparse(handler.type)}
            caught = {one.rpartition(".")[2] for one in caught} or {""}
            if caught & kinds and swallows(handler) and _nothing_after(seen, attempt, handler):
                return seen.at(
                    handler,
                    f"catches the error of recv() (line {piece.line}) and goes on with the loop. A "
                    "connection that is broken stays broken: the loop has to end there.",
                )
    return None


def _nothing_after(seen: Seen, attempt: ast.Try, handler: ast.ExceptHandler) -> bool:
    """Whether neither the clause nor what follows the try in the loop can leave the loop."""
    sets = any(isinstance(one, ast.Assign) for one in ast.walk(handler))
    calls = [one for one in seen.source.all(ast.Call, handler) if seen.source.function(called(one))]
    ends = seen.source.calls("exit", "_exit", "close", inside=handler)
    return not (sets or calls or ends)


@misconception(
    "one-error-ends-the-round",
    "one try around the whole loop: the first error ends the loop for everybody behind",
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
        kinds = {kind for handler in attempt.handlers for kind in _kinds(handler)}
        if not kinds & {"", "Exception", "OSError", "ConnectionError", *BROKEN, "BaseException"}:
            continue
        for statement in attempt.body:
            if not isinstance(statement, ast.For) or not _goes_through(statement):
                continue
            inner = [one for one in ast.walk(statement) if isinstance(one, ast.Try)]
            if not inner and _sends_inside(seen, statement):
                return seen.at(
                    attempt,
                    f"tries the whole loop of line {statement.lineno}. When sending to one client "
                    "fails, the loop ends, and those behind it get nothing.",
                )
    return None


def _kinds(handler: ast.ExceptHandler) -> list[str]:
    if handler.type is None:
        return [""]
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [ast.unparse(one).rpartition(".")[2] for one in types]


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


@misconception(
    "never-taken-out",
    "who has left stays in the collection",
    think="Which line takes a client out of the collection again?",
    read=END,
    proofs=("03_threads/leavers_stay_in_the_room",),
    unlike="02_broadcast/list_changed_while_iterated",
)
def never_taken_out(seen: Seen) -> str | None:
    """Clients are put into a collection, and no line of the file takes anything out of it."""
    about = seen.evidence.check in ("gives-back", "nothing-kept", "churn", "leave-and-reset")
    if not (about or somebody_left(seen.evidence)) or not seen.source.calls(
        "accept", "start_server"
    ):
        return None
    for call in seen.source.calls("append", "add"):
        where = owner(call)
        if not where or not call.args or not _of_clients(seen, call, where):
            continue
        if _ever_shrinks(seen, where):
            continue
        return seen.at(
            call,
            f"puts each client into {where}, and no line takes one out again. Who has left stays "
            "in there, and everything is still sent to a connection that is gone.",
        )
    return None


def _of_clients(seen: Seen, call: ast.Call, where: str) -> bool:
    """Whether what is put in comes from accept(), and the file goes through the collection."""
    name = ast.unparse(call.args[0])
    scope = seen.source.function_of(call) or seen.source.tree
    accepts = bool(seen.source.calls("accept", inside=scope))
    started = any(mentions(one, name) for one in seen.source.threads())
    through = any(
        _goes_through(loop).rpartition(".")[2] == where.rpartition(".")[2]
        for loop in seen.source.all(ast.For)
    )
    return through and (accepts or started)


def _ever_shrinks(seen: Seen, where: str) -> bool:
    name = where.rpartition(".")[2]
    takes = any(owner(one).rpartition(".")[2] == name for one in seen.source.calls(*REMOVES))
    deletes = any(
        isinstance(target, ast.Subscript) and ast.unparse(target.value).rpartition(".")[2] == name
        for one in seen.source.all(ast.Delete)
        for target in one.targets
    )
    set_to = [target for one in seen.source.all(ast.Assign) for target in targets(one)]
    set_to += [one.target for one in seen.source.all(ast.AugAssign)]
    named = [ast.unparse(one).rpartition(".")[2].partition("[")[0] for one in set_to]
    return takes or deletes or named.count(name) > 1


@misconception(
    "the-others-taken-out",
    "the one who leaves is kept, and all others are taken out",
    think="Who is in the new list?",
    read=END,
    proofs=("03_threads/throws_the_wrong_ones_out",),
    unlike="03_threads/leavers_stay_in_the_room",
)
def the_others_taken_out(seen: Seen) -> str | None:
    """After a leave others got nothing; the collection is made anew with `is`, not `is not`."""
    if not somebody_left(seen.evidence) or seen.evidence.symptom not in ("silent", "lost"):
        return None
    for assign in seen.source.all(ast.Assign):
        made = assign.value
        if not isinstance(made, ast.ListComp | ast.SetComp) or len(made.generators) != 1:
            continue
        loop = made.generators[0]
        same = ast.unparse(loop.iter) == ast.unparse(assign.targets[0])
        keeps = [
            test
            for test in loop.ifs
            if isinstance(test, ast.Compare)
            and isinstance(test.ops[0], ast.Is | ast.Eq)
            and ast.unparse(test.left) == ast.unparse(loop.target)
        ]
        if same and keeps and ast.unparse(made.elt) == ast.unparse(loop.target):
            return seen.at(
                assign,
                f"keeps in {ast.unparse(loop.iter)} only the one who leaves, and takes all others "
                "out. It should be the other way round.",
            )
    return None


@misconception(
    "closed-with-bytes-unsent",
    "the connection is closed although bytes for the client still wait",
    think="Which direction has ended when recv() returns b''? What is still in the outbox?",
    read={1: "The end of the stream"},
    proofs=("01_echo/closes_before_the_rest", "01_echo/selector_without_care"),
    unlike="01_echo/never_sees_the_end",
)
def closed_with_bytes_unsent(seen: Seen) -> str | None:
    """The rest did not come after a half-close: an empty recv() closes, whatever still waits."""
    if seen.evidence.check != "half-close" or seen.evidence.symptom != "closed-early":
        return None
    if not seen.source.calls("send") or seen.source.calls("sendall"):
        return None
    for piece in pieces(seen.source):
        for test in seen.source.all(ast.If):
            asked = ast.unparse(test.test)
            block = test.body if asked == f"not {piece.name}" else test.orelse
            if asked not in (f"not {piece.name}", piece.name) or not block:
                continue
            body = ast.Module(body=block, type_ignores=[])
            closes = _closes(seen, body)
            if closes and not any(isinstance(one, ast.If) for one in ast.walk(body)):
                return seen.at(
                    closes,
                    "closes the connection as soon as recv() has returned b''. The other side has "
                    "only stopped sending: what still waits to be sent to it is lost.",
                )
    return None


def _closes(seen: Seen, body: ast.AST) -> ast.Call | None:
    for call in seen.source.all(ast.Call, body):
        function = seen.source.function(called(call))
        inside = function is not None and seen.source.calls("close", inside=function)
        if called(call) == "close" or inside:
            return call
    return None


@misconception(
    "not-taken-out-after-an-error",
    "the tidying up is left out when the connection broke",
    think="Which lines run after recv() has raised? Do they take the client out?",
    read=END,
    proofs=("03_threads/tidies_up_only_without_an_error",),
    unlike="03_threads/leavers_stay_in_the_room",
)
def not_taken_out_after_an_error(seen: Seen) -> str | None:
    """The tidying up stands in the `else` of a try, or behind a try whose clause returns."""
    about = seen.evidence.check in ("gives-back", "nothing-kept", "churn")
    if not about and not reset_came(seen.evidence):
        return None
    for piece in pieces(seen.source):
        for attempt in seen.source.around(piece.call, ast.Try):
            if not isinstance(attempt, ast.Try):
                continue
            for handler in attempt.handlers:
                kinds = {"", "Exception", "OSError", "ConnectionError", *BROKEN}
                leaves = handler.body and isinstance(handler.body[-1], ast.Return)
                if not set(_kinds(handler)) & kinds or not leaves:
                    continue
                takes = seen.source.calls(*REMOVES, "close", inside=handler)
                if takes or attempt.finalbody or _in_finally(seen, attempt):
                    continue
                after = _tidies_in(seen, attempt)
                if after:
                    return seen.at(
                        handler,
                        "leaves the function when the connection broke, so the tidying up of line "
                        f"{after} is left out: this client stays in the collection.",
                    )
    return None


def _in_finally(seen: Seen, attempt: ast.Try) -> bool:
    return any(isinstance(one, ast.Try) and one.finalbody for one in seen.source.around(attempt))


def _tidies_in(seen: Seen, attempt: ast.Try) -> int:
    """The line of the first remove() in the `else` of the try, or behind it; 0 without one."""
    function = seen.source.function_of(attempt)
    if function is None:
        return 0
    end = max(handler.end_lineno or 0 for handler in attempt.handlers)
    lines = [
        one.lineno
        for one in seen.source.calls("remove", "discard", "pop", inside=function)
        if one.lineno > end
    ]
    return min(lines, default=0)


@misconception(
    "modify-without-data",
    "selector.modify() forgets the data",
    think="What is key.data after a modify() without data?",
    read={2: "Nobody waits for anybody"},
    proofs=("02_broadcast/modify_without_data",),
    unlike="02_broadcast/always_asks_to_write",
)
def modify_without_data(seen: Seen) -> str | None:
    """A modify() with two arguments, where register() gives data and key.data is used."""
    uses = any(one.attr == "data" for one in seen.source.all(ast.Attribute))
    gives = any(len(one.args) > 2 or keyword(one, "data") for one in seen.source.calls("register"))
    if not uses or not gives or seen.evidence.program != "server.py":
        return None
    if seen.evidence.symptom not in ("silent", "crashed", "stuck", "lost", "spinning"):
        return None
    for call in seen.source.calls("modify"):
        if len(call.args) == 2 and not call.keywords:
            return seen.at(
                call,
                "calls modify() without data. The selector forgets the data that register() gave: "
                "from then on key.data is None for this client.",
            )
    return None


@misconception(
    "one-who-leaves-ends-the-server",
    "the server ends when one client does",
    think="Whose end is it? Which loop should end there, and which should go on?",
    read={
        1: "The end of the stream",
        2: "Somebody leaves",
        3: "Somebody leaves",
        4: "Coming and going",
    },
    proofs=("02_broadcast/one_who_leaves_ends_the_loop", "02_broadcast/ends_with_the_last_client"),
    unlike="02_broadcast/reset_ends_the_server",
)
def one_who_leaves_ends_the_server(seen: Seen) -> str | None:
    """The server ended by itself, without a traceback, and one line of the file can do that."""
    if seen.evidence.program != "server.py" or seen.evidence.raised:
        return None
    if seen.evidence.symptom != "exited" or not _an_end_came(seen):
        return None
    ends = list(_ending_statements(seen))
    if len(ends) != 1:
        return None
    return seen.at(
        ends[0],
        "ends the whole server, not only the connection of the one who has left. The others must "
        "be able to go on, and new ones to come.",
    )


def _ending_statements(seen: Seen) -> Iterator[ast.AST]:
    """What ends the program: raise SystemExit, exit(), or a break out of the loop that accepts."""
    names = ("KeyboardInterrupt", "SystemExit")
    for one in seen.source.all(ast.Raise):
        if one.exc is not None and any(mentions(one.exc, name) for name in names):
            yield one
    for call in seen.source.calls("exit", "_exit", "quit"):
        handler = next(seen.source.around(call, ast.ExceptHandler), None)
        if handler is None:
            yield call
    for leave in seen.source.all(ast.Break):
        loop = loop_around(seen.source, leave)
        accepts = loop is not None and seen.source.calls("accept", inside=loop)
        if accepts and isinstance(loop, ast.While):
            yield leave
