"""Limits that a program sets itself: how long it waits, and how much may wait for somebody."""

import ast
from collections.abc import Iterator

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import (
    Source,
    argument,
    called,
    caught,
    constant,
    owner,
)
from chatkit.grading.explain.questions.values import value
from chatkit.grading.explain.sockets.sockets import READING, call_at
from chatkit.grading.explain.starting.importing import raised

SLOW = {2: "To everyone else", 3: "An outbox for each client", 4: "Coming and going"}
CLOCKS = ("time", "monotonic", "perf_counter", "now")
DROPS = ("close", "drop", "remove", "discard", "unregister", "hang_up", "kick", "shutdown", "pop")
PROMISED = 1_000_000  # bytes that may wait for a client before it is dropped: the contract


@misconception(
    "timeout-left-on",
    "a time limit is still on when nobody says anything",
    think="For how long may a connection be silent? Which line says how long you wait?",
    read={
        1: "When a connection breaks",
        2: "One thread, many sockets",
        3: "The client",
        5: "When the server is not there",
    },
    proofs=(
        "01_echo/drops_the_silent",
        "01_echo/drops_the_silent_by_an_option",
        "01_echo/drops_the_silent_by_select",
        "01_echo/looks_at_the_watch",
        "01_echo/nobody_comes_for_two_seconds",
    ),
    unlike="01_echo/client_no_server_traceback",
)
def timeout_left_on(seen: Seen) -> str | None:
    """TimeoutError while it read, or the end came as long after the last byte as the limit says."""
    for limit, seconds in _limits(seen.source):
        for error in raised(seen, "TimeoutError", "socket.timeout"):
            if error.own and call_at(seen, error.own.line, *READING, "accept"):
                return seen.at(
                    limit,
                    f"sets a time limit of {seconds:g} s, and it was still on in line "
                    f"{error.own.line}, which waited for longer. Nobody has to say anything in "
                    "that time.",
                )
    if raised(seen, "TimeoutError"):
        return None
    if told := _nobody_came(seen):
        return told
    places = [(limit, seconds, "sets a time limit of") for limit, seconds in _limits(seen.source)]
    for place, seconds, does in (*places, *_clocks(seen.source)):
        if _ended_after(seen, seconds):
            return seen.at(
                place,
                f"{does} {seconds:g} s. Nobody said anything for that long, and then the "
                "connection was over. A connection may be silent for any time.",
            )
    return None


def _limits(source: Source) -> list[tuple[ast.Call, float]]:
    """The calls that put a time limit on a socket, with the seconds."""
    found: list[tuple[ast.Call, float]] = []
    lifted = any(
        call.args and (constant(call.args[0]) is None or constant(call.args[0]) is True)
        for call in source.calls("settimeout", "setblocking")
    )
    for call in source.calls("settimeout", "setdefaulttimeout", "create_connection", "wait_for"):
        place = 1 if called(call) in ("create_connection", "wait_for") else 0
        seconds = value(source, argument(call, place, "timeout"))
        if lifted and called(call) == "create_connection":
            continue
        if isinstance(seconds, int | float) and seconds:
            found.append((call, float(seconds)))
    found += [(call, seconds) for call, seconds in _options(source, "SO_RCVTIMEO")]
    return found


def _options(source: Source, option: str) -> Iterator[tuple[ast.Call, float]]:
    """The calls that set a time limit as an option, with the seconds: socket(7)."""
    for call in source.calls("setsockopt"):
        if option not in ast.unparse(call):
            continue
        for pack in source.calls("pack", inside=call):
            parts = [value(source, one) for one in pack.args[1:]]
            if len(parts) == 2 and all(isinstance(one, int) for one in parts):
                yield call, parts[0] + parts[1] / 1_000_000  # type: ignore[operator]


