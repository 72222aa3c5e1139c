"""Callbacks and threads: who calls Tk, and what a function that Tk calls may not do."""

import ast
import re

from chatkit.bench.evidence import Frame, Stack
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import called, owner
from chatkit.grading.explain.questions.tkcode import (
    call_at,
    callbacks,
    called_by_tk,
    in_tk,
    last_name,
)

THREAD = {5: "One thread owns the window"}
INBOX = {5: "The inbox"}
SERVER = {5: "When the server is not there"}
SEND = {5: "Sending"}

_FROM_THREAD = re.compile(r"^(?P<thread>.+?) calls Tk: (?P<what>.*?)(?: \(.*, line \d+\))?$")
_DIALOGS = re.compile(
    r"\b(?:messagebox|simpledialog|filedialog)\.|\bask\w+\(|\bshow(?:info|error|warning)\("
)


def _line_called_from(seen: Seen) -> int:
    """The line that called Tk where it should not, from what the bench saw."""
    found = re.search(r"line (\d+)", seen.evidence.received)
    return int(found[1]) if found else 0


@misconception(
    "dialog-from-a-thread",
    "a thread that receives opens a dialog",
    think="How can the thread that receives tell the window that there is something to say?",
    read=THREAD,
    proofs=(),
    unlike="05_gui/inserts_from_the_receiver",
)
def dialog_from_a_thread(seen: Seen) -> str | None:
    told = _FROM_THREAD.match(seen.evidence.message)
    line = _line_called_from(seen)
    if seen.evidence.symptom != "wrong-thread" or not told or not _opens(seen, line):
        return None
    return seen.at(
        line,
        f"opens a dialog in {told['thread']}. Only the thread that made the window may call Tk. "
        "Put a message for the window into a queue, and let the window open the dialog.",
    )


def _opens(seen: Seen, line: int) -> bool:
    asking = [
        node.name
        for node in seen.source.all(ast.ClassDef)
        if any(last_name(base) == "Dialog" for base in node.bases)
    ]
    text = seen.source.line(line)
    return bool(_DIALOGS.search(text)) or any(f"{name}(" in text for name in asking)


@misconception(
    "tk-from-a-thread",
    "a thread that did not make the window calls Tk",
    think="Which thread runs this line, and which thread made the window?",
    read=THREAD,
    proofs=(
        "05_gui/inserts_from_the_receiver",
        "05_gui/variable_set_from_the_thread",
    ),
    unlike="05_gui/two_roots",
)
def tk_from_a_thread(seen: Seen) -> str | None:
    told = _FROM_THREAD.match(seen.evidence.message)
    line = _line_called_from(seen)
    if seen.evidence.symptom != "wrong-thread" or not told or not line or _opens(seen, line):
        return None
    what = "sets a variable of Tk" if "globalsetvar" in told["what"] else "calls Tk"
    return seen.at(
        line,
        f"{what}, and {told['thread']} runs it. Only the thread that made the window may do that. "
        "Put what came into a queue, and let the window take it out with after().",
    )


@misconception(
    "second-root",
    "a second root window is made",
    think="How many root windows does one program need? What can a dialog have as its parent?",
    read=THREAD,
    proofs=(
        "05_gui/two_roots",
        "05_gui/second_root_in_a_thread",
        "05_gui/typical_tutorial",
    ),
    unlike="05_gui/inserts_from_the_receiver",
)
def second_root(seen: Seen) -> str | None:
    line = _line_called_from(seen)
    if seen.evidence.symptom != "two-roots" or not line:
        return None
    return seen.at(
        line,
        "makes a second root window while the first one is still there. One program has one Tk(). "
        "Show and hide the one root; a further window is a Toplevel.",
    )


WAITING = {
    "recv": ("recv", "recv_into", "readline"),
    "connect": ("connect", "create_connection"),
    "sendall": ("sendall", "send"),
    "sleep": ("sleep",),
    "join": ("join",),
    "after": ("after",),  # without a function it sleeps
}


def _waiting(stack: Stack, seen: Seen) -> tuple[str, Frame] | None:
    """The call in which a thread waits, by the kinds of WAITING and "get", and its line."""
    own = stack.own
    if not own:
        return None
    inner = [frame.function for frame in stack.frames[: stack.frames.index(own)]]
    if "get" in inner:
        return ("get", own) if call_at(seen.source, own, "get") else None
    for kind, names in WAITING.items():
        if set(inner) & set(names) or (not inner and call_at(seen.source, own, *names)):
            return kind, own
    return None


def _held_up(seen: Seen, kind: str) -> Frame | None:
    """The line of a function that Tk has called, where it waits in a call of this kind."""
    for stack in seen.evidence.stacks:
        waits = _waiting(stack, seen) if called_by_tk(stack) else None
        if waits and waits[0] == kind:
            return waits[1]
    return None


@misconception(
    "recv-in-a-callback",
    "a function that Tk calls waits in recv()",
    think="Which thread could wait for the server in place of the window?",
    read=THREAD,
    proofs=(),
    unlike="05_gui/sendall_in_the_callback",
)
def recv_in_a_callback(seen: Seen) -> str | None:
    held = _held_up(seen, "recv")
    if not held:
        return None
    return seen.at(
        held,
        "waits in recv() in a function that Tk has called. Until something comes, the window does "
        "nothing. Let a thread receive.",
    )


