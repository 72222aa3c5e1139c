"""The server that is not there or goes, and the dialog that asks for the name."""

import ast
import itertools

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import called, constant, keyword, owner
from chatkit.grading.explain.questions.tkcode import from_look, last_name, stands_in

SERVER = {5: "When the server is not there"}
NAME = {5: "Starting and the name"}


def _connects(seen: Seen) -> list[ast.Call]:
    return seen.source.calls("create_connection", "connect")


@misconception(
    "no-server-not-shown",
    "the window does not say that no server is there",
    think="Where does a user of a window look for an error?",
    read=SERVER,
    proofs=("05_gui/no_server_prints_to_the_terminal_only",),
    unlike="05_gui/no_server_is_a_traceback",
)
def no_server_not_shown(seen: Seen) -> str | None:
    """The error of connecting was caught, and the clause that did it shows nothing."""
    told = seen.evidence
    if told.symptom != "not-said" or "no server" not in told.expected or told.raised:
        return None
    for call in _connects(seen):
        block = next(seen.source.around(call, ast.Try), None)
        if not isinstance(block, ast.Try) or call.lineno > block.handlers[0].lineno:
            continue
        for handler in block.handlers:
            does = [called(one) for one in seen.source.calls(*_all(seen), inside=handler)]
            tells = [
                name for name in does if name not in ("print", "str", "exit", "close", "_exit")
            ]
            assigns = seen.source.all(ast.Assign, handler)
            if tells or assigns:
                continue
            what = "prints that on the terminal" if "print" in does else "tells nobody"
            text = (
                f"catches the error when no server is there, and {what}. The window says nothing "
            )
            return seen.at(handler, text + "new. Put it where the window takes its lines from.")
    return None


def _all(seen: Seen) -> set[str]:
    return {called(call) for call in seen.source.all(ast.Call)}


@misconception(
    "end-not-told",
    "the window does not learn that the server has gone",
    think="What does the receiving thread do after its loop, and how does the window learn of it?",
    read=SERVER,
    proofs=("05_gui/end_of_stream_says_nothing",),
    unlike="05_gui/end_of_stream_spins",
)
def end_not_told(seen: Seen) -> str | None:
    """The server has gone, no thread receives any more, and after the loop nothing is handed on."""
    told = seen.evidence
    if told.symptom != "not-said" or "server is gone" not in told.expected or told.raised:
        return None
    if any(stands_in(seen.source, stack, "recv", "recv_into", "readline") for stack in told.stacks):
        return None
    functions = seen.source.functions()
    reading = [one for one in functions if seen.source.calls("recv", inside=one)]
    if len(reading) != 1:
        return None
    loops = seen.source.all(ast.While, reading[0])
    if not loops or any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(reading[0])):
        return None
    quiet = ("print", "close", "shutdown", "recv", "exit", "decode")
    last = loops[0].end_lineno or 0
    after = [call for call in seen.source.all(ast.Call, reading[0]) if call.lineno > last]
    leaves = [
        node
        for node in ast.walk(loops[0])
        if isinstance(node, ast.If | ast.ExceptHandler)
        and any(isinstance(one, ast.Break | ast.Return) for one in ast.walk(node))
    ]
    before = [
        call
        for node in leaves
        if isinstance(node, ast.ExceptHandler)
        or any(isinstance(n, ast.Break | ast.Return) for n in node.body)
        for part in node.body
        for call in seen.source.all(ast.Call, part)
    ]
    if any(called(call) not in quiet for call in [*after, *before]):
        return None
    if any(isinstance(one, ast.Assign) and one.lineno > last for one in ast.walk(reading[0])):
        return None
    call = seen.source.calls("recv", inside=reading[0])[0]
    text = f"is where the end of the connection arrives. {reading[0].name}() then leaves its loop, "
    return seen.at(call, text + "and nothing in it tells the window that the server has gone.")


@misconception(
    "window-timeout-left-on",
    "the time-out for connecting is still on",
    think="For how long does the time-out of a socket hold, and what does recv() do with it?",
    read=SERVER,
    proofs=(),
    unlike="05_gui/ready_flag_loses_lines",
)
def window_timeout_left_on(seen: Seen) -> str | None:
    """Nobody spoke for as long as the time-out, and then nobody received any more."""
    told = seen.evidence
    if told.lesson != 5 or told.symptom not in ("not-shown", "closed-early", "silent", "not-sent"):
        return None
    off = any(
        call.args and constant(call.args[0]) is None for call in seen.source.calls("settimeout")
    ) or seen.source.calls("setblocking")
    sets = [
        (call, constant(keyword(call, "timeout") or (call.args[1] if len(call.args) > 1 else None)))
        for call in seen.source.calls("create_connection")
    ] + [(call, constant(call.args[0])) for call in seen.source.calls("settimeout") if call.args]
    found = [(call, time) for call, time in sets if isinstance(time, int | float)]
    last = [one for one in found if called(one[0]) == "settimeout"] or found
    if not last or (off and called(last[-1][0]) != "settimeout"):
        return None
    call, seconds = last[-1]
    times = [one.t for one in told.events if one.kind in ("data", "accept", "connect", "end")]
    longest = max((b - a for a, b in itertools.pairwise(times)), default=0.0)
    ended = any(one.kind in ("end", "reset") and one.source != "client" for one in told.events)
    if (
        ended
        or longest < float(seconds)
        or any(
            stands_in(seen.source, stack, "recv", "recv_into", "readline") for stack in told.stacks
        )
    ):
        return None
    if off and called(call) != "settimeout":
        return None
    text = f"sets a time-out of {seconds} seconds, and it is still on when the program receives. "
    text += f"When nobody says anything for {seconds} seconds, recv() gives up. settimeout(None) "
    return seen.at(call, text + "takes it off after connecting.")


