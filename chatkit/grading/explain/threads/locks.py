"""Locks: who holds one, and who waits for it."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.headings import SHARE
from chatkit.grading.explain.questions.sharing import (
    LOCKS,
    calls_at,
    for_one,
    held,
    last,
    made,
    wants,
)
from chatkit.grading.explain.questions.source import called, owner

STANDS_STILL = ("silent", "stuck", "lost", "late", "unfinished-line", "no-exit", "does-not-stop")
WAITING = (
    *("sendall", "send", "recv", "recv_into", "readline", "accept", "connect"),
    *("join", "put", "get", "input", "wait"),
)


@misconception(
    "lock-taken-twice",
    "a thread waits for a lock that it holds itself",
    think="Who holds the lock at this moment? Follow the calls back.",
    read=SHARE,
    proofs=("03_threads/takes_the_lock_twice", "04_nicknames/takes_the_lock_twice"),
    unlike="03_threads/holds_the_lock_while_sending",
)
def lock_taken_twice(seen: Seen) -> str | None:
    """A thread stands at taking a lock, and one of its callers stands in a block that holds it."""
    again = {name for name, call in made(seen.source, *LOCKS).items() if called(call) == "RLock"}
    again |= set(made(seen.source, "Condition", "Semaphore", "BoundedSemaphore"))
    for stack in seen.evidence.stacks:
        wanted = wants(seen.source, stack)
        if not wanted or last(wanted) in again or not stack.own:
            continue
        for frame, block, lock in held(seen.source, stack):
            if not _the_same(seen, lock, wanted) or block.lineno == stack.own.line:
                continue
            by = f"line {block.lineno} took it"
            way = f", and calls {stack.own.function}()" if frame != stack.own else ""
            if frame != stack.own and frame.line != block.lineno:
                way = f", and line {frame.line} leads to {stack.own.function}()"
            return seen.at(
                stack.own,
                f"waits for {wanted}, and this very thread holds it: {by}{way}. A Lock can be "
                "taken once only, so the thread waits for itself, and all others wait with it.",
            )
    return None


def _the_same(seen: Seen, one: str, other: str) -> bool:
    """Whether two names are the same lock: written alike, or there is only one of that name."""
    if one == other:
        return one.startswith("self.") or "." not in one
    if last(one) != last(other):
        return False
    call = made(seen.source, *LOCKS).get(last(one))
    home = next(seen.source.around(call, ast.ClassDef), None) if call else None
    return isinstance(home, ast.ClassDef) and len(seen.source.calls(home.name)) == 1


@misconception(
    "waits-with-the-lock",
    "a thread holds the lock while it waits",
    think="For whom does this line wait, and who needs the lock meanwhile?",
    read=SHARE,
    proofs=(
        "03_threads/holds_the_lock_while_sending",
        "04_nicknames/holds_the_lock_while_sending",
        "03_threads/full_outbox_makes_everybody_wait",
    ),
    unlike="03_threads/sends_in_the_reading_thread",
)
def waits_with_the_lock(seen: Seen) -> str | None:
    """A thread stands in a call that waits, inside a block that holds a lock."""
    if seen.evidence.symptom not in STANDS_STILL:
        return None
    for stack in seen.evidence.stacks:
        calls = calls_at(seen.source, stack.own, *WAITING)
        if not calls or wants(seen.source, stack) or not stack.own:
            continue
        # A function of the file would stand deeper in the stack; join() stands in Python's own.
        here = stack.frames[0] == stack.own
        inside = here and seen.source.function(called(calls[0]))
        for frame, block, lock in held(seen.source, stack):
            call = calls[0]
            own_condition = called(call) == "wait" and owner(call) == lock
            if inside or own_condition or for_one(seen.source, lock):
                continue
            since = "" if frame == stack.own else f" in {stack.own.function}()"
            return seen.at(
                stack.own,
                f"waits in {called(call)}(){since}, and the thread holds {lock} meanwhile, since "
                f"line {block.lineno}. Every other thread that wants {lock} waits with it. Never "
                "wait while you hold a lock.",
            )
    return None


@misconception(
    "lock-not-given-back",
    "a lock is taken and not given back on every way out",
    think="Which lines leave the function before release() is reached?",
    read=SHARE,
    proofs=("03_threads/lock_is_not_given_back",),
    unlike="03_threads/takes_the_lock_twice",
)
def lock_not_given_back(seen: Seen) -> str | None:
    """Threads wait for a lock, nobody stands where it is held, and acquire() has ways around."""
    source = seen.source
    wanted = [(stack, wants(source, stack)) for stack in seen.evidence.stacks]
    waiting = [(stack, lock) for stack, lock in wanted if lock]
    for stack, lock in waiting:
        for call in source.calls("acquire"):
            if last(owner(call)) != last(lock) or not stack.own:
                continue
            function = source.function_of(call) or source.tree
            gives = [
                one
                for one in source.calls("release", inside=function)
                if last(owner(one)) == last(lock)
            ]
            if any(_in_finally(seen, one) for one in gives):
                continue
            if not gives:
                return seen.at(
                    call,
                    f"takes {lock}, and nothing in this function gives it back. "
                    f"Line {stack.own.line} waits for it forever.",
                )
            leaves = [
                one
                for one in ast.walk(function)
                if isinstance(one, ast.Return | ast.Continue | ast.Break | ast.Raise)
                and call.lineno < one.lineno < max(give.lineno for give in gives)
                and not any(give.lineno < one.lineno for give in gives)
            ]
            if leaves:
                return seen.at(
                    leaves[0],
                    f"leaves before {lock} is given back: line {call.lineno} took it, and the "
                    f"release() stands further down. Line {stack.own.line} waits for it forever.",
                )
    return None


def _in_finally(seen: Seen, node: ast.AST) -> bool:
    below = node
    for one in seen.source.around(node):
        if isinstance(one, ast.Try) and below in one.finalbody:
            return True
        below = one
    return False
