"""Refusals: what happens when a name is not taken, on both sides."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import Function, as_text, called, constant
from chatkit.grading.explain.questions.wire import told_to

ENDING = ("close", "shutdown", "exit", "abort")


@misconception(
    "bad-name-ends-the-connection",
    "the server hangs up when a name is refused",
    think="What does the contract let somebody do whose name was refused?",
    read={4: "The handshake"},
    proofs=("04_nicknames/bad_name_is_thrown_out",),
    unlike="04_nicknames/two_people_with_one_name",
)
def bad_name_ends_the_connection(seen: Seen) -> str | None:
    """NICK was to come again and the end came; a condition about names leaves or hangs up."""
    evidence = seen.evidence
    if evidence.program != "server.py" or evidence.symptom not in ("closed-early", "reset"):
        return None
    if not re.search(r"b'NICK\\n'.* again", evidence.expected) or evidence.raised:
        return None
    for block in seen.source.all(ast.If):
        about = re.search(r"name|nick|taken|allowed|valid|join", ast.unparse(block.test).lower())
        body = ast.Module(block.body, [])
        asks = any("NICK" in as_text(one.value) for one in seen.source.all(ast.Constant, body))
        if about and not asks and _gives_up(seen, block):
            return seen.at(
                block.body[-1],
                "ends the connection when a name is refused. By the contract the server says NICK "
                "again then, and waits for another name.",
            )
    return None


def _gives_up(seen: Seen, block: ast.If) -> bool:
    """Whether a block raises an error, closes the connection, or leaves the function that asks."""
    body = ast.Module(block.body, [])
    if seen.source.all(ast.Raise, body) or seen.source.calls(*ENDING, inside=body):
        return True
    function = seen.source.function_of(block)
    asks = isinstance(function, Function) and any(
        "NICK" in as_text(one.value) for one in seen.source.all(ast.Constant, function)
    )
    last = block.body[-1]
    loop = next(seen.source.around(block, ast.While, ast.For, ast.FunctionDef), None)
    empty = isinstance(last, ast.Return) and last.value is None
    return asks and (empty or (isinstance(last, ast.Break) and isinstance(loop, ast.While)))


@misconception(
    "second-nick-ends-it",
    "the client gives up where somebody could type another name",
    think="Where does the name come from, when it is not given with --name?",
    read={4: "The client"},
    proofs=("04_nicknames/no_second_try_at_the_terminal",),
    unlike="04_nicknames/repeats_a_refused_name",
)
def second_nick_ends_it(seen: Seen) -> str | None:
    """It ended at the second NICK, at a terminal, and what it said last is a text of the file."""
    evidence = seen.evidence
    if evidence.program != "client.py" or evidence.symptom != "exited" or evidence.raised:
        return None
    if "typed at a terminal" not in evidence.expected or not evidence.status:
        return None
    if b"".join(one.start for one in told_to(evidence)).count(b"NICK") < 2:
        return None
    said = evidence.errors.strip().splitlines()[-1:]
    for node in seen.source.all(ast.Constant):
        call = next(seen.source.around(node, ast.Call), None)
        text = as_text(constant(node)).strip()
        if said and len(text) > 5 and text in said[0] and isinstance(call, ast.Call):
            return seen.at(
                call,
                f"ends the program with {called(call)}() when the server asks for a name again. "
                "That is right for a name from --name. Here somebody typed it, and can type "
                "another one.",
            )
    return None
