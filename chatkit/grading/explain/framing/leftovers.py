"""Leftovers: half a line of somebody who has left, and who gets it."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import inboxes, pieces, targets
from chatkit.grading.explain.questions.headings import END
from chatkit.grading.explain.questions.source import called, owner
from chatkit.grading.explain.questions.values import meant
from chatkit.grading.explain.questions.wire import quoted_bytes, told_to, wanted


@misconception(
    "inbox-kept-for-the-next",
    "half a line of somebody who has left goes to the next client",
    think="When somebody leaves in the middle of a line: where does that half line stay?",
    read=END,
    proofs=(
        "02_broadcast/buffer_by_file_number",
        "02_broadcast/places_are_given_again",
        "03_threads/buffer_by_file_number",
        "04_nicknames/buffer_by_file_number",
    ),
    unlike="02_broadcast/one_buffer_for_all",
)
def inbox_kept_for_the_next(seen: Seen) -> str | None:
    """Half a line of somebody who had left stood in front of a line of somebody else."""
    if not _half_of_one_who_left(seen):
        return None
    return _by_number(seen) or _place_given_again(seen)


def _half_of_one_who_left(seen: Seen) -> bool:
    want, got = wanted(seen.evidence), quoted_bytes(seen.evidence.received)
    if want is None or not got or seen.evidence.program != "server.py":
        return False
    name, colon, said = want[1].rpartition(b": ")
    start = got.removesuffix(said)
    if start == got or not start.removeprefix(name + colon):
        return False
    half = start.removeprefix(name + colon)
    left = {one.source for one in seen.evidence.events if one.kind in ("end", "reset")}
    return any(one.end.endswith(half) and one.who in left for one in told_to(seen.evidence))


def _by_number(seen: Seen) -> str | None:
    """An inbox under the number of a socket, which nothing takes out of its dict again."""
    for node in seen.source.all(ast.Subscript):
        if not isinstance(node.ctx, ast.Store):
            continue
        key = meant(seen.source, node.slice)
        if not isinstance(key, ast.Call) or called(key) not in ("fileno", "id"):
            continue
        kept = ast.unparse(node.value).rpartition(".")[2]
        taken = any(
            owner(call).rpartition(".")[2] == kept for call in seen.source.calls("pop", "clear")
        ) or any(
            ast.unparse(one).rpartition(".")[2].startswith(f"{kept}[")
            for delete in seen.source.all(ast.Delete)
            for one in delete.targets
        )
        if not taken:
            return seen.at(
                node,
                f"keeps half a line under the number that {called(key)}() gives, and no line takes "
                "it out again. Numbers are given again when a socket is closed, so the next client "
                "gets this half line.",
            )
    return None


def _place_given_again(seen: Seen) -> str | None:
    """What belonged to one who left is used again, and its inbox is not emptied."""
    names = {
        inbox.rpartition(".")[2]
        for piece in pieces(seen.source)
        for inbox, _ in inboxes(seen.source, piece)
        if "." in inbox
    }
    for assign in seen.source.all(ast.Assign):
        taken = [
            call
            for call in seen.source.calls("pop", "popleft", inside=assign.value)
            if not call.args and owner(call)
        ]
        block = getattr(seen.source.parents.get(assign), "body", [])
        accepts = any(seen.source.calls("accept", inside=one) for one in block)
        if not taken or not accepts:
            continue
        name = ast.unparse(assign.targets[0])
        set_anew = {
            ast.unparse(target).removeprefix(f"{name}.")
            for one in block
            for inner in seen.source.all(ast.Assign, one)
            for target in targets(inner)
        }
        cleared = {
            owner(call).removeprefix(f"{name}.")
            for one in block
            for call in seen.source.calls("clear", inside=one)
        }
        if left := sorted(names - set_anew - cleared):
            return seen.at(
                assign,
                f"takes what belonged to somebody who has left out of {owner(taken[0])}, for the "
                f"next one. Nothing empties its {left[0]}: the half line in it is still there.",
            )
    return None
