"""Queues and events: who hands work to whom, and who waits for it."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.sharing import (
    calls_at,
    last,
    made,
    reached,
)
from chatkit.grading.explain.source import argument, called, constant, owner

OUTBOX = {3: "An outbox for each client", 4: "Many at once"}
LEAVES = {3: "Somebody leaves", 4: "Coming and going"}
QUEUES = ("Queue", "SimpleQueue", "LifoQueue", "PriorityQueue")


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
    waits = ("sleep", "wait", "select", "recv", "accept", "poll", "readline", "input")
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
