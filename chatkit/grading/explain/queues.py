"""Queues, events and sending: who hands work to whom, and who waits for it."""

import ast
import re

from chatkit.bench.evidence import Frame, Stack
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.sharing import (
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
from chatkit.grading.explain.source import Function, argument, called, constant, owner

OUTBOX = {3: "An outbox for each client", 4: "Many at once"}
LEAVES = {3: "Somebody leaves", 4: "Coming and going"}
QUEUES = ("Queue", "SimpleQueue", "LifoQueue", "PriorityQueue")


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
    "put-waits-at-a-full-queue",
    "put() waits when the queue is full",
    think="Who takes out of this queue, and for whom does that thread wait?",
    read=OUTBOX,
    proofs=("03_threads/full_outbox_makes_everybody_wait",),
    unlike="03_threads/holds_the_lock_while_sending",
)
def put_waits_at_a_full_queue(seen: Seen) -> str | None:
    """A thread stands in put() of a queue that was made with a size."""
    sized = {
        name: call
        for name, call in made(seen.source, *QUEUES).items()
        if constant(argument(call, 0, "maxsize")) not in (0, None) and argument(call, 0, "maxsize")
    }
    for stack in seen.evidence.stacks:
        for call in calls_at(seen.source, stack.own, "put"):
            if not stack.own or stack.frames[0] == stack.own or not sized:
                continue
            queue = sized.get(last(owner(call))) or next(iter(sized.values()))
            return seen.at(
                stack.own,
                f"waits in put(), because the queue is full: line {queue.lineno} gives it room "
                f"for {ast.unparse(argument(queue, 0, 'maxsize') or queue)}. One client that does "
                "not read fills its queue, and then everybody who has something for it waits.",
            )
    return None


@misconception(
    "writer-is-not-told-the-end",
    "nobody tells the thread at a queue that it is over",
    think="Who wakes the thread that waits in get() when its client has left?",
    read=LEAVES,
    proofs=("03_threads/writing_threads_never_end",),
    unlike="03_threads/sockets_are_never_closed",
)
def writer_is_not_told_the_end(seen: Seen) -> str | None:
    """All clients have left, and threads still stand in get() of a queue."""
    if seen.evidence.symptom != "leaked" or seen.evidence.raised:
        return None
    standing: dict[int, tuple[ast.Call, int]] = {}
    for stack in seen.evidence.stacks:
        for call in calls_at(seen.source, stack.own, "get"):
            standing[call.lineno] = (call, standing.get(call.lineno, (call, 0))[1] + 1)
    for call, count in standing.values():
        if count < 2 or stack_of_main_is(seen, call):
            continue
        ends = [
            one
            for one in seen.source.calls("put", "put_nowait", "shutdown")
            if constant(argument(one, 0)) is None and last(owner(one)) == last(owner(call))
            if one.args or called(one) == "shutdown"
        ]
        if not ends:
            return seen.at(
                call,
                f"waits in get(). {count} threads stand here after all clients have left: no line "
                f"puts anything into {owner(call)} that says that it is over.",
            )
        return seen.at(
            call,
            f"waits in get(). {count} threads stand here after all clients have left. Line "
            f"{ends[0].lineno} could tell them that it is over, but it was not reached for these.",
        )
    return None


def stack_of_main_is(seen: Seen, call: ast.Call) -> bool:
    """Whether it is the main thread that stands at a call."""
    return any(one.main and one.own and one.own.line == call.lineno for one in seen.evidence.stacks)