def _asks(seen: Seen) -> list[ast.Call]:
    """The calls that open a dialog for the name."""
    own = [
        node.name
        for node in seen.source.all(ast.ClassDef)
        if any(last_name(base) in ("Dialog", "Toplevel") for base in node.bases)
    ]
    return seen.source.calls("askstring", *from_look(seen.source, "NameDialog"), *own)


@misconception(
    "connects-before-asking",
    "the program connects before it has a name",
    think="What should a server know of somebody who has not decided yet?",
    read=NAME,
    proofs=(
        "05_gui/connects_before_it_asks_the_name",
        "05_gui/typical_tutorial",
    ),
    unlike="05_gui/connects_before_the_window",
)
def connects_before_asking(seen: Seen) -> str | None:
    asks, connects = _asks(seen), _connects(seen)
    if seen.evidence.symptom != "connects-first" or "before the name" not in seen.evidence.expected:
        return None
    if not asks or len(connects) != 1:
        return None
    text = "connects, and nobody has given a name yet. The program waits for the name while the "
    return seen.at(connects[0], text + "server waits for the program. Ask first.")


@misconception(
    "cancel-goes-on",
    "Cancel in the dialog does not end the program",
    think="What does the dialog give when somebody chooses Cancel?",
    read=NAME,
    proofs=("05_gui/cancel_goes_on_without_a_name",),
    unlike="05_gui/connects_before_it_asks_the_name",
)
def cancel_goes_on(seen: Seen) -> str | None:
    """The dialog was left without a name, and the source does nothing about that."""
    told = seen.evidence
    if told.check != "asks-name" or told.symptom not in ("no-exit", "connects-first", "frozen"):
        return None
    if told.raised or (
        "Cancel" not in told.expected + " ".join(e.text for e in told.events)
        and (told.expected != "the program to end with its window")
    ):
        return None
    first = next(iter(seen.source.calls("askstring", *from_look(seen.source, "NameDialog"))), None)
    if not first:
        return None
    around = list(seen.source.around(first))
    either = next((one for one in around if isinstance(one, ast.BoolOp)), None)
    if either and isinstance(either.op, ast.Or) and either.values[-1] is not first:
        other = ast.unparse(either.values[-1])
        text = f"takes {other} when the dialog gives nothing, even after Cancel. Cancel means that "
        return seen.at(first, text + "somebody does not want to chat: end the program.")
    loop = next((one for one in around if isinstance(one, ast.While)), None)
    function = seen.source.function_of(first)
    tests = [
        one
        for one in seen.source.all(ast.Compare, function)
        if any(constant(part) is None for part in ast.walk(one))
        and one.lineno > first.lineno
        and seen.source.function_of(one) is function
    ]
    nots = [
        one
        for one in seen.source.all(ast.UnaryOp, function)
        if isinstance(one.op, ast.Not)
        and one.lineno > first.lineno
        and seen.source.function_of(one) is function
    ]
    if loop and not tests and not nots:
        return seen.at(first, "opens the dialog again after Cancel. Cancel gives None: end then.")
    if not tests and not nots and not loop:
        text = (
            "asks for the name, and nothing checks whether the answer is None. Cancel gives None: "
        )
        return seen.at(first, text + "then the program has to end.")
    return None


@misconception(
    "quit-before-mainloop",
    "quit() is called before mainloop()",
    think="What does quit() end, and does it run at that moment?",
    read=NAME,
    proofs=(),
    unlike="05_gui/cancel_goes_on_without_a_name",
)
def quit_before_mainloop(seen: Seen) -> str | None:
    told, asks = seen.evidence, _asks(seen)
    if told.check != "asks-name" or told.symptom != "no-exit" or not asks or told.raised:
        return None
    for call in seen.source.calls("quit"):
        test = next(seen.source.around(call, ast.If), None)
        if not owner(call) or not isinstance(test, ast.If) or call.lineno < asks[0].lineno:
            continue
        function = seen.source.function_of(call)
        ends = any(isinstance(one, ast.Return | ast.Raise) for one in ast.walk(test)) or (
            seen.source.calls("exit", "_exit", "destroy", inside=test)
        )
        later = [
            one
            for one in seen.source.calls("mainloop")
            if one.lineno > call.lineno and seen.source.function_of(one) is function
        ]
        if later and not ends:
            text = f"calls quit(), and mainloop() begins only later, in line {later[0].lineno}. "
            return seen.at(call, text + "quit() ends nothing by itself. Leave the function there.")
    return None
