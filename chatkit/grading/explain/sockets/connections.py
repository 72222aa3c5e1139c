"""Connections: how long they live, and who closes them."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.callers import (
    loops_around,
    reaches,
    serves_many_in_one_loop,
)
from chatkit.grading.explain.questions.source import called, constant, keyword, owner
from chatkit.grading.explain.sockets.sockets import READING, SAY_IT_BACK


@misconception(
    "answers-once",
    "recv() is called once for each client",
    think="How often does your server call recv() for one client? How often should it?",
    read=SAY_IT_BACK,
    proofs=("01_echo/answers_once",),
    unlike="01_echo/closes_before_the_rest",
)
def answers_once(seen: Seen) -> str | None:
    """No loop goes around it but the one that accepts, and a client that had more was not heard."""
    evidence, source = seen.evidence, seen.source
    if evidence.program != "server.py" or evidence.symptom not in ("closed-early", "silent"):
        return None
    if serves_many_in_one_loop(source) or evidence.raised:
        return None
    reads = source.calls(*READING)
    if not reads or any(called(call) != "recv" for call in reads):
        return None
    if any(
        not reaches(source, loop, ("accept",)) for r in reads for loop in loops_around(source, r)
    ):
        return None
    if len(reads) > 1 or not _said_more_than_once(seen):
        return None
    return seen.at(
        reads[0],
        "calls recv() once for each client, because no loop goes around it that stays with the "
        "client. What the client says after that is never read.",
    )


def _said_more_than_once(seen: Seen) -> bool:
    """Whether a client sent again after something came back to it."""
    answered = set()
    for event in seen.evidence.events:
        if event.kind == "data" and event.source == "server":
            answered.add(event.target)
        elif event.kind == "data" and event.source in answered:
            return True
    return False


@misconception(
    "closed-behind-the-thread",
    "the main thread closes a connection that a thread still needs",
    think="Who is the last to use this socket? When is the line after start() run?",
    read={1: "Say it back", 3: "A thread for each client"},
    proofs=("01_echo/closes_behind_the_thread",),
    unlike="01_echo/threads_keep_it_alive",
)
def closed_behind_the_thread(seen: Seen) -> str | None:
    """start() returns at once, and the same block closes what the thread got."""
    source, evidence = seen.source, seen.evidence
    if evidence.symptom not in ("closed-early", "crashed", "silent", "reset"):
        return None
    for thread in source.threads():
        handed = {
            one.id
            for one in ast.walk(keyword(thread, "args") or ast.Tuple([], ast.Load()))
            if isinstance(one, ast.Name)
        }
        loop = next(source.around(thread, ast.While, ast.For), None)
        if loop is None or source.calls("join", inside=loop):
            continue
        if source.function_of(loop) is not source.function_of(thread):
            continue
        for block in source.around(thread, ast.With):
            names = {
                ast.unparse(item.optional_vars or item.context_expr)
                for item in getattr(block, "items", ())
            }
            if shared := names & handed:
                return _closed_behind(seen, block, shared.pop(), thread)
        for call in source.calls("close", inside=loop):
            late = call.lineno > thread.lineno and not next(
                source.around(call, ast.ExceptHandler, ast.If), None
            )
            if (
                owner(call) in handed
                and late
                and source.function_of(call) is source.function_of(thread)
            ):
                return _closed_behind(seen, call, owner(call), thread)
    return None


def _closed_behind(seen: Seen, place: ast.AST, name: str, thread: ast.Call) -> str:
    return seen.at(
        place,
        f"closes {name} as soon as the thread of line {thread.lineno} has been started. start() "
        "does not wait: the thread still needs this connection.",
    )


@misconception(
    "linger-zero",
    "SO_LINGER makes a reset of every close()",
    think="What does SO_LINGER with a time of 0 do to bytes that are still on their way?",
    read={1: "When a connection breaks"},
    proofs=("01_echo/resets_instead_of_closing",),
    unlike="01_echo/closes_before_the_rest",
)
def linger_zero(seen: Seen) -> str | None:
    """The bench saw the reset, and the source asks for it: socket(7)."""
    program = "server" if seen.evidence.program == "server.py" else "client"
    came = any(one.kind == "reset" and one.source == program for one in seen.evidence.events)
    for call in seen.source.calls("setsockopt"):
        packed = seen.source.calls("pack", inside=call)
        never = bool(packed) and constant(packed[0].args[-1]) == 0
        if "SO_LINGER" in ast.unparse(call) and came and never:
            return seen.at(
                call,
                "sets SO_LINGER, and with a time of 0 close() does not end a connection, it resets "
                "it: what was still on its way is thrown away.",
            )
    return None


@misconception(
    "loop-ends-at-once",
    "the loop ends in its first round",
    think="How often does this loop go round? Which line ends it, and when?",
    read=SAY_IT_BACK,
    proofs=("01_echo/loop_ends_at_once",),
    unlike="01_echo/answers_once",
)
def loop_ends_at_once(seen: Seen) -> str | None:
    """A return or a break stands in the loop around recv() without a condition."""
    source, evidence = seen.source, seen.evidence
    if evidence.symptom not in ("closed-early", "silent", "exited") or evidence.raised:
        return None
    if evidence.program == "server.py" and not _said_more_than_once(seen):
        return None
    for call in source.calls("recv"):
        loop = next(source.around(call, ast.While, ast.For), None)
        if not isinstance(loop, ast.While) or source.function_of(loop) is not source.function_of(
            call
        ):
            continue
        if evidence.program == "server.py" and reaches(source, loop, ("accept",)):
            continue
        for one in loop.body:
            if isinstance(one, ast.Return | ast.Break) and one.lineno > call.lineno:
                word = "return" if isinstance(one, ast.Return) else "break"
                return seen.at(
                    one,
                    f"is a {word} without a condition: it ends the loop of line {loop.lineno} in "
                    "its first round. So recv() is called once.",
                )
    return None


@misconception(
    "used-after-close",
    "a connection is used after it was closed",
    think="Where does the with block end? Which lines need the connection?",
    read={1: "Say it back", 3: "A thread for each client"},
    proofs=("01_echo/used_after_with",),
    unlike="01_echo/closes_behind_the_thread",
)
def used_after_close(seen: Seen) -> str | None:
    """Python said that the socket is closed, and a with block above the line closes it."""
    source, evidence = seen.source, seen.evidence
    said = evidence.errors + evidence.output
    if "Bad file descriptor" not in said and "cannot be a negative integer" not in said:
        return None
    for block in source.all(ast.With):
        above = source.parents.get(block)
        body = getattr(above, "body", [])
        if block not in body:
            continue
        for item in block.items:
            name = ast.unparse(item.optional_vars or item.context_expr)
            for after in body[body.index(block) + 1 :]:
                uses = [one for one in source.all(ast.Name, after) if one.id == name]
                if uses:
                    return seen.at(
                        uses[0],
                        f"uses {name}, and the with block of line {block.lineno} has closed it: "
                        "with closes a socket at the end of its block.",
                    )
    return None
