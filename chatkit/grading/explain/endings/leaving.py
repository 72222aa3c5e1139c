"""Leaving: who has gone is taken out of everything, once."""

import ast
import re
from collections.abc import Iterator

from chatkit.bench.evidence import Frame, Raised
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import goes_through, mentions, pieces, targets
from chatkit.grading.explain.questions.headings import END
from chatkit.grading.explain.questions.source import called, caught, keyword, owner
from chatkit.grading.explain.questions.wire import (
    BROKEN,
    an_end_came,
    reset_came,
    somebody_left,
)

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
        if not error.own or not (negative or bad or invalid) or not an_end_came(seen.evidence):
            continue
        if seen.evidence.lesson == 1 and not somebody_left(seen.evidence):
            continue  # there is no collection: it closed the socket too early
        if not _goes_by_a_collection(seen, error.own.line):
            continue
        closes = [one for one in seen.source.calls("close") if not _closes_all(seen, one)]
        closes = [one for one in closes if not _forgets(seen, one)] or closes
        where = f" (line {closes[0].lineno} closes it)" if len(closes) == 1 else ""
        return seen.at(
            error.own,
            f"uses a socket that is closed already{where}: it is still in a collection that this "
            "line goes by. Take it out of there, too.",
        )
    return None


def _goes_by_a_collection(seen: Seen, line: int) -> bool:
    """Whether the line asks select() about its sockets, or stands in a loop over some."""
    text = seen.source.line(line)
    call = seen.source.at_line(line, ast.Call)
    loops = seen.source.around(call, ast.For) if call else ()
    return "select" in text or "poll" in text or any(True for _ in loops)


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
    "tidying-up-raises",
    "the tidying up raises an error itself, and the rest of it is left out",
    think="What is below the line that raised? That was not done.",
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
        if "cannot join thread" in error.text:
            continue  # that the thread had not begun says more
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
                f"up after a client, so what is below it there (line {rest[0]}) is not done.",
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
    "never-taken-out",
    "a client that has left stays in the collection",
    think="Which line takes a client out of the collection again?",
    read=END,
    proofs=("03_threads/dead_clients_stop_the_broadcast",),
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
            f"puts each client into {where}, and no line takes one out again. A client that has "
            "left stays in there, and what is said is still meant for a connection that is gone.",
        )
    return None


def _of_clients(seen: Seen, call: ast.Call, where: str) -> bool:
    """Whether what is put in comes from accept(), and the file goes through the collection."""
    name = ast.unparse(call.args[0])
    scope = seen.source.function_of(call) or seen.source.tree
    accepts = bool(seen.source.calls("accept", inside=scope))
    started = any(mentions(one, name) for one in seen.source.threads())
    through = any(
        goes_through(loop).rpartition(".")[2] == where.rpartition(".")[2]
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
    unlike="03_threads/dead_clients_stop_the_broadcast",
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
    "not-taken-out-after-an-error",
    "the tidying up is left out when the connection broke",
    think="Which lines run after recv() has raised? Do they take the client out?",
    read=END,
    proofs=("03_threads/tidies_up_only_without_an_error",),
    unlike="03_threads/dead_clients_stop_the_broadcast",
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
                if not set(caught(handler)) & kinds or not leaves:
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
