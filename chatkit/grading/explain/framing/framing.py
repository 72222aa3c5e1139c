"""Framing: where a line begins and ends in a stream of bytes."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import (
    Piece,
    cuts_lines,
    followed,
    inboxes,
    keeps_a_rest,
    line_ends,
    loop_around,
    mentions,
    pieces,
    targets,
)
from chatkit.grading.explain.questions.headings import LINES
from chatkit.grading.explain.questions.source import called, constant, owner
from chatkit.grading.explain.questions.tkcode import stands_in
from chatkit.grading.explain.questions.values import meant
from chatkit.grading.explain.questions.wire import (
    LOST,
    OTHER,
    came_in_pieces,
    lines_missing,
    other_text,
    quoted_bytes,
    told_to,
    wanted,
)


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
    echo = seen.evidence.lesson == 1
    if echo or not (lines_missing(seen.evidence) and came_in_pieces(seen.evidence)):
        return None  # an echo may work by chunks; of its client one-recv-one-reply says more
    found = pieces(seen.source)
    if line_ends(seen.source):
        found = [
            one for one in found if seen.evidence.lesson not in (4, 6) and _goes_on_raw(seen, one)
        ]
        if not found or not other_text(seen.evidence):
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
    if not (lines_missing(seen.evidence) and came_in_pieces(seen.evidence)):
        return None
    for piece in pieces(seen.source):
        if inboxes(seen.source, piece):
            continue
        for name, scope in followed(seen.source, piece):
            for call in seen.source.all(ast.Call, scope):
                if not (cuts_lines(call) and owner(call) and mentions(call.func, name)):
                    continue
                if keeps_a_rest(seen.source, call) or _takes_first(seen, call):
                    continue
                return seen.at(
                    call,
                    f"cuts the bytes of one recv() (line {piece.line}) into lines, and keeps "
                    "nothing for the next one. A line whose end has not come yet is passed on as "
                    "if it were complete, and so is the rest of it.",
                )
    return None


def _takes_first(seen: Seen, call: ast.Call) -> bool:
    above = seen.source.parents.get(call)
    return isinstance(above, ast.Subscript) and constant(above.slice) == 0


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
    if seen.evidence.symptom not in OTHER + LOST:
        return None
    if told := _first_that_was_typed(seen):
        return told
    if not came_in_pieces(seen.evidence):
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


def _first_that_was_typed(seen: Seen) -> str | None:
    """A client that reads its keyboard by bytes, and takes the first line of each read()."""
    if seen.evidence.program != "client.py" or "typed" not in seen.evidence.expected:
        return None
    for call in seen.source.all(ast.Call):
        if not cuts_lines(call) or not _takes_first(seen, call) or not owner(call):
            continue
        came = meant(seen.source, call.func.value)  # type: ignore[attr-defined]
        if isinstance(came, ast.Call) and called(came) in ("read", "read1"):
            return seen.at(
                call,
                f"takes the first line of what {called(came)}() returned (line {came.lineno}), and "
                "drops the others that were typed with it.",
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
    "lines-glued",
    "two lines are put together again after they were cut apart",
    think="What was between the two lines, and where does it go?",
    read=LINES,
    proofs=("02_broadcast/glues_lines",),
    unlike="02_broadcast/one_line_a_packet",
)
def lines_glued(seen: Seen) -> str | None:
    """Two lines came as one, and the file joins what a split had cut, with nothing between."""
    got, want = quoted_bytes(seen.evidence.received), wanted(seen.evidence)
    if not other_text(seen.evidence) or want is None:
        return None
    body = want[1].rstrip(b"\n")
    text = seen.evidence.received
    longer = (got or b"").startswith(body) if got else f"b'{body.decode(errors='replace')}" in text
    if not longer or (got and got.rstrip(b"\n") == body):
        return None
    for call in seen.source.calls("join"):
        if isinstance(call.func, ast.Attribute) and constant(call.func.value) in (b"", ""):
            scope = seen.source.function_of(call) or seen.source.tree
            if any(cuts_lines(one) for one in seen.source.all(ast.Call, scope)):
                return seen.at(
                    call,
                    "joins what the split has cut apart, with nothing in between. So two lines "
                    "become one long line.",
                )
    return None


@misconception(
    "lines-wait-in-a-file",
    "select() does not see the lines that wait in the buffer of a file",
    think="Two lines come at once, and readline() returns one. Where is the other one?",
    read={2: "Lines from a stream", 3: "A thread for each client"},
    proofs=("02_broadcast/readline_in_select",),
    unlike="02_broadcast/waits_for_the_line_end",
)
def lines_wait_in_a_file(seen: Seen) -> str | None:
    """Several lines came at once, one was read by readline(), and it stands in select() again."""
    if seen.evidence.symptom not in LOST or not seen.source.calls("makefile"):
        return None
    several = any(b"\n" in one.start[:-1] for one in told_to(seen.evidence))
    standing = [stands_in(seen.source, stack, "select", "poll") for stack in seen.evidence.stacks]
    reads = seen.source.calls("readline")
    if not several or not any(standing) or not reads:
        return None
    return seen.at(
        reads[0],
        "reads one line from a file object. When more lines have come with it, they wait in the "
        "buffer of this file. select() looks at the socket, and does not see them.",
    )
