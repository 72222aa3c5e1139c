"""Words: whose words a line is, and which words are not commands."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import is_sent, is_test
from chatkit.grading.explain.questions.headings import WORDS
from chatkit.grading.explain.questions.source import as_text, constant
from chatkit.grading.explain.questions.wire import (
    CONTRACT,
    quoted_bytes,
    told_by,
    told_to,
    wanted,
)


@misconception(
    "a-word-is-a-command",
    "a word in the chat is taken for a command",
    think="What does the contract say about commands?",
    read=WORDS,
    proofs=("04_nicknames/nick_is_always_a_command",),
    unlike="04_nicknames/believes_the_name_in_the_line",
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
                    "nothing else, whatever word is in it.",
                )
    for call in seen.source.calls("startswith"):
        if not call.args:
            continue
        start = as_text(constant(call.args[0]))
        if (
            start == "/"
            and any(word.startswith("/") for word in spoken)
            and is_test(seen.source, call)
        ):
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
        words = [as_text(constant(one)) for one in (compare.left, right)]
        return [(word, "is") for word in words if word]
    if isinstance(compare.ops[0], ast.In | ast.NotIn) and isinstance(
        right, ast.Tuple | ast.List | ast.Set
    ):
        return [(word, "in") for one in right.elts if (word := as_text(constant(one)))]
    return []


def _is_chat(seen: Seen, compare: ast.Compare, word: str) -> bool:
    """Whether the word is no blank and no word of the protocol that this program must know."""
    if not word.strip() or not is_test(seen.source, compare):
        return False
    client = seen.evidence.program == "client.py"
    return not (client and word.strip() in ("NICK", "Connected to the server"))


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
        parts = [as_text(one.value) for one in ast.walk(made) if isinstance(one, ast.Constant)]
        named = re.search(r"name|nick|user", ast.unparse(made).lower())
        if any(part.startswith(":") for part in parts) and named and is_sent(seen.source, made):
            return seen.at(
                made,
                "puts a name in front of what is typed. The server adds the name, so that nobody "
                "can speak for somebody else: send what is typed, and nothing more.",
            )
    return None


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
    proofs=("02_broadcast/welcomes_everybody",),
    unlike="02_broadcast/replays_the_past",
)
def words_of_its_own(seen: Seen) -> str | None:
    """What came stands in the file as text, is not a line of the contract, and nobody said it."""
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
            if as_text(node.value).strip() == text:
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
    if seen.evidence.lesson not in (4, 6) or seen.evidence.program != "server.py":
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
        text = as_text(node.value).strip()
        if len(text) > 3 and text == came.removeprefix(name).strip():
            return seen.at(
                node,
                f"says {text!r}. The contract wants {part.strip()!r} there, letter for letter: "
                "programs on the other side look for these words.",
            )
    return None


@misconception(
    "line-of-the-contract-missing",
    "a line that the contract wants is nowhere in the file",
    think="Which lines does the contract name? Which line of your file says each of them?",
    read={4: "The handshake"},
    proofs=(),
    unlike="04_nicknames/asks_in_its_own_words",
)
def line_of_the_contract_missing(seen: Seen) -> str | None:
    """A line of the contract did not come, and no text of the file has its main word in it."""
    want = quoted_bytes(seen.evidence.expected)
    if seen.evidence.lesson not in (4, 6) or seen.evidence.program != "server.py" or not want:
        return None
    if seen.evidence.symptom not in ("silent", "lost", "different-text") or seen.evidence.raised:
        return None
    line = want.decode(errors="replace").strip()
    for part, word in ((" has left the chat.", "left"), (" connected to the server!", "onnected")):
        texts = [as_text(one.value) for one in seen.source.all(ast.Constant)]
        if line.endswith(part) and not any(word in text for text in texts):
            return (
                f"{seen.evidence.program} never says {part.strip()!r}: no text of the file has "
                f"these words. The contract wants the line 'NAME{part}' for all others."
            )
    return None


@misconception(
    "name-and-text-put-together-wrongly",
    "between the name and the text stands something else than the contract wants",
    think="What stands between the name and the text, by the contract, letter for letter?",
    read={4: "Who says what"},
    proofs=(),
    unlike="04_nicknames/believes_the_name_in_the_line",
)
def name_and_text_wrong(seen: Seen) -> str | None:
    """`NAME: text` was to come; it came with a text of the file between the two."""
    want, got = quoted_bytes(seen.evidence.expected), quoted_bytes(seen.evidence.received)
    if (
        seen.evidence.lesson not in (4, 6)
        or seen.evidence.program != "server.py"
        or not want
        or not got
    ):
        return None
    name, colon, text = want.decode(errors="replace").partition(": ")
    came = got.decode(errors="replace")
    if not colon or not came.startswith(name) or not came.endswith(text):
        return None
    between = came.removeprefix(name).removesuffix(text)
    if not between or between == colon or len(between) > 8:
        return None
    for made in (*seen.source.all(ast.JoinedStr), *seen.source.all(ast.BinOp)):
        for one in ast.walk(made):
            if isinstance(one, ast.Constant) and as_text(one.value) == between:
                return seen.at(
                    made,
                    f"puts {between!r} between the name and the text. The contract wants ': ' "
                    "there, a colon and a blank.",
                )
    return None


@misconception(
    "printed-in-another-form",
    "the client prints a line in a form of its own",
    think="Which line was sent? Which one is on the screen?",
    read={1: "Put the client together", 3: "The client", 4: "The client"},
    proofs=("04_nicknames/prints_lines_in_its_own_way",),
    unlike="01_echo/client_prints_bytes",
)
def printed_in_another_form(seen: Seen) -> str | None:
    """What was printed has a text of the file in it that was not in the line."""
    if seen.evidence.program != "client.py" or seen.evidence.symptom != "other-output":
        return None
    right = seen.evidence.expected.partition(" to print ")[2].strip("'")
    got = seen.evidence.received
    if not right or right in got.removesuffix("'").splitlines():
        return None
    for call in seen.source.calls("print"):
        if any(one.arg == "file" for one in call.keywords):
            continue  # it stands in another place than the output
        for made in ast.walk(call):
            if not isinstance(made, ast.JoinedStr | ast.BinOp):
                continue
            parts = [
                one.value
                for one in ast.walk(made)
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            behind = got.partition(right)[2] if right in got else got  # in front it may stand
            added = [
                one
                for one in parts
                if one.strip() and _written(one) in behind and one.strip() not in right
            ]
            order = sorted(added, key=lambda one: got.rfind(_written(one)))
            if order:
                where = "behind" if right in got else "into"
                return seen.at(
                    call,
                    f"prints {order[-1]!r} {where} the line. An output line has to end with the "
                    "line as it came; in front of it you may put what you like.",
                )
    return None


def _written(text: str) -> str:
    """A text as Python would write it, without quotes and blanks around it."""
    return repr(text)[1:-1].strip()
