"""Inboxes: what is kept between two recv() calls, for whom, and until when."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import (
    cuts_lines,
    inboxes,
    keeps_a_rest,
    loop_around,
    mentions,
    pieces,
    targets,
)
from chatkit.grading.explain.questions.headings import LINES
from chatkit.grading.explain.questions.source import Function, called, constant, owner
from chatkit.grading.explain.questions.wire import (
    came_again,
    lines_missing,
    other_text,
    told_to,
)

EMPTY = (b"", "")


@misconception(
    "rest-thrown-away",
    "the inbox is emptied after the complete lines, with the start of the next one",
    think="What is in the inbox after the last line end?",
    read=LINES,
    proofs=("02_broadcast/forgets_the_tail",),
    unlike="02_broadcast/one_line_a_packet",
)
def rest_thrown_away(seen: Seen) -> str | None:
    """In the loop that fills the inbox it is set to nothing, though it was cut at line ends."""
    if not lines_missing(seen.evidence):
        return None
    for function in seen.source.functions():
        for name in (one.arg for one in function.args.args):
            cut = [one for one in seen.source.all(ast.Call, function) if cuts_lines(one)]
            whole = [
                one
                for one in cut
                if not keeps_a_rest(seen.source, one) and mentions(one.func, name)
            ]
            emptied = next((one for one in ast.walk(function) if _empties(one, name)), None)
            if (
                whole
                and emptied is not None
                and _fills_by_name(seen, name)
                and not _sets(function, name)
            ):
                return seen.at(
                    emptied,
                    f"empties {name} after the lines were cut out of it. The start of the next "
                    "line may be in there already, and is taken for a whole one, or lost.",
                )
    for piece in pieces(seen.source):
        for inbox, adds in inboxes(seen.source, piece):
            loop = loop_around(seen.source, adds)
            scope = loop or seen.source.function_of(adds)
            if scope is None:
                continue
            cut = [one for one in seen.source.all(ast.Call, scope) if cuts_lines(one)]
            if not any(mentions(one.func, inbox) for one in cut) or _shrinks(scope, inbox, adds):
                continue
            emptied = next(
                (one for one in ast.walk(scope) if _empties(one, inbox) and one is not adds), None
            )
            if emptied is not None and getattr(emptied, "lineno", 0) > getattr(adds, "lineno", 0):
                return seen.at(
                    emptied,
                    f"empties {inbox} after the complete lines were taken out. The start of the "
                    "next line may be in there already, and is lost.",
                )
    return None


def _empties(node: ast.AST, inbox: str) -> bool:
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == inbox:
        made = isinstance(node.value, ast.Call) and called(node.value) in ("bytearray", "bytes")
        return constant(node.value) in EMPTY or (made and not getattr(node.value, "args", [1]))
    return isinstance(node, ast.Call) and called(node) == "clear" and owner(node) == inbox


def _sets(function: Function, name: str) -> bool:
    """Whether a function assigns to an inbox, or to a part of it."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and not _empties(node, name):
            for target in targets(node):
                if ast.unparse(target).partition("[")[0] == name:
                    return True
        if isinstance(node, ast.AugAssign) and ast.unparse(node.target) == name:
            return True
        if isinstance(node, ast.Call) and owner(node) == name and called(node) == "extend":
            return True
    return False


