"""Closing a window, the status of the program, and TODOs that it does not reach."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import Function, called, constant
from chatkit.grading.explain.questions.tkcode import names_in, reached, registered, stands_in

CLOSE = {5: "Closing"}

ASKING = ("askokcancel", "askyesno", "askquestion", "askretrycancel", "askyesnocancel")


def _closers(seen: Seen) -> list[Function]:
    """The functions that Tk calls when the window is closed, and those that they call."""
    names = {
        name
        for call, given in registered(seen.source, "protocol")
        if call.args and constant(call.args[0]) == "WM_DELETE_WINDOW"
        for name in names_in(given)
    }
    starts = [one for one in seen.source.functions() if one.name in names]
    return [one for start in starts for one in reached(seen.source, start)]


def _closed(seen: Seen) -> bool:
    """Whether the window was closed."""
    return any("closes the window" in one.text for one in seen.evidence.events)


@misconception(
    "close-only-hides",
    "closing hides the window, and the program goes on",
    think="What ends mainloop()?",
    read=CLOSE,
    proofs=(
        "05_gui/close_only_hides_the_window",
        "05_gui/typical_tutorial",
    ),
    unlike="05_gui/thread_lives_on_without_shutdown",
)
def close_only_hides(seen: Seen) -> str | None:
    loops = any("mainloop" in {f.function for f in one.frames} for one in seen.evidence.stacks)
    if seen.evidence.symptom != "no-exit" or not _closed(seen) or not loops:
        return None
    functions = _closers(seen)
    hides = [c for f in functions for c in seen.source.calls("withdraw", "iconify", inside=f)]
    ends = [c for f in functions for c in seen.source.calls("destroy", "quit", "exit", inside=f)]
    if hides and not ends:
        text = f"only hides the window, with {called(hides[0])}(). mainloop() goes on, and so does "
        return seen.at(hides[0], text + "the program. destroy() ends both.")
    if functions and not hides and not ends and not seen.source.calls("_exit", "kill"):
        text = (
            f"begins {functions[0].name}(), which Tk calls when the window is closed. Nothing in "
        )
        return seen.at(functions[0], text + "it destroys the window, so mainloop() goes on.")
    return None


@misconception(
    "asks-before-closing",
    "the program asks before it closes",
    think="What does somebody want who closes a window?",
    read=CLOSE,
    proofs=(),
    unlike="05_gui/close_only_hides_the_window",
)
def asks_before_closing(seen: Seen) -> str | None:
    if seen.evidence.symptom not in ("no-exit", "frozen") or not _closed(seen):
        return None
    for function in _closers(seen):
        for call in seen.source.calls(*ASKING, inside=function):
            text = f"opens a question when the window is closed ({called(call)}), and the program "
            text += "does not end before somebody answers. Whoever closes a window wants to "
            return seen.at(call, text + "leave: end the program without a question.")
    return None


@misconception(
    "close-does-not-wake",
    "a thread still waits in recv() when the window is gone",
    think="Which thread still waits when the window is gone, and what wakes it?",
    read=CLOSE,
    proofs=("05_gui/thread_lives_on_without_shutdown",),
    unlike="05_gui/close_only_hides_the_window",
)
def close_does_not_wake(seen: Seen) -> str | None:
    """The main thread is done, or waits for the other one, which stands in recv()."""
    stacks = seen.evidence.stacks
    if seen.evidence.symptom != "no-exit" or not _closed(seen) or _shuts_down(seen):
        return None
    if any("mainloop" in {f.function for f in one.frames} for one in stacks):
        return None
    ending = [
        one
        for one in stacks
        if {"_shutdown", "join"} & {f.function for f in one.frames} and not one.frames[0].own
    ]
    for stack in stacks:
        call = stands_in(seen.source, stack, "recv", "recv_into", "readline")
        if call and ending and stack not in ending:
            closes = [c for f in _closers(seen) for c in seen.source.calls("close", inside=f)]
            why = "nothing wakes it"
            if closes:
                why = f"close() in line {closes[0].lineno} does not wake it"
            waits = f"Line {ending[0].own.line}" if ending[0].own else "At the end Python"
            text = f"still waits in recv() when the window is gone. {waits} waits for "
            text += f"this thread, and {why}. shutdown() of the socket does."
            return seen.at(call, text)
    return None


def _shuts_down(seen: Seen) -> bool:
    """Whether a shutdown() may be called: it stands in no function, or in one that is used."""
    for call in seen.source.calls("shutdown"):
        function = seen.source.function_of(call)
        if not function:
            return True
        given = {name for _, one in registered(seen.source) for name in names_in(one)}
        if seen.source.calls(function.name) or function.name in given:
            return True
    return False


@misconception(
    "goodbye-as-chat",
    "closing the window sends a word",
    think="What do the others read when you close your window?",
    read=CLOSE,
    proofs=(),
    unlike="05_gui/close_only_hides_the_window",
)
def goodbye_as_chat(seen: Seen) -> str | None:
    """After the window was closed a line came that nobody had typed."""
    events = seen.evidence.events
    if seen.evidence.symptom not in ("unexpected", "duplicate", "early-data") or not _closed(seen):
        return None
    at = max(place for place, one in enumerate(events) if "closes the window" in one.text)
    words = [one.bytes for one in events[at:] if one.source == "client" and one.kind == "data"]
    if not words:
        return None
    for function in _closers(seen):
        for call in seen.source.calls("send", "sendall", "put", "put_nowait", inside=function):
            word = words[0].removesuffix("\\n")
            text = (
                f"sends {word} when the window is closed. For the server that is a line of chat, "
            )
            return seen.at(
                call, text + "and everybody reads it. It is enough to end the connection."
            )
    return None


@misconception(
    "nobody-hangs-up",
    "closing destroys the window and not the connection",
    think="Who ends the connection when the window is closed?",
    read=CLOSE,
    proofs=(),
    unlike="05_gui/close_only_hides_the_window",
)
def nobody_hangs_up(seen: Seen) -> str | None:
    """The connection ended only with the process, and what closes the window does not end it."""
    if seen.evidence.symptom != "no-end" or seen.evidence.lesson != 5 or not _closed(seen):
        return None
    functions = _closers(seen)
    ends = ("shutdown", "close", "detach", "put", "put_nowait", "set", "cancel")
    if not functions or any(seen.source.calls(*ends, inside=f) for f in functions):
        return None
    destroys = [c for f in functions for c in seen.source.calls("destroy", "quit", inside=f)]
    at = destroys[0] if destroys else functions[0]
    text = "ends the window, and nothing there ends the connection: no shutdown(), no close(). The "
    return seen.at(at, text + "system does that only when the process is gone.")


@misconception(
    "status-not-zero",
    "a normal end has a status that is not 0",
    think="What does the status of a program say, and did anything go wrong?",
    read=CLOSE,
    proofs=("05_gui/exits_with_status_1",),
    unlike="05_gui/close_only_hides_the_window",
)
def status_not_zero(seen: Seen) -> str | None:
    """The program ended with a status that one line of it sets."""
    told = seen.evidence
    if told.symptom != "wrong-status" or told.raised or told.lesson != 5 or not told.status:
        return None
    calls = [
        call
        for call in seen.source.calls("exit", "_exit", "SystemExit")
        if call.args and constant(call.args[0]) not in (0, None)
    ]
    if len(calls) != 1:
        return None
    value = constant(calls[0].args[0])
    if isinstance(value, int) and value != told.status:
        return None
    what = ast.unparse(calls[0].args[0])
    when = "Cancel" if told.check == "asks-name" else "Closing the window"
    why = "" if isinstance(value, int) else f", because of {what}"
    text = f"ended the program with status {told.status}{why}. {when} is "
    return seen.at(calls[0], text + "a normal way to leave, and that is status 0.")


@misconception(
    "unwritten-part-not-reached",
    "a TODO is left, and the program does not come there",
    think="Who should call this function, and when?",
    read={},
    proofs=(),
    unlike="05_gui/close_only_hides_the_window",
)
def todo_not_reached(seen: Seen) -> str | None:
    """A TODO that this check needs is not written, and no error has told of it."""
    if seen.evidence.symptom == "todo":
        return None
    for node in seen.source.all(ast.Raise):
        found = re.search(r"NotImplementedError\(['\"]TODO (\d+)", ast.unparse(node))
        function = seen.source.function_of(node)
        if not found or not function or int(found[1]) not in seen.evidence.todos:
            continue
        if any(f"TODO {found[1]}" in error.text for error in seen.evidence.raised):
            continue
        text = f"is TODO {found[1]}, which is not written yet, and the program did not come there. "
        return seen.at(node, text + f"Who calls {function.name}()?")
    return None
