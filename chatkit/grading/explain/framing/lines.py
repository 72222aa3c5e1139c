"""Lines: what belongs to a line, and which lines are passed on."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import (
    SENDS,
    cuts_lines,
    is_sent,
    is_test,
    pieces,
    targets,
    tests,
)
from chatkit.grading.explain.questions.headings import STREAM, WORDS
from chatkit.grading.explain.questions.source import argument, as_text, called, constant, owner
from chatkit.grading.explain.questions.wire import (
    asked_for,
    quoted_bytes,
    told_by,
    told_to,
)

ODD_ENDS = (
    b"\x0b",
    b"\x0c",
    b"\x1c",
    b"\x1d",
    b"\x1e",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xe2\x80\xa9",
)
CUTS = ("strip", "rstrip", "lstrip", "removesuffix", "split", "partition", "replace")
CHANGES = ("upper", "lower", "title", "capitalize", "casefold", "swapcase", "expandtabs")


@misconception(
    "splitlines-knows-more-line-ends",
    "str.splitlines() cuts at more characters than b'\\n'",
    think="At which characters does str.splitlines() cut? At which one does a line end here?",
    read=STREAM,
    proofs=("02_broadcast/splitlines", "03_threads/splitlines"),
    unlike="02_broadcast/splitlines_of_each_recv",
)
def splitlines_knows_more(seen: Seen) -> str | None:
    """A line held one of the other characters, and splitlines() is called on text."""
    calls = [one for one in seen.source.calls("splitlines") if _is_text(seen, one)]
    sent = [one for one in told_to(seen.evidence) if any(odd in one.start for odd in ODD_ENDS)]
    want = asked_for(seen.evidence)
    if not calls or not sent or want is None or seen.evidence.symptom == "early-data":
        return None
    if not any(odd in want for odd in ODD_ENDS):
        return None
    return seen.at(
        calls[0],
        "cuts with splitlines(). On text it also cuts at b'\\x0b', at U+0085, at U+2028 and at "
        "some more. In this chat only b'\\n' ends a line.",
    )


def _is_text(seen: Seen, call: ast.Call) -> bool:
    """Whether the text before the dot has been decoded, as far as the file shows."""
    if not isinstance(call.func, ast.Attribute):
        return False
    before = call.func.value
    if any(isinstance(one, ast.Call) and called(one) == "decode" for one in ast.walk(before)):
        return True
    name = ast.unparse(before)
    scope = seen.source.function_of(call) or seen.source.tree
    return any(
        ast.unparse(target) == name
        and any(isinstance(one, ast.Call) and called(one) == "decode" for one in ast.walk(assign))
        for assign in seen.source.all(ast.Assign, scope)
        for target in targets(assign)
    )


@misconception(
    "blank-lines-passed-on",
    "nothing asks whether a line is blank",
    think="What is left of a line of spaces after strip()?",
    read={
        2: "Lines from a stream",
        3: "A thread for each client",
        4: "Who says what",
        5: "Sending",
    },
    proofs=("02_broadcast/passes_on_blank_lines", "03_threads/passes_blank_lines_on"),
    unlike="02_broadcast/one_line_a_packet",
)
def blank_lines_passed_on(seen: Seen) -> str | None:
    """A blank line came out, and no condition of the file strips a line, or asks for blanks."""
    if seen.evidence.symptom != "blank-line" or not seen.source.lines:
        return None
    conditions = list(tests(seen.source.tree))
    asks = [
        one
        for test in conditions
        for one in ast.walk(test)
        if isinstance(one, ast.Call) and called(one) in ("strip", "isspace", "split", "rstrip")
    ]
    if asks:
        return None
    for loop in seen.source.all(ast.For):
        for test in tests(loop):
            if isinstance(loop.target, ast.Name) and ast.unparse(test) == loop.target.id:
                return seen.at(
                    test,
                    f"asks only whether {loop.target.id} is empty. A line of white space is not "
                    "empty, but it is blank: strip() leaves nothing of it.",
                )
    cut = [one for one in seen.source.all(ast.Call) if cuts_lines(one)]
    place = cut[0] if cut else next((one.call for one in pieces(seen.source)), None)
    if place is None:
        return None
    what = "cuts the lines out" if cut else "receives what is passed on"
    return seen.at(
        place,
        f"{what}, and nothing after it asks whether a line is blank. A line of white space is "
        "blank, too: strip() leaves nothing of it.",
    )


@misconception(
    "text-changed",
    "the text of a line is changed before it is passed on",
    think="What may a server change in a line that somebody says?",
    read=WORDS,
    proofs=("02_broadcast/tidies_the_blanks", "01_echo/strips_the_line"),
    unlike="02_broadcast/glues_lines",
)
def text_changed(seen: Seen) -> str | None:
    """What came out is what a method of strings makes of what went in."""
    got = quoted_bytes(seen.evidence.received)
    want = asked_for(seen.evidence) or quoted_bytes(seen.evidence.expected)
    if seen.evidence.symptom not in ("different-text", "other-output") or not got or not want:
        return None
    if got == want:
        return None
    for call in seen.source.calls(*CHANGES):
        text = want.decode(errors="replace")
        size = argument(call, 0)
        made = (
            text.expandtabs(constant(size) if isinstance(constant(size), int) else 8)  # type: ignore[arg-type]
            if called(call) == "expandtabs"
            else getattr(text, called(call))()
        )
        if made.encode() == got and not is_test(seen.source, call):
            return seen.at(
                call,
                f"changes the text with {called(call)}(). A line is passed on as it was said.",
            )
    server = seen.evidence.program == "server.py"
    if server and seen.evidence.lesson == 1 and want.strip()[:4] == got.strip()[:4]:
        for call in seen.source.calls("strip", "rstrip", "lstrip"):
            if not is_test(seen.source, call) and is_sent(seen.source, call):
                return seen.at(
                    call,
                    f"takes bytes off the line with {called(call)}(). An echo "
                    "gives everything back.",
                )
    for call in seen.source.calls("join"):
        whole = ast.unparse(call)
        blank = isinstance(call.func, ast.Attribute) and constant(call.func.value) in (" ", b" ")
        if blank and ".split()" in whole and b" ".join(want.split()) == got.rstrip(b"\n"):
            return seen.at(
                call,
                "turns all white space into one space. A line is passed on as it was said.",
            )
    if b"".join(want.split()) == b"".join(got.split()):
        return _strips_a_piece(seen)
    return None


def _strips_a_piece(seen: Seen) -> str | None:
    """Where blanks are taken off what recv() returned, before anything has cut lines out of it."""
    for piece in pieces(seen.source):
        for call in seen.source.calls("strip", "rstrip", "lstrip"):
            if piece.name and owner(call) == piece.name and not is_test(seen.source, call):
                return seen.at(
                    call,
                    f"takes blanks off what one recv() returned (line {piece.line}). That may be "
                    "a part of a line, and then its blanks belong to the middle of the line.",
                )
    return None


@misconception(
    "long-line-refused",
    "a line of 4,096 bytes is too long for it",
    think="How long may a line be? Does its end count?",
    read={2: "Lines from a stream", 3: "A thread for each client", 4: "Who says what"},
    proofs=("02_broadcast/limit_counts_the_line_end",),
    unlike="02_broadcast/passes_on_blank_lines",
)
def long_line_refused(seen: Seen) -> str | None:
    """A line of 4,096 bytes went nowhere, and a condition compares a length with a limit."""
    long = [one for one in told_to(seen.evidence) if 4000 < one.length <= 4098]
    if seen.evidence.symptom not in ("silent", "closed-early", "lost") or not long:
        return None
    if "bytes …" not in seen.evidence.expected:
        return None
    for compare in seen.source.all(ast.Compare):
        if not isinstance(compare.ops[0], ast.Gt | ast.GtE) or not is_test(seen.source, compare):
            continue
        limit = _limit(seen, compare.comparators[0])
        counted = isinstance(compare.left, ast.Call) and called(compare.left) == "len"
        if counted and limit is not None and 100 <= limit <= 4097:
            return seen.at(
                compare,
                f"stops a line of more than {limit:,} bytes"
                + (", its end counted" if _has_line_end(seen, compare.left) else "")
                + ". The contract lets a line have 4,096 bytes, its end not counted.",
            )
    return None


def _limit(seen: Seen, node: ast.expr) -> int | None:
    """The number that a constant or a name of the file stands for."""
    value = constant(node)
    for assign in seen.source.all(ast.Assign) if isinstance(node, ast.Name) else ():
        if ast.unparse(assign.targets[0]) == node.id:  # type: ignore[attr-defined]
            value = constant(assign.value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@misconception(
    "line-end-not-sent",
    "a line is sent without its end",
    think="How does the other side know that the line is over?",
    read={**STREAM, 1: "Put the client together", 3: "The client", 4: "The client", 5: "Sending"},
    proofs=("01_echo/client_sends_no_line_end", "04_nicknames/words_without_line_ends"),
    unlike="02_broadcast/glues_lines",
)
def line_end_not_sent(seen: Seen) -> str | None:
    """The last bytes that the program sent are the line that was right, without its b'\\n'."""
    sent = told_by(seen.evidence)
    last = seen.evidence.check == "client-end-of-input"
    if last and sent and not sent[-1].end.endswith(b"\n") and (told := _as_typed(seen)):
        return told
    if seen.evidence.symptom != "unfinished-line" or not sent or not seen.source.lines:
        return None
    words = sent[-1].end.decode(errors="replace")
    for node in seen.source.all(ast.Constant):
        if as_text(node.value) == words and len(words) > 2:
            call = next(seen.source.around(node, ast.Call), None)
            if isinstance(call, ast.Call):
                return seen.at(
                    node,
                    f"sends {words!r} without b'\\n'. The line does not end there for the other "
                    "side, which waits for more of it.",
                )
    sends = [
        call
        for call in seen.source.calls(*SENDS)
        if call.args and not _has_line_end(seen, call.args[0]) and _may_send(seen, call)
    ]
    server = seen.evidence.program == "server.py"
    cut = [one for one in seen.source.all(ast.Call) if cuts_lines(one)]
    if server and cut and any(one.start == sent[-1].end + b"\n" for one in told_to(seen.evidence)):
        return seen.at(
            cut[0],
            "cuts a line off at b'\\n', and nothing puts the b'\\n' back before the line is passed "
            "on. So the line does not end for those who get it.",
        )
    if sends and not server:
        return seen.at(
            sends[0],
            "sends a line without b'\\n'. The line does not end there for the other side, which "
            "waits for more of it.",
        )
    return None


def _as_typed(seen: Seen) -> str | None:
    """A client that sends what was typed as it is, and waits for a reply to a line without end."""
    if seen.evidence.program != "client.py" or seen.evidence.lesson != 1:
        return None
    if seen.evidence.symptom not in ("no-output", "no-exit", "silent", "unfinished-line"):
        return None
    for loop in seen.source.all(ast.For):
        for call in seen.source.calls("send", "sendall", inside=loop):
            typed = "stdin" in ast.unparse(loop.iter)
            if typed and call.args and ast.unparse(call.args[0]) == ast.unparse(loop.target):
                return seen.at(
                    call,
                    "sends a line as it was typed. What is typed last may have no line end, when "
                    "the input ends without Enter. Then the line does not end for the other side.",
                )
    return None


def _has_line_end(seen: Seen, node: ast.AST) -> bool:
    """Whether a line end is put into what is sent: not one that is only cut off."""
    for one in ast.walk(node):
        above = seen.source.parents.get(one)
        cuts = isinstance(above, ast.Call) and called(above) in CUTS and one in above.args
        if isinstance(one, ast.Constant) and "\n" in as_text(one.value) and not cuts:
            return True
    return False


def _may_send(seen: Seen, call: ast.Call) -> bool:
    """Whether a call sends a line that the file has cut or stripped, and not a whole outbox."""
    if called(call) in ("sendall", "send"):
        return any(
            isinstance(one, ast.Call) and called(one) in ("encode", "rstrip", "strip")
            for one in ast.walk(call.args[0])
        )
    return False