@misconception(
    "nobody-puts-into-the-queue",
    "a thread waits at a queue into which nobody puts anything",
    think="Which line puts something into this queue?",
    read=OUTBOX,
    proofs=("03_threads/nobody_puts_into_the_outbox",),
    unlike="03_threads/writer_is_never_started",
)
def nobody_puts_into_the_queue(seen: Seen) -> str | None:
    """A thread stands in get(), and no line of the file puts into a queue of that name."""
    puts = {last(owner(one)) for one in seen.source.calls("put", "put_nowait")}
    for stack in seen.evidence.stacks:
        for call in calls_at(seen.source, stack.own, "get"):
            queue = last(owner(call))
            sends = seen.source.calls("send", "sendall")
            inside = seen.source.function_of(call)
            if any(seen.source.function_of(one) is not inside for one in sends):
                continue  # what should go through the queue may go another way
            known = queue in made(seen.source, *QUEUES)
            alone = len(made(seen.source, *QUEUES)) == 1
            if not known or queue in puts or (puts and alone) or not stack.own:
                continue
            if (
                stack.frames[0] == stack.own
                and called(made(seen.source, *QUEUES)[queue]) == "Queue"
            ):
                continue
            return seen.at(
                call,
                f"waits in get() until something comes into {owner(call)}, and no line of the "
                f"file puts anything into a queue that is called {queue}.",
            )
    return None


@misconception(
    "asks-the-queue-again-and-again",
    "a loop asks a queue all the time whether there is something",
    think="What does get() do when the queue is empty? What does your loop do then?",
    read=OUTBOX,
    proofs=("03_threads/asks_its_queue_all_the_time",),
    unlike="03_threads/event_is_never_cleared",
)
def asks_the_queue_again_and_again(seen: Seen) -> str | None:
    """The program was busy while nobody said anything, and a loop without any wait asks a queue."""
    if seen.evidence.symptom != "spinning":
        return None
    for call in seen.source.calls("empty", "get_nowait", "qsize", "get"):
        blocking = constant(argument(call, 0, "block"))
        if called(call) == "get" and blocking is not False:
            continue
        if last(owner(call)) not in made(seen.source, *QUEUES):
            continue
        loop = next(seen.source.around(call, ast.While, ast.FunctionDef), None)
        if not isinstance(loop, ast.While) or _waits_in(seen, loop):
            continue
        return seen.at(
            call,
            f"asks whether {owner(call)} has something, and the loop of line {loop.lineno} asks "
            "again at once when it has not. get() without more waits until something comes, and "
            "costs nothing meanwhile.",
        )
    return None


def _waits_in(seen: Seen, loop: ast.AST) -> bool:
    waits = ("sleep", "wait", "select", "recv", "accept", "join", "poll", "readline", "input")
    names = {called(one) for one in seen.source.all(ast.Call, loop)}
    return bool(names & set(waits)) or any(
        bool(seen.source.calls(*waits, inside=function))
        for function in map(seen.source.function, reached(seen.source, names))
        if function is not None
    )


@misconception(
    "event-never-cleared",
    "an event is set once, and never cleared",
    think="What does wait() do when the event is set already?",
    read=OUTBOX,
    proofs=("03_threads/event_is_never_cleared",),
    unlike="03_threads/asks_its_queue_all_the_time",
)
def event_never_cleared(seen: Seen) -> str | None:
    """The program was busy; a loop waits for an event that is set and never cleared."""
    if seen.evidence.symptom != "spinning":
        return None
    for name in made(seen.source, "Event"):
        of = {
            what: [one for one in seen.source.calls(what) if last(owner(one)) == name]
            for what in ("wait", "set", "clear")
        }
        for wait in of["wait"]:
            loop = next(seen.source.around(wait, ast.While), None)
            if loop is None or of["clear"] or not of["set"]:
                continue
            return seen.at(
                wait,
                f"waits for {name}, and no line calls {name}.clear(). Once line "
                f"{of['set'][0].lineno} has set it, wait() comes back at once, each time, and the "
                "loop never rests.",
            )
    return None


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
        siblings = [
            one
            for one in seen.source.calls("send", "sendall", inside=function)
            if one is not call and owner(one) == owner(call)
        ]
        pieces = isinstance(loop, ast.While) and not seen.source.calls("recv", "get", inside=loop)
        if siblings or pieces:
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
    return None


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
