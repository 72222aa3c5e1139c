"""Lines: what belongs to a line, which lines are passed on, and whose words they are."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.flow import cuts_lines, line_ends, mentions, pieces, targets, tests
from chatkit.grading.explain.source import argument, called, constant, keyword, owner
from chatkit.grading.explain.wire import (
    CONTRACT,
    quoted_bytes,
    told_by,
    told_to,
    wanted,
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
LINES = {1: "A stream of bytes", 2: "Lines from a stream", 3: "A thread for each client"}
WORDS = {**LINES, 2: "To everyone else", 4: "Who says what", 5: "The inbox"}
CUTS = ("strip", "rstrip", "lstrip", "removesuffix", "split", "partition", "replace")
SENDS = ("sendall", "send", "put", "put_nowait", "write", "append", "sendto")
CHANGES = ("upper", "lower", "title", "capitalize", "casefold", "swapcase", "expandtabs")


@misconception(
    "splitlines-knows-more-line-ends",
    "str.splitlines() cuts at more characters than b'\\n'",
    think="At which characters does str.splitlines() cut? At which one does a line end here?",
    read=LINES,
    proofs=("02_broadcast/splitlines", "03_threads/splitlines"),
    unlike="02_broadcast/splitlines_of_each_recv",
)
def splitlines_knows_more(seen: Seen) -> str | None:
    """A line held one of the other characters, and splitlines() is called on text."""
    calls = [one for one in seen.source.calls("splitlines") if _is_text(seen, one)]
    sent = [one for one in told_to(seen.evidence) if any(odd in one.start for odd in ODD_ENDS)]
    want = wanted(seen.evidence)
    if not calls or not sent or want is None or seen.evidence.symptom == "early-data":
        return None
    if not any(odd in want[1] for odd in ODD_ENDS):
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
    think="What is left of a line of blanks after strip()?",
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
        f"{what}, and nothing behind it asks whether a line is blank. A line of white space is "
        "blank, too: strip() leaves nothing of it.",
    )


@misconception(
    "a-word-is-a-command",
    "a word in the chat is taken for a command",
    think="What does the contract say about commands?",
    read=WORDS,
    proofs=("02_broadcast/quit_is_a_command", "04_nicknames/nick_is_always_a_command"),
    unlike="02_broadcast/says_nothing_twice",
)
def a_word_is_a_command(seen: Seen) -> str | None:
    """A line is compared with a word that was sent, or typed, in this very check."""
    if seen.evidence.symptom in ("crashed", "traceback", "spinning", "stuck"):
        return None
    spoken = _spoken(seen)
    for compare in seen.source.all(ast.Compare):
        for word, how in _words(compare):
            if word.strip() in spoken and how in ("is", "in") and _is_chat(seen, compare, word):
                return seen.at(
                    compare,
                    f"takes {word.strip()!r} for a command. In this chat every line is text and "
                    "nothing else, whatever word stands in it.",
                )
    for call in seen.source.calls("startswith"):
        if not call.args:
            continue
        start = _as_text(constant(call.args[0]))
        if start == "/" and any(word.startswith("/") for word in spoken) and _is_test(seen, call):
            return seen.at(
                call,
                "takes a line that begins with '/' for a command. In this chat every line is text "
                "and nothing else.",
            )
    return None


def _spoken(seen: Seen) -> set[str]:
    """The lines that failed to do what lines do: what was sent last, and what should have come."""
    want = wanted(seen.evidence)
    found = [want[1]] if want else []
    text = re.search(r"to (?:print|get) '([^']*)'", seen.evidence.expected)
    if text:
        found.append(text[1].encode())
    sent = told_to(seen.evidence)
    found += [line for one in sent[-2:] for line in one.start.split(b"\n")]
    words = {line.decode(errors="replace").strip() for line in found}
    return {word.rpartition(": ")[2] for word in words if word} | {word for word in words if word}


def _words(compare: ast.Compare) -> list[tuple[str, str]]:
    """The words with which something is compared: by ==, or by `in` a row of words."""
    right = compare.comparators[0]
    if isinstance(compare.ops[0], ast.Eq | ast.NotEq):
        words = [_as_text(constant(one)) for one in (compare.left, right)]
        return [(word, "is") for word in words if word]
    if isinstance(compare.ops[0], ast.In | ast.NotIn) and isinstance(
        right, ast.Tuple | ast.List | ast.Set
    ):
        return [(word, "in") for one in right.elts if (word := _as_text(constant(one)))]
    return []


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else ""


def _is_test(seen: Seen, node: ast.AST) -> bool:
    return any(node in ast.walk(test) for test in tests(seen.source.tree))


def _is_chat(seen: Seen, compare: ast.Compare, word: str) -> bool:
    """Whether the word is no blank and no word of the protocol that this program must know."""
    if not word.strip() or not _is_test(seen, compare):
        return False
    client = seen.evidence.program == "client.py"
    return not (client and word.strip() in ("NICK", "Connected to the server"))


@misconception(
    "a-line-said-before-is-dropped",
    "a line that was said before is thrown away",
    think="May somebody say the same thing twice?",
    read=WORDS,
    proofs=("02_broadcast/says_nothing_twice", "02_broadcast/says_nothing_that_was_said"),
    unlike="02_broadcast/quit_is_a_command",
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
        if _is_test(seen, compare) and _remembers(seen, left, right.partition("[")[0]):
            return seen.at(
                compare,
                "compares a line with what was said before, and does not pass it on a second time. "
                "Who says the same thing twice has said it twice.",
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
    "text-changed",
    "the text of a line is changed before it is passed on",
    think="What may a server change in a line that somebody says?",
    read=WORDS,
    proofs=("02_broadcast/tabs_become_blanks", "02_broadcast/tidies_the_blanks"),
    unlike="02_broadcast/glues_lines",
)
def text_changed(seen: Seen) -> str | None:
    """What came out is what a method of strings makes of what went in."""
    got, want = quoted_bytes(seen.evidence.received), quoted_bytes(seen.evidence.expected)
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
        if made.encode() == got and not _is_test(seen, call):
            return seen.at(
                call,
                f"changes the text with {called(call)}(). A line is passed on as it was said.",
            )
    if seen.evidence.lesson == 1 and want.strip()[:4] == got.strip()[:4]:
        for call in seen.source.calls("strip", "rstrip", "lstrip"):
            if not _is_test(seen, call) and _is_sent(seen, call):
                return seen.at(
                    call,
                    f"takes bytes off the line with {called(call)}(). An echo gives all back.",
                )
    for call in seen.source.calls("join"):
        whole = ast.unparse(call)
        blank = isinstance(call.func, ast.Attribute) and constant(call.func.value) in (" ", b" ")
        if blank and ".split()" in whole and b" ".join(want.split()) == got.rstrip(b"\n"):
            return seen.at(
                call,
                "makes one blank of all white space. A line is passed on as it was said.",
            )
    return None


@misconception(
    "text-where-bytes-belong",
    "text is sent, and sockets take bytes",
    think="Which type does sendall() take? What makes it out of text?",
    read={1: "Say it back", 2: "Lines from a stream", 3: "The client", 4: "The client"},
    proofs=("01_echo/client_sends_text",),
    unlike="01_echo/client_no_server_traceback",
)
def text_where_bytes_belong(seen: Seen) -> str | None:
    """TypeError came from a line that sends, and Python named both types."""
    for error in seen.evidence.raised:
        if (
            error.kind != "TypeError"
            or "a bytes-like object is required, not 'str'" not in error.text
        ):
            continue
        calls = [one for one in seen.source.calls("send", "sendall", "sendto") if error.own]
        call = next((one for one in calls if error.own and one.lineno == error.own.line), None)
        if call is not None:
            return seen.at(
                call,
                f"gives text to {called(call)}(), which takes bytes, and so raises TypeError. "
                "encode() makes bytes of text.",
            )
    return None


@misconception(
    "bytes-printed",
    "bytes are printed as they are",
    think="What does print() make of bytes? What makes text out of them?",
    read={1: "Put the client together", 3: "The client", 4: "The client"},
    proofs=("01_echo/client_prints_bytes",),
    unlike="01_echo/client_one_recv",
)
def bytes_printed(seen: Seen) -> str | None:
    """The output has a line in b'…', and one print() gets something that was not decoded."""
    if seen.evidence.symptom != "printed-bytes":
        return None
    prints = [
        call
        for call in seen.source.calls("print")
        if call.args
        and not any(one.arg == "file" for one in call.keywords)
        and not isinstance(call.args[0], ast.Constant)
        and "decode" not in ast.unparse(call)
    ]
    if not prints:
        return None
    return seen.at(
        prints[0],
        "prints bytes, and print() writes them as b'…'. decode() makes text of them.",
    )


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
        if not isinstance(compare.ops[0], ast.Gt | ast.GtE) or not _is_test(seen, compare):
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
    "text-file-changes-bytes",
    "a file object for text changes line ends",
    think="What does a text file make of b'\\r'? Does an echo need text at all?",
    read={1: "Say it back"},
    proofs=("01_echo/reads_a_text_file",),
    unlike="01_echo/strips_the_line",
)
def text_file_changes_bytes(seen: Seen) -> str | None:
    """b'\\r' came back as b'\\n', and makefile() is called without "b" and without newline."""
    got, want = quoted_bytes(seen.evidence.received), quoted_bytes(seen.evidence.expected)
    if seen.evidence.symptom != "different-text" or not got or not want or b"\r" not in want:
        return None
    if not want.replace(b"\r", b"\n").startswith(got[:30]):
        return None
    for call in seen.source.calls("makefile"):
        mode = constant(argument(call, 0, "mode"))
        if "b" not in (mode if isinstance(mode, str) else "r") and not keyword(call, "newline"):
            return seen.at(
                call,
                "opens the socket as a text file. Text files make b'\\n' of every b'\\r', so other "
                "bytes come back than those that were sent.",
            )
    return None


@misconception(
    "bad-bytes-thrown-away",
    "bytes that are no UTF-8 are thrown away",
    think="Does an echo need to know what the bytes mean?",
    read={1: "Say it back"},
    proofs=("01_echo/ignores_bad_bytes",),
    unlike="01_echo/decodes_strictly",
)
def bad_bytes_thrown_away(seen: Seen) -> str | None:
    """Bytes over 127 are missing in an echo, and a decode() ignores or replaces errors."""
    got, want = quoted_bytes(seen.evidence.received), quoted_bytes(seen.evidence.expected)
    if seen.evidence.lesson != 1 or seen.evidence.program != "server.py" or not got or not want:
        return None
    if b"\x80" not in want or b"\x80" in got.replace(b"\xef\xbf\xbd", b""):
        return None
    for call in seen.source.calls("decode"):
        errors = constant(argument(call, 1, "errors"))
        if errors in ("ignore", "replace"):
            what = "throws them away" if errors == "ignore" else "puts another character there"
            return seen.at(
                call,
                f"decodes bytes that may be no UTF-8, and {what}. An echo gives every byte back.",
            )
    return None


@misconception(
    "line-end-not-sent",
    "a line is sent without its end",
    think="How does the other side know that the line is over?",
    read={**LINES, 1: "Put the client together", 3: "The client", 4: "The client", 5: "Sending"},
    proofs=("01_echo/client_sends_no_line_end", "04_nicknames/words_without_line_ends"),
    unlike="02_broadcast/glues_lines",
)
def line_end_not_sent(seen: Seen) -> str | None:
    """The last bytes that the program sent are the line that was right, without its b'\\n'."""
    sent = told_by(seen.evidence)
    if seen.evidence.symptom != "unfinished-line" or not sent or not seen.source.lines:
        return None
    words = sent[-1].end.decode(errors="replace")
    for node in seen.source.all(ast.Constant):
        if _as_text(node.value) == words and len(words) > 2:
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


def _has_line_end(seen: Seen, node: ast.AST) -> bool:
    """Whether a line end is put into what is sent: not one that is only cut off."""
    for one in ast.walk(node):
        above = seen.source.parents.get(one)
        cuts = isinstance(above, ast.Call) and called(above) in CUTS and one in above.args
        if isinstance(one, ast.Constant) and "\n" in _as_text(one.value) and not cuts:
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


@misconception(
    "own-name-put-in-front",
    "the client puts a name in front of what is typed",
    think="Who adds the name to a line in this chat?",
    read={4: "Who says what", 5: "Sending"},
    proofs=("04_nicknames/client_says_its_own_name",),
    unlike="04_nicknames/types_before_it_is_connected",
)
def own_name_in_front(seen: Seen) -> str | None:
    """The client sent `name: text`, where the text alone was to come, and an f-string makes it."""
    want = wanted(seen.evidence)
    sent = told_by(seen.evidence)
    if seen.evidence.program != "client.py" or not sent:
        return None
    name, colon, said = sent[-1].start.partition(b": ")
    right = want is not None and (
        said.rstrip(b"\r\n") == want[1].rstrip(b"\n") or name.rstrip() == want[1].rstrip(b"\n")
    )
    if not colon or not name or b"\n" in name or not right:
        return None
    for made in (*seen.source.all(ast.JoinedStr), *seen.source.all(ast.BinOp)):
        parts = [_as_text(one.value) for one in ast.walk(made) if isinstance(one, ast.Constant)]
        if any(part.startswith(":") for part in parts) and _is_sent(seen, made):
            return seen.at(
                made,
                "puts a name in front of what is typed. The server adds the name, so that nobody "
                "can speak for somebody else: send what is typed, and nothing more.",
            )
    return None


def _is_sent(seen: Seen, made: ast.expr) -> bool:
    """Whether a text stands in a call that sends, or has a name that stands in one."""
    if any(called(one) in SENDS for one in seen.source.around(made, ast.Call)):  # type: ignore[arg-type]
        return True
    assign = next(seen.source.around(made, ast.Assign), None)
    names = [ast.unparse(one) for one in targets(assign)] if isinstance(assign, ast.Assign) else []
    return any(mentions(call, name) for call in seen.source.calls(*SENDS) for name in names)


@misconception(
    "words-of-its-own",
    "the server says something that the contract does not name",
    think="What would a client do with that line? It cannot know that nobody said it.",
    read={
        1: "What you will build",
        2: "To everyone else",
        3: "What you will build",
        4: "The handshake",
    },
    proofs=("02_broadcast/welcomes_everybody", "02_broadcast/says_who_has_come"),
    unlike="02_broadcast/replays_the_past",
)
def words_of_its_own(seen: Seen) -> str | None:
    """What came is written in the file as a text, it is no line of the contract, nobody said it."""
    if seen.evidence.program != "server.py":
        return None
    if seen.evidence.symptom not in (
        "unexpected",
        "different-text",
        "early-data",
        "silent",
        "duplicate",
        "wrong-order",
    ):
        return None
    got = quoted_bytes(seen.evidence.received)
    if got is None:
        return None
    said = b"\n".join(one.start for one in told_to(seen.evidence)).decode(errors="replace")
    for line in got.split(b"\n"):
        text = line.decode(errors="replace").strip()
        if len(text) < 4 or text == "NICK" or text in said or not _in_the_room(seen, line):
            continue
        if "connected to the server" in text.lower() or "has left the chat." in text:
            continue
        for node in seen.source.all(ast.Constant):
            if _as_text(node.value).strip() == text:
                return seen.at(
                    node,
                    f"sends {text!r} of its own. The contract has no such line, so everybody takes "
                    "it for chat.",
                )
    return None


def _in_the_room(seen: Seen, line: bytes) -> bool:
    """Whether whoever got this line could only take it for chat: in lesson 4, after the greeting.

    Before that a server may say what is wrong with a name.
    """
    if seen.evidence.lesson < 4:
        return True
    for place, one in enumerate(got := told_by(seen.evidence)):
        if line in one.start:
            before = [other.start for other in got[:place] if other.to == one.to]
            greeting, _, _ = one.start.partition(line)
            return any(b"Connected to the server" in text for text in (*before, greeting))
    return False


@misconception(
    "other-words-than-the-contract",
    "a line of the protocol has other words than the contract",
    think="Which line does the contract want, letter for letter?",
    read={4: "The handshake"},
    proofs=("04_nicknames/asks_in_its_own_words",),
    unlike="04_nicknames/names_are_never_free_again",
)
def other_words(seen: Seen) -> str | None:
    """A line of the contract was to come, another came, and the file says it in its own words."""
    if seen.evidence.lesson != 4 or seen.evidence.program != "server.py":
        return None
    want, got = quoted_bytes(seen.evidence.expected), quoted_bytes(seen.evidence.received)
    if not want or not got:
        return None
    line, came = (one.decode(errors="replace").strip() for one in (want, got))
    part = next((one for one in CONTRACT if line.endswith(one)), "")
    name = line.removesuffix(part)
    if not part or came.endswith(CONTRACT) or "\n" in came or not came.startswith(name):
        return None
    sent = told_by(seen.evidence)
    after = sent[-1].start.partition(got)[2] if sent else b""
    if b"NICK" in after or (part == "NICK" and len(sent) > 1):
        return None  # it says what is wrong with a name
    for node in seen.source.all(ast.Constant):
        text = _as_text(node.value).strip()
        if len(text) > 3 and text == came.removeprefix(name).strip():
            return seen.at(
                node,
                f"says {text!r}. The contract wants {part.strip()!r} there, letter for letter: "
                "programs on the other side look for these words.",
            )
    return None


@misconception(
    "nick-inside-a-line",
    "every line with NICK in it is taken for the question",
    think="Somebody says: what does NICK mean? What does your client do?",
    read={4: "The client"},
    proofs=("04_nicknames/nick_inside_a_line",),
    unlike="04_nicknames/answers_nick_at_any_time",
)
def nick_inside_a_line(seen: Seen) -> str | None:
    """A line of chat with NICK in it was sent to the client, which looks with `in`."""
    if seen.evidence.program != "client.py" or seen.evidence.lesson not in (4, 5):
        return None
    sent = b"".join(one.start for one in told_to(seen.evidence))
    _, greeting, chat = sent.partition(b"Connected to the server\n")
    if not greeting or b"NICK" not in chat:
        return None
    failed = seen.evidence.symptom in (
        "no-output",
        "unexpected",
        "early-data",
        "other-output",
        "exited",
    )
    for compare in seen.source.all(ast.Compare):
        if (
            failed
            and isinstance(compare.ops[0], ast.In | ast.NotIn)
            and _as_text(constant(compare.left)).strip() == "NICK"
            and not isinstance(compare.comparators[0], ast.Tuple | ast.List | ast.Set)
        ):
            return seen.at(
                compare,
                "asks whether NICK stands somewhere in the text. So a line of chat with this word "
                "in it is taken for the server's question.",
            )
    return None


@misconception(
    "one-recv-is-nick",
    "all that one recv() returned is compared with NICK",
    think="Which bytes does the server send for NICK? Print what you compare, with repr().",
    read={4: "The client", 5: "The inbox"},
    proofs=(),
)
def one_recv_is_nick(seen: Seen) -> str | None:
    """A piece is compared with NICK as a whole, and the client never answered."""
    if seen.evidence.program != "client.py" or line_ends(seen.source):
        return None
    asked = any(b"N" in one.start for one in told_to(seen.evidence))
    if not asked or told_by(seen.evidence):
        return None
    names = {one.name for one in pieces(seen.source)}
    for compare in seen.source.all(ast.Compare):
        word = _as_text(constant(compare.comparators[0]))
        if ast.unparse(compare.left) in names and word.strip() == "NICK":
            return seen.at(
                compare,
                f"compares all that one recv() returned with {word!r}. The server sends b'NICK\\n'"
                ", and it may come in two parts, or together with another line.",
            )
    return None
