"""Stopping: Ctrl-C, and what keeps a program alive."""

import ast

from chatkit.bench.evidence import Stack
from chatkit.grading.explain.catalogue import Seen, misconception
from chatkit.grading.explain.questions.flow import call_of, is_daemon, loop_around
from chatkit.grading.explain.questions.source import argument, called, constant, swallows
from chatkit.grading.explain.questions.wire import events_of, lane

CTRL_C = {
    1: "Ctrl-C",
    2: "Starting and stopping",
    3: "Starting and stopping",
    4: "Starting and stopping",
}
WAITING = {
    "accept": "accept()",
    "recv": "recv()",
    "select": "select()",
    "input": "input()",
    "readline": "readline()",
    "connect": "connect()",
    "create_connection": "create_connection()",
    "join": "join()",
    "get": "get()",
    "wait": "wait()",
    "sleep": "sleep()",
    "run": "run()",
}


@misconception(
    "ctrl-c-is-caught-with-the-rest",
    "an except clause catches Ctrl-C as well, and the loop goes on",
    think="Which exceptions does this clause catch? Is KeyboardInterrupt one of them?",
    read=CTRL_C,
    proofs=("02_broadcast/bare_except", "04_nicknames/bare_except_in_the_accept_loop"),
    unlike="02_broadcast/threads_keep_it_alive",
)
def ctrl_c_caught_with_the_rest(seen: Seen) -> str | None:
    """The main thread is still in the loop, and a clause in it catches all there is."""
    if seen.evidence.symptom != "does-not-stop":
        return None
    here = {frame.line for stack in seen.evidence.stacks if stack.main for frame in stack.owns}
    for handler in seen.source.handlers("", "BaseException", "KeyboardInterrupt"):
        loop = loop_around(seen.source, handler)
        if not isinstance(loop, ast.While) or not swallows(handler):
            continue
        if seen.source.calls("exit", "_exit", "quit", "kill", inside=handler):
            continue
        if here & set(range(loop.lineno, (loop.end_lineno or loop.lineno) + 1)):
            kind = "except:" if handler.type is None else f"except {ast.unparse(handler.type)}:"
            return seen.at(
                handler,
                f"says `{kind}`, which catches the KeyboardInterrupt of Ctrl-C, too. Then the loop "
                f"of line {loop.lineno} goes on as if nothing had happened.",
            )
    return None


@misconception(
    "a-thread-keeps-it-alive",
    "Python waits for the threads, and they wait for clients",
    think="Who tells the threads that it is over? Does Ctrl-C reach them?",
    read=CTRL_C,
    proofs=("01_echo/threads_keep_it_alive", "02_broadcast/threads_keep_it_alive"),
    unlike="02_broadcast/bare_except",
)
def a_thread_keeps_it_alive(seen: Seen) -> str | None:
    """The main thread is in the interpreter's last step, and a thread of the file still waits."""
    if seen.evidence.symptom != "does-not-stop":
        return None
    over = any(
        frame.function in ("_shutdown", "server_close", "shutdown", "_python_exit")
        for stack in seen.evidence.stacks
        for frame in stack.frames
    )
    others = [stack.own for stack in seen.evidence.stacks if stack.own and not _closing(stack)]
    if not over or not others or not others[0]:
        return None
    where = others[0].line
    for thread in seen.source.threads():
        if not is_daemon(seen.source, thread):
            return seen.at(
                thread,
                f"starts a thread that Python waits for at the end, and that thread waits in line "
                f"{where}. Ctrl-C reaches the main thread only.",
            )
    for pool in seen.source.calls("ThreadPoolExecutor"):
        return seen.at(
            pool,
            "makes threads that Python waits for at the end, and one of them waits in line "
            f"{where}. Ctrl-C reaches the main thread only.",
        )
    for kind in seen.source.all(ast.ClassDef):
        threading = any("Threading" in ast.unparse(base) for base in kind.bases)
        sets = any("daemon_threads" in ast.unparse(one) for one in kind.body)
        if threading and not sets:
            return seen.at(
                kind,
                f"waits at its end for the threads of all clients: its daemon_threads is not set. "
                f"One of them waits in line {where}.",
            )
    return None


def _closing(stack: Stack) -> bool:
    names = ("_shutdown", "server_close", "shutdown", "_python_exit")
    return any(frame.function in names for frame in stack.frames)


