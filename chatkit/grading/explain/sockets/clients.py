"""Clients: how they begin, and how they end."""

import ast
import re
from collections.abc import Iterator

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.callers import loops_around, reaches
from chatkit.grading.explain.questions.source import argument, called, keyword
from chatkit.grading.explain.questions.values import value
from chatkit.grading.explain.sockets.sockets import READING, call_at

TYPING = ("input", "stdin")


def receiving_at(seen: Seen) -> Iterator[ast.Call]:
    """The calls that read from a socket where some thread stands, or in whose function it waits."""
    source = seen.source
    reads = [one for one in source.calls(*READING) if "stdin" not in ast.unparse(one)]
    for stack in seen.evidence.stacks:
        for frame in stack.owns:
            here = [one for one in reads if one.lineno <= frame.line <= (one.end_lineno or 0)]
            function = source.function_at(frame.line)
            waits = call_at(seen, frame.line, "select") is not None or bool(here)
            yield from here
            if not waits:
                yield from (one for one in reads if source.function_of(one) is function)
                break


@misconception(
    "shutdown-missing",
    "nobody tells the server that the typing is over",
    think="What does the server's recv() have to return, so that it knows that you are done?",
    read=dict.fromkeys((1,), "The end of the stream") | {3: "The client", 4: "The client"},
    proofs=("01_echo/client_never_says_it_is_done",),
    unlike="01_echo/client_closes_at_once",
)
def shutdown_missing(seen: Seen) -> str | None:
    """It reads on, and nothing in the file half-closes."""
    if seen.evidence.symptom != "no-end" or seen.evidence.program != "client.py":
        return None
    source = seen.source
    if source.calls("shutdown", "write_eof", "close", "detach"):
        return None
    for call in receiving_at(seen):
        return seen.at(
            call,
            "waits for the server, and the server waits for the client: it does not know that the "
            "typing is over. No line of the file calls shutdown(), which says so.",
        )
    return None


@misconception(
    "shutdown-of-both",
    "shutdown() ends both directions",
    think="A connection has two directions. Which one is over when the typing is over?",
    read=dict.fromkeys((1,), "The end of the stream") | {3: "The client", 4: "The client"},
    proofs=("01_echo/client_shuts_both_directions",),
    unlike="01_echo/client_closes_at_once",
)
def shutdown_of_both(seen: Seen) -> str | None:
    """SHUT_RDWR and SHUT_RD: what still comes is not received."""
    evidence = seen.evidence
    if evidence.program != "client.py" or evidence.check != "client-end-of-input":
        return None
    if evidence.symptom not in ("exited", "no-output", "closed-early", "no-end", "wrong-status"):
        return None
    for call in seen.source.calls("shutdown"):
        how = ast.unparse(call.args[0]) if call.args else ""
        if how.rpartition(".")[2] in ("SHUT_RDWR", "SHUT_RD", "2", "0"):
            both = (
                "both directions" if how.rpartition(".")[2] in ("SHUT_RDWR", "2") else "receiving"
            )
            return seen.at(
                call,
                f"ends {both}: {how}. So what the server still sends does not arrive. Only the "
                "direction to the server is over when the typing is over.",
            )
    return None


def _ended_well(seen: Seen) -> bool:
    """Whether the client ended by itself, at the end of input, before the last line had come."""
    evidence = seen.evidence
    early = evidence.symptom in ("exited", "closed-early")
    at_the_end = evidence.check == "client-end-of-input" and evidence.program == "client.py"
    return early and at_the_end and evidence.status in (0, None) and not evidence.raised


