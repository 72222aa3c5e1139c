"""Ends and errors: a peer that leaves, and a connection that breaks."""

import ast
from collections.abc import Iterator

from chatkit.bench.evidence import Frame
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import (
    Piece,
    followed,
    inboxes,
    loop_around,
    mentions,
    pieces,
    tests,
)
from chatkit.grading.explain.questions.headings import BREAK, END
from chatkit.grading.explain.questions.source import called, constant, owner, swallows
from chatkit.grading.explain.questions.wire import BROKEN, an_end_came, joined

CLIENT_END = {**END, 3: "The client", 4: "The client", 5: "When the server is not there"}


@misconception(
    "empty-recv-spins",
    "nobody asks whether recv() returned nothing",
    think="What does recv() return when the other side has ended the connection? How often?",
    read=CLIENT_END,
    proofs=(
        "01_echo/never_sees_the_end",
        "01_echo/client_spins",
        "03_threads/goes_on_after_the_end",
    ),
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
    if not an_end_came(seen.evidence):
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
        if error.kind not in BROKEN or not error.own or not an_end_came(seen.evidence):
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
    if not an_end_came(seen.evidence) and seen.evidence.check != "gives-back":
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
    "closed-with-bytes-unsent",
    "the connection is closed although bytes for the client still wait",
    think="Which direction has ended when recv() returns b''? What is still in the outbox?",
    read={1: "The end of the stream"},
    proofs=("01_echo/closes_before_the_rest",),
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
    "one-who-leaves-ends-the-server",
    "the server ends because of one client",
    think="Whose end is it? Which loop should end there, and which should go on?",
    read={
        1: "The end of the stream",
        2: "Somebody leaves",
        3: "Somebody leaves",
        4: "Coming and going",
    },
    proofs=("02_broadcast/one_who_leaves_ends_the_loop",),
    unlike="02_broadcast/reset_ends_the_server",
)
def one_who_leaves_ends_the_server(seen: Seen) -> str | None:
    """The server ended by itself, without a traceback, and one line of the file can do that."""
    if seen.evidence.program != "server.py" or seen.evidence.raised:
        return None
    if seen.evidence.symptom != "exited" or not joined(seen.evidence):
        return None
    ends = list(_ending_statements(seen))
    if len(ends) != 1:
        return None
    return seen.at(
        ends[0],
        "ends the whole server, although only one client was the reason. The others must be able "
        "to go on, and new ones to come: only Ctrl-C ends a server.",
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
