"""What is sent, received and printed: bytes, and all of them."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import called, keyword
from chatkit.grading.explain.questions.values import is_text
from chatkit.grading.explain.sockets.sockets import SAY_IT_BACK, SENDING, call_at
from chatkit.grading.explain.starting.importing import raised

LARGE = 50_000  # bytes: more than the bench's small buffers hold
TEXT_FOR_BYTES = "a bytes-like object is required, not 'str'"


@misconception(
    "sends-text",
    "text is sent, and a socket takes bytes",
    think="What is the type of what you send? What does encode() do?",
    read={1: "Put the client together", 3: "The client"},
    proofs=("01_echo/client_sends_text",),
    unlike="01_echo/text_and_bytes",
)
def sends_text(seen: Seen) -> str | None:
    """TypeError at a send, or the same words where the program printed what it caught."""
    for error in raised(seen, "TypeError"):
        call = call_at(seen, error.own.line, *SENDING) if error.own else None
        if TEXT_FOR_BYTES in error.text and call:
            return seen.at(error.own, _text_sent(call))
    if TEXT_FOR_BYTES not in seen.evidence.output + seen.evidence.errors or seen.evidence.raised:
        return None
    calls = seen.source.calls("send", "sendall")
    sure = [call for call in calls if call.args and is_text(seen.source, call.args[0])]
    return seen.at(sure[0], _text_sent(sure[0])) if sure else None


def _text_sent(call: ast.Call) -> str:
    return (
        f"gives text (str) to {called(call)}(), and a socket takes only bytes. encode() makes "
        "bytes of text."
    )


MIXED = (
    TEXT_FOR_BYTES,
    'can only concatenate str (not "bytes") to str',
    "can't concat str to bytes",
    "'in <string>' requires string as left operand, not bytes",
    "must be bytes or a tuple of bytes, not str",
    "must be str or a tuple of str, not bytes",
    "argument should be integer or bytes-like object, not 'str'",
    "must be str, not bytes",
    "sequence item 0: expected str instance, bytes found",
    "sequence item 0: expected a bytes-like object, str found",
)


@misconception(
    "text-and-bytes",
    "text and bytes are mixed in one expression",
    think="Which of the values in this line are bytes, which are text?",
    read={1: "Put the client together", 2: "Lines from a stream", 3: "The client"},
    proofs=("01_echo/text_and_bytes",),
    unlike="01_echo/client_sends_text",
)
def text_and_bytes(seen: Seen) -> str | None:
    """TypeError with one of the messages that Python has for it."""
    for error in raised(seen, "TypeError"):
        if error.own is None or not any(told in error.text for told in MIXED):
            continue
        if TEXT_FOR_BYTES in error.text and call_at(seen, error.own.line, *SENDING):
            continue
        return seen.at(
            error.own,
            f"mixes text (str) and bytes, and Python does not: {error.text}. What comes from a "
            "socket is bytes; decode() makes text of it.",
        )
    return None


@misconception(
    "decodes-text",
    "something is decoded that is text already, or encoded that is bytes",
    think="What is the type of this value in this line? Print it.",
    read={1: "Put the client together", 3: "The client"},
    proofs=("01_echo/decodes_text",),
)
def decodes_text(seen: Seen) -> str | None:
    """'str' object has no attribute 'decode', and 'bytes' … 'encode'."""
    for error in raised(seen, "AttributeError"):
        found = re.search(r"'(str|bytes)' object has no attribute '(decode|encode)'", error.text)
        if found and error.own:
            what = "text (str)" if found[1] == "str" else "bytes"
            return seen.at(
                error.own,
                f"calls {found[2]}() of something that is {what} already. decode() makes text of "
                "bytes, encode() makes bytes of text.",
            )
    return None


@misconception(
    "partial-send",
    "nobody looks at how much send() took",
    think="What does send() return? Who sends the rest?",
    read={1: "A stream of bytes", 2: "Nobody waits for anybody"},
    proofs=("01_echo/ignores_what_send_returns",),
)
def partial_send(seen: Seen) -> str | None:
    """More than a buffer holds arrived only in part, from a socket that does not wait: send(2)."""
    evidence, source = seen.evidence, seen.source
    if evidence.symptom not in ("unfinished-line", "different-text", "lost", "silent"):
        return None
    large = re.search(r"([\d,]+) bytes … ", evidence.expected)
    size = int(large[1].replace(",", "")) if large else 0
    if size < LARGE and evidence.symptom != "lost":
        return None
    if not source.calls("setblocking", "settimeout"):
        return None  # send() of a socket that waits takes all
    for call in source.calls("send"):
        parent = source.parents.get(call)
        unused = isinstance(parent, ast.Expr) or (
            isinstance(parent, ast.Assign)
            and isinstance(parent.targets[0], ast.Name)
            and not any(
                one.id == parent.targets[0].id and isinstance(one.ctx, ast.Load)
                for one in source.all(ast.Name)
            )
        )
        if unused and isinstance(call.func, ast.Attribute) and not source.function("send"):
            return seen.at(
                call,
                "calls send(), and nothing looks at what it returns. send() may take only a part "
                "of the bytes; the rest is lost.",
            )
    return None


@misconception(
    "prints-instead-of-sending",
    "what came is printed, and nothing is sent",
    think="Where does print() write to? Who can read that?",
    read=SAY_IT_BACK,
    proofs=("01_echo/prints_instead_of_sending",),
)
def prints_instead_of_sending(seen: Seen) -> str | None:
    """Nothing in the file sends, and what the client said stands in the output."""
    source, evidence = seen.source, seen.evidence
    if evidence.program != "server.py" or evidence.symptom != "silent":
        return None
    if source.calls(*SENDING, "sendmsg", "sendfile", "drain", "writer"):
        return None
    said = [event.bytes.removesuffix("\\n") for event in evidence.events if event.kind == "data"]
    if not any(word and word in evidence.output for word in said):
        return None
    for call in source.calls("print"):
        if any(isinstance(one, ast.Name | ast.Attribute) for one in ast.walk(call)):
            if not source.calls("recv", inside=source.function_of(call) or source.tree):
                continue
            if keyword(call, "flush") is None or source.function_of(call):
                return seen.at(
                    call,
                    "prints on the screen of the server. No line of the file sends anything back "
                    "to the client: that takes sendall().",
                )
    return None


@misconception(
    "sends-nothing",
    "what came is not sent back",
    think="Which call sends bytes to the client?",
    read=SAY_IT_BACK,
    proofs=("01_echo/sends_nothing",),
    unlike="01_echo/prints_instead_of_sending",
)
def sends_nothing(seen: Seen) -> str | None:
    """Bytes came, and no line of the file sends any."""
    source, evidence = seen.source, seen.evidence
    if evidence.program != "server.py" or evidence.symptom not in ("silent", "closed-early"):
        return None
    if source.calls(*SENDING, "sendmsg", "sendfile") or prints_instead_of_sending(seen):
        return None
    came = any(event.kind == "data" and event.target == "server" for event in evidence.events)
    for call in source.calls("recv"):
        if came and not evidence.raised:
            return seen.at(
                call,
                "receives, and no line of the file sends anything. Nothing goes back to the "
                "client by itself.",
            )
    return None
