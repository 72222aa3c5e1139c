"""Sending: which thread sends to whom, and what becomes of the sockets."""

import ast
import re

from chatkit.bench.evidence import Frame, Stack
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.headings import LEAVES, OUTBOX
from chatkit.grading.explain.questions.sharing import (
    ADDS,
    TAKES,
    accept_loops,
    around_with,
    calls_at,
    for_one,
    held,
    last,
    made,
    reached,
    root,
    thread_functions,
)
from chatkit.grading.explain.questions.source import Function, argument, called, owner


@misconception(
    "sends-in-the-reading-thread",
    "the thread that reads from one client sends to the others itself",
    think="For whom does this thread wait in sendall()? Who reads from its own client meanwhile?",
    read=OUTBOX,
    proofs=("03_threads/sends_in_the_reading_thread", "03_threads/two_threads_write_to_one_socket"),
    unlike="03_threads/holds_the_lock_while_sending",
)
def sends_in_the_reading_thread(seen: Seen) -> str | None:
    """A thread stands in a send to one of many, and a caller is the loop that reads."""
    if seen.evidence.symptom not in ("stuck", "silent", "lost", "late"):
        return None
    for stack in seen.evidence.stacks:
        calls = calls_at(seen.source, stack.own, "send", "sendall")
        if not calls or stack.main or not stack.own:
            continue
        if any(not for_one(seen.source, lock) for _, _, lock in held(seen.source, stack)):
            continue
        loop = _loop_over_others(seen, stack, calls[0])
        readers = [frame for frame in stack.owns if _reads_here(seen, frame)]
        if loop is None or not readers:
            continue
        return seen.at(
            stack.own,
            f"waits in {called(calls[0])}() until another client reads. It is the thread that "
            f"should read what its own client says ({readers[0].function}()), so nobody hears "
            "this client any more.",
        )
    return None


