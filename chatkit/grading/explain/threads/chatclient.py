"""The chat client with threads: what it prints when, and how it ends."""

import ast

from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.sharing import (
    calls_at,
    given,
    last,
    made,
    reached,
    thread_functions,
)
from chatkit.grading.explain.questions.source import argument, constant, keyword, owner

CLIENT = {3: "The client", 4: "The client"}


@misconception(
    "printed-without-flush",
    "what is printed waits in a buffer",
    think="When does print() really write, if its output is not a terminal?",
    read=CLIENT,
    proofs=(),
    unlike="03_threads/input_blocks_the_listening",
)
def printed_without_flush(seen: Seen) -> str | None:
    """The bench says that it came only at the end; no line of the file flushes."""
    if seen.evidence.symptom != "unflushed":
        return None
    source = seen.source
    flushes = source.calls("flush") + [
        one for one in source.calls("print") if keyword(one, "flush")
    ]
    if any(not isinstance(keyword(one, "file"), ast.AST) for one in flushes):
        prints = [one for one in source.calls("print") if not keyword(one, "flush")]
        prints = [one for one in prints if not keyword(one, "file")]
    else:
        prints = [one for one in source.calls("print") if not keyword(one, "file")]
    running = reached(source, thread_functions(source))
    for call in prints:
        function = source.function_of(call)
        loops = next(source.around(call, ast.For, ast.While), None)
        if loops is not None or (function and function.name in running):
            return seen.at(
                call,
                "prints without flush=True. Into a pipe or a file print() writes into a buffer "
                "first, so a line is seen only when the buffer is full or the program ends.",
            )
    return None


@misconception(
    "written-without-flush",
    "what is typed waits in the buffer of a file",
    think="When does a buffered file really write? Who tells it to?",
    read=CLIENT,
    proofs=("03_threads/forgets_to_flush",),
    unlike="03_threads/writer_is_never_started",
)
def written_without_flush(seen: Seen) -> str | None:
    """A makefile() to write into, no flush() of it, and the server got nothing."""
    if seen.evidence.symptom not in ("silent", "lost", "late", "early-data"):
        return None
    for name, call in made(seen.source, "makefile").items():
        mode = constant(argument(call, 0, "mode"))
        buffering = constant(argument(call, 1, "buffering"))
        if not isinstance(mode, str) or "w" not in mode or buffering in (0, 1):
            continue
        of = {
            what: [one for one in seen.source.calls(what) if last(owner(one)) == name]
            for what in ("write", "flush", "writelines")
        }
        prints = [
            one
            for one in seen.source.calls("print")
            if keyword(one, "file") and last(ast.unparse(keyword(one, "file") or one)) == name
        ]
        flushed = of["flush"] or [one for one in prints if given(one, "flush") is True]
        writes = of["write"] + of["writelines"] + prints
        if writes and not flushed:
            return seen.at(
                writes[0],
                f"writes into {name}, which line {call.lineno} made with a buffer, and no line "
                f"calls {name}.flush(). So the bytes wait in the buffer and are not sent.",
            )
    return None


@misconception(
    "main-thread-waits-for-the-keyboard",
    "the main thread waits for the keyboard, and the end of the connection cannot wake it",
    think="Which thread learns that the connection has ended? How does the main thread learn it?",
    read=CLIENT,
    proofs=("03_threads/waits_for_a_key_at_the_end",),
    unlike="03_threads/exit_ends_only_the_thread",
)
def main_thread_waits_for_the_keyboard(seen: Seen) -> str | None:
    """The server has gone, the receiving thread has ended, and the main thread reads the keyboard.

    A client without threads, and one whose thread calls sys.exit(), have explanations of their own.
    """
    if seen.evidence.symptom != "no-exit" or seen.evidence.program != "client.py":
        return None
    running = reached(seen.source, thread_functions(seen.source))
    exits = [seen.source.function_of(call) for call in seen.source.calls("exit", "_exit")]
    if len(seen.evidence.stacks) != 1 or any(one and one.name in running for one in exits):
        return None
    main = seen.evidence.stacks[0]
    receivers = [
        function
        for name in sorted(running)
        if (function := seen.source.function(name)) and seen.source.calls("recv", inside=function)
    ]
    reads = calls_at(seen.source, main.own, "input", "readline", "read")
    line = seen.source.line(main.own.line) if main.own else ""
    if not main.own or not receivers or not (reads or "sys.stdin" in line):
        return None
    return seen.at(
        main.own,
        "still waits for the keyboard. The connection has ended, and the thread that receives "
        f"has, too ({receivers[0].name}()), but nothing tells the main thread. It would go on at "
        "the next Enter.",
    )