def _clocks(source: Source) -> Iterator[tuple[ast.AST, float, str]]:
    """Where a program looks at the time, or waits for a while: the seconds, and what it does."""
    for node in source.all(ast.Compare):
        looks = [call for call in source.all(ast.Call, node) if called(call) in CLOCKS]
        for side in (node.left, *node.comparators) if looks else ():
            seconds = value(source, side)
            if isinstance(seconds, int | float) and seconds:
                yield node, float(seconds), "checks whether this time has passed:"
    for call in source.calls("select", "poll", "timeout", "call_later", "Timer"):
        many = called(call) == "select" and len(call.args) > 1
        seconds = value(source, argument(call, 3 if many else 0, "timeout"))
        if isinstance(seconds, int | float) and seconds:
            part = 1000 if called(call) == "poll" else 1
            yield call, seconds / part, "waits for a limited time:"


def _ended_after(seen: Seen, seconds: float) -> bool:
    """Whether the program ended a connection as long after its last bytes as the limit says."""
    me = "server" if seen.evidence.program == "server.py" else "client"
    last: dict[str, float] = {}
    for event in seen.evidence.events:
        other = event.target if event.source == me else event.source
        if event.kind in ("connect", "accept", "data"):
            last[other] = event.t
        elif event.kind in ("end", "reset") and event.source == me and other in last:
            silent = event.t - last[other]
            if seconds <= silent + 0.05 and silent <= seconds + 1.5:
                return True
        elif event.kind in ("end", "reset", "half-close"):
            last.pop(other, None)
    return False


def _nobody_came(seen: Seen) -> str | None:
    """The server ended by itself: accept() had a time limit, and a clause that leaves its loop."""
    if seen.evidence.symptom != "exited" or seen.evidence.raised or seen.evidence.events:
        return None
    for call in seen.source.calls("accept"):
        for limit, seconds in _limits(seen.source):
            if called(limit) != "settimeout" or owner(limit) != owner(call):
                continue
            attempt = next(seen.source.around(call, ast.Try), None)
            for handler in attempt.handlers if isinstance(attempt, ast.Try) else ():
                late = {"TimeoutError", "timeout", "OSError", "error", "Exception", ""}
                leaves = any(isinstance(x, ast.Break | ast.Return) for x in ast.walk(handler))
                if late & set(caught(handler)) and leaves:
                    return seen.at(
                        limit,
                        f"sets a time limit of {seconds:g} s for accept(). Nobody came for so "
                        f"long, line {handler.lineno} caught the error, and the server ended. A "
                        "server waits for as long as it takes.",
                    )
    return None


@misconception(
    "slow-reader-dropped",
    "a client that reads slowly is dropped too soon",
    think="How many bytes may wait for a client, by the contract? And for how long?",
    read=SLOW,
    proofs=("02_broadcast/drops_slow_readers_too_soon", "02_broadcast/sends_for_half_a_second"),
    unlike="02_broadcast/ends_when_one_is_dropped",
)
def slow_reader_dropped(seen: Seen) -> str | None:
    """A client that had not read was hung up on, and the file has a limit that is too low."""
    evidence = seen.evidence
    if evidence.check != "stuck-reader" or evidence.symptom not in ("closed-early", "reset"):
        return None
    for call, seconds in _options(seen.source, "SO_SNDTIMEO"):
        return seen.at(
            call,
            f"lets a send wait for at most {seconds:g} s. A client that reads nothing for so long "
            "loses its connection, however few bytes wait for it.",
        )
    for block in seen.source.all(ast.If):
        limit = _too_low(seen.source, block.test)
        if limit and seen.source.calls(*DROPS, inside=ast.Module(block.body, [])):
            return seen.at(
                block,
                f"drops a client when {limit:,} bytes wait for it. By the contract a client that "
                "does not read may be dropped, but not while less than 1 MB waits for it.",
            )
    return None


def _too_low(source: Source, test: ast.expr) -> int:
    """The number of bytes with which a length is compared, when it is too low; else 0."""
    for node in ast.walk(test):
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Gt | ast.GtE):
            continue
        limit = value(source, node.comparators[0])
        length = isinstance(node.left, ast.Call) and called(node.left) == "len"
        if length and isinstance(limit, int) and 4_097 < limit < PROMISED:
            return limit
    return 0
