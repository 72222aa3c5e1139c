"""Queues and events: who hands work to whom, and who waits for it."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.headings import LEAVES, OUTBOX
from chatkit.grading.explain.questions.sharing import calls_at, last, made, reached
from chatkit.grading.explain.questions.source import (
    Function,
    argument,
    called,
    constant,
    owner,
)

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
            room = ast.unparse(argument(queue, 0, "maxsize") or queue)
            then = "One client that does not read fills its queue, and then everybody who has "
            then += "something for it waits."
            if constant(argument(call, 0)) is None:
                then = "Nobody takes anything out, so this thread does not go on to tidy up."
            return seen.at(
                stack.own,
                f"waits in put(), because the queue is full: line {queue.lineno} gives it room "
                f"for {room}. {then}",
            )
    return None


@misconception(
    "writer-is-not-told-the-end",
    "nobody tells a thread that waits at a queue when to end",
    think="Who wakes the thread that waits in get() when its client has left?",
    read=LEAVES,
    proofs=("03_threads/writing_threads_never_end",),
    unlike="03_threads/sockets_are_never_closed",
)
def writer_is_not_told_the_end(seen: Seen) -> str | None:
    """All clients have left, and threads still stand in get() of a queue."""
    if seen.evidence.symptom != "leaked" or seen.evidence.raised or not more_threads(seen):
        return None
    if any(_waits_for_what_is_set(seen, name) for name in made(seen.source, "Event")):
        return None  # a thread that never rests makes all others late
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
        stand = f"waits in get(), and {count} threads stand here after all clients have left."
        function = seen.source.function_of(call)
        if function and not _asks_for_the_end(seen, function, call):
            return seen.at(
                call,
                f"{stand} {function.name}() never asks whether what it got means that it is over, "
                "so nobody can end these threads.",
            )
        where = f": line {ends[0].lineno} does that, and was not reached for them" if ends else ""
        return seen.at(call, f"{stand} Nobody has put in what tells them that it is over{where}.")
    return None


def more_threads(seen: Seen) -> bool:
    """Whether there were more threads after the second crowd of clients than after the first."""
    found = re.findall(r"(\d+) threads", f"{seen.evidence.expected} {seen.evidence.received}")
    return len(found) != 2 or int(found[1]) > int(found[0])


def _asks_for_the_end(seen: Seen, function: Function, call: ast.Call) -> bool:
    """Whether a condition, or iter() with an end, looks at what get() gave."""
    above = seen.source.parents.get(call)
    names = {
        ast.unparse(goal)
        for goal in (
            above.targets
            if isinstance(above, ast.Assign)
            else [above.target]
            if isinstance(above, ast.NamedExpr)
            else []
        )
    }
    tests = [
        one.test for one in ast.walk(function) if isinstance(one, ast.If | ast.While | ast.IfExp)
    ]
    tests += [one.args[1] for one in seen.source.calls("iter", inside=function) if one.args[1:]]
    tests += [one.subject for one in ast.walk(function) if isinstance(one, ast.Match)]
    return bool(seen.source.calls("iter", inside=function)) or any(
        ast.unparse(part) in names or part is call
        for test in tests
        for part in ast.walk(test)
        if isinstance(part, ast.expr)
    )


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
        loops = [one for one in seen.source.around(call, ast.While) if isinstance(one, ast.While)]
        # `while not queue.empty()` with a get() inside ends: what matters is the loop around it.
        while loops and call in ast.walk(loops[0].test):
            takes = seen.source.calls("get", "get_nowait", inside=loops[0])
            if not any(owner(one) == owner(call) for one in takes):
                break
            loops.pop(0)
        loop = loops[0] if loops else None
        if loop is None or _waits_in(seen, loop):
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
        for wait, first in _waits_for_what_is_set(seen, name):
            return seen.at(
                wait,
                f"waits for {name}, and no line calls {name}.clear(). Once line {first.lineno} has "
                "set it, wait() comes back at once, each time, and the loop never rests.",
            )
    return None


def _waits_for_what_is_set(seen: Seen, name: str) -> list[tuple[ast.Call, ast.Call]]:
    """Each wait() of a loop for an event that no line clears, with the first line that sets it."""
    of = {
        what: [one for one in seen.source.calls(what) if last(owner(one)) == name]
        for what in ("wait", "set", "clear")
    }
    if of["clear"] or not of["set"]:
        return []
    return [
        (wait, of["set"][0])
        for wait in of["wait"]
        if isinstance(seen.source.parents.get(wait), ast.Expr)  # else it may ask for the end
        if next(seen.source.around(wait, ast.While), None)
    ]
