"""Closing: who has ended gets the end back."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.callers import reaches, serves_many_in_one_loop
from chatkit.grading.explain.questions.flow import Piece, pieces
from chatkit.grading.explain.questions.headings import END
from chatkit.grading.explain.questions.source import owner
from chatkit.grading.explain.questions.wire import an_end_came

CLOSING = ("close", "shutdown", "aclose", "detach", "shutdown_request")


@misconception(
    "end-not-answered",
    "the socket of a client that has ended is not closed",
    think="The client has said all it has to say, and waits. How does it learn that you know?",
    read=END,
    proofs=("02_broadcast/half_close_stays",),
    unlike="01_echo/never_sees_the_end",
)
def end_not_answered(seen: Seen) -> str | None:
    """The end never came back, and what an empty recv() leads to does not close the socket."""
    if seen.evidence.program != "server.py" or not an_end_came(seen.evidence):
        return None
    if seen.evidence.symptom not in ("no-end", "still-open"):
        return None
    for piece in pieces(seen.source):
        block = _at_the_end(seen, piece)
        if block is None:
            continue
        body = ast.Module(block.body, [])
        leaves = any(isinstance(one, ast.Break) for one in ast.walk(body))
        if serves_many_in_one_loop(seen.source):
            if not leaves and not reaches(seen.source, body, CLOSING):
                return seen.at(
                    block,
                    "sees that a client has ended, and nothing that follows closes its socket. So "
                    "the client waits for the end, and the open socket stays.",
                )
        elif not _closes_somewhere(seen):
            return seen.at(
                block,
                "sees that a client has ended, and no line of the file closes its socket. So the "
                "client waits for the end.",
            )
    return None


def _at_the_end(seen: Seen, piece: Piece) -> ast.If | None:
    """The `if` that asks for the empty piece, and for nothing else."""
    asks = {f"not {piece.name}", f"{piece.name} == b''", f"len({piece.name}) == 0"}
    scope = piece.inside or seen.source.tree
    return next(
        (one for one in seen.source.all(ast.If, scope) if ast.unparse(one.test) in asks), None
    )


def _closes_somewhere(seen: Seen) -> bool:
    """Whether the file closes something that does not listen, by close() or by a `with`."""
    listening = {owner(call) for call in seen.source.calls("listen", "accept", "bind")}
    closes = [call for call in seen.source.calls(*CLOSING) if owner(call) not in listening]
    entered = [
        ast.unparse(item.context_expr)
        for block in seen.source.all(ast.With)
        for item in block.items
    ]
    locks = ("lock", "mutex", "guard", "suppress", "condition")
    return bool(closes) or any(not any(word in one.lower() for word in locks) for one in entered)
