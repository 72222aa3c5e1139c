"""What a window's functions raise, and what it means."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import called
from chatkit.grading.explain.questions.tkcode import last_name, registered

INBOX = {5: "The inbox"}
SEND = {5: "Sending"}


@misconception(
    "empty-not-caught",
    "get_nowait() raises Empty, and nobody catches it",
    think="What does get_nowait() do when there is nothing in the queue? Is that an error?",
    read=INBOX,
    proofs=(),
    unlike="05_gui/one_line_a_tick",
)
def empty_not_caught(seen: Seen) -> str | None:
    error = seen.raised("Empty")
    if not error or not error.own or error.in_thread:
        return None
    return seen.at(
        error.own,
        "raises queue.Empty as soon as the queue is empty, and nothing catches it there. So what "
        "comes after it is not done, and neither is the next after(). An empty queue is normal.",
    )


@misconception(
    "handler-without-event",
    "a function that bind() was given takes no event",
    think="What does Tk give a function when a key calls it? And when a button calls it?",
    read=SEND,
    proofs=(),
    unlike="05_gui/enter_does_nothing",
)
def handler_without_event(seen: Seen) -> str | None:
    for error in seen.evidence.raised:
        found = re.match(r"(?:\w+\.)*(\w+)\(\) takes (\d+) positional arguments? but", error.text)
        if error.kind != "TypeError" or not found or (error.own and error.own.function == found[1]):
            continue
        for call, given in registered(seen.source, "bind", "bind_all"):
            if last_name(given) == found[1]:
                text = f"binds {found[1]}, and Tk gives such a function an event. But {found[1]}() "
                return seen.at(call, text + "has no parameter for it, so the call fails.")
    return None


@misconception(
    "command-with-event",
    "a button calls a function that wants an event",
    think="What does a Button give its command? And bind()?",
    read=SEND,
    proofs=(),
    unlike="05_gui/button_does_nothing",
)
def command_with_event(seen: Seen) -> str | None:
    for error in seen.evidence.raised:
        found = re.match(r"(?:\w+\.)*(\w+)\(\) missing 1 required positional", error.text)
        if error.kind != "TypeError" or not found:
            continue
        for call, given in registered(seen.source, "command", "protocol", "after", "after_idle"):
            if last_name(given) == found[1] and len(call.args) < 3:
                text = f"has {found[1]} called without an argument, and {found[1]}() wants one. "
                return seen.at(
                    call, text + "Only bind() gives an event: let the parameter be None."
                )
    return None


@misconception(
    "widget-is-none",
    "a widget is kept in the same line in which it is packed",
    think="What does pack() return? And what does Entry() return?",
    read=SEND,
    proofs=(),
    unlike="05_gui/box_is_never_cleared",
)
def widget_is_none(seen: Seen) -> str | None:
    for error in seen.evidence.raised:
        if error.kind != "AttributeError" or "'NoneType'" not in error.text or not error.own:
            continue
        line = error.own.line
        used = {ast.unparse(n.value) for n in seen.source.all(ast.Attribute) if n.lineno == line}
        for node in seen.source.all(ast.Assign):
            call = node.value
            if not isinstance(call, ast.Call) or called(call) not in ("pack", "grid", "place"):
                continue
            names = {ast.unparse(target) for target in node.targets}
            if names & used and isinstance(call.func, ast.Attribute):
                name = min(names & used)
                text = f"sets {name} to what {called(call)}() returns, and that is None. Make the "
                text += f"widget in one line and call {called(call)}() in the next: line {line} "
                return seen.at(node, text + f"needs the widget in {name}.")
    return None


@misconception(
    "geometry-mixed",
    "pack() and grid() in the same window",
    think="Which of the two puts the other widgets of this window into their places?",
    read={},
    proofs=(),
    unlike="05_gui/box_is_never_cleared",
)
def geometry_mixed(seen: Seen) -> str | None:
    for error in seen.evidence.raised:
        if error.kind.endswith("TclError") and "cannot use geometry manager" in error.text:
            text = "uses pack() or grid() where the other one is in use already. All widgets of "
            return seen.at(error.own, text + "one window or frame need the same of the two.")
    return None


@misconception(
    "error-in-a-callback",
    "a function that Tk calls raises an error",
    think="What is not done any more in a function after an error?",
    read={},
    proofs=(),
    unlike="05_gui/no_server_is_a_traceback",
)
def error_in_a_callback(seen: Seen) -> str | None:
    """Tk prints the traceback and goes on, see Misc.report_callback_exception."""
    others = (
        empty_not_caught,
        handler_without_event,
        command_with_event,
        widget_is_none,
        geometry_mixed,
    )
    if any(other(seen) for other in others):
        return None
    for error in seen.evidence.raised:
        if error.in_callback and error.own and error.kind != "NotImplementedError":
            kind = error.kind.rpartition(".")[2]
            if kind in ("RecursionError", "KeyboardInterrupt"):
                continue
            text = f"raises {kind} in a function that Tk has called. Tk prints the error and goes "
            return seen.at(error.own, text + "on, so whatever comes after this line is not done.")
    return None
