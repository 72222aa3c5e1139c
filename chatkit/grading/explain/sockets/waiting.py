"""Waiting: for how long a call waits, and for what."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.callers import reaches, serves_many_in_one_loop
from chatkit.grading.explain.questions.source import constant
from chatkit.grading.explain.questions.values import meant
from chatkit.grading.explain.starting.importing import raised


@misconception(
    "not-blocking-not-caught",
    "a socket that does not wait raised BlockingIOError",
    think="What do recv(), send() and accept() do when they cannot go on and must not wait?",
    read={2: "One thread, many sockets"},
    proofs=("01_echo/not_blocking_not_caught",),
    unlike="01_echo/asks_all_the_time",
)
def not_blocking_not_caught(seen: Seen) -> str | None:
    """See https://docs.python.org/3/library/socket.html#notes-on-socket-timeouts."""
    for error in raised(seen, "BlockingIOError"):
        for call in seen.source.calls("setblocking", "settimeout"):
            if call.args and constant(call.args[0]) in (False, 0) and error.own:
                return seen.at(
                    error.own,
                    f"could not go on, and raised BlockingIOError instead of waiting, because line "
                    f"{call.lineno} says that the socket must not wait.",
                )
    return None


@misconception(
    "asks-again-and-again",
    "sockets that do not wait are asked again and again",
    think="What does your loop do while nothing arrives? Who could wake it up when something does?",
    read={1: "What to notice", 2: "One thread, many sockets"},
    proofs=("01_echo/asks_all_the_time",),
    unlike="01_echo/answers_once",
)
def asks_again_and_again(seen: Seen) -> str | None:
    """A loop catches BlockingIOError, goes on, and nothing in it waits."""
    source = seen.source
    if seen.evidence.symptom != "spinning" or serves_many_in_one_loop(source):
        return None
    for handler in source.handlers("BlockingIOError"):
        loop = next(source.around(handler, ast.While, ast.For), None)
        leaves = any(
            isinstance(one, ast.Break | ast.Return | ast.Raise) for one in ast.walk(handler)
        )
        waits = ("sleep", "select", "wait", "poll", "get")
        silent = any(event.kind in ("connect", "accept") for event in seen.evidence.events)
        if (
            isinstance(loop, ast.While | ast.For)
            and not (leaves or reaches(source, loop, waits))
            and silent
        ):
            return seen.at(
                handler,
                f"goes on at once when a socket has nothing, so the loop of line {loop.lineno} "
                "asks again without a pause. Nothing in it waits.",
            )
    return None


@misconception(
    "waits-for-all-bytes",
    "recv() is told to wait until a number of bytes is there",
    think="How many bytes does a line have? Who knows that before it has come?",
    read={1: "A stream of bytes", 2: "Lines from a stream"},
    proofs=("01_echo/waits_for_all_bytes",),
)
def waits_for_all_bytes(seen: Seen) -> str | None:
    """MSG_WAITALL: recv(2)."""
    for stack in seen.evidence.stacks:
        for call in seen.source.calls("recv", "recv_into"):
            here = stack.own and call.lineno <= stack.own.line <= (call.end_lineno or 0)
            if here and "MSG_WAITALL" in ast.unparse(call):
                return seen.at(
                    call,
                    f"waits until {ast.unparse(call.args[0])} bytes are there, because of "
                    "MSG_WAITALL. A line is shorter, and no more comes.",
                )
    return None


@misconception(
    "always-asks-to-write",
    "the loop always asks who can be written to, and nearly everybody can",
    think="When can a socket be written to? What does select() do if you always can?",
    read={1: "What to notice", 2: "Nobody waits for anybody"},
    proofs=("01_echo/selector_always_asks_to_write",),
    unlike="01_echo/asks_all_the_time",
)
def always_asks_to_write(seen: Seen) -> str | None:
    """EVENT_WRITE from the beginning, and no modify() that takes it off again."""
    source, evidence = seen.source, seen.evidence
    if evidence.symptom != "spinning" or evidence.program != "server.py":
        return None
    if not any(event.kind == "connect" for event in evidence.events):
        return None
    if source.calls("modify"):
        return None
    for call in source.calls("register"):
        mask = ast.unparse(call)
        for name in source.all(ast.Name, call):
            mask += ast.unparse(meant(source, name) or name)
        if "EVENT_WRITE" in mask and "if" not in mask.split():
            return seen.at(
                call,
                "asks for EVENT_WRITE all the time, even when nothing waits to be sent. A socket "
                "can nearly always be written to, so select() returns at once, again and again.",
            )
    for call in source.calls("select"):
        if len(call.args) > 2 and ast.unparse(call.args[1]) == ast.unparse(call.args[0]):
            return seen.at(
                call,
                f"asks whether {ast.unparse(call.args[1])} can be written to, even when nothing "
                "waits to be sent. A socket can nearly always be written to, so select() returns "
                "at once, again and again.",
            )
    return None
