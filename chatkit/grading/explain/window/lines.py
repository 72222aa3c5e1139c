"""One's own lines: sent, shown, and what the window makes of the lines of others."""

import ast
import re

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import called, constant, owner
from chatkit.grading.explain.questions.tkcode import boxes, last_name, puts, reached, senders
from chatkit.grading.explain.questions.windowtalk import said_to, sent_by, typed_last

SEND = {5: "Sending"}
INBOX = {5: "The inbox"}


def _received(seen: Seen) -> str:
    """The bytes that came in place of others, as in the transcript; "" where there are none."""
    found = re.fullmatch(r"b(['\"])(.*)\1", seen.evidence.received)
    return found[2] if found else ""


@misconception(
    "own-line-not-shown",
    "your own line is not shown",
    think="The server sends your line to everybody else. Who shows it to you?",
    read=SEND,
    proofs=(
        "05_gui/own_line_never_shown",
        "05_gui/typical_tutorial",
    ),
    unlike="05_gui/own_line_twice",
)
def own_line_not_shown(seen: Seen) -> str | None:
    """The line reached the server, the window did not show it, and what sends it does not show."""
    told, typed, sent = seen.evidence, typed_last(seen), sent_by(seen)
    if told.symptom != "not-shown" or "your own line" not in told.expected or told.raised:
        return None
    found = senders(seen.source)
    if len(found) != 1 or not sent or typed not in sent[-1]:
        return None
    ways = ("insert", "config", "configure", "set", "create_text", "Label")
    for function in reached(seen.source, found[0]):
        texts = [
            call for call in seen.source.calls(*ways, inside=function) if call.args or call.keywords
        ]
        if [
            call
            for call in texts
            if not _is_state(call) and constant(call.args[0] if call.args else None) != ""
        ]:
            return None
    for function in found:
        names = set(boxes(seen.source))
        read = [c for c in seen.source.calls("get", inside=function) if owner(c) in names]
        text = "takes the line from the box to send it, and nothing shows it. The server sends a "
        return seen.at(read[0] if read else function, text + "line to all the others only.")
    return None


def _is_state(call: ast.Call) -> bool:
    return called(call) in ("config", "configure") and any(k.arg == "state" for k in call.keywords)


@misconception(
    "own-line-twice",
    "your own line is shown twice",
    think="In which places of the program does your own line get into the chat?",
    read=SEND,
    proofs=("05_gui/own_line_twice",),
    unlike="05_gui/own_line_never_shown",
)
def own_line_twice(seen: Seen) -> str | None:
    """What sends the line shows it, and puts it where what came from the server is shown from."""
    told, found = seen.evidence, senders(seen.source)
    if told.symptom != "duplicate" or told.received != "it is there 2 times" or len(found) != 1:
        return None
    if f"'{typed_last(seen)}'" not in told.expected:
        return None
    reading = {
        last_name(call.func.value)
        for call in seen.source.calls("get", "get_nowait", "popleft")
        if isinstance(call.func, ast.Attribute) and not _with_send(seen, call)
    }
    puts_in = [
        call
        for function in reached(seen.source, found[0])
        for call in seen.source.calls("put", "put_nowait", "append", inside=function)
        if isinstance(call.func, ast.Attribute) and last_name(call.func.value) in reading
    ]
    shows = [
        call
        for function in reached(seen.source, found[0])
        for call in seen.source.calls("insert", inside=function)
    ]
    if len(puts_in) == 1 and shows:
        line = puts_in[0]
        text = (
            f"puts your own line into {ast.unparse(line.func).rpartition('.')[0]}, from which it "
        )
        return seen.at(
            line, text + f"is shown. {found[0].name}() shows it as well: so it is there twice."
        )
    return None


def _with_send(seen: Seen, call: ast.Call) -> bool:
    """Whether the function that reads this queue sends what it finds."""
    function = seen.source.function_of(call)
    return bool(function and seen.source.calls("send", "sendall", inside=function))


