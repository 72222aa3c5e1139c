"""The chat that one reads: what is shown, for how long, and where."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import argument, called, constant, owner
from chatkit.grading.explain.questions.tkcode import callbacks, chats, reached, states, widgets

SHOW = {5: "Showing lines"}
INBOX = {5: "The inbox"}


def _quiet(seen: Seen) -> bool:
    """Whether no exception was told of, which would be another reason for what is missing."""
    return not seen.evidence.raised and seen.evidence.status is None


def _inserts(seen: Seen) -> list[ast.Call]:
    """The calls that add to the chat."""
    return [call for call in seen.source.calls("insert") if owner(call) in chats(seen.source)]


@misconception(
    "inserts-into-disabled",
    "lines are inserted into a disabled Text",
    think="Who can write into a Text whose state is disabled?",
    read=SHOW,
    proofs=(),
    unlike="05_gui/chat_can_be_typed_into",
)
def inserts_into_disabled(seen: Seen) -> str | None:
    off, on = states(seen.source, "disabled"), states(seen.source, "normal")
    others = tuple(widgets(seen.source, "Button", "Entry"))
    on = [one for one in on if not seen.source.line(one).startswith(others or ("\0",))]
    if seen.evidence.symptom not in ("not-shown", "not-said") or not off or not _quiet(seen):
        return None
    for call in _inserts(seen):
        if not on and len(chats(seen.source)) == 1:
            return seen.at(
                call,
                "inserts into the chat, which is disabled (line "
                f"{getattr(off[0], 'lineno', 0)}). A disabled Text takes no text, not even from "
                "the program, and raises no error. Switch it to normal for a moment.",
            )
    return None


@misconception(
    "chat-never-disabled",
    "the Text of the chat is never disabled",
    think="Which state of a Text takes no keys?",
    read=SHOW,
    proofs=("05_gui/chat_can_be_typed_into",),
    unlike="05_gui/stays_at_the_top",
)
def chat_never_disabled(seen: Seen) -> str | None:
    if seen.evidence.symptom != "typed-into":
        return None
    off, on = states(seen.source, "disabled"), states(seen.source, "normal")
    for call in _inserts(seen):
        made = chats(seen.source)[owner(call)]
        if not off:
            text = "makes the Text of the chat, and nothing sets its state to disabled. So keys "
            return seen.at(made, text + "change it, as in any Text.")
        function = seen.source.function_of(call)
        back = [one for one in on if seen.source.function_of(one) is function]
        if back and not any(seen.source.function_of(one) is function for one in off):
            text = "switches the chat to normal to insert a line, and nothing there switches it "
            return seen.at(back[0], text + "back to disabled. From then on it takes keys.")
    return None


@misconception(
    "never-scrolls",
    "nothing scrolls to the newest line",
    think="Which part of a long Text can you see, and who moves it?",
    read=SHOW,
    proofs=("05_gui/stays_at_the_top",),
    unlike="05_gui/chat_can_be_typed_into",
)
def never_scrolls(seen: Seen) -> str | None:
    ways = ("see", "yview", "yview_moveto", "yview_scroll", "yview_pickplace")
    scrolls = [call for call in seen.source.calls(*ways) if call.args]
    if seen.evidence.symptom != "not-at-the-end" or not _inserts(seen) or scrolls:
        return None
    at = _inserts(seen)[0]
    return seen.at(at, 'adds a line to the chat, and nothing scrolls to it: see("end") would.')


@misconception(
    "one-line-a-look",
    "one line is taken from the queue in each look",
    think="How many lines a second can come, and how many does one look take?",
    read=INBOX,
    proofs=("05_gui/one_line_a_tick",),
    unlike="05_gui/keeps_a_thousand_lines",
)
def one_line_a_look(seen: Seen) -> str | None:
    """The window shows the lines in order, is not done with them, and a look takes one."""
    if seen.evidence.symptom != "not-shown" or not _quiet(seen) or not _behind(seen):
        return None
    for function in callbacks(seen.source, "after"):
        reads = [
            call
            for call in seen.source.calls("get_nowait", "get", "popleft", inside=function)
            if called(call) != "get" or not call.args
        ]
        if reads and not any(
            _bounded(node)
            for call in reads
            for node in seen.source.around(call, ast.For, ast.While)
        ):
            pause = [
                argument(call, 0, "ms") for call in seen.source.calls("after", inside=function)
            ]
            text = "takes one line out of the queue, and the next one only when Tk calls "
            if pause and pause[0] is not None:
                return seen.at(
                    reads[0],
                    f"{text}{function.name}() again, after {ast.unparse(pause[0])} ms. When "
                    "thousands of lines come, that is too slow. Take many in one look.",
                )
    return None


def _bounded(node: ast.AST) -> bool:
    """Whether this loop goes round more than once."""
    turns = node.iter if isinstance(node, ast.For) else None
    return not (
        isinstance(turns, ast.Call)
        and called(turns) == "range"
        and [constant(one) for one in turns.args] == [1]
    )


def _behind(seen: Seen) -> bool:
    """Whether the last line that is shown is an earlier one than the last that was sent."""
    if "too slowly" in seen.evidence.message:
        return True
    wanted = re.search(r"show ([\d,]+) lines", seen.evidence.expected)
    shown = [int(number) for number in re.findall(r"line (\d+) of many", seen.evidence.received)]
    return wanted is not None and bool(shown) and max(shown) < int(wanted[1].replace(",", "")) - 1


@misconception(
    "keeps-too-few",
    "lines are thrown away too early",
    think="How many lines does the window have to keep?",
    read=SHOW,
    proofs=("05_gui/keeps_a_thousand_lines",),
    unlike="05_gui/one_line_a_tick",
)
def keeps_too_few(seen: Seen) -> str | None:
    if seen.evidence.symptom != "not-shown" or "lines" not in seen.evidence.expected:
        return None
    if not _quiet(seen) or _behind(seen) or "line 2999 of" not in seen.evidence.received:
        return None
    for test in [*seen.source.all(ast.Compare)]:
        few = [
            value
            for node in ast.walk(test)
            if isinstance(value := constant(node), int) and 20 < value < 3000
        ]
        block = seen.source.parents.get(test)
        if (
            few
            and isinstance(block, ast.If | ast.While)
            and seen.source.calls("delete", "pop", "destroy", inside=block)
        ):
            text = (
                f"throws lines away as soon as there are more than {few[0]:,}. The window has to "
            )
            return seen.at(test, text + "keep 5,000.")
    return None


@misconception(
    "redraws-each-line",
    "the window is redrawn for each line",
    think="How long does one line take, and how long do 3,000 of them, with update() in each?",
    read=SHOW,
    proofs=("05_gui/update_idletasks_for_each_line",),
    unlike="05_gui/one_line_a_tick",
)
def redraws_each_line(seen: Seen) -> str | None:
    """The window stood still, or came far too late, and what adds a line draws it, too."""
    slow = seen.evidence.symptom == "frozen" or "too slowly" in seen.evidence.message
    if not slow or "lines" not in seen.evidence.expected + seen.evidence.message:
        return None
    for call in seen.source.calls("update_idletasks", "update"):
        if call.args:  # of a dictionary, or a progress bar
            continue
        function = seen.source.function_of(call)
        if not function:
            continue
        loop = next(seen.source.around(call, ast.For, ast.While), None)
        draws = (
            reached(seen.source, function) if loop and loop in ast.walk(function) else [function]
        )
        if any(seen.source.function_of(one) in draws for one in _inserts(seen)):
            text = f"draws the whole window again after each line, with {called(call)}(). For "
            return seen.at(call, text + "thousands of lines that takes long. Tk draws by itself.")
    return None


@misconception(
    "update-without-a-pause",
    "a loop calls update() and never pauses",
    think="How often does this loop go round in a second when nothing happens?",
    read=INBOX,
    proofs=("05_gui/updates_without_a_pause",),
    unlike="05_gui/end_of_stream_spins",
)
def update_without_a_pause(seen: Seen) -> str | None:
    if seen.evidence.symptom != "spinning":
        return None
    for call in seen.source.calls("update", "update_idletasks", "dooneevent"):
        loop = next(seen.source.around(call, ast.While), None)
        waits = ["sleep", "wait", "select", "after", "mainloop", "poll", "recv"]
        waits += [] if loop and seen.source.calls("empty", inside=loop) else ["get"]
        if loop and not call.args and not seen.source.calls(*waits, inside=loop):
            text = f"calls {called(call)}() in a loop that never pauses, so it takes a whole "
            return seen.at(call, text + "processor to do nothing. mainloop() waits for events.")
    return None
