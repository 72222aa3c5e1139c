"""The handshake of lesson 4: NICK, a name, and the greeting."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import (
    cuts_lines,
    inboxes,
    line_ends,
    loop_around,
    pieces,
    tests,
)
from chatkit.grading.explain.questions.source import constant, owner
from chatkit.grading.explain.questions.wire import quoted_bytes, told_to

HANDSHAKE = {4: "The handshake"}


@misconception(
    "one-recv-is-the-name",
    "what one recv() returns is taken for the whole name",
    think="What is the name when its bytes come one by one?",
    read=HANDSHAKE,
    proofs=("04_nicknames/one_recv_is_the_name",),
    unlike="04_nicknames/what_follows_the_name_is_lost",
)
def one_recv_is_the_name(seen: Seen) -> str | None:
    """A part of a name became the name, and a recv() that no loop repeats gives it."""
    if seen.evidence.lesson < 4 or seen.evidence.program != "server.py":
        return None
    if seen.evidence.check not in ("name-in-pieces", "name-and-chat") or seen.evidence.raised:
        return None
    if seen.evidence.symptom not in ("different-text", "duplicate", "silent", "unexpected"):
        return None
    if not line_ends(seen.source):
        return None  # another entry says so of the whole file
    for piece in pieces(seen.source):
        function = piece.inside
        kept = inboxes(seen.source, piece)
        loop = loop_around(seen.source, piece.call)
        if loop is None and function is not None and kept and _cut_once(seen, function, kept[0][0]):
            return seen.at(
                piece.call,
                "receives once, and what is there then is taken for the whole name. A name can "
                "come in several parts, so wait for its b'\\n'.",
            )
        if piece.decode is not None and not kept and _is_named(seen, piece.name, piece.call):
            return seen.at(
                piece.call,
                "takes what one recv() returns for the name. It may be a part of the name only, or "
                "the name with the first lines after it.",
            )
    return None


def _cut_once(seen: Seen, function: ast.AST, inbox: str) -> bool:
    cuts = [one for one in seen.source.all(ast.Call, function) if cuts_lines(one)]
    loops = [one for one in ast.walk(function) if isinstance(one, ast.While)]
    asks = any(
        inbox in ast.unparse(test) and "\\n" in ast.unparse(test) for test in tests(function)
    )
    return bool(cuts) and not loops and not asks


def _is_named(seen: Seen, name: str, call: ast.Call) -> bool:
    """Whether a piece is stripped and becomes a name: `name = answer.strip()`."""
    scope = seen.source.function_of(call) or seen.source.tree
    if "name" in name.lower() or "nick" in name.lower():
        return True
    return any(
        "name" in ast.unparse(target).lower() and ast.unparse(assign.value).startswith(f"{name}.")
        for assign in seen.source.all(ast.Assign, scope)
        for target in assign.targets
    )


@misconception(
    "what-follows-the-name-is-lost",
    "the chat begins with an empty inbox, although lines may have come with the name",
    think="What is in the inbox after the name?",
    read=HANDSHAKE,
    proofs=("04_nicknames/what_follows_the_name_is_lost",),
    unlike="04_nicknames/one_recv_is_the_name",
)
def what_follows_the_name_is_lost(seen: Seen) -> str | None:
    """Lines that came with the name went nowhere, and the same inbox is set to nothing twice."""
    if seen.evidence.check != "name-and-chat" or seen.evidence.symptom not in ("silent", "lost"):
        return None
    for function in seen.source.functions():
        empties = [
            one
            for one in seen.source.all(ast.Assign, function)
            if constant(one.value) in (b"", "") or ast.unparse(one.value) == "bytearray()"
        ]
        for later in empties[1:]:
            name = ast.unparse(later.targets[0])
            again = [one for one in empties if ast.unparse(one.targets[0]) == name]
            cuts = any(
                cuts_lines(one) and name in ast.unparse(one.func) and one.lineno < later.lineno
                for one in seen.source.all(ast.Call, function)
            )
            if cuts and again[0] is not later and loop_around(seen.source, later) is None:
                return seen.at(
                    later,
                    f"empties {name} once the name is known. Lines that came in the same packet as "
                    "the name are in there, and are lost.",
                )
    return None


@misconception(
    "carriage-return-in-the-name",
    "the b'\\r' of telnet becomes a part of the name",
    think="How does telnet end a line? What is left of that after the name?",
    read=HANDSHAKE,
    proofs=("04_nicknames/name_keeps_the_carriage_return",),
    unlike="04_nicknames/name_rings_the_bell",
)
def carriage_return_in_the_name(seen: Seen) -> str | None:
    """A name was sent with b'\\r\\n', and came out with the b'\\r'."""
    got = quoted_bytes(seen.evidence.received)
    ends = any(one.end.endswith(b"\r\n") for one in told_to(seen.evidence))
    if not got or b"\r " not in got or not ends:
        return None
    cut = [one for one in seen.source.all(ast.Call) if cuts_lines(one)]
    if not cut:
        return None
    return seen.at(
        cut[0],
        "cuts at b'\\n', and a line of telnet ends with b'\\r\\n'. Nothing takes the b'\\r' off, "
        "so it becomes the last character of the name.",
    )


@misconception(
    "on-the-list-before-it-has-a-name",
    "a newcomer is in the room before it has a name",
    think="After what may somebody get chat?",
    read=HANDSHAKE,
    proofs=("04_nicknames/on_the_list_before_it_has_a_name",),
    unlike="04_nicknames/newcomer_hears_its_own_notice",
)
def on_the_list_before_its_name(seen: Seen) -> str | None:
    """Somebody without a name got chat, and is put into the collection where it is accepted."""
    if seen.evidence.lesson not in (4, 6) or seen.evidence.symptom != "unexpected":
        return None
    got = quoted_bytes(seen.evidence.received) or b""
    nameless = "name" in seen.evidence.expected and b": " in got
    if not nameless:
        return None
    for call in seen.source.calls("append", "add"):
        scope = seen.source.function_of(call) or seen.source.tree
        through = any(ast.unparse(loop.iter) == owner(call) for loop in seen.source.all(ast.For))
        if seen.source.calls("accept", inside=scope) and through:
            return seen.at(
                call,
                f"puts the newcomer into {owner(call)} as soon as it has connected. It has no name "
                "yet, and gets what the others say.",
            )
    return None


@misconception(
    "name-in-the-line-believed",
    "the server believes a name that somebody typed into the line",
    think="Who can write `bob: ` in front of a line?",
    read={4: "Who says what"},
    proofs=("04_nicknames/believes_the_name_in_the_line",),
    unlike="04_nicknames/nick_is_always_a_command",
)
def name_in_the_line_believed(seen: Seen) -> str | None:
    """A line with a name in front came through without the true one, and a condition looks so."""
    if seen.evidence.check != "no-impostors" or seen.evidence.symptom != "different-text":
        return None
    for compare in seen.source.all(ast.Compare):
        isin = isinstance(compare.ops[0], ast.In | ast.NotIn)
        text = constant(compare.left)
        if isin and text in (":", ": ", b":", b": ") and _passes(seen, compare):
            return seen.at(
                compare,
                "checks whether the line has a name in it already, and believes it. Anybody can "
                "write one there: the server must put the true name in front of every line.",
            )
    return None


def _passes(seen: Seen, compare: ast.Compare) -> bool:
    """Whether a condition about the line stands where names are put in front, not where they are
    judged."""
    above = seen.source.parents.get(compare)
    if not isinstance(above, ast.If | ast.IfExp):
        return False
    return any(isinstance(one, ast.BinOp | ast.JoinedStr) for one in ast.walk(above))