@misconception(
    "connect-in-a-callback",
    "a function that Tk calls connects",
    think="How long can connecting take, and what can the window do meanwhile?",
    read=SERVER,
    proofs=("05_gui/connects_in_a_callback",),
    unlike="05_gui/connects_before_the_window",
)
def connect_in_a_callback(seen: Seen) -> str | None:
    held = _held_up(seen, "connect")
    if not held:
        return None
    return seen.at(
        held,
        "connects in a function that Tk has called. Until the server answers, the window does "
        "nothing. Let a thread connect.",
    )


@misconception(
    "send-in-a-callback",
    "a function that Tk calls waits in sendall()",
    think="What does sendall() do when the other end does not read?",
    read=SEND,
    proofs=(
        "05_gui/sendall_in_the_callback",
        "05_gui/typical_tutorial",
    ),
    unlike="05_gui/connects_in_a_callback",
)
def send_in_a_callback(seen: Seen) -> str | None:
    held = _held_up(seen, "sendall")
    if not held:
        return None
    return seen.at(
        held,
        "sends in a function that Tk has called. The server does not read at the moment, so "
        "sending waits, and the window with it. Put the line into a queue, and let a thread send.",
    )


@misconception(
    "get-in-a-callback",
    "a function that Tk calls waits in get() of a queue",
    think="What does get() do while the queue is empty? And get_nowait()?",
    read=INBOX,
    proofs=(),
    unlike="05_gui/one_line_a_tick",
)
def get_in_a_callback(seen: Seen) -> str | None:
    held = _held_up(seen, "get")
    if not held:
        return None
    return seen.at(
        held,
        "waits in get() in a function that Tk has called. Until something is in the queue, the "
        "window does nothing. get_nowait() does not wait.",
    )


@misconception(
    "join-in-a-callback",
    "a function that Tk calls waits for a thread",
    think="What does the other thread wait for, and who could wake it?",
    read={5: "Closing"},
    proofs=("05_gui/waits_for_the_connect_when_closing",),
    unlike="05_gui/connects_in_a_callback",
)
def join_in_a_callback(seen: Seen) -> str | None:
    held = _held_up(seen, "join")
    if not held:
        return None
    others = [
        waits
        for stack in seen.evidence.stacks
        if not in_tk(stack) and (waits := _waiting(stack, seen)) and waits[0] != "join"
    ]
    other = f", which stands in {others[0][0]}() at line {others[0][1].line}" if others else ""
    return seen.at(
        held,
        f"waits for another thread{other}. It is in a function that Tk has called, so the window "
        "cannot end before that thread does. A daemon thread needs no join().",
    )


@misconception(
    "sleep-in-a-callback",
    "a function that Tk calls sleeps",
    think="What can the window do while one of its functions sleeps? What does after() do?",
    read=THREAD,
    proofs=(),
    unlike="05_gui/connects_in_a_callback",
)
def sleep_in_a_callback(seen: Seen) -> str | None:
    """The stack shows it, or the window stood still and one of its callbacks sleeps."""
    text = (
        "sleeps in a function that Tk calls. While it sleeps, the window does nothing. after() "
        "with a function comes back later without waiting."
    )
    if held := _held_up(seen, "sleep") or _held_up(seen, "after"):
        return seen.at(held, text)
    if seen.evidence.symptom != "frozen" or any(map(called_by_tk, seen.evidence.stacks)):
        return None
    for function in callbacks(seen.source):
        for call in seen.source.calls("sleep", "after", inside=function):
            if called(call) == "sleep" or (
                len(call.args) == 1 and not call.keywords and owner(call)
            ):
                return seen.at(call, text)
    return None


@misconception(
    "mainloop-not-reached",
    "the main thread waits before mainloop()",
    think="In which line does the main thread stand, and when would it get to mainloop()?",
    read=SERVER,
    proofs=(
        "05_gui/connects_before_the_window",
        "05_gui/typical_tutorial",
    ),
    unlike="05_gui/connects_in_a_callback",
)
def mainloop_not_reached(seen: Seen) -> str | None:
    main = next((stack for stack in seen.evidence.stacks if stack.main), None)
    if not main or any(in_tk(stack) for stack in seen.evidence.stacks):
        return None
    waits = _waiting(main, seen)
    loops = seen.source.calls("mainloop")
    if not waits or not loops or any(_is_behind(seen, main, one) for one in loops):
        return None
    kind, line = waits
    does = {"connect": "connects", "join": "waits for a thread"}.get(kind, f"waits in {kind}()")
    return seen.at(
        line,
        f"{does} before mainloop() runs, in the main thread. Until that is over there is no window "
        "that anybody could use. Make the window first, and let another thread wait.",
    )


def _is_behind(seen: Seen, stack: Stack, loop: ast.Call) -> bool:
    """Whether a thread stands behind this call, so that the call may be over."""
    inside = seen.source.function_of(loop)
    name = inside.name if inside else "<module>"
    return any(frame.function == name and frame.line > loop.lineno for frame in stack.owns)
