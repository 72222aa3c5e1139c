"""What threads share: who looks at it, who changes it, and whether a lock is held."""

import ast
import re

from chatkit.bench.evidence import Raised
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import goes_through
from chatkit.grading.explain.questions.headings import SHARE
from chatkit.grading.explain.questions.sharing import (
    LOCKS,
    changes,
    is_locked,
    made,
    reached,
    thread_functions,
)
from chatkit.grading.explain.questions.source import called

CHANGED = re.compile(r"changed (size )?during iteration|keys changed|mutated during iteration")


def _has_threads(seen: Seen) -> bool:
    return bool(thread_functions(seen.source))


def _changed_meanwhile(seen: Seen) -> tuple[Raised, ast.For | ast.comprehension] | None:
    """The error of a collection that changed during a loop over it, and that loop."""
    for error in seen.evidence.raised:
        if error.kind != "RuntimeError" or not CHANGED.search(error.text) or not error.own:
            continue
        line = error.own.line
        loops = [one for one in seen.source.all(ast.For) if one.lineno == line]
        parts = [
            one
            for one in ast.walk(seen.source.tree)
            if isinstance(one, ast.comprehension) and one.iter.lineno == line
        ]
        found: list[ast.For | ast.comprehension] = [*loops, *parts]
        for loop in found:
            if goes_through(loop):
                return error, loop
    return None


@misconception(
    "loop-without-the-lock",
    "a loop goes through what threads share, and does not hold the lock",
    think="Which threads can reach this collection while your loop is in the middle of it?",
    read=SHARE,
    proofs=(),
    unlike="03_threads/list_shrinks_during_the_loop",
)
def loop_without_the_lock(seen: Seen) -> str | None:
    """RuntimeError at a loop over a shared collection, which stands under no lock."""
    found = _changed_meanwhile(seen)
    if not found or not _has_threads(seen):
        return None
    _, loop = found
    if is_locked(seen.source, loop.iter):
        return None
    what = goes_through(loop)
    if _changes_itself(seen, loop, what):
        return None
    return seen.at(
        loop.iter,
        f"goes through {what} without holding a lock. Meanwhile another thread changed {what}, and "
        "Python ended the loop with a RuntimeError. A thread that looks at what is shared must "
        "hold the lock.",
    )


def _changes_itself(seen: Seen, loop: ast.For | ast.comprehension, what: str) -> bool:
    """Whether the body of the loop changes what it goes through, itself or by what it calls."""
    if isinstance(loop, ast.comprehension):
        return False
    inside = {one for stands in loop.body for one in ast.walk(stands)}
    names = {called(one) for one in inside if isinstance(one, ast.Call)}
    functions = {seen.source.function(name) for name in reached(seen.source, names)}
    return any(
        place in inside or seen.source.function_of(place) in functions - {None}
        for place, _ in changes(seen.source, what)
    )


@misconception(
    "changed-without-the-lock",
    "what threads share is changed by a line that does not hold the lock",
    think="Which lines change the collection? Does each of them hold the lock?",
    read=SHARE,
    proofs=(),
    unlike="03_threads/list_shrinks_during_the_loop",
)
def changed_without_the_lock(seen: Seen) -> str | None:
    """RuntimeError at a loop that holds the lock, and a line that changes without it."""
    found = _changed_meanwhile(seen)
    if not found or not _has_threads(seen):
        return None
    error, loop = found
    what = goes_through(loop)
    if _changes_itself(seen, loop, what):
        return None
    if not is_locked(seen.source, loop.iter):
        return None  # then the loop is what is wrong in the first place
    running = reached(seen.source, thread_functions(seen.source))
    bare = [
        (place, adds)
        for place, adds in changes(seen.source, what)
        if (function := seen.source.function_of(place)) and function.name != "__init__"
        if not is_locked(seen.source, place)
        if error.in_thread or function.name in running  # else it is the thread of the loop itself
    ]
    for place, adds in bare:
        does = "puts somebody into" if adds else "takes somebody out of"
        others = sorted({getattr(one, "lineno", 0) for one, _ in bare if one is not place})
        also = f" Line {others[0]} changes it without the lock, too." if others else ""
        return seen.at(
            place,
            f"{does} {what} without holding the lock.{also} While another thread was in the loop "
            f"of line {loop.iter.lineno}, {what} changed, and Python ended that loop with a "
            "RuntimeError. Hold the lock while you change what is shared.",
        )
    return None


@misconception(
    "counts-through-without-the-lock",
    "a list is gone through by numbers, and gets shorter meanwhile",
    think="Who can make the list shorter between the count and the look?",
    read=SHARE,
    proofs=("03_threads/list_shrinks_during_the_loop", "04_nicknames/list_shrinks_during_the_loop"),
)
def counts_through_without_the_lock(seen: Seen) -> str | None:
    """IndexError at `things[i]` in a loop over range(len(things)) that holds no lock."""
    for error in seen.evidence.raised:
        if error.kind != "IndexError" or not error.own or not _has_threads(seen):
            continue
        for loop in seen.source.all(ast.For):
            text = ast.unparse(loop.iter)
            end = loop.end_lineno or 0
            if not loop.lineno <= error.own.line <= end or is_locked(seen.source, loop):
                continue
            counted = re.fullmatch(r"range\((?:0, )?len\(([\w.]+)\)\)", text)
            if counted and f"{counted[1]}[" in seen.source.line(error.own.line):
                return seen.at(
                    error.own,
                    f"takes one after the other out of {counted[1]} by its number. The number was "
                    "counted before, and no lock is held: another thread made the list shorter "
                    "meanwhile, and there is no such number any more.",
                )
    return None


@misconception(
    "a-lock-for-each",
    "every thread makes a lock of its own",
    think="How many locks are there when three clients are connected?",
    read=SHARE,
    proofs=(),
)
def a_lock_for_each(seen: Seen) -> str | None:
    """A collection changed during a loop, and the lock around is made anew for each call."""
    if not _changed_meanwhile(seen):
        return None
    for block in seen.source.all(ast.With):
        for item in block.items:
            made_here = item.context_expr
            if isinstance(made_here, ast.Call) and called(made_here) in LOCKS:
                return seen.at(
                    block,
                    f"makes a new {called(made_here)} and takes that one. Every thread that comes "
                    "here gets a lock of its own, so nobody ever waits for another. All must take "
                    "the same lock.",
                )
    for call in made(seen.source, *LOCKS).values():
        function = seen.source.function_of(call)
        if function and function.name in reached(seen.source, thread_functions(seen.source)):
            return seen.at(
                call,
                f"makes a lock in {function.name}(), so each thread has a lock of its own, and "
                "nobody ever waits for another. All must take the same lock.",
            )
    return None