@misconception(
    "blank-sent",
    "a blank line is sent",
    think="What is left of a blank line after strip()?",
    read=SEND,
    proofs=(
        "05_gui/sends_blank_lines",
        "05_gui/typical_tutorial",
    ),
    unlike="05_gui/own_line_twice",
)
def blank_sent(seen: Seen) -> str | None:
    came = _received(seen)
    if (
        seen.evidence.symptom not in ("unexpected", "duplicate")
        or "blank" not in seen.evidence.expected
    ):
        return None
    names = boxes(seen.source)
    for function in senders(seen.source):
        read = [c for c in seen.source.calls("get", inside=function) if owner(c) in names]
        texts = {
            last_name(target)
            for node in seen.source.all(ast.Assign, function)
            if any(call in ast.walk(node) for call in read)
            for target in node.targets
        }
        kinds = (ast.If, ast.While, ast.IfExp)
        tests = [n.test for n in ast.walk(function) if isinstance(n, kinds)]
        looked = [one for test in tests for one in ast.walk(test) if last_name(one) in texts]
        looked += [call for test in tests for call in read if call in ast.walk(test)]
        at_once = [
            one
            for one in seen.source.calls("send", "sendall", inside=function)
            if any(call in ast.walk(one) for call in read)
        ]
        if not read or not (texts or at_once):
            continue
        if not looked and came.strip(" ").replace("\\n", "") == "":
            text = "takes the text of the box, and it is sent even when nothing is there. "
            return seen.at(read[0], text + "Nothing checks whether strip() leaves anything of it.")
        if looked and not seen.source.calls("strip", "isspace", "split", inside=function):
            text = "takes the text of the box, and spaces and line ends count as text there. "
            return seen.at(read[0], text + "Nothing checks whether strip() leaves anything of it.")
    return None


@misconception(
    "line-without-end",
    "a line is sent without its end",
    think="How does the server know that a line is complete?",
    read=SEND,
    proofs=(),
    unlike="05_gui/sends_blank_lines",
)
def line_without_end(seen: Seen) -> str | None:
    """What was typed went out without b"\\n", and the function that reads the box adds none."""
    sent, typed, told = sent_by(seen), typed_last(seen), seen.evidence
    if told.symptom != "unfinished-line" or len(sent) < 2 or sent[-1] != typed:
        return None
    found = senders(seen.source)
    if len(found) != 1:
        return None
    names = boxes(seen.source)
    calls = [c for c in puts(seen.source, found[0]) if owner(c) not in names]
    if len(calls) != 1 or "\\n" in ast.unparse(calls[0]):
        return None
    text = "hands on what was typed without b'\\n', and it went out like that. A line ends with "
    return seen.at(calls[0], text + "b'\\n': until then the server waits for the rest of it.")


@misconception(
    "line-as-command",
    "a line of chat is taken for a command",
    think="What should happen when somebody wants to say just this word?",
    read=SEND,
    proofs=(),
    unlike="05_gui/own_line_never_shown",
)
def line_as_command(seen: Seen) -> str | None:
    """A word was typed, it did not go out, and the source compares what was typed with it."""
    typed = typed_last(seen)
    if not typed or seen.evidence.symptom not in (
        "exited",
        "not-sent",
        "closed-early",
        "different-text",
    ):
        return None
    if any(typed in one for one in sent_by(seen)):
        return None
    for node in seen.source.all(ast.Compare):
        if any(constant(one) == typed for one in ast.walk(node)):
            text = (
                f"takes the line {typed} for a command. In the chat every line is text, this one, "
            )
            return seen.at(node, text + "too. The window has its own way to close.")
    return None


