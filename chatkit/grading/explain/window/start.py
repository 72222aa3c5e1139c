"""What a window never does: its mainloop, or a function that talks to the server."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.source import called
from chatkit.grading.explain.questions.tkcode import from_look, last_name

THREAD = {5: "One thread owns the window"}
SERVER = {5: "When the server is not there"}


@misconception(
    "mainloop-forgotten",
    "nothing calls mainloop()",
    think="Who reacts to keys and buttons, and until when does the program go on?",
    read=THREAD,
    proofs=(),
    unlike="05_gui/connects_before_the_window",
)
def mainloop_forgotten(seen: Seen) -> str | None:
    loops = ("mainloop", "wait_window", "update", "run_forever", "dooneevent")
    root = next(iter(seen.source.calls("Tk", *from_look(seen.source, "make_root"))), None)
    if not root or seen.source.calls(*loops) or seen.evidence.status != 0:
        return None
    named = next((one for one in seen.source.all(ast.Attribute) if one.attr == "mainloop"), None)
    if named:
        text = "names mainloop without parentheses, so it is not called. The program reaches its "
        return seen.at(named, text + "end, and the window is gone.")
    text = "makes the window, and nothing calls its mainloop(). The program reaches its end, and "
    return seen.at(root, text + "the window is gone.")


@misconception(
    "nobody-runs-it",
    "nothing calls the function that talks to the server, and no thread runs it",
    think="Which thread runs this function, and where is that thread started?",
    read=SERVER,
    proofs=(),
    unlike="05_gui/sendall_in_the_callback",
)
def nobody_runs_it(seen: Seen) -> str | None:
    """What should go out does not, and the name of the one function that does it is never used."""
    told, source = seen.evidence, seen.source
    if told.lesson != 5 or told.symptom not in ("silent", "no-connect", "not-sent") or told.raised:
        return None
    ways = ("connect", "create_connection") if told.symptom == "no-connect" else ("send", "sendall")
    functions = {source.function_of(call) for call in source.calls(*ways)}
    function = functions.pop() if len(functions) == 1 else None
    if not function:
        return None
    used = [node for node in source.nodes if last_name(node) == function.name]
    text = f"begins {function.name}(), and nothing calls it or gives it to a thread. So what it "
    if not used:
        return seen.at(function, text + "does is never done.")
    threads = [
        node.value
        for node in source.all(ast.Expr)
        if isinstance(node.value, ast.Call) and called(node.value) == "Thread"
    ]
    ran = any(frame.function == function.name for one in told.stacks for frame in one.frames)
    if len(used) == 1 and len(threads) == 1 and used[0] in ast.walk(threads[0]) and not ran:
        text = f"makes a thread for {function.name}(), and nothing starts it. So what "
        return seen.at(threads[0], text + f"{function.name}() does is never done.")
    return None
