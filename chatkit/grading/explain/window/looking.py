"""Looking into the queue: a window that comes back with after()."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import Function, argument, called, constant
from chatkit.grading.explain.questions.tkcode import (
    call_at,
    callbacks,
    last_name,
    names_in,
    registered,
)

INBOX = {5: "The inbox"}


@misconception(
    "after-called-at-once",
    "after() gets what a function returns, not the function",
    think="When is look() called, when is look called? What do the parentheses do?",
    read=INBOX,
    proofs=(),
    unlike="05_gui/one_line_a_tick",
)
def after_called_at_once(seen: Seen) -> str | None:
    """It calls itself without end, or it looks only once."""
    for call, given in registered(seen.source, "after", "after_idle"):
        if not isinstance(given, ast.Call):
            continue
        function = seen.source.function(called(given))
        if not function:
            continue
        text = (
            f"calls {function.name}() at once, because of the parentheses, and after() gets only "
            "what it returns. Name the function without parentheses."
        )
        if seen.source.function_of(call) is function and seen.raised("RecursionError"):
            return seen.at(call, text + " Now it calls itself until Python gives up.")
    return None


@misconception(
    "after-with-a-fraction",
    "after() gets seconds, not whole milliseconds",
    think="Which unit does after() want, and which does sleep()?",
    read=INBOX,
    proofs=(),
    unlike="05_gui/one_line_a_tick",
)
def after_with_a_fraction(seen: Seen) -> str | None:
    error = seen.raised("TclError", "TypeError")
    if not error or not error.own:
        return None
    call = call_at(seen.source, error.own, "after")
    time = constant(argument(call, 0, "ms")) if call else None
    if not isinstance(time, float):
        return None
    return seen.at(
        error.own,
        f"calls after() with {time}. It wants whole milliseconds: 20 is a fiftieth of a second.",
    )


@misconception(
    "looks-only-once",
    "the function that empties the queue is not called again",
    think="How often does Tk call a function that after() was given?",
    read=INBOX,
    proofs=(),
    unlike="05_gui/one_line_a_tick",
)
def looks_only_once(seen: Seen) -> str | None:
    """What came is not answered or shown, and the function that reads the queue never comes back.

    A function that is called from a loop, or by an event of its own, comes back without after().
    """
    if seen.evidence.symptom not in ("silent", "not-shown", "not-said") or seen.evidence.raised:
        return None
    for function in _lookers(seen):
        inside = [
            call
            for call, given in registered(seen.source, "after", "after_idle")
            if seen.source.function_of(call) is function and function.name in names_in(given)
        ]
        if not inside:
            return seen.at(
                function,
                f"begins {function.name}(), which looks into the queue. Nothing in it asks Tk to "
                "call it again: after() calls a function only once. So it looks once and never "
                "again.",
            )
        loop = next(seen.source.around(inside[0], ast.For, ast.While), None)
        if len(inside) == 1 and loop and seen.source.function_of(loop) is function:
            return seen.at(
                inside[0],
                f"asks Tk to call {function.name}() again, but only inside the loop over "
                "what is in the queue. When it is empty at the first look, there is no second.",
            )
    return None


def _lookers(seen: Seen) -> list[Function]:
    """The functions that look into a queue without waiting, and come back only by after()."""
    source = seen.source
    found = []
    for function in source.functions():
        reads = source.calls("get_nowait", inside=function)
        if source.calls("empty", inside=function):
            reads = reads + source.calls("get", inside=function)
        begun = [
            call for call in source.calls(function.name) if source.function_of(call) is not function
        ]
        named = [
            node
            for node in source.nodes
            if _names(seen, node, function)
            and isinstance(getattr(node, "ctx", None), ast.Load)
            and not _is_called(seen, node)
        ]
        by_after = [
            node
            for _, given in registered(source, "after", "after_idle")
            for node in ast.walk(given)
            if node in named
        ]
        in_loop = any(next(source.around(call, ast.For, ast.While), None) for call in begun)
        by_others = any(
            source.calls("after", "after_idle", inside=source.function_of(call) or call)
            for call in begun
            if source.function_of(call) and source.function_of(call) in callbacks(source, "after")
        )
        if (
            reads
            and (begun or by_after)
            and len(named) == len(by_after)
            and not in_loop
            and not by_others
        ):
            found.append(function)
    return found


def _names(seen: Seen, node: ast.AST, function: Function) -> bool:
    """Whether a node is the name of this function; a method has a dot before it."""
    method = next(seen.source.around(function, ast.ClassDef), None)
    kind = ast.Attribute if method else ast.Name
    return isinstance(node, kind) and last_name(node) == function.name


def _is_called(seen: Seen, node: ast.AST) -> bool:
    around = seen.source.parents.get(node)
    return isinstance(around, ast.Call) and around.func is node