def _shrinks(scope: ast.AST, inbox: str, adds: ast.AST) -> bool:
    """Whether something sets the inbox to what is left of it, or cuts off its front."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and node is not adds and not _empties(node, inbox):
            for target in targets(node):
                whole = ast.unparse(target) == inbox
                slice_of = isinstance(target, ast.Subscript) and ast.unparse(target.value) == inbox
                if (whole or slice_of) and not _made_anew(node.value):
                    return True
        if isinstance(node, ast.NamedExpr) and ast.unparse(node.target) == inbox:
            return True
        more = isinstance(node, ast.AugAssign) and node is not adds
        if isinstance(node, ast.AugAssign) and more and ast.unparse(node.target) == inbox:
            return True
        if isinstance(node, ast.Delete) and any(mentions(one, inbox) for one in node.targets):
            return True
        if isinstance(node, ast.Call) and owner(node) == inbox and called(node) in ("pop", "clear"):
            return True
        if isinstance(node, ast.Assign) and node is adds and len(targets(node)) > 1:
            return True
    return False


def _made_anew(value: ast.expr) -> bool:
    return constant(value) in EMPTY or (
        isinstance(value, ast.Call) and called(value) in ("bytearray", "bytes") and not value.args
    )


@misconception(
    "inbox-never-emptied",
    "lines stay in the inbox after they were passed on",
    think="What is in the inbox after a line has been passed on?",
    read=LINES,
    proofs=("02_broadcast/lines_stay_in_the_inbox",),
    unlike="02_broadcast/rest_gets_a_new_name",
)
def inbox_never_emptied(seen: Seen) -> str | None:
    """The inbox grows, is cut into lines, and nothing ever takes anything out of it."""
    if not came_again(seen.evidence):
        return None
    for function in seen.source.functions():
        for name in (one.arg for one in function.args.args):
            cut = [one for one in seen.source.all(ast.Call, function) if cuts_lines(one)]
            if not any(mentions(one.func, name) for one in cut) or not _fills_by_name(seen, name):
                continue
            rest = [one for one in cut if keeps_a_rest(seen.source, one)]
            emptied = any(_empties(one, name) for one in ast.walk(function))
            if (
                rest
                and not emptied
                and not _shrinks(function, name, function)
                and not _rest_used(seen, rest[0], function)
            ):
                return seen.at(
                    rest[0],
                    f"cuts the lines out of {name}, and nothing takes them out of {name} "
                    "afterwards. So the same lines come again with the next bytes.",
                )
    for piece in pieces(seen.source):
        for inbox, adds in inboxes(seen.source, piece):
            scope = seen.source.function_of(adds) or seen.source.tree
            cut = [one for one in seen.source.all(ast.Call, scope) if cuts_lines(one)]
            given = any(
                ast.unparse(value) == inbox
                for call in seen.source.all(ast.Call, scope)
                for value in call.args
            )
            if (
                any(mentions(one.func, inbox) for one in cut)
                and not given
                and not _shrinks(scope, inbox, adds)
                and not any(
                    _empties(one, inbox)
                    for one in ast.walk(loop_around(seen.source, adds) or scope)
                )
            ):
                return seen.at(
                    adds,
                    f"adds to {inbox}, and nothing takes out of it what was passed on. So the same "
                    "lines come again with the next bytes.",
                )
    return None


def _fills_by_name(seen: Seen, name: str) -> bool:
    """Whether an inbox of that name, or an attribute of that name, is filled by recv()."""
    names = {inbox for piece in pieces(seen.source) for inbox, _ in inboxes(seen.source, piece)}
    return any(one.rpartition(".")[2] == name for one in names)


def _rest_used(seen: Seen, cut: ast.Call, function: Function) -> bool:
    """Whether the rest that a split gives goes anywhere: it is read again under its name."""
    assign = seen.source.parents.get(cut)
    if not isinstance(assign, ast.Assign):
        return False
    rest = ast.unparse(targets(assign)[-1])
    return any(
        isinstance(one, ast.Name) and one.id == rest and isinstance(one.ctx, ast.Load)
        for one in ast.walk(function)
    )


@misconception(
    "inbox-set-in-the-function-only",
    "the function sets its own name for the inbox, and the caller's inbox stays full",
    think="Which object does the caller's inbox name after the function has returned?",
    read=LINES,
    proofs=("02_broadcast/rest_gets_a_new_name",),
    unlike="02_broadcast/lines_stay_in_the_inbox",
)
def inbox_set_in_the_function_only(seen: Seen) -> str | None:
    """A parameter is assigned, never changed in place, and never returned."""
    if seen.evidence.symptom in ("ready-line", "crashed") or not came_again(seen.evidence):
        return None
    for function in seen.source.functions():
        found = _assigned_parameter(seen, function)
        if found is not None:
            name, assign = found
            return seen.at(
                assign,
                f"gives the name {name} to other bytes, in this function only. The inbox of the "
                "caller still holds all its lines, so the same lines come again.",
            )
    return None


def _assigned_parameter(seen: Seen, function: Function) -> tuple[str, ast.Assign] | None:
    cuts = [one for one in seen.source.all(ast.Call, function) if cuts_lines(one)]
    if not cuts:
        return None
    for name in (one.arg for one in function.args.args):
        if not any(mentions(one.func, name) for one in cuts) or not any(
            len(call.args) > 0 for call in seen.source.calls(function.name)
        ):
            continue
        assigns = [
            one
            for one in seen.source.all(ast.Assign, function)
            if any(ast.unparse(target) == name for target in targets(one))
        ]
        given_back = [
            one
            for one in ast.walk(function)
            if isinstance(one, ast.Return | ast.Yield) and mentions(one.value, name)
        ]
        in_place = any(
            (
                isinstance(one, ast.Subscript)
                and not isinstance(one.ctx, ast.Load)
                and ast.unparse(one.value) == name
            )
            or (isinstance(one, ast.Call) and owner(one) == name and called(one) == "clear")
            for one in ast.walk(function)
        )
        if assigns and not given_back and not in_place:
            return name, assigns[-1]
    return None


@misconception(
    "one-inbox-for-all",
    "the bytes of all clients go into one inbox",
    think="Two clients send half a line each. What is in the inbox then?",
    read={2: "Lines from a stream", 3: "What threads share", 4: "Many at once"},
    proofs=("02_broadcast/one_buffer_for_all", "03_threads/one_buffer_for_all"),
    unlike="02_broadcast/glues_lines",
)
def one_inbox_for_all(seen: Seen) -> str | None:
    """The inbox is one name of the whole file, and two clients sent half lines."""
    if seen.evidence.program != "server.py" or not other_text(seen.evidence):
        return None
    halves = {one.who for one in told_to(seen.evidence) if not one.end.endswith(b"\n")}
    if not halves or len({one.who for one in told_to(seen.evidence)}) < 2:
        return None
    calls = seen.source.all(ast.Call)
    for piece in pieces(seen.source):
        for inbox, adds in inboxes(seen.source, piece):
            function = seen.source.function_of(adds)
            last = inbox.rpartition(".")[2]
            if "." in inbox and (made := _made_for_the_class(seen, last)) is not None:
                return seen.at(
                    made,
                    f"makes one {last} for the whole class. All clients share it, so half a line "
                    "of one client is joined to the bytes of the next one.",
                )
            cut = any(cuts_lines(one) and mentions(one.func, inbox) for one in calls)
            if not cut or not inbox.isidentifier() or not _shared(seen, inbox, function):
                continue
            return seen.at(
                adds,
                f"puts the bytes of every client into the same {inbox}. Half a line of one client "
                "is joined to the bytes of the next one.",
            )
    return None


def _made_for_the_class(seen: Seen, name: str) -> ast.Assign | None:
    """Where a class body makes a bytearray or a list that no method makes anew for each one."""
    anew = any(
        isinstance(target, ast.Attribute) and target.attr == name
        for assign in seen.source.all(ast.Assign)
        for target in targets(assign)
    )
    for kind in seen.source.all(ast.ClassDef):
        for one in kind.body:
            shared = isinstance(one, ast.Assign) and (
                isinstance(one.value, ast.List)
                or (isinstance(one.value, ast.Call) and called(one.value) == "bytearray")
            )
            named = isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == name
            if isinstance(one, ast.Assign) and shared and named and not anew:
                return one
    return None


def _shared(seen: Seen, name: str, function: Function | None) -> bool:
    """Whether a name is one for the whole program: of the file itself, not of a function."""
    if function is None:
        loops = [one for one in seen.source.tree.body if isinstance(one, ast.While | ast.Try)]
        return bool(loops) and bool(seen.source.calls("accept")) and not seen.source.threads()
    outside = any(
        ast.unparse(target) == name
        for one in seen.source.tree.body
        if isinstance(one, ast.Assign)
        for target in targets(one)
    )
    if not outside or name in {one.arg for one in function.args.args}:
        return False
    said_global = any(name in one.names for one in seen.source.all(ast.Global, function))
    set_here = any(
        isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Store)
        for one in ast.walk(function)
    )
    return said_global or not set_here