def _loop_over_others(seen: Seen, stack: Stack, call: ast.Call) -> ast.For | None:
    """The loop whose variable the send goes to, followed through the callers."""
    name = root(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    owns = stack.owns
    for place, frame in enumerate(owns):
        function = seen.source.function_at(frame.line)
        for loop in seen.source.all(ast.For, function):
            inside = loop.lineno < frame.line <= (loop.end_lineno or 0)
            goals = {one.id for one in ast.walk(loop.target) if isinstance(one, ast.Name)}
            if inside and name in goals:
                return loop
        if function is None or place + 1 == len(owns):
            return None
        outer = calls_at(seen.source, owns[place + 1], function.name)
        if not outer:
            return None
        names = [one.arg for one in function.args.args]
        method = bool(names) and names[0] == "self"
        if name == "self" and isinstance(outer[0].func, ast.Attribute):
            name = root(outer[0].func.value)
        elif name in names:
            given = argument(outer[0], names.index(name) - method, name)
            name = root(given)
        else:
            return None
    return None


def _reads_here(seen: Seen, frame: Frame) -> bool:
    """Whether the function of a frame is one that reads from a client, in a loop."""
    function = seen.source.function_at(frame.line)
    if function is None:
        return False
    loops: list[ast.While | ast.For] = [*seen.source.all(ast.While, function)]
    for loop in [*loops, *seen.source.all(ast.For, function)]:
        if loop.lineno <= frame.line <= (loop.end_lineno or 0) and _receives(seen, loop, function):
            return True
    return False


def _receives(seen: Seen, loop: ast.While | ast.For, function: Function) -> bool:
    head = loop.iter if isinstance(loop, ast.For) else loop
    names = {called(one) for one in ast.walk(head) if isinstance(one, ast.Call)}
    if names & {"recv", "readline", "recv_into", "makefile"}:
        return True
    files = [
        name for name, call in made(seen.source, "makefile").items() if call in ast.walk(function)
    ]
    if isinstance(loop, ast.For) and last(ast.unparse(loop.iter)) in files:
        return True
    below = reached(seen.source, names - {function.name})
    return any(
        seen.source.calls("recv", "readline", inside=one)
        for one in map(seen.source.function, below)
        if one is not None
    )


@misconception(
    "two-threads-write-to-one-socket",
    "two threads send to one socket at once",
    think="Which threads can send to carol at the same moment? What makes them take turns?",
    read=OUTBOX,
    proofs=("03_threads/two_threads_write_to_one_socket",),
    unlike="03_threads/recv_is_a_message",
)
def two_threads_write_to_one_socket(seen: Seen) -> str | None:
    """Lines came out mixed; a line is sent in pieces, in a loop over others, under no lock."""
    if seen.evidence.symptom != "different-text" or seen.evidence.check not in ("crowd", "churn"):
        return None
    running = reached(seen.source, thread_functions(seen.source))
    for call in seen.source.calls("send", "sendall"):
        function = seen.source.function_of(call)
        if function is None or function.name not in running or _one_at_a_time(seen, call):
            continue
        loop = next(seen.source.around(call, ast.While, ast.For), None)
        # Two sends to the variable of one loop over others, or a loop that sends slice after slice.
        same = seen.source.calls("send", "sendall", inside=loop) if loop else []
        same = [one for one in same if owner(one) == owner(call)]
        others = isinstance(loop, ast.For) and root(loop.target) == root(call.func)
        slices = loop and any(isinstance(one, ast.Slice) for one in ast.walk(loop))
        pieces = isinstance(loop, ast.While) and slices
        if (others and len(same) > 1) or pieces:
            return seen.at(
                call,
                "sends a line in pieces, in the thread of whoever said it, and no lock is held. "
                "Between two pieces another thread sends to the same client, and the lines mix.",
            )
    return None


def _one_at_a_time(seen: Seen, call: ast.Call, deep: int = 3) -> bool:
    """Whether only one thread sends at a time: under a lock, or it alone takes from a queue."""
    if around_with(seen.source, call):
        return True
    function = seen.source.function_of(call)
    if function is None or seen.source.calls("get", inside=function):
        return True
    calls = seen.source.calls(function.name)
    return bool(deep and calls) and all(_one_at_a_time(seen, one, deep - 1) for one in calls)


@misconception(
    "sockets-are-kept",
    "the sockets of those who have left are kept and never closed",
    think="Who still holds the socket of a client that has left? Which line closes it?",
    read=LEAVES,
    proofs=("03_threads/sockets_are_never_closed",),
    unlike="03_threads/writing_threads_never_end",
)
def sockets_are_kept(seen: Seen) -> str | None:
    """Open files stayed, threads did not; nothing closes, and a collection keeps them all."""
    counts = re.findall(r"(\d+) threads, (\d+) open files", seen.evidence.expected)
    counts += re.findall(r"(\d+) threads, (\d+) open files", seen.evidence.received)
    if seen.evidence.symptom != "leaked" or len(counts) != 2 or seen.evidence.raised:
        return None
    (threads, files), (threads_now, files_now) = counts
    if int(threads_now) > int(threads) or int(files_now) <= int(files):
        return None
    for loop in accept_loops(seen.source):
        for call in seen.source.calls(*ADDS, inside=loop):
            where = last(owner(call))
            takes = [one for one in seen.source.calls(*TAKES) if last(owner(one)) == where]
            if takes or _deletes(seen, where) or _closes_clients(seen):
                continue
            return seen.at(
                call,
                f"puts each client into {owner(call)}. Nothing takes one out again when it has "
                "left, and no line closes its socket: each visitor leaves an open file behind.",
            )
    running = reached(seen.source, thread_functions(seen.source))
    for call in seen.source.calls("append", "add"):
        function = seen.source.function_of(call)
        where = last(owner(call))
        takes = [one for one in seen.source.calls(*TAKES) if last(owner(one)) == where]
        if function is None or function.name not in running or not _is_a_client(seen, call):
            continue
        if not (takes or _deletes(seen, where) or _closes_clients(seen)):
            return seen.at(
                call,
                f"keeps in {owner(call)} somebody who has left, and no line closes the socket. So "
                "each visitor leaves an open file behind.",
            )
    return None


def _is_a_client(seen: Seen, call: ast.Call) -> bool:
    """Whether what is put into a collection is what the function got when its thread began."""
    function = seen.source.function_of(call)
    names = {one.arg for one in function.args.args} if function else set()
    return bool(call.args) and root(call.args[0]) in names - {"self"}


def _deletes(seen: Seen, where: str) -> bool:
    return any(
        last(ast.unparse(goal.value)) == where
        for one in seen.source.all(ast.Delete)
        for goal in one.targets
        if isinstance(goal, ast.Subscript)
    )


def _closes_clients(seen: Seen) -> bool:
    """Whether a function of a thread closes something."""
    running = reached(seen.source, thread_functions(seen.source))
    return any(
        function.name in running and seen.source.calls("close", inside=function)
        for function in seen.source.functions()
    )
