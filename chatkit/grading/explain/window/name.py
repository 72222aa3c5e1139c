"""The name that a window gives: when, with which end, and what it does when it is refused."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import constant
from chatkit.grading.explain.questions.tkcode import last_name, puts
from chatkit.grading.explain.questions.windowtalk import said_to, sent_by
from chatkit.grading.explain.window.window import inserts_into_disabled

NAME = {5: "The name on the wire"}

GREETING = "Connected to the server"


def _nick(seen: Seen) -> ast.Compare | None:
    """The first place where the program checks whether a line is NICK."""
    found = [
        node
        for node in seen.source.all(ast.Compare)
        if any(constant(one) in ("NICK", b"NICK", "NICK\n", b"NICK\n") for one in ast.walk(node))
        and any(isinstance(sign, ast.Eq) for sign in node.ops)
    ]
    return found[0] if found else None


@misconception(
    "refusal-not-said",
    "nobody is told that the name was refused",
    think="What does the user see when the server says NICK for the second time?",
    read=NAME,
    proofs=("05_gui/says_nothing_about_a_refusal",),
    unlike="05_gui/repeats_a_refused_name",
)
def refusal_not_said(seen: Seen) -> str | None:
    said, nick, told = said_to(seen), _nick(seen), seen.evidence
    if told.symptom != "not-said" or "refused" not in told.expected or not nick:
        return None
    if told.raised or told.status is not None or sum("NICK" in one for one in said) < 2:
        return None
    if inserts_into_disabled(seen):
        return None
    if not any(GREETING in one for one in said) and any(
        "mainloop" in _names(s) for s in told.stacks
    ):
        text = "looks for NICK. When it came a second time, after a line that says why, the window "
        return seen.at(nick, text + "showed nothing new. Show the reason, or ask again.")
    return None


def _names(stack: object) -> set[str]:
    return {frame.function for frame in getattr(stack, "frames", ())}


@misconception(
    "name-without-end",
    "the name is sent without the end of its line",
    think="How does the server know that the name is complete?",
    read=NAME,
    proofs=("05_gui/name_without_line_end",),
    unlike="05_gui/title_without_the_name",
)
def name_without_end(seen: Seen) -> str | None:
    sent, told = sent_by(seen), seen.evidence
    if told.symptom != "unfinished-line" or seen.evidence.lesson != 5 or len(sent) != 1:
        return None
    calls = [call for call in puts(seen.source, seen.source.tree) if _holds(call, "name", "nick")]
    bare = [call for call in calls if "\\n" not in ast.unparse(call)]
    if not calls:
        bare = [
            call
            for call in seen.source.all(ast.Call)
            if _holds(call, "name", "nick") and any(constant(k.value) == "" for k in call.keywords)
        ]
    if len(bare) != 1 or f"b'{sent[0]}\\n'" not in told.expected:
        return None
    return seen.at(
        bare[0],
        "hands on the name without b'\\n', and it went out like that. A line ends with b'\\n': "
        "until then the server waits for the rest of it.",
    )


def _holds(call: ast.Call, *words: str) -> bool:
    """Whether a name that ends with one of `words` is in the arguments of this call."""
    names = (last_name(node).lower() for one in call.args for node in ast.walk(one))
    return any(name.endswith(words) for name in names if name)


@misconception(
    "name-before-nick",
    "the name is sent before the server asks",
    think="Who speaks first when a client has connected?",
    read=NAME,
    proofs=(),
    unlike="05_gui/title_without_the_name",
)
def name_before_nick(seen: Seen) -> str | None:
    """The name came, and the server had not said a word."""
    sent, told = sent_by(seen), seen.evidence
    if told.symptom not in ("early-data", "unexpected") or seen.evidence.lesson != 5:
        return None
    if not sent or any("NICK" in one for one in said_to(seen)):
        return None
    calls = [call for call in puts(seen.source, seen.source.tree) if _holds(call, "name", "nick")]
    connects = seen.source.calls("connect", "create_connection")
    at = calls[0] if len(calls) == 1 else next(iter(connects), None)
    what = "hands on the name" if at in calls else "connects, and the name is sent"
    text = f"{what} before the server has said NICK. A client waits until it is asked."
    return seen.at(at, text) if at else None


@misconception(
    "greeting-in-other-words",
    "the program waits for a greeting in other words",
    think="Which words does the server say when one is connected?",
    read=NAME,
    proofs=(),
    unlike="05_gui/own_line_never_shown",
)
def greeting_in_other_words(seen: Seen) -> str | None:
    """The server has greeted, nothing goes out, and the greeting equals nothing in the source."""
    greeting = "Connected to the server"
    if seen.evidence.symptom not in ("not-sent", "silent", "not-shown") or seen.evidence.raised:
        return None
    if not any(greeting in one for one in said_to(seen)):
        return None
    tests = [
        (node, word)
        for node in seen.source.all(ast.Compare)
        if any(isinstance(sign, ast.Eq) for sign in node.ops)
        for part in ast.walk(node)
        if isinstance(word := constant(part), str) and word.lower().startswith("connected")
    ]
    if len(tests) == 1 and tests[0][1].rstrip("\\n") != greeting:
        text = f"looks for the line {tests[0][1]!r}, and the server says '{greeting}'. The two are "
        return seen.at(tests[0][0], text + "not equal, so the program never learns of it.")
    return None