@misconception(
    "thrown-away-until-ready",
    "what comes before the window is ready is thrown away",
    think="What happens to a line that arrives before the window is there?",
    read=INBOX,
    proofs=(
        "05_gui/ready_flag_loses_lines",
        "05_gui/typical_tutorial",
    ),
    unlike="05_gui/one_recv_is_one_line",
)
def thrown_away_until_ready(seen: Seen) -> str | None:
    """The first lines are missing, and they are only taken once a flag is true."""
    told = seen.evidence
    if told.symptom != "not-shown" or told.raised or told.check != "shows-all":
        return None
    if "first that is missing" not in told.received:
        return None
    flags = {
        last_name(target): node
        for node in seen.source.all(ast.Assign)
        if constant(node.value) is True
        for target in node.targets
    }
    for block in seen.source.all(ast.If):
        tests = block.test.values if isinstance(block.test, ast.BoolOp) else [block.test]
        names = [last_name(test) for test in tests if last_name(test) in flags]
        ready = [name for name in names if _is_set_at_the_window(seen, flags[name])]
        takes = seen.source.calls("put", "insert", "put_nowait", "append", inside=block)
        if ready and takes and not block.orelse:
            text = (
                f"takes a line only when {ready[0]} is true, which line {flags[ready[0]].lineno} "
            )
            text += "sets. A line that comes earlier is thrown away. A queue can keep it until the "
            return seen.at(block, text + "window is there.")
    return None


def _is_set_at_the_window(seen: Seen, node: ast.Assign) -> bool:
    """Whether mainloop() is called soon behind this line, in the same function or file."""
    inside = seen.source.function_of(node)
    return any(
        seen.source.function_of(call) is inside and 0 < call.lineno - node.lineno < 6
        for call in seen.source.calls("mainloop")
    )


@misconception(
    "window-recv-is-a-line",
    "in the window, what one recv() returns is taken for one line",
    think="In how many pieces can one line arrive, and how many lines in one piece?",
    read=INBOX,
    proofs=(
        "05_gui/one_recv_is_one_line",
        "05_gui/typical_tutorial",
    ),
    unlike="05_gui/decodes_each_recv",
)
def window_recv_is_a_line(seen: Seen) -> str | None:
    """A line came in pieces, or many in one, and nothing in the function looks for its end."""
    told = seen.evidence
    if told.lesson != 5 or told.symptom not in ("silent", "not-shown") or told.raised:
        return None
    said = said_to(seen)
    pieces = "NI" in said or any(re.fullmatch(r".|\\x..", one) for one in said)
    if not pieces and "lines" not in told.expected:
        return None
    ends = (
        "split",
        "splitlines",
        "partition",
        "find",
        "index",
        "readline",
        "makefile",
        "rpartition",
    )
    for call in seen.source.calls("recv"):
        function = seen.source.function_of(call)
        if not function or seen.source.calls(*ends):
            continue
        grown = seen.source.all(ast.AugAssign, function)
        if not grown:
            text = "takes what one recv() returns for one line. A line can come in pieces, and "
            return seen.at(call, text + "several lines at once. Keep the bytes until b'\\n'.")
    return None


@misconception(
    "text-has-a-line-end",
    "the line end that every Text has is sent, too",
    think="What does a Text hold after the last character that somebody typed?",
    read=SEND,
    proofs=(),
    unlike="05_gui/sends_blank_lines",
)
def text_has_a_line_end(seen: Seen) -> str | None:
    """After the line that was typed a blank one came, and the box is a Text that is read whole."""
    sent, typed = sent_by(seen), typed_last(seen)
    came = "".join(sent)
    if not typed or f"{typed}\\n\\n" not in came or seen.evidence.symptom == "not-shown":
        return None
    names = boxes(seen.source)
    for function in senders(seen.source):
        for call in seen.source.calls("get", inside=function):
            whole = len(call.args) == 2 and (
                constant(call.args[1]) == "end" or last_name(call.args[1]) == "END"
            )
            if owner(call) in names and whole:
                text = "takes all that is in the Text, and Tk keeps a line end after the last "
                text += "character. The program adds its own, so a blank line goes out as well. "
                return seen.at(call, text + 'Take the text up to "end-1c".')
    return None
