"""Decoding: when bytes become text, and what happens to bytes that are none."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import Piece, followed, pieces, strict
from chatkit.grading.explain.questions.headings import LINES
from chatkit.grading.explain.questions.source import argument, constant, keyword, owner
from chatkit.grading.explain.questions.wire import quoted_bytes, told_to


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
    "bytes that are not UTF-8 raise UnicodeDecodeError",
    think="What should happen with bytes that are not UTF-8? Which argument of decode() says so?",
    read=LINES,
    proofs=("02_broadcast/decodes_strictly", "04_nicknames/name_must_be_utf8"),
    unlike="02_broadcast/decodes_pieces",
)
def strict_decode(seen: Seen) -> str | None:
    """UnicodeDecodeError was raised by a decode() without `errors`, of bytes that are not UTF-8."""
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
                "decodes strictly: bytes that are not UTF-8 raise UnicodeDecodeError there, and "
                f"{who} ends. Anybody can send such bytes.",
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
    "bytes that are not UTF-8 are thrown away",
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