@misconception(
    "ctrl-c-not-caught",
    "nothing catches the KeyboardInterrupt of Ctrl-C",
    think="Where can the main thread be when somebody presses Ctrl-C? What is around that line?",
    read={**CTRL_C, 3: "The client", 4: "The client"},
    proofs=("01_echo/ctrl_c_traceback", "02_broadcast/typical_tutorial"),
    unlike="01_echo/ctrl_c_is_an_error",
)
def ctrl_c_not_caught(seen: Seen) -> str | None:
    """The last traceback is a KeyboardInterrupt that came through a line of the file."""
    if seen.evidence.symptom != "traceback" or not seen.evidence.raised:
        return None
    error = seen.evidence.raised[-1]
    if error.kind != "KeyboardInterrupt" or not error.own:
        return None
    calls = [one for one in seen.source.all(ast.Call) if one.lineno == error.own.line]
    names = [WAITING[called(one)] for one in calls if called(one) in WAITING]
    while_in = f", here while the program waits in {names[0]}" if names else " here"
    if any(name in ("connect()", "create_connection()") for name in names):
        while_in = ", here while it is still connecting"
    text = seen.source.line(error.own.line)
    if text.startswith(("import ", "from ")):
        while_in = ", here while it is still importing"
    return seen.at(
        error.own,
        f"is where Ctrl-C raised KeyboardInterrupt{while_in}. No try around that line catches it, "
        "so Python prints a traceback.",
    )


@misconception(
    "serve-forever-waits-for-clients",
    "serve_forever() waits for the clients before it ends",
    think="What has to end before serve_forever() of asyncio returns?",
    read=CTRL_C,
    proofs=("02_broadcast/serve_forever_waits",),
    unlike="02_broadcast/threads_keep_it_alive",
)
def serve_forever_waits(seen: Seen) -> str | None:
    """asyncio's server was cancelled by Ctrl-C, and a client is still connected.

    See https://docs.python.org/3/library/asyncio-eventloop.html, Server.wait_closed(): since 3.12.1
    it waits until all connections are dropped.
    """
    if seen.evidence.symptom != "does-not-stop":
        return None
    calls = [one for one in seen.source.calls("serve_forever") if _awaited(seen, one)]
    joined = any(event.kind == "connect" for event in seen.evidence.events)
    inside = any(
        frame.function in ("run_until_complete", "run_forever")
        for stack in seen.evidence.stacks
        for frame in stack.frames
    )
    if not calls or not joined or not inside:
        return None
    return seen.at(
        calls[0],
        "ends on Ctrl-C only after every client has gone: serve_forever() closes the server and "
        "then waits for its connections. Nobody closes these.",
    )


def _awaited(seen: Seen, call: ast.Call) -> bool:
    return isinstance(seen.source.parents.get(call), ast.Await)


@misconception(
    "ctrl-c-status",
    "Ctrl-C ends the program with a status that means an error",
    think="Is Ctrl-C an error here? Which exit status says so?",
    read=CTRL_C,
    proofs=("01_echo/ctrl_c_is_an_error",),
    unlike="01_echo/ctrl_c_traceback",
)
def ctrl_c_status(seen: Seen) -> str | None:
    """The status is not 0, and an except clause for KeyboardInterrupt ends with that status."""
    if seen.evidence.symptom != "wrong-status" or not seen.evidence.status:
        return None
    for handler in seen.source.handlers("KeyboardInterrupt", "", "BaseException"):
        for call in seen.source.calls("exit", "_exit", "end", "leave", inside=handler):
            value = constant(argument(call, 0))
            text = isinstance(value, str) or isinstance(argument(call, 0), ast.JoinedStr)
            if text or (isinstance(value, int) and value == seen.evidence.status):
                why = "with a text, which means status 1" if text else f"with status {value}"
                return seen.at(
                    call,
                    f"ends the program {why} after Ctrl-C. Ctrl-C is a normal way to end it: the "
                    "contract wants status 0.",
                )
    return None