@misconception(
    "closes-at-the-end-of-input",
    "the client leaves when the typing is over, and a reply is still on its way",
    think="The typing is over. Can something still arrive? Who reads it?",
    read=dict.fromkeys((1,), "The end of the stream") | {3: "The client", 4: "The client"},
    proofs=("01_echo/client_closes_at_once",),
    unlike="01_echo/client_shuts_both_directions",
)
def closes_at_the_end_of_input(seen: Seen) -> str | None:
    """After the loop over the typed lines nothing half-closes, and nothing is read."""
    source = seen.source
    if not _ended_well(seen) or source.calls("shutdown", "write_eof") or source.threads():
        return None
    for loop in (*source.all(ast.For), *source.all(ast.While)):
        head = loop.iter if isinstance(loop, ast.For) else loop
        typed = any(word in ast.unparse(head) for word in TYPING)
        if not typed or not reaches(source, loop, ("sendall", "send", "write")):
            continue
        function = source.function_of(loop) or source.tree
        after = [
            call for call in source.all(ast.Call, function) if call.lineno > (loop.end_lineno or 0)
        ]
        if any(called(call) in READING for call in after):
            return None
        closes = next((call for call in after if called(call) == "close"), None)
        if closes is not None:
            return seen.at(
                closes,
                f"closes the connection as soon as the loop of line {loop.lineno} has seen the end "
                "of input. What the server still sends is lost.",
            )
        return seen.at(
            loop,
            "is the loop over what is typed. When it ends, the program ends, too, and nobody reads "
            "what the server still sends.",
        )
    return None


@misconception(
    "one-recv-after-the-end",
    "after the half-close recv() is called once",
    think="How do you know that the server has said all? How many recv() does that take?",
    read={1: "The end of the stream"},
    proofs=(),
    unlike="01_echo/client_closes_at_once",
)
def one_recv_after_the_end(seen: Seen) -> str | None:
    """No loop goes around the recv() that follows shutdown()."""
    source = seen.source
    if not _ended_well(seen):
        return None
    for end in source.calls("shutdown"):
        function = source.function_of(end) or source.tree
        after = [call for call in source.all(ast.Call, function) if call.lineno > end.lineno]
        reads = [call for call in after if called(call) == "recv"]
        looped = any(list(loops_around(source, call)) for call in after)
        more = any(reaches(source, one, READING) and source.function(called(one)) for one in after)
        if len(reads) == 1 and not looped and not more:
            return seen.at(
                reads[0],
                f"calls recv() once after the half-close of line {end.lineno}. That takes what is "
                "there, and the rest comes later: nobody reads it.",
            )
    return None


# Not read(): os.read(0, …) takes what is typed.
RECEIVING = {"recv", "recv_into", "recvfrom", "makefile"}


@misconception(
    "receiver-not-awaited",
    "the program ends and does not wait for the thread that receives",
    think="What happens to a daemon thread when the main thread ends? Who waits for it?",
    read={1: "The end of the stream", 3: "The client", 4: "The client"},
    proofs=(),
    unlike="01_echo/client_closes_at_once",
)
def receiver_not_awaited(seen: Seen) -> str | None:
    """A daemon that receives, a half-close, and no join()."""
    source = seen.source
    if not _ended_well(seen) or source.calls("join", "wait", "is_alive"):
        return None
    for thread in source.threads():
        target = argument(thread, 1, "target")
        function = source.function(ast.unparse(target).rpartition(".")[2]) if target else None
        daemon = value(source, keyword(thread, "daemon")) is True
        if daemon and function and reaches(source, function, RECEIVING):
            return seen.at(
                thread,
                f"starts {function.name}() as a daemon, and no line waits for it. When the main "
                "thread ends, the daemon ends with it, even while a reply is still on its way.",
            )
    return None


@misconception(
    "one-recv-one-reply",
    "one recv() is taken for the whole reply",
    think="How does your client know that the reply is complete?",
    read={1: "A stream of bytes"},
    proofs=("01_echo/client_one_recv",),
    unlike="01_echo/client_prints_bytes",
)
def one_recv_one_reply(seen: Seen) -> str | None:
    """Only the first piece was printed, and the loop around recv() is the one that sends."""
    evidence, source = seen.evidence, seen.source
    if evidence.program != "client.py" or source.threads() or evidence.lesson > 1:
        return None
    pieces = [one.bytes for one in evidence.events if one.kind == "data" and one.source == "server"]
    wanted = re.search(r"to print '(.*)'", evidence.expected)
    lines = evidence.output.splitlines()
    if not wanted or len(pieces) < 2 or not lines:
        return None
    shown = lines[-1].strip()
    if not any(shown.endswith(part) for part in pieces) or shown.endswith(wanted[1]):
        return None
    reads = source.calls("recv")
    for call in reads:
        loop = next(loops_around(source, call), None)
        if loop is not None and reaches(source, loop, ("sendall", "send")):
            return seen.at(
                call,
                f"takes one recv() for the whole reply. It returned only a part of it, "
                f"{shown!r}: a reply can arrive in pieces.",
            )
    return None
