"""Lines that are dropped or cut: blank ones, those without an end, repeated ones, long ones."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import is_test, targets, tests
from chatkit.grading.explain.questions.headings import STREAM, WORDS
from chatkit.grading.explain.questions.source import Source, as_text, called, constant, owner
from chatkit.grading.explain.questions.values import meant, value
from chatkit.grading.explain.questions.wire import (
    LOST,
    OTHER,
    asked_for,
    told_by,
    told_to,
    wanted,
)

CLIENT = {1: "Put the client together", 3: "The client", 4: "The client"}
BLANKS = ("\n", "\r\n")
STRIPS = ("strip", "rstrip", "lstrip")


@misconception(
    "blank-line-has-a-meaning",
    "a blank line is not treated like other lines",
    think="What does the contract of this lesson say about a line with nothing in it?",
    read={1: "What you will build"},
    proofs=(
        "01_echo/blank_line_ends_it",
        "01_echo/skips_blank_lines",
        "01_echo/client_skips_blank_lines",
        "01_echo/client_stops_at_a_blank_line",
    ),
    unlike="01_echo/client_quit_is_a_command",
)
def blank_line_has_a_meaning(seen: Seen) -> str | None:
    """In an echo a blank line did not come through, and a condition asks for blank lines."""
    line = asked_for(seen.evidence)
    if seen.evidence.lesson != 1 or line is None or line.strip():
        return None
    if seen.evidence.symptom not in OTHER + LOST:
        return None
    for test in tests(seen.source.tree):
        place = _asks_if_blank(seen.source, test)
        if place is not None:
            way = "sent" if seen.evidence.program == "client.py" else "sent back"
            return seen.at(
                place,
                "asks whether a line is blank, and treats such a line in another way. In this "
                f"lesson it is a line like any other, and has to be {way}.",
            )
    return None


def _asks_if_blank(source: Source, test: ast.expr) -> ast.AST | None:
    """The part of a condition that is true for a blank line only, or for all others."""
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            sides = [as_text(constant(one)) for one in (node.left, node.comparators[0])]
            if any(side in BLANKS for side in sides):
                return node
        if not isinstance(node, ast.expr) or not _stripped(source, node):
            continue
        above = source.parents.get(node)
        if node is test or isinstance(above, ast.BoolOp | ast.UnaryOp):
            return node
        if isinstance(above, ast.Compare) and isinstance(above.ops[0], ast.Eq | ast.NotEq):
            others = [one for one in (above.left, above.comparators[0]) if one is not node]
            if others and constant(others[0]) in ("", b""):
                return node
    return None


def _stripped(source: Source, node: ast.expr) -> bool:
    """Whether an expression is a line without its end, so that it is empty for a blank one."""
    if isinstance(node, ast.NamedExpr):
        node = node.value
    came = meant(source, node) if isinstance(node, ast.Name) else node
    return isinstance(came, ast.Call) and called(came) in (*STRIPS, "isspace", "input")


@misconception(
    "unended-line-dropped",
    "a line that is typed without Enter at the end is thrown away",
    think="What stands in the last line when somebody ends the input without Enter?",
    read=CLIENT,
    proofs=("01_echo/client_drops_the_last_line",),
    unlike="01_echo/client_last_line_without_end_hangs",
)
def unended_line_dropped(seen: Seen) -> str | None:
    """The last line came without its end and was not sent; a condition asks for that end."""
    if seen.evidence.program != "client.py" or "without an end" not in seen.evidence.expected:
        return None
    if seen.evidence.symptom not in OTHER + LOST:
        return None
    for block in seen.source.all(ast.If):
        test = block.test
        if not isinstance(test, ast.UnaryOp) or not isinstance(test.op, ast.Not):
            continue
        asks = isinstance(test.operand, ast.Call) and called(test.operand) == "endswith"
        ends = asks and as_text(constant(next(iter(test.operand.args), None))) in BLANKS  # type: ignore[attr-defined]
        if ends and isinstance(block.body[-1], ast.Break | ast.Continue | ast.Return):
            return seen.at(
                block,
                "does not send a line that has no line end. The line that is typed last may have "
                "none, when the input ends without Enter, and it is text like any other.",
            )
    return None


@misconception(
    "a-line-said-before-is-dropped",
    "a line that was said before is thrown away",
    think="May somebody say the same thing twice?",
    read=WORDS,
    proofs=("02_broadcast/says_nothing_twice", "02_broadcast/says_nothing_that_was_said"),
    unlike="02_broadcast/slash_is_a_command",
)
def a_line_said_before_is_dropped(seen: Seen) -> str | None:
    """The missing line had been sent before, and a condition compares lines with earlier ones."""
    want = wanted(seen.evidence)
    if want is None or seen.evidence.symptom not in ("silent", "lost", "different-text"):
        return None
    body = want[1].rstrip(b"\n").rpartition(b": ")[2]
    sent = [line for one in told_to(seen.evidence) for line in one.start.split(b"\n")]
    if not body or sent.count(body) < 2:
        return None
    for compare in seen.source.all(ast.Compare):
        if not isinstance(compare.ops[0], ast.NotEq | ast.NotIn | ast.Eq | ast.In):
            continue
        left, right = ast.unparse(compare.left), ast.unparse(compare.comparators[0])
        if is_test(seen.source, compare) and _remembers(seen, left, right.partition("[")[0]):
            return seen.at(
                compare,
                "compares a line with what was said before, and drops it when both are the same. "
                "Everybody may say the same thing twice.",
            )
    return None


def _remembers(seen: Seen, line: str, memory: str) -> bool:
    """Whether a line is kept in `memory`: set to it, or appended to it."""
    kept = any(
        ast.unparse(assign.value) == line
        and any(ast.unparse(target) == memory for target in targets(assign))
        for assign in seen.source.all(ast.Assign)
    )
    return kept or any(
        owner(call) == memory and call.args and ast.unparse(call.args[0]) == line
        for call in seen.source.calls("append", "add")
    )


@misconception(
    "line-cut-at-a-size",
    "a line is over for it when a number of bytes has come",
    think="How long may a line be? What tells you that it is over?",
    read={**CLIENT, **STREAM},
    proofs=("01_echo/client_cuts_long_replies",),
    unlike="01_echo/client_one_recv",
)
def line_cut_at_a_size(seen: Seen) -> str | None:
    """A long line came out as so many bytes as a condition, or a slice of an inbox, names."""
    longest = max((one.length for one in told_to(seen.evidence)), default=0)
    came = _length(seen.evidence.received)
    if seen.evidence.symptom not in OTHER or not came or longest < 500:
        return None
    for node in seen.source.nodes:
        if isinstance(node, ast.Compare) and is_test(seen.source, node):
            counts = isinstance(node.left, ast.Call) and called(node.left) == "len"
            size = value(seen.source, node.comparators[0]) if counts else None
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            size = value(seen.source, node.slice.upper)
        else:
            continue
        if size == came and isinstance(size, int) and size > 60:
            return seen.at(
                node,
                f"takes {size:,} bytes for a whole line, although no b'\\n' has come yet. A line "
                "may be longer: then its parts are taken for lines of their own.",
            )
    return None


def _length(received: str) -> int:
    """How many bytes b'… 944 bytes …' stands for; 0 where nothing was left out."""
    found = re.match(r"b'(.*?) … ([\d,]+) bytes … (.*?)'", received)
    return len(found[1]) + int(found[2].replace(",", "")) + len(found[3]) if found else 0


@misconception(
    "typed-line-printed",
    "what was typed is printed, not what came back",
    think="Which of the two lines has been over the network and back?",
    read=CLIENT,
    proofs=("01_echo/client_prints_what_was_typed",),
    unlike="01_echo/client_prints_bytes",
)
def typed_line_printed(seen: Seen) -> str | None:
    """The client printed the line that it had sent last, where another one had come back."""
    sent = told_by(seen.evidence)
    want = asked_for(seen.evidence)
    if seen.evidence.program != "client.py" or seen.evidence.symptom != "other-output":
        return None
    if not sent or not want or seen.evidence.lesson != 1:
        return None
    line = sent[-1].end.strip().decode(errors="replace")
    printed = seen.evidence.output.splitlines()
    if not line or not printed or printed[-1].strip() != line or want.decode().strip() == line:
        return None
    typed = _typed_names(seen.source)
    for call in seen.source.calls("print"):
        for node in ast.walk(call):
            if isinstance(node, ast.Name) and node.id in typed:
                return seen.at(
                    call,
                    f"prints {node.id}, and that is the line that was typed. Print the line that "
                    "the server has sent back: it can be another one.",
                )
    return None


def _typed_names(source: Source) -> set[str]:
    """The names that stand for a line from the keyboard."""
    names = {
        loop.target.id
        for loop in source.all(ast.For)
        if isinstance(loop.target, ast.Name) and "stdin" in ast.unparse(loop.iter)
    }
    for assign in source.all(ast.Assign):
        from_keyboard = any(
            called(call) == "input" or "stdin" in ast.unparse(call.func)
            for call in source.all(ast.Call, assign.value)
        )
        if from_keyboard and isinstance(assign.targets[0], ast.Name):
            names.add(assign.targets[0].id)
    return names


@misconception(
    "end-taken-for-a-line",
    "the b'' that readline() returns at the end is taken for a line",
    think="What does readline() return for a blank line? And when the other side has ended?",
    read={**CLIENT, 1: "The end of the stream"},
    proofs=("01_echo/client_prints_empty_replies",),
    unlike="01_echo/client_spins",
)
def end_taken_for_a_line(seen: Seen) -> str | None:
    """The server has ended, the client goes on, and nothing asks whether readline() gave b''."""
    if seen.evidence.program != "client.py" or seen.evidence.symptom not in (
        "no-exit",
        "spinning",
        "no-message",
        "wrong-status",
    ):
        return None
    if not any(one.kind == "end" and one.target == "client" for one in seen.evidence.events):
        return None
    for assign in seen.source.all(ast.Assign):
        call, name = assign.value, assign.targets[0]
        reads = isinstance(call, ast.Call) and called(call) == "readline"
        if not reads or not isinstance(name, ast.Name) or "stdin" in ast.unparse(call):
            continue
        scope = seen.source.function_of(assign) or seen.source.tree
        asked = any(
            isinstance(node, ast.Name) and node.id == name.id
            for test in tests(scope)
            for node in ast.walk(test)
        )
        if not asked:
            return seen.at(
                assign,
                f"gets an empty {name.id} from readline() when the server has ended: a blank line "
                "would still have its b'\\n'. Nothing asks for that, so the end is taken for a "
                "line, and the program goes on.",
            )
    return None