@misconception(
    "nobody-listens-while-typing",
    "while the program waits for the keyboard nobody listens to the server",
    think="What must happen at the same time? How many things can one thread wait for?",
    read={3: "A failure first", 4: "The client"},
    proofs=("03_threads/input_blocks_the_listening", "04_nicknames/deaf_while_it_asks_for_a_name"),
    unlike="03_threads/goes_on_after_the_end",
)
def nobody_listens_while_typing(seen: Seen) -> str | None:
    """The only thread waits for a typed line, and the server has sent something, or has ended."""
    if seen.evidence.program != "client.py" or seen.evidence.lesson not in (3, 4):
        return None
    if seen.evidence.symptom not in ("no-output", "no-exit", "silent"):
        return None
    stacks = seen.evidence.stacks
    if len(stacks) != 1 or not stacks[0].own or not _before_the_threads(seen, stacks[0]):
        return None
    last = events_of(seen.evidence, "data", "end", "reset")[-1:]
    if not last or last[0].source == lane(seen.evidence):
        return None
    text = seen.source.line(stacks[0].own.line)
    if not any(word in text for word in ("input(", "stdin", "readline(")):
        return None
    what = "sends" if last[0].kind == "data" else "has ended"
    rest = "what the server sends" if what == "sends" else "that the server has gone"
    return seen.at(
        stacks[0].own,
        f"waits for a typed line, and it is the only thread. So nobody notices {rest} before "
        "somebody presses Enter.",
    )


def _before_the_threads(seen: Seen, stack: Stack) -> bool:
    """Whether no thread has been started yet where the main thread stands, as the file shows."""
    threads = seen.source.threads()
    later = [
        thread
        for thread in threads
        for frame in stack.owns
        if (scope := seen.source.function_of(thread)) is not None
        and scope is seen.source.function_at(frame.line)
        and thread.lineno > frame.line
    ]
    return len(later) == len(threads)


@misconception(
    "only-the-receiving-thread-ends",
    "the receiving thread ends, and the main thread waits for the keyboard",
    think="Which thread ends there? Which one keeps the program alive?",
    read={3: "The client", 4: "The client"},
    proofs=("03_threads/exit_ends_only_the_thread",),
    unlike="03_threads/input_blocks_the_listening",
)
def only_the_receiving_thread_ends(seen: Seen) -> str | None:
    """The server has ended, the thread that receives too; the main thread waits for a line."""
    if seen.evidence.program != "client.py" or seen.evidence.symptom != "no-exit":
        return None
    stacks = seen.evidence.stacks
    ended = [one for one in events_of(seen.evidence, "end", "reset") if one.source == "server"]
    if len(stacks) != 1 or not stacks[0].main or not stacks[0].own or not ended:
        return None
    text = seen.source.line(stacks[0].own.line)
    if not any(word in text for word in ("input(", "stdin", "readline(")):
        return None
    for thread in seen.source.threads():
        target = argument(thread, 1, "target")
        function = seen.source.function(ast.unparse(target).rpartition(".")[2]) if target else None
        if function is None or _before_the_threads(seen, stacks[0]):
            continue
        exits = seen.source.calls("exit", "quit", inside=function)
        if exits and seen.source.calls("recv", inside=function):
            return seen.at(
                exits[0],
                f"ends only the thread in which it stands. The main thread waits for a typed line "
                f"in line {stacks[0].own.line}, and keeps the program alive.",
            )
    return None


@misconception(
    "waits-for-a-reply-to-each-line",
    "the client waits for a reply after each line",
    think="Must somebody answer before you may say the next thing?",
    read={3: "A failure first", 4: "The client"},
    proofs=("03_threads/waits_for_a_reply",),
    unlike="03_threads/forgets_to_flush",
)
def waits_for_a_reply(seen: Seen) -> str | None:
    """The only thread waits in recv(), in the loop that reads the keyboard; a line was to come."""
    if seen.evidence.program != "client.py" or seen.evidence.lesson not in (3, 4):
        return None
    if seen.evidence.symptom not in ("silent", "no-end") or len(seen.evidence.stacks) != 1:
        return None
    call = call_of(seen.source, seen.evidence.stacks[0], "recv")
    loop = loop_around(seen.source, call) if call is not None else None
    if call is None or loop is None:
        return None
    reads = [one for one in seen.source.all(ast.Call, loop) if called(one) in ("input", "readline")]
    typed = "stdin" in ast.unparse(loop).split("\n")[0]
    if not reads and not typed:
        return None
    return seen.at(
        call,
        "waits in recv() for a reply before the next line can be typed. In a chat nobody has to "
        "answer, so it may wait forever.",
    )
