"""A client that is asked for its name."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import line_ends, pieces, texts
from chatkit.grading.explain.questions.source import as_text, constant
from chatkit.grading.explain.questions.wire import said, told_by, told_to

CLIENT = {4: "The client", 5: "The name on the wire"}


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
            and as_text(constant(compare.left)).strip() == "NICK"
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
    proofs=("05_gui/typical_tutorial",),
    unlike="04_nicknames/answers_nick_at_any_time",
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
        word = as_text(constant(compare.comparators[0]))
        if ast.unparse(compare.left) in names and word.strip() == "NICK":
            return seen.at(
                compare,
                f"compares all that one recv() returned with {word!r}. The server sends b'NICK\\n'"
                ", and it may come in two parts, or together with another line.",
            )
    return None


def _asks_nick(seen: Seen) -> ast.Compare | None:
    """Where a client compares a line with NICK."""
    for compare in seen.source.all(ast.Compare):
        sides = (compare.left, *compare.comparators)
        if any(constant(one) in ("NICK", b"NICK") for one in sides):
            return compare
    return None


@misconception(
    "nick-answered-at-any-time",
    "NICK is answered even when it is chat",
    think="What does the line NICK mean after Connected to the server?",
    read=CLIENT,
    proofs=("04_nicknames/answers_nick_at_any_time", "05_gui/nick_in_chat_is_answered"),
    unlike="04_nicknames/repeats_a_refused_name",
)
def nick_answered_at_any_time(seen: Seen) -> str | None:
    """After the greeting the client was sent NICK, and answered it with its name once more."""
    if seen.evidence.program != "client.py":
        return None
    connected = asked = False
    first = b""
    for one in said(seen.evidence):
        if one.to == "client":
            connected = connected or b"Connected to the server" in one.start
            asked = connected and one.start.endswith(b"NICK\n")
        else:
            first = first or one.start.split(b"\n")[0]
            if asked and first and one.start.strip() == first.strip():
                place = _asks_nick(seen)
                return seen.at(
                    place,
                    "answers the line NICK with the name at any time. Once the server has said "
                    "Connected to the server, it is a line of chat like any other.",
                )
    return None


@misconception(
    "refused-name-sent-again",
    "a name that was refused is sent once more",
    think="What does a second NICK say about the first answer?",
    read=CLIENT,
    proofs=("04_nicknames/repeats_a_refused_name", "05_gui/repeats_a_refused_name"),
    unlike="04_nicknames/answers_nick_at_any_time",
)
def refused_name_sent_again(seen: Seen) -> str | None:
    """NICK came twice before the greeting, and both times the same name went back."""
    if seen.evidence.program != "client.py" or "refused" not in seen.evidence.check:
        return None
    told = b"".join(one.start for one in told_to(seen.evidence))
    names = b"".join(one.start for one in told_by(seen.evidence)).split(b"\n")[:-1]
    if b"Connected to the server" in told or told.count(b"NICK") < 2 or len(names) < 2:
        return None
    place = _asks_nick(seen)
    if names[0] != names[1] or place is None:
        return None
    return seen.at(
        place,
        "answers every NICK alike, so a name that the server has just refused is sent once more. A "
        "second NICK means: not this name.",
    )


@misconception(
    "sent-before-connected",
    "typed lines are sent before the server has said Connected",
    think="After which line of the server is what you send chat?",
    read=CLIENT,
    proofs=("04_nicknames/types_before_it_is_connected",),
    unlike="04_nicknames/any_line_asks_for_the_name",
)
def sent_before_connected(seen: Seen) -> str | None:
    """A typed line came before the greeting; the place is where typed lines are sent."""
    if seen.evidence.program != "client.py" or seen.evidence.symptom != "early-data":
        return None
    if "has not said Connected" not in seen.evidence.expected and (
        seen.evidence.expected.partition(": ")[2] != "the server has not said NICK"
    ):
        return None
    if any(b"Connected to the server" in one.start for one in told_to(seen.evidence)):
        return None
    for loop in (*seen.source.all(ast.For), *seen.source.all(ast.While)):
        head = ast.unparse(loop).split("\n")[0]
        reads = "stdin" in head or "typed" in head or seen.source.calls("input", inside=loop)
        sends = seen.source.calls("send", "sendall", inside=loop)
        if reads and sends:
            return seen.at(
                sends[0],
                "sends what is typed although the server has not said Connected to the server yet. "
                "Until then it takes every line for a name.",
            )
    return None


@misconception(
    "any-line-is-nick",
    "any line of the server is taken for the question",
    think="Which lines can the server send before you are connected?",
    read=CLIENT,
    proofs=("04_nicknames/any_line_asks_for_the_name",),
    unlike="04_nicknames/types_before_it_is_connected",
)
def any_line_is_nick(seen: Seen) -> str | None:
    """A name went out although NICK had not come again, and the file never mentions NICK."""
    if seen.evidence.program != "client.py" or seen.evidence.symptom != "early-data":
        return None
    if "has not said NICK again" not in seen.evidence.expected or _asks_nick(seen):
        return None
    greeting = [
        one
        for one in seen.source.all(ast.Compare)
        if any(
            isinstance(constant(side), str | bytes) and "onnected" in str(constant(side))
            for side in (one.left, *one.comparators)
        )
    ]
    if not greeting or texts(seen.source, "NICK"):
        return None
    return seen.at(
        greeting[0],
        "tells the greeting from all other lines, and takes each of these for the question. Only "
        "the line NICK asks for a name; others say what is wrong.",
    )
