"""The box in which one types, the keys, the button and the title of a window."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import (
    Function,
    argument,
    called,
    constant,
    keyword,
    owner,
)
from chatkit.grading.explain.questions.tkcode import (
    boxes,
    from_look,
    last_name,
    registered,
    senders,
    widgets,
)

SEND = {5: "Sending"}
NAME = {5: "Starting and the name"}


def _sender(seen: Seen) -> Function | None:
    """The function that sends what stands in the box; None if there are several, or none."""
    found = senders(seen.source)
    return found[0] if len(found) == 1 else None


@misconception(
    "box-not-cleared",
    "the text stays in the box",
    think="What is in the box after a line was sent?",
    read=SEND,
    proofs=("05_gui/box_is_never_cleared",),
    unlike="05_gui/enter_does_nothing",
)
def box_not_cleared(seen: Seen) -> str | None:
    sender = _sender(seen)
    if seen.evidence.symptom != "not-cleared" or not sender:
        return None
    names = boxes(seen.source)
    deletes = [call for call in seen.source.calls("delete") if owner(call) in names]
    sets = [call for call in seen.source.calls("set") if constant(argument(call, 0)) == ""]
    if deletes and all(len(call.args) == 1 for call in deletes):
        text = "deletes one character: delete() with one place takes only what is there. Give "
        return seen.at(deletes[0], text + "it the end, too.")
    if deletes or sets or not set(names) & {owner(c) for c in seen.source.calls("get")}:
        return None
    read = next(c for c in seen.source.calls("get", inside=sender) if owner(c) in names)
    text = (
        f"takes the text of the box to send it, and nothing in {sender.name}() deletes it there. "
    )
    return seen.at(read, text + "So it stays in the box.")


@misconception(
    "several-lines-sent-as-one",
    "several lines that were pasted are sent and shown as one",
    think="What is sent when somebody pastes three lines into the box? What do the others see?",
    read=SEND,
    proofs=("05_gui/several_lines_shown_as_one",),
    unlike="05_gui/own_line_twice",
)
def several_lines_sent_as_one(seen: Seen) -> str | None:
    """More lines went out than the window shows, and nothing takes line ends out of the text."""
    sender = _sender(seen)
    if seen.evidence.symptom != "not-as-sent" or not sender:
        return None
    ends = [
        call
        for call in seen.source.calls("replace", "split", "splitlines", "join", "translate")
        if seen.source.function_of(call) is sender
    ]
    names = boxes(seen.source)
    reads = [c for c in seen.source.calls("get", inside=sender) if owner(c) in names]
    if ends or not reads:
        return None
    return seen.at(
        reads[0],
        "takes all that stands in the box. That can be several lines, when somebody pastes them. "
        "They are sent as they are, so the others get several lines, and this window shows one.",
    )


@misconception(
    "enter-adds-a-line",
    "in a Text, Enter also begins a new line",
    think="What does Enter do in a Text, before and after your function?",
    read=SEND,
    proofs=(),
    unlike="05_gui/box_is_never_cleared",
)
def enter_adds_a_line(seen: Seen) -> str | None:
    """Of the box only the end of a line is left."""
    names = {n: c for n, c in boxes(seen.source).items() if called(c) != "Entry"}
    deletes = [call for call in seen.source.calls("delete") if owner(call) in names]
    if seen.evidence.symptom != "not-cleared" or not deletes:
        return None
    for call, given in registered(seen.source, "bind"):
        function = seen.source.function(last_name(given))
        key = constant(argument(call, 0))
        if owner(call) not in names or key != "<Return>" or not function:
            continue
        ends = seen.source.all(ast.Return, function)
        if not any(constant(one.value) == "break" for one in ends):
            text = f"binds Enter in a Text to {function.name}(), and that does not return "
            text += '"break". So Enter then does what it always does in a Text: it begins a new '
            return seen.at(call, text + "line, which stays in the box.")
    return None


@misconception(
    "enter-not-bound",
    "nothing is bound to the Enter key",
    think="Which event does a box get when somebody presses Enter?",
    read=SEND,
    proofs=(
        "05_gui/enter_does_nothing",
        "05_gui/typical_tutorial",
    ),
    unlike="05_gui/button_does_nothing",
)
def enter_not_bound(seen: Seen) -> str | None:
    entered = any(
        one.text == " presses Enter" or "presses Enter" in one.text for one in seen.evidence.events
    )
    if seen.evidence.symptom != "not-sent" or "Enter" not in seen.evidence.expected or not entered:
        return None
    if " or by a button" in seen.evidence.expected or seen.evidence.raised:
        return None
    binds = seen.source.calls("bind", "bind_all", "bind_class")
    keys = [constant(node) for call in binds for node in ast.walk(call)]
    if any(isinstance(key, str) and ("Return" in key or "Key" in key) for key in keys):
        return None
    if not all(isinstance(constant(argument(call, 0)), str) for call in binds):
        return None
    for call in binds:
        if constant(argument(call, 0)) == "<Enter>":
            text = "binds <Enter>, and that is the mouse that comes into the widget. The key is "
            return seen.at(call, text + "called <Return>.")
    box = next(iter(boxes(seen.source).values()), None)
    if not box:
        return None
    return seen.at(
        box, "makes the box, and nothing is bound to its Enter key. So Enter sends nothing."
    )


@misconception(
    "called-in-place-of-given",
    "a function is called where Tk should get it",
    think="When is send() called, when is send called? What do the parentheses do?",
    read=SEND,
    proofs=("05_gui/button_does_nothing",),
    unlike="05_gui/enter_does_nothing",
)
def called_in_place_of_given(seen: Seen) -> str | None:
    """What should be sent was not, or the program fails while this line makes a widget."""
    if seen.evidence.symptom not in ("not-sent", "crashed", "no-window", "exited", "no-exit"):
        return None
    for call, given in registered(seen.source, "command", "bind", "protocol"):
        function = seen.source.function(called(given)) if isinstance(given, ast.Call) else None
        if not function or any(
            one.value is not None and not isinstance(one.value, ast.Constant)
            for one in seen.source.all(ast.Return, function)
        ):
            continue
        said = {frame.line for error in seen.evidence.raised for frame in error.frames if frame.own}
        lines = set(range(call.lineno, (call.end_lineno or call.lineno) + 1))
        asked = "button" if called(call) == "Button" else "Enter" if called(call) == "bind" else "-"
        if lines & said or (
            seen.evidence.symptom == "not-sent" and asked in seen.evidence.expected
        ):
            return seen.at(
                call,
                f"calls {function.name}() at once, because of the parentheses, and Tk gets only "
                "what it returns. Name the function without parentheses.",
            )
    return None


@misconception(
    "no-button",
    "there is no button that sends",
    think="What does a Button call when it is pressed?",
    read=SEND,
    proofs=(),
    unlike="05_gui/button_does_nothing",
)
def no_button(seen: Seen) -> str | None:
    if seen.evidence.symptom != "not-sent" or "by a button" not in seen.evidence.expected:
        return None
    if "by Enter" in seen.evidence.expected or seen.evidence.raised:
        return None
    buttons = seen.source.calls("Button")
    commands = [node for node in seen.source.all(ast.Constant) if node.value == "command"]
    if not buttons and not seen.source.calls("bind") and (found := boxes(seen.source)):
        box = next(iter(found.values()))
        return seen.at(box, "makes the box, and there is no Button beside it that sends.")
    bare = [one for one in buttons if not keyword(one, "command")]
    if len(bare) == 1 and not commands:
        names = [n for n, call in widgets(seen.source, "Button").items() if call is bare[0]]
        later = any(
            keyword(call, "command") and owner(call) in names
            for call in seen.source.calls("config", "configure")
        ) or any(owner(call) in names for call in seen.source.calls("bind"))
        if not later and not any(one.arg is None for one in bare[0].keywords):
            text = "makes the button, without a command. So nothing is called when it is pressed."
            return seen.at(bare[0], text)
    return None


@misconception(
    "title-without-name",
    "the title does not hold the name",
    think="What does the title of this window say, and where does it get it from?",
    read=NAME,
    proofs=("05_gui/title_without_the_name",),
    unlike="05_gui/nick_in_chat_is_answered",
)
def title_without_name(seen: Seen) -> str | None:
    if seen.evidence.symptom != "no-title":
        return None
    titles = seen.source.calls("title", "wm_title")
    if titles:
        fixed = all(isinstance(constant(argument(call, 0)), str) for call in titles)
        text = "sets the title of the window, always to the same words. The name is not in it."
        return seen.at(titles[0], text) if fixed else None
    root = next(iter(seen.source.calls("Tk", *from_look(seen.source, "make_root"))), None)
    if not root:
        return None
    return seen.at(root, "makes the window, and nothing gives it a title with the name.")
