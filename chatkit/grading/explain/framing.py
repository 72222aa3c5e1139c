"""Framing: where a line begins and ends in a stream of bytes."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.flow import (
    Piece,
    cuts_lines,
    followed,
    inboxes,
    line_ends,
    loop_around,
    mentions,
    pieces,
    strict,
    targets,
)
from chatkit.grading.explain.source import Function, called, constant, owner
from chatkit.grading.explain.wire import (
    came_in_pieces,
    quoted_bytes,
    told_by,
    told_to,
    wanted,
)

STREAM = {1: "A stream of bytes", 2: "Lines from a stream", 3: "A thread for each client"}
LINES = {**STREAM, 4: "The handshake", 5: "The inbox"}
OTHER = ("different-text", "early-data", "broken-character", "unfinished-line", "other-output")
LOST = ("silent", "lost", "no-output", "closed-early", "exited", "no-exit")
EMPTY = (b"", "")


def other_text(seen: Seen) -> bool:
    """Whether somebody got other bytes than those that were right."""
    return seen.evidence.symptom in OTHER


def lines_missing(seen: Seen) -> bool:
    """Whether somebody got other bytes, or none at all."""
    return seen.evidence.symptom in OTHER + LOST


@misconception(
    "one-recv-one-line",
    "what one recv() returns is taken for one line",
    think="What does your program do with half a line? And with two lines that come at once?",
    read=LINES,
    proofs=("02_broadcast/passes_on_what_recv_returned", "02_broadcast/typical_tutorial"),
    unlike="02_broadcast/waits_for_the_line_end",
)
def one_recv_one_line(seen: Seen) -> str | None:
    """Nothing in the file looks for a line end, and a line came in pieces, or several at once."""
    echo = seen.evidence.lesson == 1 and seen.evidence.program == "server.py"
    if echo or not (lines_missing(seen) and came_in_pieces(seen.evidence)):
        return None  # an echo may work by chunks
    found = pieces(seen.source)
    if line_ends(seen.source):
        found = [one for one in found if seen.evidence.lesson != 4 and _goes_on_raw(seen, one)]
        if not found or not other_text(seen):
            return None
        return seen.at(
            found[0].call,
            "takes what one recv() returns for one whole line. recv() returns the bytes that are "
            "there now: that can be half a line, or two lines.",
        )
    if not found:
        return None
    kept = [adds for _, adds in inboxes(seen.source, found[0])]
    if any(seen.source.function_of(one) is found[0].inside for one in kept):
        return None
    return seen.at(
        found[0].call,
        "takes what one recv() returns for one whole line. recv() returns the bytes that are there "
        "now: that can be half a line, or two lines. Nothing here looks for b'\\n'.",
    )


def _goes_on_raw(seen: Seen, piece: Piece) -> bool:
    """Whether a piece is printed or sent on, and nothing looks for line ends in it, or keeps it."""
    if not piece.name or inboxes(seen.source, piece):
        return False
    used = False
    for name, scope in followed(seen.source, piece):
        if any(mentions(one, name) for one in line_ends(seen.source) if one in ast.walk(scope)):
            return False
        given = [
            one
            for one in seen.source.calls("print", "send", "sendall", "put", inside=scope)
            if any(mentions(value, name) for value in one.args)
        ]
        used = used or bool(given)
    return used


@misconception(
    "each-recv-by-itself",
    "the bytes of each recv() are cut into lines by themselves",
    think="Where is the half line that one recv() ended with, when the next recv() returns?",
    read=LINES,
    proofs=("02_broadcast/splitlines_of_each_recv",),
    unlike="02_broadcast/splitlines",
)
def each_recv_by_itself(seen: Seen) -> str | None:
    """A piece is cut at line ends, and nothing keeps what comes behind the last one."""
    if not (lines_missing(seen) and came_in_pieces(seen.evidence)):
        return None
    for piece in pieces(seen.source):
        if inboxes(seen.source, piece):
            continue
        for name, scope in followed(seen.source, piece):
            for call in seen.source.all(ast.Call, scope):
                if not (cuts_lines(call) and owner(call) and mentions(call.func, name)):
                    continue
                if _keeps_a_rest(seen, call) or _takes_first(seen, call):
                    continue
                return seen.at(
                    call,
                    f"cuts the bytes of one recv() (line {piece.line}) into lines, and keeps "
                    "nothing for the next one. A line whose end has not come yet is passed on as "
                    "if it were complete, and so is the rest of it.",
                )
    return None


def _keeps_a_rest(seen: Seen, call: ast.Call) -> bool:
    """Whether something of what a split returns goes on by its own name: `*lines, rest = …`."""
    above = seen.source.parents.get(call)
    if not isinstance(above, ast.Assign):
        return False
    return len(targets(above)) > 1


def _takes_first(seen: Seen, call: ast.Call) -> bool:
    above = seen.source.parents.get(call)
    return isinstance(above, ast.Subscript) and constant(above.slice) == 0


@misconception(
    "rest-thrown-away",
    "the inbox is emptied after the complete lines, with the start of the next one",
    think="What stands in the inbox behind the last line end?",
    read=LINES,
    proofs=("02_broadcast/forgets_the_tail",),
    unlike="02_broadcast/one_line_a_packet",
)
def rest_thrown_away(seen: Seen) -> str | None:
    """In the loop that fills the inbox it is set to nothing, though it was cut at line ends."""
    if not lines_missing(seen):
        return None
    for function in seen.source.functions():
        for name in (one.arg for one in function.args.args):
            cut = [one for one in seen.source.all(ast.Call, function) if cuts_lines(one)]
            whole = [
                one for one in cut if not _keeps_a_rest(seen, one) and mentions(one.func, name)
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
    proofs=(),
)
def inbox_never_emptied(seen: Seen) -> str | None:
    """The inbox grows, is cut into lines, and nothing ever takes anything out of it."""
    if not _came_again(seen):
        return None
    for function in seen.source.functions():
        for name in (one.arg for one in function.args.args):
            cut = [one for one in seen.source.all(ast.Call, function) if cuts_lines(one)]
            if not any(mentions(one.func, name) for one in cut) or not _fills_by_name(seen, name):
                continue
            rest = [one for one in cut if _keeps_a_rest(seen, one)]
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


def _came_again(seen: Seen) -> bool:
    """Whether the program sent somebody a line more often than anybody had sent it."""
    if seen.evidence.symptom == "duplicate":
        return True
    told = b"".join(one.start for one in told_to(seen.evidence)).split(b"\n")
    for who in {one.to for one in told_by(seen.evidence)}:
        got = [
            line
            for one in told_by(seen.evidence, who)
            if one.whole
            for line in one.start.split(b"\n")
            if line
        ]
        if any(got.count(line) > max(1, told.count(line)) for line in got):
            return True
    printed = [line for line in seen.evidence.output.splitlines() if line.strip()]
    sent = b"\n".join(told).decode(errors="replace")
    return any(printed.count(line) > 1 and sent.count(line) <= 1 for line in printed[:200])


@misconception(
    "inbox-set-in-the-function-only",
    "the function sets its own name for the inbox, and the caller's inbox stays full",
    think="Which object does the caller's inbox name after the function has returned?",
    read=LINES,
    proofs=(),
)
def inbox_set_in_the_function_only(seen: Seen) -> str | None:
    """A parameter is assigned, never changed in place, and never returned."""
    if seen.evidence.symptom in ("ready-line", "crashed") or not _came_again(seen):
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
    "first-line-only",
    "only the first line of what is there is taken",
    think="How many lines can be in the inbox after one recv()?",
    read=LINES,
    proofs=("02_broadcast/one_line_a_packet",),
    unlike="02_broadcast/forgets_the_tail",
)
def first_line_only(seen: Seen) -> str | None:
    """An `if`, where a loop is needed, takes one line out; or the first of a split is used."""
    if seen.evidence.symptom not in OTHER + LOST or not came_in_pieces(seen.evidence):
        return None
    for test in seen.source.all(ast.If):
        if not _asks_for_line_end(test.test):
            continue
        inbox = ast.unparse(test.test.comparators[0])  # type: ignore[attr-defined]
        body = ast.Module(body=test.body, type_ignores=[])
        cut = [one for one in seen.source.all(ast.Assign, body) if _takes_one(one, inbox)]
        again = any(isinstance(one, ast.While | ast.Continue) for one in ast.walk(body))
        # A loop around it is right where it gets no bytes itself: it comes back for the next line.
        loop = loop_around(seen.source, test)
        gets = loop is None or bool(seen.source.calls("recv", "read", "input", inside=loop))
        around = [one for one in seen.source.around(test) if _while_there_is(one, inbox)]
        if cut and not again and gets and not around and _fills(seen, inbox):
            return seen.at(
                test,
                f"takes one line out of {inbox}. There may be more than one in it, and the others "
                "wait there until more bytes come.",
            )
    for piece in pieces(seen.source):
        for name, scope in followed(seen.source, piece):
            for call in seen.source.all(ast.Call, scope):
                if cuts_lines(call) and mentions(call.func, name) and _takes_first(seen, call):
                    return seen.at(
                        call,
                        "takes the first line of what recv() returned, and drops the others that "
                        "came with it.",
                    )
    return None


def _while_there_is(node: ast.AST, inbox: str) -> bool:
    return isinstance(node, ast.While) and mentions(node.test, inbox)


def _asks_for_line_end(test: ast.expr) -> bool:
    return (
        isinstance(test, ast.Compare)
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.In)
        and constant(test.left) in ("\n", b"\n")
    )


def _takes_one(assign: ast.Assign, inbox: str) -> bool:
    """Whether it is `line, inbox = inbox.split(b"\\n", 1)`, or the same with partition()."""
    value = assign.value
    if not (isinstance(value, ast.Call) and cuts_lines(value) and mentions(value.func, inbox)):
        return False
    one = called(value) == "partition" or (called(value) == "split" and len(value.args) > 1)
    return one and inbox in {ast.unparse(target) for target in targets(assign)}


def _fills(seen: Seen, inbox: str) -> bool:
    names = {name for piece in pieces(seen.source) for name, _ in inboxes(seen.source, piece)}
    return inbox in names


@misconception(
    "one-inbox-for-all",
    "the bytes of all clients go into one inbox",
    think="Two clients send half a line each. What is in the inbox then?",
    read={2: "Lines from a stream", 3: "What threads share", 4: "Many at once"},
    proofs=("02_broadcast/one_buffer_for_all",),
    unlike="02_broadcast/buffer_by_file_number",
)
def one_inbox_for_all(seen: Seen) -> str | None:
    """The inbox is one name of the whole file, and two clients sent half lines."""
    if seen.evidence.program != "server.py" or not other_text(seen):
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


@misconception(
    "lines-glued",
    "two lines are put together again after they were cut apart",
    think="What stood between the two lines, and where does it go?",
    read=LINES,
    proofs=("02_broadcast/glues_lines",),
    unlike="02_broadcast/one_line_a_packet",
)
def lines_glued(seen: Seen) -> str | None:
    """Two lines came as one, and the file joins what a split had cut, with nothing between."""
    got, want = quoted_bytes(seen.evidence.received), wanted(seen.evidence)
    if not other_text(seen) or want is None:
        return None
    body = want[1].rstrip(b"\n")
    text = seen.evidence.received
    longer = (got or b"").startswith(body) if got else f"b'{body.decode(errors='replace')}" in text
    if not longer or (got and got.rstrip(b"\n") == body):
        return None
    for call in seen.source.calls("join"):
        if isinstance(call.func, ast.Attribute) and constant(call.func.value) in EMPTY:
            scope = seen.source.function_of(call) or seen.source.tree
            if any(cuts_lines(one) for one in seen.source.all(ast.Call, scope)):
                return seen.at(
                    call,
                    "joins what the split has cut apart, with nothing in between. So two lines "
                    "become one long line.",
                )
    return None


@misconception(
    "decoded-before-split",
    "each piece is decoded by itself, and a character can be cut in two",
    think="é is two bytes. What does decode() see when only the first one has come?",
    read=LINES,
    proofs=("02_broadcast/decodes_pieces",),
    unlike="02_broadcast/decodes_strictly",
)
def decoded_before_split(seen: Seen) -> str | None:
    """A piece is decoded, and a character was broken, or decode() saw the end of the data."""
    broken = seen.evidence.symptom == "broken-character" or _replaced(seen)
    cut = [
        one.own.line
        for error in seen.evidence.raised
        for one in error.chain()
        if one.kind == "UnicodeDecodeError" and "unexpected end of data" in one.text and one.own
    ]
    if not (broken or cut) or not _character_cut(seen):
        return None
    for piece in pieces(seen.source):
        found = decode_of(seen, piece)
        if found is not None and (not cut or found.lineno in cut):
            return seen.at(
                found,
                "decodes what one recv() returned. A character of several bytes can arrive in two "
                "parts, and neither part can be decoded alone. Cut the lines out first.",
            )
    return None


def decode_of(seen: Seen, piece: Piece) -> ast.Call | None:
    """The decode() of a piece, before it is added to an inbox or cut into lines."""
    if piece.decode is not None:
        return piece.decode
    names = [name for name, _ in followed(seen.source, piece)]
    for call in seen.source.calls("decode"):
        if owner(call) in names and owner(call) == piece.name:
            return call
    return None


def _replaced(seen: Seen) -> bool:
    return "\\xef\\xbf\\xbd" in seen.evidence.received or "\ufffd" in seen.evidence.received


def _character_cut(seen: Seen) -> bool:
    """Whether a character of what was sent was cut in two."""
    for one in told_to(seen.evidence):
        try:
            one.end.decode()
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data" or not one.whole:
                return True
    return False


@misconception(
    "strict-decode",
    "bytes that are no UTF-8 raise UnicodeDecodeError",
    think="What should happen with bytes that are no UTF-8? Which argument of decode() says so?",
    read=LINES,
    proofs=("02_broadcast/decodes_strictly", "04_nicknames/name_must_be_utf8"),
    unlike="02_broadcast/decodes_pieces",
)
def strict_decode(seen: Seen) -> str | None:
    """UnicodeDecodeError was raised by a decode() without `errors`, of bytes that are no UTF-8."""
    for error in seen.evidence.raised:
        first = error.first
        if first.kind != "UnicodeDecodeError" or not first.own:
            continue
        if "unexpected end of data" in first.text and _character_cut(seen):
            continue  # that is another mistake: good bytes, cut in two
        calls = [one for one in seen.source.calls("decode") if one.lineno == first.own.line]
        if any(strict(one) for one in calls):
            who = seen.ended_by(error)
            return seen.at(
                first.own,
                "decodes strictly: bytes that are no UTF-8 raise UnicodeDecodeError there, and "
                f"{who} ends. Anybody can send such bytes.",
            )
    return None
